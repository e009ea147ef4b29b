//! Replaying the records of a ledger. What the router really did is folded along, for three
//! things: what a person was in before the replay touched them, when the router really read a
//! contact, and what it saw then. A decision waits for the read that the router made for the same
//! event, so the same rules see the same contact at the same moment.

use std::collections::BTreeSet;

use super::known::Asked;
use super::shelf::Shelf;
use super::{Stage, Told};
use crate::domain::assumed;
use crate::domain::claim::State;
use crate::domain::event::Event;
use crate::domain::id::{ContactId, PropertyName, RowId};
use crate::domain::person::{Item, Person};
use crate::domain::reason::Reason;
use crate::domain::record::{Aliased, Record, RulesAccepted, Step, Taken, TakenEvent, Turn};
use crate::domain::rule::{RuleFile, RuleSet, compile};
use crate::domain::time::Timestamp;

/// See the module.
#[derive(Debug)]
pub struct JournalReplay<'a> {
    stage: Stage<'a>,
    /// Whom the router knew, until the replay has taken them over and nothing of them waits.
    live: Shelf<Person>,
    /// Events received before this are history.
    since: Timestamp,
    /// What reads ask for now, by the rule set that the router uses.
    asked: Asked,
}

impl<'a> JournalReplay<'a> {
    /// Before the first record. Events from `since` on are replayed.
    pub fn new(rules: &'a RuleSet, since: Timestamp) -> Self {
        let mut stage = Stage::new(rules);
        let asked = stage.asked.add(BTreeSet::new());
        Self { stage, live: Shelf::new(), since, asked }
    }

    /// Takes the next record of the ledger.
    pub fn record(&mut self, seq: u64, record: &Record) {
        self.stage.seq = seq;
        match record {
            Record::Taken(taken) => self.taken(seq, taken),
            Record::Turn(turn) => self.turn(seq, turn),
            Record::Aliased(aliased) => self.aliased(seq, aliased),
            Record::RulesAccepted(accepted) => {
                self.asked = self.stage.asked.add(asked_by(accepted));
            }
            Record::Paused(_)
            | Record::InboxesCleared(_)
            | Record::ReadsProven(_)
            | Record::Recalled(_)
            | Record::Erased(_)
            | Record::Swept(_)
            | Record::Forgot(_)
            | Record::CompactionBegun(_)
            | Record::Kept(_)
            | Record::CompactionDone(_) => {}
        }
    }

    /// What was found out since it was asked last.
    pub fn told(&mut self) -> Vec<Told> {
        self.stage.told()
    }

    /// No further record: what settles is decided, what waits is told as it stands.
    pub fn finish(&mut self) {
        self.stage.finish();
    }

    fn taken(&mut self, seq: u64, taken: &Taken) {
        let replayed = self.since <= taken.at;
        if replayed {
            self.advance(taken.at);
        }
        for (event, place) in taken.events.iter().zip(0_u32..) {
            if replayed {
                self.event(taken, event, &format!("{}.{place}", taken.delivery));
            }
            let Some(contact) = event.contact else { continue };
            self.live.get_or(contact, || Person::new(contact)).apply_event(seq, event);
            self.let_go(contact);
            self.stage.list(self.stage.canonical(contact));
        }
    }

    fn event(&mut self, taken: &Taken, judged: &TakenEvent, id: &str) {
        let Some(event) = event_of(judged) else {
            let why = judged.rows.first().map_or("", |row| row.sentence.as_str());
            self.stage.take_unreadable(id, why);
            return;
        };
        if judged.contact.is_none() {
            self.stage.take_foreign(event, taken.at, id);
            return;
        }
        self.touch(event.contact);
        let duplicate = judged.rows.iter().any(|row| row.reason == Reason::DuplicateEvent);
        self.stage.take(event, taken.at, id, duplicate);
    }

    /// Brings a person to the stage as the router knew them, the first time.
    fn touch(&mut self, contact: ContactId) {
        let contact = self.stage.canonical(contact);
        let known = self.stage.known(contact);
        if known.person.is_some() {
            return;
        }
        let live = self.live.get(contact).cloned();
        let mut person = live.unwrap_or_else(|| Person::new(contact));
        let claims = &person.claims;
        // A call that was made is history: its claim speaks for it.
        person.items.retain(|item| {
            claims.iter().all(|claim| claim.row != item.id || !claim.is_unsettled())
        });
        known.person = Some(person);
    }

    fn turn(&mut self, seq: u64, turn: &Turn) {
        let contact = self.stage.canonical(turn.contact);
        if let Some(owner) = &turn.owner {
            self.stage.know_owner(owner.clone());
        }
        if let Some(viewed) = &turn.viewed {
            if self.since <= turn.at {
                self.advance_before(turn.at, contact);
            }
            self.stage.read(viewed, self.asked, turn.at);
        }
        self.remember(contact, turn);
        self.live.get_or(turn.contact, || Person::new(turn.contact)).apply_turn(seq, turn);
        self.let_go(turn.contact);
        self.stage.list(contact);
    }

    /// Forgets whom the router knew, once the replay has its own picture of them: then only what
    /// waits says when the router reads them.
    fn let_go(&mut self, contact: ContactId) {
        let canonical = self.stage.canonical(contact);
        if self.stage.person(canonical).is_some()
            && self.live.get(contact).is_some_and(|live| live.items.is_empty())
        {
            self.live.remove(contact);
        }
    }

    /// Takes in how claims from before the replay went on, and slots used before it.
    fn remember(&mut self, contact: ContactId, turn: &Turn) {
        let ended = matches!(turn.step, Step::Settled | Step::Pressed);
        for claim in &turn.claims {
            if let Some(person) = &mut self.stage.known(contact).person
                && let Some(known) = person.claims.iter_mut().find(|known| known.id == claim.id)
            {
                known.clone_from(claim);
            }
            if let (true, Some(sender), State::Confirmed { enrolled_at, .. }) =
                (ended && turn.at < self.since, &claim.sender, &claim.state)
            {
                assumed::take_slot(self.stage.inbox(&sender.inbox), *enrolled_at);
            }
        }
    }

    fn aliased(&mut self, seq: u64, aliased: &Aliased) {
        let Aliased { from, into, .. } = *aliased;
        let mut live = |id| self.live.remove(id).unwrap_or_else(|| Person::new(id));
        let (mut old, mut new) = (live(from), live(into));
        let open = old.merge_into(seq, into);
        new.take_over(seq, aliased, open);
        new.claims.extend(old.claims.iter().cloned());
        self.live.insert(from, old);
        self.live.insert(into, new);
        self.stage.merge(from, into);
    }

    fn advance(&mut self, to: Timestamp) {
        let live = &mut self.live;
        self.stage.advance(to, |person, due| waits(live, person, due));
    }

    /// The same, but for one person: they are about to be read.
    fn advance_before(&mut self, to: Timestamp, read: ContactId) {
        let live = &mut self.live;
        self.stage.advance(to, |person, due| person.contact == read || waits(live, person, due));
    }
}

/// Whether the router is going to read this person for an event that they are due for here.
fn waits(live: &mut Shelf<Person>, person: &Person, due: Timestamp) -> bool {
    let Some(live) = live.get(person.contact) else { return false };
    let is_due = |item: &&Item| item.due.is_some_and(|at| at <= due);
    let comes = |event: &str| {
        live.items.iter().any(|item| {
            let soon = item.due.is_some_and(|at| at <= due || 0 < item.attempts);
            soon && event_id(&item.id) == event
        })
    };
    person.items.iter().filter(is_due).any(|item| comes(event_id(&item.id)))
}

/// The event's part of a record's id: `delivery.item`.
fn event_id(id: &RowId) -> &str {
    let text = id.as_str();
    let end = text.match_indices('.').nth(1).map_or(text.len(), |(at, _)| at);
    &text[..end]
}

/// The event of a judged one: its own records come last.
fn event_of(judged: &TakenEvent) -> Option<&Event> {
    judged.rows.last().and_then(|row| row.event.as_ref())
}

/// What reads ask for under a rule set. One that cannot be compiled any more asked for nothing.
fn asked_by(accepted: &RulesAccepted) -> BTreeSet<PropertyName> {
    let files = accepted.files.iter();
    let files: Vec<RuleFile> =
        files.map(|(name, text)| RuleFile { name: name.clone(), text: text.clone() }).collect();
    compile(&files).rules.map(|rules| rules.read_properties).unwrap_or_default()
}
