//! Plays one test in virtual time: events come in, settle passes by itself, and every later
//! moment is reached through whatever is due before it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::cover::Cover;
use super::scene::{Happening, Moment, Test};
use super::{Outcome, expect, world};
use crate::domain::assumed;
use crate::domain::breaker::Fires;
use crate::domain::contact::{Contact, Owner};
use crate::domain::decide::decide;
use crate::domain::event::Identity;
use crate::domain::id::{Inbox, OwnerId};
use crate::domain::intake::waiting::wake_waiting;
use crate::domain::intake::{Incoming, judge};
use crate::domain::person::{Item, Person};
use crate::domain::reason::Reason;
use crate::domain::record::Row;
use crate::domain::rule::RuleSet;
use crate::domain::surroundings::Surroundings;
use crate::domain::time::Timestamp;
use crate::domain::view::{Counters, InboxUse, Memory, RuleSlots, View};

/// More decisions than a test can need: a set that never comes to rest fails instead of hanging.
const TURNS_MAX: u32 = 10_000;

/// Plays the test and compares each moment with what it expects.
pub(super) fn run(rules: &RuleSet, test: &Test, cover: &mut Cover) -> Outcome {
    let mut play = Play::new(rules, test);
    let outcome = play.all(test);
    cover.add(&play.rows);
    outcome
}

struct Play<'a> {
    rules: &'a RuleSet,
    person: Person,
    contact: Contact,
    around: Surroundings,
    owners: BTreeMap<OwnerId, Owner>,
    inboxes: Arc<BTreeMap<Inbox, InboxUse>>,
    identities: BTreeSet<Identity>,
    fires: Fires,
    enrolled: RuleSlots,
    now: Timestamp,
    deliveries: u32,
    /// Every record, in order; a later one with the same id supersedes.
    rows: Vec<Row>,
}

impl<'a> Play<'a> {
    fn new(rules: &'a RuleSet, test: &Test) -> Self {
        Self {
            rules,
            person: world::person(rules, test),
            contact: world::contact(rules, test, &test.contact),
            around: world::surroundings(test, &test.around),
            owners: world::owners(rules),
            inboxes: Arc::new(world::inboxes(rules, test)),
            identities: BTreeSet::new(),
            fires: world::fires(rules, test),
            enrolled: world::enrolled(test),
            now: test.at,
            deliveries: 0,
            rows: Vec::new(),
        }
    }

    fn all(&mut self, test: &Test) -> Outcome {
        for event in &test.events {
            self.take(test, event);
        }
        let repeated = test.events.iter().any(|event| 1 < event.delivered);
        let only = repeated.then_some(self.deliveries);
        self.let_settle();
        if let Some(wanted) = &test.expect
            && let Some(failure) = expect::compare(self.rules, &self.rows, only, wanted)
        {
            return Outcome::Failed(failure);
        }
        for moment in &test.then {
            self.reach(test, moment);
            let Some(wanted) = &moment.expect else { continue };
            if let Some(mut failure) = expect::compare(self.rules, &self.rows, None, wanted) {
                failure.expected = format!("after {}: {}", moment.later, failure.expected);
                return Outcome::Failed(failure);
            }
        }
        Outcome::Passed
    }

    /// The event comes in, as often as HubSpot delivers it.
    fn take(&mut self, test: &Test, happening: &Happening) {
        if let Some(after) = happening.after {
            self.now = after.after(self.now, &self.rules.portal.zone);
        }
        let event = world::event(self.rules, test, happening, self.now);
        for _ in 0..happening.delivered {
            self.deliveries += 1;
            let duplicate = !self.identities.insert(event.identity());
            let id = format!("{}.0", self.deliveries);
            let (received, fires) = (self.now, &self.fires);
            let incoming = Incoming { event: &event, received, id: &id, duplicate, fires };
            let taken = judge(self.rules, &self.person, &incoming);
            self.person.apply_event(self.person.version + 1, &taken);
            self.fires.take(&taken, received);
            self.rows.extend(taken.rows);
        }
    }

    /// Settle passes by itself; everything else must be said.
    fn let_settle(&mut self) {
        self.work(|play, item| item.reason == Reason::Settling || item.due <= Some(play.now));
    }

    /// Goes on to a later moment, with the contact as it is then.
    fn reach(&mut self, test: &Test, moment: &Moment) {
        let at = moment.later.after(test.at, &self.rules.portal.zone);
        let contact = world::contact(self.rules, test, &test.contact.with(&moment.contact));
        let before = std::mem::replace(&mut self.contact, contact);
        self.around = world::surroundings(test, &test.around.with(&moment.around));
        self.became_known(&before, at);
        self.work(|_, item| item.due <= Some(at));
        self.now = self.now.max(at);
    }

    /// HubSpot tells of the change: who waits for the property is looked at again.
    fn became_known(&mut self, before: &Contact, at: Timestamp) {
        for property in self.rules.waited_for.keys() {
            let known = self.contact.known(property.as_str());
            if known.is_some() && known != before.known(property.as_str()) {
                wake_waiting(self.rules, &mut self.person.items, property, at);
            }
        }
    }

    /// Decides whatever `is_next` names, each when it is due.
    fn work(&mut self, is_next: impl Fn(&Self, &Item) -> bool) {
        for _ in 0..TURNS_MAX {
            let due = self.person.items.iter().filter(|item| item.due.is_some());
            let next = due.filter(|item| is_next(self, item)).filter_map(|item| item.due).min();
            let Some(next) = next else { return };
            self.now = self.now.max(next);
            self.turn();
        }
    }

    /// One decision, with its enrollment accepted at once.
    fn turn(&mut self) {
        let mut memory = Memory {
            person: self.person.clone(),
            versions: Vec::new(),
            inboxes: Arc::clone(&self.inboxes),
            counters: Counters {
                rules: Arc::new(self.enrolled.clone()),
                breakers: Arc::clone(self.fires.open()),
                queues: Arc::default(),
                restored: None,
            },
        };
        let view = View {
            now: self.now,
            contact: &self.contact,
            memory: &memory,
            owners: &self.owners,
            around: Some(&self.around),
        };
        let plan = decide(self.rules, &view);
        self.rows.extend(assumed::take_in(self.rules, plan, &mut memory, self.now));
        self.person = memory.person;
        self.inboxes = memory.inboxes;
        self.enrolled.clone_from(&memory.counters.rules);
    }
}
