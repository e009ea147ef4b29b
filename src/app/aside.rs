//! A store that no router works on: it is locked, asked, and let go. What is asked goes through
//! the same admin listener, on a loopback port of its own that only this process knows the token
//! of; nobody calls HubSpot but to read.

use std::hash::{BuildHasher, RandomState};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};

use arc_swap::ArcSwap;

use super::alerts::Alerts;
use super::office::{Office, Reloads};
use super::reconcile::Reconciler;
use super::seed::Seeder;
use super::serve::{self, RunError};
use super::{Refused, SystemClock, away, rules, share, sweeping};
use crate::admin::{Admin, Metrics, Progress, RulesStanding};
use crate::config::Config;
use crate::domain::secret::Secret;
use crate::hubspot::Access;
use crate::port::Clock;
use crate::router::{Router, Rules};
use crate::store::{OpenStore, Store, StoreError};

/// What stands for an access token where none is given: no call is made with it.
const NO_TOKEN: &str = "none";

/// Takes the store's lock and serves its office until `ask` is answered. With an access token
/// HubSpot may be read. Fails with [`StoreError::Locked`] where a router has the store.
pub async fn with_store<T>(
    config: Config,
    access: Option<Secret>,
    ask: impl AsyncFnOnce(SocketAddr, Secret) -> T,
) -> Result<T, RunError> {
    let metrics = Metrics::default();
    let office = Arc::new(open(config, access, &metrics).await?);
    share::remember(&office);
    let token = token();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(RunError::Listener)?;
    let address = listener.local_addr().map_err(RunError::Listener)?;
    let admin = Admin {
        token: Some(token.clone()),
        open_metrics: false,
        metrics,
        office: Arc::clone(&office),
    };
    let server = admin.serve(listener).map_err(RunError::Listener)?;
    let handle = server.handle();
    let task = tokio::spawn(server);
    let answer = ask(address, token).await;
    handle.stop(true).await;
    if let Ok(Err(error)) = task.await {
        return Err(RunError::Listener(error));
    }
    share::keep(&office, None).await;
    sweeping::finish(&office.store).await;
    office.store.deliveries.close();
    office.store.ledger.flush().await?;
    Ok(answer)
}

async fn open(
    config: Config,
    access: Option<Secret>,
    metrics: &Metrics,
) -> Result<Office, RunError> {
    if !config.store.is_dir() {
        return Err(StoreError::Missing { path: config.store }.into());
    }
    let loaded = rules::load(&config.rules, config.hubspot.profile);
    let store =
        Arc::new(serve::open_ledger(Store::open(&config.store)?, &Progress::default()).await?);
    let alerts = Alerts::default();
    // As at any start: what is recorded from here on must not hide that nobody was here.
    away::since(&store, &alerts).await?;
    let (set, refused) = choose(loaded.set, &store)?;
    let reads = access.is_some();
    let token = access.unwrap_or_else(|| Secret::new(NO_TOKEN).expect("it is not blank"));
    let hubspot = serve::client(&config, &Access::Token(token))?;
    let rules: Rules = Arc::new(ArcSwap::from(set));
    let router = Arc::new(Router::new(
        store.ledger.clone(),
        hubspot,
        SystemClock,
        Arc::clone(&rules),
        &serve::router_settings(&config),
    ));
    // As at any start: calls that were under way may have been sent.
    let unsettled = store.ledger.unsettled().map_err(StoreError::Index)?;
    router.recover(&unsettled).await?;
    let standing = RulesStanding { loaded_at: SystemClock.now(), refused };
    let reconciler = Reconciler::new(Arc::clone(&store), Arc::clone(&router), Arc::clone(&rules));
    let seeder = Seeder::new(Arc::clone(&store), Arc::clone(&router));
    Ok(Office {
        config,
        store,
        rules,
        router,
        alerts,
        reconciler,
        seeder,
        rules_standing: Mutex::new(standing),
        loaded: tokio::sync::Mutex::new(loaded.hash),
        reloads: Reloads::new(metrics),
        reads,
    })
}

/// The rules on disk, or where they are refused the set that the store keeps. Nothing is accepted
/// here: that is for the router.
fn choose(
    loaded: Result<rules::LoadedRules, Refused>,
    store: &OpenStore,
) -> Result<(Arc<crate::domain::rule::RuleSet>, Option<String>), RunError> {
    let kept = store.ledger.accepted_rules().map_err(StoreError::Journal)?;
    match (serve::of_this_portal(loaded, store), kept) {
        (Ok((set, _)), _) => Ok((Arc::new(set), None)),
        (Err(refused), Some(kept)) => {
            Ok((Arc::new(rules::restore(&kept)?), Some(refused.sentence())))
        }
        (Err(refused), None) => Err(RunError::Rules(refused)),
    }
}

/// A token that nobody else can know: two words of the system's random keys.
fn token() -> Secret {
    let word = || RandomState::new().hash_one(std::process::id());
    let text = format!("{:016x}{:016x}", word(), word());
    Secret::new(&text).expect("thirty-two digits are not blank")
}
