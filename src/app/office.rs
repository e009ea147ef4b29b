//! What the admin listener may ask and press.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::{info, warn};

use super::alerts::Alerts;
use super::{DiskRouter, Refused, SystemClock, rules};
use crate::admin::{self, PressError, Refusal, ReloadError, Reloaded, RulesStanding, Standing};
use crate::config::Config;
use crate::domain::claim::{Claim, State};
use crate::domain::id::{ContactId, RowId};
use crate::domain::press::Verdict;
use crate::domain::query::{Listed, Listing};
use crate::domain::record::{Paused, Press};
use crate::domain::rule::RuleSet;
use crate::domain::sentence;
use crate::domain::settle::Resolution;
use crate::domain::time::Timestamp;
use crate::port::{Clock, Ledger, LedgerError, Records};
use crate::router::{Pressed, Rules};
use crate::store::{DiskLedger, OpenStore};

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
    pub(super) rules_standing: Mutex<RulesStanding>,
}

impl Office {
    /// Loads the rules folder, and uses it from now on unless it is refused.
    async fn load_rules(&self) -> Result<Reloaded, ReloadError> {
        let folder = self.config.rules.clone();
        let loaded = tokio::task::spawn_blocking(move || rules::load(&folder)).await;
        let now = SystemClock.now();
        let (set, files) = match loaded {
            Ok(Ok(loaded)) => loaded,
            Ok(Err(refused)) => return Err(ReloadError::Refused(self.refuse(&refused, now))),
            Err(_) => return Err(ReloadError::Ledger(LedgerError::Stopped)),
        };
        if self.store.ledger.portal().is_some_and(|portal| portal != set.portal.id) {
            let refused = Refused::OtherPortal(set.portal.id);
            return Err(ReloadError::Refused(self.refuse(&refused, now)));
        }
        let changed = self.rules.load().fingerprint != set.fingerprint;
        if changed {
            let record = rules::record(&set, &files, now);
            self.store.ledger.accept_rules(record).await.map_err(ReloadError::Ledger)?;
        }
        self.rules.store(Arc::clone(&set));
        self.router.refresh();
        self.store.ledger.clear_inboxes(now).await.map_err(ReloadError::Ledger)?;
        self.wake_held().await.map_err(ReloadError::Ledger)?;
        self.alerts.clear("rules-refused");
        self.standing_of_rules(RulesStanding { loaded_at: now, refused: None });
        info!(rules = %set.fingerprint, changed, "the rules were loaded");
        Ok(Reloaded { fingerprint: set.fingerprint.clone(), changed })
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

    fn refuse(&self, refused: &Refused, now: Timestamp) -> Refusal {
        let sentence = refused.sentence();
        warn!(why = sentence, "the rules on disk were refused; the ones before stay in use");
        self.alerts.raise("rules-refused", now, sentence.clone());
        let mut standing = self.rules_standing.lock().unwrap_or_else(PoisonError::into_inner);
        standing.refused = Some(sentence.clone());
        Refusal { sentence, diagnostics: refused.as_json() }
    }

    fn standing_of_rules(&self, standing: RulesStanding) {
        *self.rules_standing.lock().unwrap_or_else(PoisonError::into_inner) = standing;
    }

    /// The claim in doubt of a decision record.
    fn in_doubt(&self, id: &RowId) -> Result<Option<Claim>, LedgerError> {
        let mut after = None;
        loop {
            let page = self.store.ledger.list(Listing::InDoubt, after, PAGE)?;
            let Some(last) = page.last().map(|listed| listed.contact) else { return Ok(None) };
            let mut claims = page.into_iter().filter_map(|listed| listed.claim);
            if let Some(claim) = claims.find(|claim| claim.row == *id) {
                return Ok(Some(claim));
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

    /// An alert for each open breaker.
    fn open_breakers(&self) -> impl Iterator<Item = admin::Alert> {
        let now = SystemClock.now();
        let open = self.store.ledger.breakers().into_iter();
        open.filter(move |(tripped, _)| tripped.open.is_open(now)).map(|(tripped, held)| {
            let sentence = sentence::breaker_alert(&tripped, held);
            admin::Alert { code: "breaker-open", since: tripped.open.since, sentence }
        })
    }

    /// When the oldest call whose outcome is open was made. Looks at the first page only: more
    /// than a page in doubt is an alert of its own kind.
    fn oldest_unsettled(&self) -> Option<Timestamp> {
        let listed = self.store.ledger.list(Listing::InDoubt, None, PAGE).ok()?;
        listed.into_iter().filter_map(|it| it.claim.map(|claim| claim.first_call_at)).min()
    }

    fn alerts(&self) -> Vec<admin::Alert> {
        let mut alerts = self.alerts.all();
        alerts.extend(self.open_breakers());
        if let Some(halt) = self.router.halts().of_everything() {
            let sentence = format!(
                "HubSpot refuses our access ({}); nothing is lost, mend the token and it goes on",
                halt.message
            );
            alerts.insert(0, admin::Alert { code: "access-refused", since: halt.since, sentence });
        }
        let failures = [self.store.ledger.failure(), self.store.deliveries.failure()];
        for failure in failures.iter().filter_map(|failure| failure.borrow().clone()) {
            let since = SystemClock.now();
            alerts.insert(0, admin::Alert { code: "store-stopped", since, sentence: failure });
        }
        alerts
    }
}

impl admin::Office for Office {
    type Records = DiskLedger;

    fn records(&self) -> &DiskLedger {
        &self.store.ledger
    }

    fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    fn standing(&self) -> Standing {
        let alerts = self.alerts();
        let stopped = alerts.iter().find(|alert| alert.code == "store-stopped");
        Standing {
            ready: stopped.map_or(Ok(()), |alert| Err(alert.sentence.clone())),
            paused: self.store.ledger.is_paused(),
            rules: self.rules_standing.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            deliveries: self.store.deliveries.synced(),
            store: "embedded",
            oldest_undecided: self.store.ledger.oldest_due(),
            oldest_unsettled: self.oldest_unsettled(),
            alerts,
        }
    }

    fn rules(&self) -> Arc<RuleSet> {
        self.rules.load_full()
    }

    async fn reload(&self) -> Result<Reloaded, ReloadError> {
        self.load_rules().await
    }

    async fn resolve(
        &self,
        id: RowId,
        found: admin::Resolution,
        press: Press,
    ) -> Result<(), PressError> {
        let claim = self.in_doubt(&id)?.ok_or(PressError::NotFound)?;
        if !matches!(claim.state, State::InDoubt { .. } | State::NeedsReview { .. }) {
            return Err(PressError::Conflict("this call is not in doubt any more".to_owned()));
        }
        let resolution = match found {
            admin::Resolution::Enrolled => Resolution::Enrolled,
            admin::Resolution::NotEnrolled => Resolution::NotEnrolled,
        };
        self.router.resolve_by_person(claim, resolution, press).await?;
        Ok(())
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
            Pressed::NotHeld => {
                let why = "it is not held any more, or only `in-doubt resolve` can settle it";
                Err(PressError::Conflict(why.to_owned()))
            }
            Pressed::Busy => Err(PressError::Conflict("a call is under way".to_owned())),
        }
    }

    async fn pause(&self, paused: bool, press: Press) -> Result<(), LedgerError> {
        info!(paused, who = press.who, "calls paused or resumed");
        self.store.ledger.pause(Paused { at: SystemClock.now(), paused }).await
    }
}
