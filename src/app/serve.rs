//! Serving: deliveries first, then the ledger, then everything that needs it.

use std::future::Future;
use std::io;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use arc_swap::ArcSwap;
use thiserror::Error;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::{error, info, warn};

use super::alerts::Alerts;
use super::intake::Intake;
use super::office::{Office, Reloads};
use super::reconcile::Reconciler;
use super::seed::Seeder;
use super::{
    App, Refused, SystemClock, away, housekeeping, rules, skew, sweeping, watch as watching,
};
use crate::admin::{Admin, Metrics, Progress, RulesStanding, starting};
use crate::config::{Config, Secrets};
use crate::domain::rule::RuleSet;
use crate::domain::settle::Policy;
use crate::domain::signature::{Keys, VerifiedDelivery, Verifier};
use crate::hubspot::{Access, BuildError, Client};
use crate::ingress::{self, Body, NotKept};
use crate::port::{Clock, Ledger as _, LedgerError};
use crate::router::{self, Router, Rules};
use crate::store::deliveries::{self, Deliveries};
use crate::store::disk::Folder;
use crate::store::{Limits, OpenStore, Store, StoreError};

/// Threads of the webhook listener: verifying is all they do.
const LISTENER_THREADS_MAX: usize = 4;

/// The longest the router sleeps while nobody is due.
const NAP: Duration = Duration::from_secs(1);
/// A start that takes longer is one that people ask about.
const USUAL_START: Duration = Duration::from_millis(500);

/// Why the router stopped.
#[derive(Debug, Error)]
pub enum RunError {
    /// The rules are bad and the store keeps none that were accepted.
    #[error(transparent)]
    Rules(#[from] Refused),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store stopped while running.
    #[error("{0}")]
    StoreStopped(String),
    /// A change could not be made durable at start.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The HubSpot client cannot be made.
    #[error(transparent)]
    HubSpot(#[from] BuildError),
    /// A listener failed.
    #[error("a listener failed")]
    Listener(#[source] io::Error),
}

/// The webhook listener's way into the store.
#[derive(Clone)]
struct Keeper(Deliveries<Folder>);

impl ingress::Inbox for Keeper {
    async fn keep(&self, delivery: VerifiedDelivery<Body>) -> Result<(), NotKept> {
        let kept = self.0.append(delivery).await;
        kept.map(|_| ()).map_err(|error| {
            let code = match &error {
                deliveries::NotKept::Full => "queue-full",
                deliveries::NotKept::Behind(_) => "backlog",
                deliveries::NotKept::NoSpace
                | deliveries::NotKept::Refused(_)
                | deliveries::NotKept::Stopped => "not-kept",
            };
            NotKept { code, why: error.to_string() }
        })
    }
}

impl App {
    /// Serves until `shutdown`, then ends in order: no new requests, calls under way ended,
    /// everything written.
    pub async fn run_until(self, shutdown: impl Future<Output = ()>) -> Result<(), RunError> {
        let Self { config, secrets, webhook, admin, store, metrics, counters } = self;
        let hubspot = client(&config, &secrets.access)?;
        store.deliveries.limit(limits(&config));
        let parts = (Keeper(store.deliveries.clone()), SystemClock, counters);
        let settings = listener(&config, &secrets);
        let webhook = ingress::start(webhook, &settings, parts).map_err(RunError::Listener)?;
        // Deliveries are kept from here on, while the ledger is opened and the rules are loaded.
        // Where the start ends below, nothing that was kept is lost.
        let webhook = Listener::spawn(webhook);
        let progress = Progress::default();
        let started = start((config, &metrics), (store, &progress), hubspot);
        let started = tell_while(started, &admin, &progress).await;
        let office = match started {
            Ok(started) => started,
            Err(error) => {
                webhook.stop().await;
                return Err(error);
            }
        };
        let admin = Admin {
            token: secrets.admin_token,
            open_metrics: office.config.admin.open_metrics,
            metrics,
            office: Arc::clone(&office),
        }
        .serve(admin)
        .map_err(RunError::Listener)?;
        let listeners = [webhook, Listener::spawn(admin)];
        work(office, listeners, shutdown).await
    }
}

/// A listener that serves.
struct Listener {
    handle: ServerHandle,
    task: JoinHandle<io::Result<()>>,
}

impl Listener {
    fn spawn(server: Server) -> Self {
        Self { handle: server.handle(), task: tokio::spawn(server) }
    }

    /// Lets requests under way end.
    async fn stop(self) {
        self.handle.stop(true).await;
        if let Ok(Err(error)) = self.task.await {
            error!(%error, "a listener failed");
        }
    }
}

/// Waits for the start. Where it takes longer than usual the admin listener says how far it is.
async fn tell_while<T>(
    start: impl Future<Output = T>,
    admin: &TcpListener,
    progress: &Progress,
) -> T {
    let mut start = std::pin::pin!(start);
    tokio::select! {
        started = &mut start => return started,
        () = tokio::time::sleep(USUAL_START) => {}
    }
    let server = admin.try_clone().and_then(|admin| starting(admin, progress));
    let Ok(server) = server.inspect_err(|error| warn!(%error, "nobody can be told how far it is"))
    else {
        return start.await;
    };
    let listener = Listener::spawn(server);
    let started = start.await;
    listener.stop().await;
    started
}

/// Opens the ledger, chooses the rules, and makes the router.
async fn start(
    (config, metrics): (Config, &Metrics),
    (store, progress): (Store, &Progress),
    hubspot: Client,
) -> Result<Arc<Office>, RunError> {
    // Loading waits until nobody writes in the folder; the ledger is opened meanwhile.
    let (folder, profile) = (config.rules.clone(), config.hubspot.profile);
    let loading = tokio::task::spawn_blocking(move || rules::load(&folder, profile));
    let store = Arc::new(open_ledger(store, progress).await?);
    let loaded =
        loading.await.map_err(|_| RunError::StoreStopped("loading rules gave up".to_owned()))?;
    let alerts = Alerts::default();
    alerts.warn_of(config.accept, SystemClock.now());
    let was_away = away::since(&store, &alerts).await?;
    let (set, refused) = choose(loaded.set, &store, &alerts).await?;
    hubspot.trust(&store.ledger.proven_reads());
    let rules: Rules = Arc::new(ArcSwap::from_pointee(set));
    let router = Arc::new(Router::new(
        store.ledger.clone(),
        hubspot,
        SystemClock,
        Arc::clone(&rules),
        &router_settings(&config),
    ));
    let unsettled = store.ledger.unsettled().map_err(StoreError::Index)?;
    let recovered = router.recover(&unsettled).await?;
    if recovered != 0 {
        warn!(recovered, "calls were under way when the router stopped; they are read back");
    }
    let standing = RulesStanding { loaded_at: SystemClock.now(), refused };
    let reconciler = Reconciler::new(Arc::clone(&store), Arc::clone(&router), Arc::clone(&rules));
    let seeder = Seeder::new(Arc::clone(&store), Arc::clone(&router));
    let office = Office {
        config,
        store,
        rules: Arc::clone(&rules),
        router,
        alerts,
        reconciler,
        seeder,
        rules_standing: Mutex::new(standing),
        loaded: tokio::sync::Mutex::new(loaded.hash),
        reloads: Reloads::new(metrics),
        reads: true,
    };
    let office = Arc::new(office);
    away::begin(&office, was_away);
    if office.needs_seed() {
        warn!("{}", super::office::NOT_SEEDED);
    }
    Ok(office)
}

/// Everything at work, until `shutdown` or until the store stops.
async fn work(
    office: Arc<Office>,
    listeners: [Listener; 2],
    shutdown: impl Future<Output = ()>,
) -> Result<(), RunError> {
    let store = Arc::clone(&office.store);
    let intake = Intake::start(Arc::clone(&office)).map_err(StoreError::Thread)?;
    let (stop, stopped) = watch::channel(false);
    let until_space = stopped.clone();
    let worker = tokio::spawn(super::share::work(Arc::clone(&office), until(stopped.clone())));
    let swept = sweeping::run(Arc::clone(&store), until(stopped.clone()));
    let clocks = skew::watch(Arc::clone(&office), stopped.clone());
    let kept = housekeeping::run(Arc::clone(&office), stopped);
    let keeper = tokio::spawn(async {
        tokio::join!(kept, swept, clocks);
    });
    let space = tokio::spawn(housekeeping::watch_space(Arc::clone(&office), until_space));
    let asked = tokio::spawn(watching::on_hangup(Arc::clone(&office)));
    let noticed = office.config.watch_rules.then(|| tokio::spawn(watching::on_change(office)));
    info!("ready");
    let failure = tokio::select! {
        () = shutdown => None,
        why = failed(store.ledger.failure()) => Some(why),
        why = failed(store.deliveries.failure()) => Some(why),
    };
    info!("stopping");
    asked.abort();
    if let Some(noticed) = noticed {
        noticed.abort();
    }
    // All at once, so that a stop takes as long as its slowest part. Whoever listens may be gone.
    stop.send(true).ok();
    let [webhook, admin] = listeners.map(Listener::stop);
    let ((), (), worker, keeper, space) = tokio::join!(webhook, admin, worker, keeper, space);
    for ended in [worker, keeper, space] {
        if let Err(error) = ended {
            error!(%error, "a part of the router gave up");
        }
    }
    let joined = tokio::task::spawn_blocking(move || intake.stop()).await;
    if failure.is_none() && joined.is_ok() {
        store.deliveries.close();
        store.ledger.flush().await?;
    }
    failure.map_or(Ok(()), |why| Err(RunError::StoreStopped(why)))
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // An error means that nobody can stop it any more, which is a stop too.
    stopped.wait_for(|stopped| *stopped).await.ok();
}

async fn failed(mut failure: watch::Receiver<Option<String>>) -> String {
    match failure.wait_for(Option::is_some).await {
        Ok(why) => why.clone().unwrap_or_default(),
        Err(_) => std::future::pending().await,
    }
}

pub(super) async fn open_ledger(store: Store, progress: &Progress) -> Result<OpenStore, RunError> {
    let progress = progress.clone();
    let opened = tokio::task::spawn_blocking(move || {
        store.open_ledger(|applied, last| {
            progress.set(applied, last);
            if applied.is_multiple_of(65_536) || applied == last {
                info!(applied, last, "catching up with the journal");
            }
        })
    });
    let store =
        opened.await.map_err(|_| RunError::StoreStopped("opening gave up".to_owned()))??;
    for cut in &store.mended.cuts {
        warn!(segment = cut.name, offset = cut.offset, "a torn end of the journal was cut");
    }
    if let Some(rebuilt) = &store.mended.rebuilt {
        warn!(why = rebuilt.why, "the index was rebuilt from the journal");
    }
    Ok(store)
}

/// The rules on disk, or where they are refused the accepted set that the store keeps; with why
/// the ones on disk are not in use.
async fn choose(
    rules: Result<rules::LoadedRules, Refused>,
    store: &OpenStore,
    alerts: &Alerts,
) -> Result<(RuleSet, Option<String>), RunError> {
    let kept = store.ledger.accepted_rules().map_err(StoreError::Journal)?;
    let now = SystemClock.now();
    match (of_this_portal(rules, store), kept) {
        (Ok((mut set, files)), kept) => {
            if let Some(kept) = &kept {
                set.born = rules::births_after(kept, &set, now);
            }
            if kept.is_none_or(|kept| kept.fingerprint != set.fingerprint) {
                store.ledger.accept_rules(rules::record(&set, &files, now)).await?;
            }
            Ok((set, None))
        }
        (Err(refused), Some(kept)) => {
            let sentence = refused.sentence();
            warn!(why = sentence, "the rules on disk were refused; the accepted set is in use");
            alerts.raise("rules-refused", now, sentence.clone());
            Ok((rules::restore(&kept)?, Some(sentence)))
        }
        (Err(refused), None) => Err(RunError::Rules(refused)),
    }
}

/// A store belongs to one portal.
pub(super) fn of_this_portal(
    rules: Result<rules::LoadedRules, Refused>,
    store: &OpenStore,
) -> Result<rules::LoadedRules, Refused> {
    rules.and_then(|(set, files)| match store.ledger.portal() {
        Some(portal) if portal != set.portal.id => Err(Refused::OtherPortal(set.portal.id)),
        _ => Ok((set, files)),
    })
}

/// The client of this configuration; nothing is sent yet.
pub fn client(config: &Config, access: &Access) -> Result<Client, RunError> {
    let hubspot = &config.hubspot;
    let settings = crate::hubspot::Settings {
        base_url: hubspot.base_url.clone(),
        profile: hubspot.profile,
        timeout: hubspot.timeout,
        proxy: hubspot.proxy.clone(),
        ..crate::hubspot::Settings::new(access.clone())
    };
    Ok(Client::new(&settings)?)
}

fn limits(config: &Config) -> Limits {
    let age_ms = config.server.backlog_age.as_millis();
    Limits {
        bytes: config.server.backlog_bytes_max as u64,
        age_ms: u64::try_from(age_ms).unwrap_or(u64::MAX),
        ..Limits::default()
    }
}

fn listener(config: &Config, secrets: &Secrets) -> ingress::Settings {
    let keys = Keys::new(secrets.client.clone(), secrets.client_previous.clone());
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    ingress::Settings {
        verifier: Verifier {
            keys,
            public_url: config.server.public_url.clone(),
            accept: config.accept,
        },
        body_bytes_max: config.server.body_bytes_max,
        connections_max: config.server.connections_max,
        connections_per_peer: config.server.connections_per_peer,
        workers: cores.min(LISTENER_THREADS_MAX),
    }
}

pub(super) fn router_settings(config: &Config) -> router::Settings {
    let ms = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    router::Settings {
        workers: config.hubspot.workers,
        policy: Policy {
            verify_first_ms: ms(config.hubspot.verify_first),
            verify_for_ms: ms(config.hubspot.verify_for),
        },
        calls_per_10_seconds: config.hubspot.calls_per_10_seconds,
        daily_share_percent: config.hubspot.daily_share_percent,
        nap: NAP,
    }
}

#[cfg(test)]
mod tests;
