//! What nobody told us of, while the router was away: enrollments are booked (`roll`), changes are
//! found by contact search, read from the history of the watched properties, and fed to the intake
//! as if they had been delivered, and so are deletions (`gone`).
//!
//! The search goes by the date of the last change, oldest first, and each page begins where the
//! one before ended: a contact that changes meanwhile moves behind, and is met there. What changes
//! until the end is looked for once more. Identities make a second look harmless.
//!
//! All of it goes by HubSpot's clock, whose moments are compared.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use tracing::{info, warn};

use super::walk::Walk;
use super::{DiskRouter, gone, roll};
use crate::admin::{PressError, ReconcileStanding};
use crate::domain::contact::Contact;
use crate::domain::delivery;
use crate::domain::event::{Event, Identity};
use crate::domain::found::Tally;
use crate::domain::id::{ContactId, PropertyName};
use crate::domain::rule::trigger::Subject;
use crate::domain::rule::{Mode, RuleSet};
use crate::domain::time::{HOUR_MS, MINUTE_MS, Timestamp};
use crate::port::{Wanted, Window};
use crate::router::Rules;
use crate::store::OpenStore;

/// Contacts read at once: HubSpot gives 50 with their history, and an answer has its limit.
const CONTACTS_AT_ONCE: usize = 20;
/// Changes in one delivery, as HubSpot packs them.
const CHANGES_AT_ONCE: usize = 100;
/// The search lags: each further look begins so long before the one before did.
const LAG_MS: u64 = MINUTE_MS;
/// A look as short as this needs no further one: whoever changed meanwhile is told by HubSpot.
const BRIEF_MS: u64 = MINUTE_MS;
/// Looks at most.
const LOOKS_MAX: u32 = 5;
/// So long HubSpot delivers again what it could not (HUBSPOT.md 1.7).
pub(super) const REDELIVERY_MS: u64 = 24 * HOUR_MS;

const CREATED: &str = "createdate";
/// The properties that list merged ids.
pub(super) const MERGED: [&str; 2] = ["hs_merged_object_ids", "hs_calculated_merged_vids"];

/// See the module. Clones share how far it is.
#[derive(Clone, Debug)]
pub(super) struct Reconciler {
    pub(super) store: Arc<OpenStore>,
    pub(super) router: Arc<DiskRouter>,
    pub(super) rules: Rules,
    standing: Arc<Mutex<ReconcileStanding>>,
}

/// One run.
struct Run<'r> {
    of: &'r Reconciler,
    rules: Arc<RuleSet>,
    wanted: Wanted,
    since: Timestamp,
    /// What was found missing so far.
    found: BTreeSet<Identity>,
    /// What waits to be fed.
    pending: Vec<serde_json::Value>,
}

impl Reconciler {
    pub(super) fn new(store: Arc<OpenStore>, router: Arc<DiskRouter>, rules: Rules) -> Self {
        Self { store, router, rules, standing: Arc::default() }
    }

    /// How far the last one is; the default where there was none.
    pub(super) fn standing(&self) -> ReconcileStanding {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set(&self, change: impl FnOnce(&mut ReconcileStanding)) {
        change(&mut self.standing.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Begins to look for changes since then, in the background.
    pub(super) fn begin(&self, since: Timestamp) -> Result<(), PressError> {
        self.claim(since).map_err(PressError::Conflict)?;
        let this = self.clone();
        tokio::spawn(async move { this.conclude(since, true).await });
        Ok(())
    }

    /// Says that one is under way: one at a time. Whoever says so concludes it.
    pub(super) fn claim(&self, since: Timestamp) -> Result<(), String> {
        let mut standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner);
        if standing.running {
            return Err("a reconcile is under way already".to_owned());
        }
        *standing =
            ReconcileStanding { running: true, since: Some(since), ..ReconcileStanding::default() };
        Ok(())
    }

    /// Looks, to the end. `whole`: for who was deleted or merged too.
    pub(super) async fn conclude(&self, since: Timestamp, whole: bool) -> Result<(), String> {
        let ended = self.run(since, whole).await;
        let ReconcileStanding { missed, recovered, booked, .. } = self.standing();
        match &ended {
            Ok(()) => info!(%since, missed, recovered, booked, "reconciled"),
            Err(why) => warn!(%since, missed, recovered, booked, why, "reconcile ended early"),
        }
        self.set(|it| {
            it.running = false;
            it.failed = ended.clone().err();
        });
        ended
    }

    /// Enrollments first: what is decided about the changes must know of them. They are looked for
    /// once more at the end, because the search lags.
    async fn run(&self, since: Timestamp, whole: bool) -> Result<(), String> {
        self.enrollments(since).await?;
        // A shorter look than what is owed does not tell who was enrolled before it.
        if self.store.ledger.recall().owed.is_some_and(|owed| since <= owed) {
            self.router.look_back(false);
        }
        self.changes(since).await?;
        if whole {
            gone::look(self).await?;
        }
        self.enrollments(since).await
    }

    async fn enrollments(&self, since: Timestamp) -> Result<(), String> {
        let before = self.standing().booked;
        let told = |tally: Tally, _| self.set(|it| it.booked = before + tally.booked);
        roll::call(&self.router, since, told).await.map(|_| ())
    }

    async fn changes(&self, since: Timestamp) -> Result<(), String> {
        let rules = self.rules.load_full();
        let watched = rules.by_property.keys().filter(|name| !name.as_str().contains('.'));
        let history: Vec<PropertyName> = watched.cloned().collect();
        let properties = [CREATED].into_iter().chain(MERGED).map(Into::into).collect();
        let wanted = Wanted { properties, history };
        let (found, pending) = (BTreeSet::new(), Vec::new());
        let mut run = Run { of: self, rules, wanted, since, found, pending };
        let mut from = since;
        for _ in 0..LOOKS_MAX {
            let began = self.router.now_there().await;
            run.look(Window { from, to: began }).await?;
            from = from.max(began.minus_ms(LAG_MS));
            if self.router.now().since_ms(began) < BRIEF_MS {
                break;
            }
        }
        Ok(())
    }

    /// Takes in what a read shows of merges.
    pub(super) async fn merges(&self, read: &Contact) -> Result<(), String> {
        if read.merged.is_empty() {
            return Ok(());
        }
        let seen = self.router.see_merges(read).await.map_err(|error| error.to_string())?;
        self.set(|it| it.merged += u64::from(seen));
        Ok(())
    }

    /// Hands what was found to the intake, durably.
    pub(super) async fn feed(&self, found: &[serde_json::Value]) -> Result<(), String> {
        for some in found.chunks(CHANGES_AT_ONCE) {
            let body = serde_json::Value::from(some.to_vec()).to_string().into_bytes();
            let kept = self.store.deliveries.append_found(body, self.router.now()).await;
            kept.map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}

impl Run<'_> {
    /// Every contact that was changed within the window.
    async fn look(&mut self, window: Window) -> Result<(), String> {
        let mut walk = Walk::over(window);
        loop {
            let (window, after) = walk.next();
            let page = self.of.router.changed(window, after).await;
            let page = page.map_err(|failure| failure.message().to_owned())?;
            let ids: Vec<ContactId> = page.contacts.iter().map(|(id, _)| *id).collect();
            for some in ids.chunks(CONTACTS_AT_ONCE) {
                self.contacts(some).await?;
            }
            self.feed().await?;
            let last = page.contacts.last().map(|(_, changed)| *changed);
            if !walk.turn(last, page.after) {
                return Ok(());
            }
            self.of.set(|it| it.percent = walk.percent());
        }
    }

    async fn contacts(&mut self, ids: &[ContactId]) -> Result<(), String> {
        let read = self.of.router.contacts(ids, &self.wanted).await;
        for contact in read.map_err(|failure| failure.message().to_owned())? {
            self.of.merges(&contact).await?;
            self.changes(&contact).map_err(|error| error.to_string())?;
            if CHANGES_AT_ONCE <= self.pending.len() {
                self.feed().await?;
            }
        }
        self.of.set(|it| it.contacts += ids.len() as u64);
        Ok(())
    }

    /// What of this contact was never taken, in its order.
    fn changes(&mut self, contact: &Contact) -> Result<(), crate::store::index::IndexError> {
        let ledger = &self.of.store.ledger;
        let who = (self.rules.portal.id, contact.id);
        let mut changes = Vec::new();
        for (name, versions) in &contact.history {
            for past in versions.iter().filter(|past| self.since <= past.at) {
                let change = Some((name, past.value.as_str()));
                changes.push((
                    past.at,
                    delivery::reconciled(who, change, past.at, past.source.as_deref()),
                ));
            }
        }
        if let Some(created) = self.created(contact)
            && !ledger.has_met(contact.id)?
        {
            changes.push((created, delivery::reconciled(who, None, created, None)));
        }
        changes.sort_by_key(|(at, _)| *at);
        for (_, change) in changes {
            let Ok(event) = delivery::read_item(&change.to_string()) else { continue };
            // The history of a merged contact was told of under the ids it had.
            let told_as = |id: &ContactId| ledger.knows(&Event { contact: *id, ..event.clone() });
            let ids = [contact.id].into_iter().chain(contact.merged.iter().copied());
            let mut known = false;
            for id in ids {
                known = known || told_as(&id)?;
            }
            if !known && self.found.insert(event.identity()) {
                self.of.set(|it| it.missed += 1);
                self.pending.push(change);
            }
        }
        Ok(())
    }

    /// When it was created, where that is missed and a rule starts from it.
    fn created(&self, contact: &Contact) -> Option<Timestamp> {
        let mut rules = self.rules.rules.iter().filter(|rule| rule.mode != Mode::Off);
        rules.find(|rule| rule.when.subject == Subject::ContactCreated)?;
        let created = Timestamp::parse_rfc3339(contact.known(CREATED)?)?;
        (self.since <= created).then_some(created)
    }

    /// Hands what waits to the intake, durably.
    async fn feed(&mut self) -> Result<(), String> {
        let pending = std::mem::take(&mut self.pending);
        self.of.feed(&pending).await?;
        self.of.set(|it| it.recovered += pending.len() as u64);
        Ok(())
    }
}
