//! What the admin listener may ask and press.

mod seeding;
mod trouble;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::{info, warn};

use super::alerts::Alerts;
use super::housekeeping::DISK_FULL;
use super::reconcile::Reconciler;
use super::seed::Seeder;
use super::{DiskRouter, Refused, rules};
use crate::admin::{
    self, Counted, DiskUse, Looked, LookingBack, Metrics, PressError, ReconcileStanding, Refusal,
    ReloadError, Reloaded, RulesStanding, SeedStanding, Standing,
};
use crate::config::Config;
use crate::domain::found::{Found, Tally};
use crate::domain::id::{ContactId, RowId};
use crate::domain::outcome::ReadFailure;
use crate::domain::press::Verdict;
use crate::domain::query::{Listed, Listing};
use crate::domain::record::{Paused, Press};
use crate::domain::rule::RuleSet;
use crate::domain::settle::Resolution;
use crate::domain::take_out::Asked;
use crate::domain::time::Timestamp;
use crate::port::{Ledger, LedgerError, Records};
use crate::router::{Pressed, Rules};
use crate::rules_folder::ContentHash;
use crate::store::ledger::Compaction;
use crate::store::retention::Sizes;
use crate::store::{DiskLedger, OpenStore};

/// The store came from a backup, and nobody has said since that calls may leave.
pub(super) const RESTORED: &str = "restored";
pub(super) use seeding::NOT_SEEDED;

/// Entries read at once while one is looked for.
const PAGE: usize = 256;

/// See the module.
#[derive(Debug)]
pub(super) struct Office {
    pub(super) config: Config,
    pub(super) store: Arc<OpenStore>,
    pub(super) rules: Rules,
    pub(super) router: Arc<DiskRouter>,
    pub(super) alerts: Alerts,
    /// Looks for what was missed.
    pub(super) reconciler: Reconciler,
    /// Books what HubSpot shows from before the first live day.
    pub(super) seeder: Seeder,
    pub(super) rules_standing: Mutex<RulesStanding>,
    /// What the folder held when it was last loaded, accepted or not. Locked while it is loaded:
    /// an older content never comes after a newer one.
    pub(super) loaded: tokio::sync::Mutex<ContentHash>,
    pub(super) reloads: Reloads,
    /// There is a token to read HubSpot with.
    pub(super) reads: bool,
}

/// Loads of the rules folder while running, by what became of them.
#[derive(Debug)]
pub(super) struct Reloads {
    accepted: Arc<AtomicU64>,
    unchanged: Arc<AtomicU64>,
    refused: Arc<AtomicU64>,
}

impl Reloads {
    pub(super) fn new(metrics: &Metrics) -> Self {
        let counter = |outcome| metrics.counter(Counted::RulesReloads, outcome);
        Self {
            accepted: counter("accepted"),
            unchanged: counter("unchanged"),
            refused: counter("refused"),
        }
    }
}

impl Office {
    /// The rules folder.
    pub(super) fn rules_folder(&self) -> PathBuf {
        self.config.rules.clone()
    }

    /// Loads the rules folder, and uses it from now on unless it is refused. A person who asks
    /// for it has everything that is held tried again, also where the rules are the same.
    async fn load_asked(&self) -> Result<Reloaded, ReloadError> {
        let mut before = self.loaded.lock().await;
        let loaded = self.read_rules().await?;
        *before = loaded.hash;
        let reloaded = self.apply(loaded.set).await?;
        if !reloaded.changed {
            self.try_again(self.router.now()).await?;
        }
        Ok(reloaded)
    }

    /// The same where the folder was seen to change. What was loaded or refused already is
    /// passed over.
    pub(super) async fn load_changed(&self) -> Result<(), ReloadError> {
        let mut before = self.loaded.lock().await;
        let loaded = self.read_rules().await?;
        if loaded.hash == *before {
            return Ok(());
        }
        let applied = self.apply(loaded.set).await;
        if !matches!(applied, Err(ReloadError::Ledger(_))) {
            *before = loaded.hash;
        }
        applied.map(|_| ())
    }

    async fn read_rules(&self) -> Result<rules::Loaded, ReloadError> {
        let (folder, profile) = (self.rules_folder(), self.config.hubspot.profile);
        let loaded = tokio::task::spawn_blocking(move || rules::load(&folder, profile)).await;
        loaded.map_err(|_| ReloadError::Ledger(LedgerError::Stopped))
    }

    async fn apply(
        &self,
        loaded: Result<rules::LoadedRules, Refused>,
    ) -> Result<Reloaded, ReloadError> {
        let now = self.router.now();
        let of_here = |portal| self.store.ledger.portal().is_none_or(|here| here == portal);
        let (mut set, files) = match loaded {
            Ok((set, _)) if !of_here(set.portal.id) => {
                return Err(self.refuse(&Refused::OtherPortal(set.portal.id), now));
            }
            Ok(loaded) => loaded,
            Err(refused) => return Err(self.refuse(&refused, now)),
        };
        let running = self.rules.load_full();
        let changed = running.fingerprint != set.fingerprint;
        let fingerprint = set.fingerprint.clone();
        if changed {
            set.born = rules::births(&running, &set, now);
            let record = rules::record(&set, &files, now);
            self.store.ledger.accept_rules(record).await.map_err(ReloadError::Ledger)?;
            self.rules.store(Arc::new(set));
            self.try_again(now).await?;
        }
        self.alerts.clear("rules-refused");
        self.standing_of_rules(RulesStanding { loaded_at: now, refused: None });
        let outcome = if changed { &self.reloads.accepted } else { &self.reloads.unchanged };
        outcome.fetch_add(1, Ordering::Relaxed);
        info!(rules = %fingerprint, changed, "the rules were loaded");
        Ok(Reloaded { fingerprint, changed })
    }

    /// Paused inboxes, halted targets and everything held are tried again.
    async fn try_again(&self, now: Timestamp) -> Result<(), ReloadError> {
        self.router.refresh();
        self.store.ledger.clear_inboxes(now).await.map_err(ReloadError::Ledger)?;
        self.wake_held().await.map_err(ReloadError::Ledger)
    }

    /// Whatever is held may go on under the new rules or with mended access.
    async fn wake_held(&self) -> Result<(), LedgerError> {
        let mut after = None;
        loop {
            let page = self.store.ledger.list(Listing::Held, after, PAGE)?;
            let Some(last) = page.last().map(|listed| listed.contact) else { return Ok(()) };
            let contacts: BTreeSet<_> = page.into_iter().map(|listed| listed.contact).collect();
            for contact in contacts {
                self.router.wake(contact).await?;
            }
            after = Some(last);
        }
    }

    fn refuse(&self, refused: &Refused, now: Timestamp) -> ReloadError {
        self.reloads.refused.fetch_add(1, Ordering::Relaxed);
        let sentence = refused.sentence();
        warn!(why = sentence, "the rules on disk were refused; the ones before stay in use");
        self.alerts.raise("rules-refused", now, sentence.clone());
        let mut standing = self.rules_standing.lock().unwrap_or_else(PoisonError::into_inner);
        standing.refused = Some(sentence.clone());
        ReloadError::Refused(Refusal { sentence, diagnostics: refused.as_json() })
    }

    fn standing_of_rules(&self, standing: RulesStanding) {
        *self.rules_standing.lock().unwrap_or_else(PoisonError::into_inner) = standing;
    }

    /// The claim in doubt of a decision record.
    fn in_doubt(&self, id: &RowId) -> Result<Option<ContactId>, LedgerError> {
        let mut after = None;
        loop {
            let page = self.store.ledger.list(Listing::InDoubt, after, PAGE)?;
            let Some(last) = page.last().map(|listed| listed.contact) else { return Ok(None) };
            let mut claims = page.into_iter().filter_map(|listed| listed.claim);
            if let Some(claim) = claims.find(|claim| claim.row == *id) {
                return Ok(Some(claim.contact));
            }
            after = Some(last);
        }
    }

    /// Whose held item it is.
    fn held(&self, id: &RowId) -> Result<Option<ContactId>, LedgerError> {
        let mut after = None;
        loop {
            let page = self.store.ledger.list(Listing::Held, after, PAGE)?;
            let Some(last) = page.last().map(|listed| listed.contact) else { return Ok(None) };
            let is_it = |listed: &&Listed| listed.item.as_ref().is_some_and(|it| it.id == *id);
            if let Some(found) = page.iter().find(is_it) {
                return Ok(Some(found.contact));
            }
            after = Some(last);
        }
    }

    /// For how long calls wait for what was enrolled meanwhile.
    fn looking_back(&self) -> Option<LookingBack> {
        let lasted = self.router.looks_back_for()?;
        Some(LookingBack { since: self.store.ledger.recall().owed, lasted })
    }

    /// When the oldest call whose outcome is open was made. Looks at the first page only: more
    /// than a page in doubt is an alert of its own kind.
    fn oldest_unsettled(&self) -> Option<Timestamp> {
        let listed = self.store.ledger.list(Listing::InDoubt, None, PAGE).ok()?;
        listed.into_iter().filter_map(|it| it.claim.map(|claim| claim.first_call_at)).min()
    }
}

/// The store's figures in the admin listener's words.
fn disk_use(sizes: &Sizes) -> DiskUse {
    let percent =
        |it: Compaction| u8::try_from(100 * it.looked_at / it.persons.max(1)).unwrap_or(100);
    DiskUse {
        deliveries_bytes: sizes.deliveries,
        ledger_bytes: sizes.ledger,
        segments_removed: sizes.removed,
        history_from: sizes.history_from,
        compaction_percent: sizes.compaction.map(percent),
    }
}

impl admin::Office for Office {
    type Records = DiskLedger;

    fn records(&self) -> &DiskLedger {
        &self.store.ledger
    }

    fn now(&self) -> Timestamp {
        self.router.now()
    }

    fn standing(&self) -> Standing {
        let alerts = self.alerts();
        let is_in_the_way = |code| ["store-stopped", "store-refuses", DISK_FULL].contains(&code);
        let in_the_way = alerts.iter().find(|alert| is_in_the_way(alert.code));
        Standing {
            ready: in_the_way.map_or(Ok(()), |alert| Err(alert.sentence.clone())),
            paused: self.store.ledger.is_paused(),
            rules: self.rules_standing.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            deliveries: self.store.deliveries.synced(),
            store: "embedded",
            disk: disk_use(&self.store.sizes.get()),
            oldest_undecided: self.store.ledger.oldest_due(),
            oldest_unsettled: self.oldest_unsettled(),
            looking_back: self.looking_back(),
            alerts,
        }
    }

    fn rules(&self) -> Arc<RuleSet> {
        self.rules.load_full()
    }

    async fn look(&self, contact: ContactId) -> Result<Option<Looked>, ReadFailure> {
        if !self.reads {
            let message = "HUBROUTE_ACCESS_TOKEN is not set".to_owned();
            return Err(ReadFailure::Refused { message });
        }
        let found = self.router.view_of(contact).await?;
        Ok(found.map(|(contact, owners)| Looked { at: self.router.now(), contact, owners }))
    }

    async fn reload(&self) -> Result<Reloaded, ReloadError> {
        self.load_asked().await
    }

    async fn resolve(
        &self,
        id: RowId,
        found: admin::Resolution,
        press: Press,
    ) -> Result<(), PressError> {
        let contact = self.in_doubt(&id)?.ok_or(PressError::NotFound)?;
        let resolution = match found {
            admin::Resolution::Enrolled => Resolution::Enrolled,
            admin::Resolution::NotEnrolled => Resolution::NotEnrolled,
        };
        if self.router.resolve_by_person((contact, &id), resolution, press).await? {
            Ok(())
        } else {
            Err(PressError::Conflict("this call is not in doubt any more".to_owned()))
        }
    }

    async fn decide_held(
        &self,
        id: RowId,
        verdict: Verdict,
        press: Press,
    ) -> Result<(), PressError> {
        let Some(contact) = self.held(&id)? else { return Err(PressError::NotFound) };
        info!(?verdict, who = press.who, "a person decided about what is held");
        match self.router.decide_held(contact, &id, verdict, press).await? {
            Pressed::Done => Ok(()),
            Pressed::NotHeld | Pressed::Erased => {
                let why = "it is not held any more, or only `in-doubt resolve` can settle it";
                Err(PressError::Conflict(why.to_owned()))
            }
            Pressed::Busy => Err(PressError::Conflict("a call is under way".to_owned())),
        }
    }

    async fn decide_about(
        &self,
        contact: ContactId,
        asked: Asked,
        press: Press,
    ) -> Result<(), PressError> {
        info!(contact.id = %contact, what = press.what, who = press.who, "a person decided");
        match self.router.decide_about(contact, &asked, press).await? {
            Pressed::Done => Ok(()),
            Pressed::Erased => Err(PressError::Conflict("the contact was erased".to_owned())),
            Pressed::NotHeld | Pressed::Busy => {
                Err(PressError::Conflict("a call is under way".to_owned()))
            }
        }
    }

    async fn forget(&self, contact: ContactId, press: Press) -> Result<(), LedgerError> {
        info!(contact.id = %contact, who = press.who, "a contact is erased");
        self.store.ledger.erase(self.router.now(), contact, press).await
    }

    async fn pause(&self, paused: bool, press: Press) -> Result<(), LedgerError> {
        info!(paused, who = press.who, "calls paused or resumed");
        self.store.ledger.pause(Paused { at: self.router.now(), paused }).await?;
        if !paused && self.store.restored().is_some() {
            let forgotten = self.store.forget_restored();
            forgotten.map_err(|error| LedgerError::Unwritable(error.to_string()))?;
            self.alerts.clear(RESTORED);
        }
        Ok(())
    }

    async fn reconcile(&self, since: Timestamp) -> Result<(), PressError> {
        self.reconciler.begin(since)
    }

    fn reconciled(&self) -> ReconcileStanding {
        self.reconciler.standing()
    }

    async fn seed(&self, search: bool, press: Press) -> Result<(), PressError> {
        self.seed_or_skip(search, press).await
    }

    fn seeded(&self) -> SeedStanding {
        self.seeder.standing()
    }

    async fn book(&self, found: Vec<Found>) -> Result<Tally, LedgerError> {
        self.seeder.book(found).await
    }
}
