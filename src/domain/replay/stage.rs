//! The virtual world of a replay: persons, inboxes, owners, and a clock that goes from one due
//! item to the next.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::known::{AllAsked, Asked, Known};
use super::needs::Needs;
use super::obstacle::{Sight, not_judged};
use super::shelf::Shelf;
use super::{Finding, NotJudged, Told, Why};
use crate::domain::assumed;
use crate::domain::breaker::Fires;
use crate::domain::contact::{Contact, Owner};
use crate::domain::decide::decide;
use crate::domain::event::Event;
use crate::domain::id::{ContactId, Inbox, OwnerId};
use crate::domain::intake::{self, Incoming, judge};
use crate::domain::person::{Item, Person};
use crate::domain::queue::{self, Place};
use crate::domain::reason::Reason;
use crate::domain::record::Row;
use crate::domain::rule::RuleSet;
use crate::domain::time::{DAY_MS, Timestamp};
use crate::domain::view::{Counters, InboxUse, Memory, View};

/// Decisions about one person at one moment; more means that the rules never come to rest.
const TURNS_MAX: u32 = 64;

/// See the module.
#[derive(Debug)]
pub struct Stage<'a> {
    rules: &'a RuleSet,
    needs: Needs,
    pub(super) people: Shelf<Known>,
    /// Who waits for a sender, and where in the queue.
    queued: BTreeMap<ContactId, Vec<Place>>,
    /// Somebody left a queue: their place may be free for another one.
    has_left: bool,
    /// Those with items.
    busy: BTreeSet<ContactId>,
    /// Ids that were merged into others.
    aliases: BTreeMap<ContactId, ContactId>,
    due: BTreeSet<(Timestamp, ContactId)>,
    inboxes: Arc<BTreeMap<Inbox, InboxUse>>,
    /// Enrollments by rule. Breakers are not played: a replay shows what they would hold.
    counters: Counters,
    no_fires: Fires,
    owners: BTreeMap<OwnerId, Owner>,
    /// What reads asked for.
    pub(super) asked: AllAsked,
    /// An owner nobody described is a stranger; else a rule that asks for them is not judged.
    pub(super) strangers: bool,
    pub(super) now: Timestamp,
    /// The number of the input that is taken.
    pub(super) seq: u64,
    told: Vec<Told>,
}

impl<'a> Stage<'a> {
    /// A world before anything happened. The senders of the address book have active users.
    pub fn new(rules: &'a RuleSet) -> Self {
        Self {
            rules,
            needs: Needs::of(rules),
            people: Shelf::new(),
            queued: BTreeMap::new(),
            has_left: false,
            busy: BTreeSet::new(),
            aliases: BTreeMap::new(),
            due: BTreeSet::new(),
            inboxes: Arc::default(),
            counters: Counters::default(),
            no_fires: Fires::default(),
            owners: assumed::owners(rules),
            asked: AllAsked::default(),
            strangers: false,
            now: Timestamp::default(),
            seq: 0,
            told: Vec::new(),
        }
    }

    /// What was found out since it was asked last.
    pub fn told(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.told)
    }

    pub(super) fn rules(&self) -> &'a RuleSet {
        self.rules
    }

    /// The id a contact has now.
    pub(super) fn canonical(&self, contact: ContactId) -> ContactId {
        self.aliases.get(&contact).copied().unwrap_or(contact)
    }

    pub(super) fn known(&mut self, contact: ContactId) -> &mut Known {
        self.people.get_or(contact, Known::nothing)
    }

    pub(super) fn person(&mut self, contact: ContactId) -> Option<&Person> {
        self.people.get(contact)?.person.as_ref()
    }

    pub(super) fn inbox(&mut self, inbox: &Inbox) -> &mut InboxUse {
        Arc::make_mut(&mut self.inboxes).entry(inbox.clone()).or_default()
    }

    pub(super) fn know_owner(&mut self, owner: Owner) {
        self.owners.insert(owner.id, owner);
    }

    /// Judges one event about a person who is on the stage already.
    pub(super) fn take(&mut self, event: &Event, received: Timestamp, id: &str, duplicate: bool) {
        let contact = self.canonical(event.contact);
        let fires = &self.no_fires;
        let incoming = Incoming { event, received, id, duplicate, fires };
        let known = self.people.get_or(contact, Known::nothing);
        let person = known.person.get_or_insert_with(|| Person::new(contact));
        let taken = judge(self.rules, person, &incoming);
        person.apply_event(person.version + 1, &taken);
        if let (Some((name, value)), true) = (event.change(), taken.newest.is_some()) {
            let at = event.occurred_at.min(received);
            let keep_past = self.rules.history_properties.contains(name);
            known.set(contact, (name, value), (at, event.source.as_deref()), keep_past);
        }
        self.tell(taken.rows);
        self.list(contact);
    }

    /// Judges one event that belongs to nobody: another portal's, or another object's.
    pub(super) fn take_foreign(&mut self, event: &Event, received: Timestamp, id: &str) {
        let nobody = Person::new(event.contact);
        let fires = &self.no_fires;
        let incoming = Incoming { event, received, id, duplicate: false, fires };
        self.tell(judge(self.rules, &nobody, &incoming).rows);
    }

    /// An item that could not be read.
    pub(super) fn take_unreadable(&mut self, id: &str, why: &str) {
        self.tell(intake::unreadable(self.rules, id, why).rows);
    }

    /// Decides whatever is due until `to`, each when it is due. `waits` says who is not decided
    /// before a read of them comes in.
    pub(super) fn advance(
        &mut self,
        to: Timestamp,
        mut waits: impl FnMut(&Person, Timestamp) -> bool,
    ) {
        while let Some((due, contact)) = self.due.first().copied() {
            if to < due {
                break;
            }
            if self.person(contact).is_some_and(|person| waits(person, due)) {
                self.unlist(contact);
                continue;
            }
            self.now = self.now.max(due);
            self.work(contact);
            self.wake();
        }
        self.now = self.now.max(to);
    }

    /// Whoever is next in a queue takes a place that somebody gave up, as in the router.
    fn wake(&mut self) {
        if !std::mem::take(&mut self.has_left) {
            return;
        }
        for contact in self.counters.queues.to_wake(self.rules, &self.inboxes, self.now) {
            let now = self.now;
            let person = self.people.get(contact).and_then(|known| known.person.as_mut());
            let Some(person) = person else { continue };
            for woken in queue::woken(person.items.clone(), now) {
                if let Some(item) = person.items.iter_mut().find(|item| item.id == woken.id) {
                    *item = woken;
                }
            }
            self.list(contact);
        }
    }

    /// The contact was read at `at`: whatever is due of them is decided on it.
    pub(super) fn read(&mut self, contact: &Contact, asked: Asked, at: Timestamp) {
        let id = self.canonical(contact.id);
        let known = self.known(id);
        known.contact = Some(contact.clone());
        known.asked = Some(asked);
        known.described = true;
        self.now = self.now.max(at);
        self.work(id);
    }

    /// Nothing more comes in: what settles, and what waited for a read that never came, is
    /// decided; everything else that waits is told as it stands.
    pub(super) fn finish(&mut self) {
        let ends_soon = |item: &Item, now| {
            item.due.is_some_and(|due| item.reason == Reason::Settling || due <= now)
        };
        let mut left: BTreeSet<(Timestamp, ContactId)> = BTreeSet::new();
        for contact in self.busy.clone() {
            let now = self.now;
            let items = self.person(contact).into_iter().flat_map(|person| &person.items);
            let due = items.filter(|item| ends_soon(item, now)).filter_map(|item| item.due);
            left.extend(due.min().map(|due| (due, contact)));
        }
        for (due, contact) in left {
            self.now = self.now.max(due);
            self.work(contact);
        }
        let fingerprint = self.rules.fingerprint.clone();
        for contact in self.busy.clone() {
            let mut open = Vec::new();
            for item in self.person(contact).into_iter().flat_map(|person| &person.items) {
                let why = (item.reason, item.sentence.clone());
                let mut row = Row::of_item(item, contact, why, fingerprint.clone());
                row.decision = item.decision;
                row.until = item.due;
                open.push(row);
            }
            let (seq, at) = (self.seq, self.now);
            let open = open.into_iter().map(|row| Finding::Decided(Box::new(row)));
            self.told.extend(open.map(|what| Told { seq, at, what }));
        }
    }

    /// Two ids are one person from now on.
    pub(super) fn merge(&mut self, from: ContactId, into: ContactId) {
        self.unlist(from);
        self.busy.remove(&from);
        if let Some(before) = self.queued.remove(&from) {
            Arc::make_mut(&mut self.counters.queues).replace(from, &before, Vec::new());
        }
        if let Some(old) = self.people.remove(from) {
            let known = self.people.get_or(into, Known::nothing);
            if let Some(old) = old.person {
                known.person.get_or_insert_with(|| Person::new(into)).unite(old);
            }
        }
        self.aliases.values_mut().filter(|to| **to == from).for_each(|to| *to = into);
        self.aliases.insert(from, into);
        self.list(into);
    }

    /// Puts the person among those that are due, by their first item that is.
    pub(super) fn list(&mut self, contact: ContactId) {
        let Some(known) = self.people.get(contact) else { return };
        let items = known.person.as_ref().map_or(&[][..], |person| &person.items);
        if items.is_empty() {
            self.busy.remove(&contact);
        } else {
            self.busy.insert(contact);
        }
        let due = items.iter().filter_map(|item| item.due).min();
        let after = queue::places(items);
        let before = self.queued.get(&contact).map_or(&[][..], Vec::as_slice);
        if before != after {
            self.has_left |= after.len() < before.len();
            let queues = Arc::make_mut(&mut self.counters.queues);
            queues.replace(contact, before, after.clone());
            if after.is_empty() {
                self.queued.remove(&contact);
            } else {
                self.queued.insert(contact, after);
            }
        }
        if known.listed == due {
            return;
        }
        let before = std::mem::replace(&mut known.listed, due);
        before.map(|at| self.due.remove(&(at, contact)));
        self.due.extend(due.map(|at| (at, contact)));
    }

    fn unlist(&mut self, contact: ContactId) {
        let listed = self.people.get(contact).and_then(|known| known.listed.take());
        listed.map(|at| self.due.remove(&(at, contact)));
    }

    /// Decides everything of one person that is due now.
    fn work(&mut self, contact: ContactId) {
        for _ in 0..TURNS_MAX {
            if !self.has_due(contact) {
                self.list(contact);
                return;
            }
            self.set_aside(contact);
            if self.has_due(contact) {
                self.decide(contact);
            }
        }
        self.give_up(contact);
        self.list(contact);
    }

    fn has_due(&mut self, contact: ContactId) -> bool {
        let now = self.now;
        let mut items = self.person(contact).into_iter().flat_map(|person| &person.items);
        items.any(|item| item.due.is_some_and(|due| due <= now))
    }

    fn decide(&mut self, contact: ContactId) {
        let Some(known) = self.people.get(contact) else { return };
        let Some(shown) = &known.contact else { return };
        let Some(person) = known.person.take() else { return };
        let inboxes = std::mem::take(&mut self.inboxes);
        let counters = std::mem::take(&mut self.counters);
        let mut memory = Memory { person, versions: Vec::new(), inboxes, counters };
        let view = View {
            now: self.now,
            contact: shown,
            memory: &memory,
            owners: &self.owners,
            around: None,
        };
        let plan = decide(self.rules, &view);
        let rows = assumed::take_in(self.rules, plan, &mut memory, self.now);
        self.inboxes = memory.inboxes;
        self.counters = memory.counters;
        known.person = Some(memory.person);
        self.tell(rows);
    }

    /// Takes away the due items that cannot be judged on what is known of the contact.
    fn set_aside(&mut self, contact: ContactId) {
        let sight = Sight {
            rules: self.rules,
            needs: &self.needs,
            asked: &self.asked,
            owners: &self.owners,
            strangers: self.strangers,
        };
        let Some(known) = self.people.get(contact) else { return };
        let items = known.person.iter().flat_map(|person| &person.items);
        let due = items.filter(|item| item.due.is_some_and(|due| due <= self.now));
        let verdicts = due.filter_map(|item| {
            let (why, detail) = sight.obstacle(known, item)?;
            Some(not_judged(item, contact, why, &detail))
        });
        let verdicts: Vec<NotJudged> = verdicts.collect();
        self.drop_items(contact, verdicts);
    }

    /// What is still due after so many decisions cannot be judged.
    fn give_up(&mut self, contact: ContactId) {
        let now = self.now;
        let items = self.person(contact).into_iter().flat_map(|person| &person.items);
        let due = items.filter(|item| item.due.is_some_and(|due| due <= now));
        let verdicts: Vec<NotJudged> =
            due.map(|item| not_judged(item, contact, Why::Restless, "")).collect();
        self.drop_items(contact, verdicts);
    }

    fn drop_items(&mut self, contact: ContactId, verdicts: Vec<NotJudged>) {
        let person = self.people.get(contact).and_then(|known| known.person.as_mut());
        if let Some(person) = person {
            person.items.retain(|item| !verdicts.iter().any(|it| it.id == item.id));
        }
        let (seq, at) = (self.seq, self.now);
        let verdicts = verdicts.into_iter().map(|it| Finding::NotJudged(Box::new(it)));
        self.told.extend(verdicts.map(|what| Told { seq, at, what }));
    }

    /// Only final records count: an open one is superseded later, or told at the end.
    fn tell(&mut self, rows: Vec<Row>) {
        let (seq, at) = (self.seq, self.now);
        let last = rows.into_iter().filter(|row| !row.decision.is_open());
        self.told.extend(last.map(|row| Told { seq, at, what: Finding::Decided(Box::new(row)) }));
    }

    /// Identities of events before this are forgotten, as the store forgets them.
    pub(super) fn oldest_identity(&self) -> Timestamp {
        self.now.minus_ms(self.rules.stale_after_ms.saturating_add(DAY_MS))
    }
}
