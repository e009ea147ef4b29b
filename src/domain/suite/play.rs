//! Plays one test in virtual time: events come in, settle passes by itself, and every later
//! moment is reached through whatever is due before it.

use std::collections::{BTreeMap, BTreeSet};

use super::cover::Cover;
use super::scene::{Happening, Moment, Test, What};
use super::{Outcome, expect, world};
use crate::domain::claim::{Claim, State};
use crate::domain::contact::{Contact, Owner};
use crate::domain::decide::{Intent, decide};
use crate::domain::event::Identity;
use crate::domain::id::{Inbox, OwnerId};
use crate::domain::intake::{self, Incoming, judge};
use crate::domain::leaving::{self, End, Leaving, Verdict};
use crate::domain::person::{Item, Person};
use crate::domain::reason::Reason;
use crate::domain::record::{Row, Step, Turn};
use crate::domain::rule::{RuleSet, Unbuilt};
use crate::domain::settle::Policy;
use crate::domain::time::Timestamp;
use crate::domain::view::{InboxUse, Memory, View};

/// More decisions than a test can need: a set that never comes to rest fails instead of hanging.
const TURNS_MAX: u32 = 10_000;

/// Plays the test and compares each moment with what it expects.
pub(super) fn run(rules: &RuleSet, test: &Test, cover: &mut Cover) -> Outcome {
    let mut play = Play::new(rules, test);
    let outcome = play.all(test).unwrap_or_else(Outcome::Waits);
    cover.add(&play.rows);
    outcome
}

/// Nothing is in doubt here.
const POLICY: Policy = Policy { verify_first_ms: 0, verify_for_ms: 0 };

struct Play<'a> {
    rules: &'a RuleSet,
    person: Person,
    contact: Contact,
    owners: BTreeMap<OwnerId, Owner>,
    inboxes: BTreeMap<Inbox, InboxUse>,
    identities: BTreeSet<Identity>,
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
            owners: world::owners(rules),
            inboxes: world::inboxes(rules, test),
            identities: BTreeSet::new(),
            now: test.at,
            deliveries: 0,
            rows: Vec::new(),
        }
    }

    fn all(&mut self, test: &Test) -> Result<Outcome, Unbuilt> {
        for event in &test.events {
            self.take(test, event)?;
        }
        let repeated = test.events.iter().any(|event| 1 < event.delivered);
        let only = repeated.then_some(self.deliveries);
        // Only what is compared must be built.
        if !(test.then.is_empty() && expect::is_settled(&self.rows, only)) {
            self.let_settle()?;
        }
        if let Some(wanted) = &test.expect
            && let Some(failure) = expect::compare(self.rules, &self.rows, only, wanted)
        {
            return Ok(Outcome::Failed(failure));
        }
        for moment in &test.then {
            self.reach(test, moment)?;
            let Some(wanted) = &moment.expect else { continue };
            if let Some(mut failure) = expect::compare(self.rules, &self.rows, None, wanted) {
                failure.expected = format!("after {}: {}", moment.later, failure.expected);
                return Ok(Outcome::Failed(failure));
            }
        }
        Ok(Outcome::Passed)
    }

    /// The event comes in, as often as HubSpot delivers it.
    fn take(&mut self, test: &Test, happening: &Happening) -> Result<(), Unbuilt> {
        if let What::Unbuilt(unbuilt) = &happening.what {
            return Err(unbuilt.clone());
        }
        if let Some(after) = happening.after {
            self.now = after.after(self.now, &self.rules.portal.zone);
        }
        let Some(event) = world::event(self.rules, test, happening, self.now) else {
            return Ok(());
        };
        if let Some(unbuilt) = intake::unbuilt_trigger(self.rules, &self.person, &event) {
            return Err(unbuilt.clone());
        }
        for _ in 0..happening.delivered {
            self.deliveries += 1;
            let duplicate = !self.identities.insert(event.identity());
            let id = format!("{}.0", self.deliveries);
            let incoming = Incoming { event: &event, received: self.now, id: &id, duplicate };
            let taken = judge(self.rules, &self.person, &incoming);
            self.person.apply_event(self.person.version + 1, &taken);
            self.rows.extend(taken.rows);
        }
        Ok(())
    }

    /// Settle passes by itself; everything else must be said.
    fn let_settle(&mut self) -> Result<(), Unbuilt> {
        self.work(|play, item| item.reason == Reason::Settling || item.due <= Some(play.now))
    }

    /// Goes on to a later moment, with the contact as it is then.
    fn reach(&mut self, test: &Test, moment: &Moment) -> Result<(), Unbuilt> {
        let at = moment.later.after(test.at, &self.rules.portal.zone);
        self.contact = world::contact(self.rules, test, &test.contact.with(&moment.contact));
        self.work(|_, item| item.due <= Some(at))?;
        self.now = self.now.max(at);
        Ok(())
    }

    /// Decides whatever `is_next` names, each when it is due.
    fn work(&mut self, is_next: impl Fn(&Self, &Item) -> bool) -> Result<(), Unbuilt> {
        for _ in 0..TURNS_MAX {
            let due = self.person.items.iter().filter(|item| item.due.is_some());
            let next = due.filter(|item| is_next(self, item)).filter_map(|item| item.due).min();
            let Some(next) = next else { return Ok(()) };
            self.now = self.now.max(next);
            self.turn()?;
        }
        Ok(())
    }

    /// One decision, with its enrollment accepted at once.
    fn turn(&mut self) -> Result<(), Unbuilt> {
        let memory = Memory {
            person: self.person.clone(),
            versions: Vec::new(),
            inboxes: self.inboxes.clone(),
        };
        let view =
            View { now: self.now, contact: &self.contact, memory: &memory, owners: &self.owners };
        let plan = decide(self.rules, &view)?;
        let mut turn = Turn::new(Step::Decided, self.person.contact, self.now);
        turn.done = plan.done(&self.person.items);
        turn.rows = plan.rows;
        turn.items = plan.items;
        turn.claims = plan.claims;
        turn.leavings = plan.leavings;
        turn.seen = Some(plan.seen);
        turn.shadows = Some(plan.shadows);
        self.apply(turn);
        if let Some(intent) = plan.enroll {
            self.enroll(*intent);
        }
        while let Some(leaving) = self.person.open_leaving().cloned() {
            self.leave(leaving);
        }
        Ok(())
    }

    /// HubSpot takes the person out at once.
    fn leave(&mut self, leaving: Leaving) {
        let case = leaving::Case {
            rules: self.rules,
            policy: POLICY,
            person: self.person.clone(),
            leaving,
            now: self.now,
        };
        let left = Verdict::Over(End::Left { at: self.now });
        self.apply(leaving::settle(&case, None, left, None));
    }

    fn enroll(&mut self, intent: Intent) {
        if let Some(sender) = &intent.sender {
            let inbox = self.inboxes.entry(sender.inbox.clone()).or_default();
            inbox.settled.push(self.now);
            inbox.turns += 1;
        }
        let mut turn = Turn::new(Step::Settled, self.person.contact, self.now);
        turn.done = vec![intent.item.clone()];
        turn.claims = vec![Claim {
            id: intent.item.as_str().into(),
            contact: self.person.contact,
            theme: intent.theme,
            rule: intent.rule,
            row: intent.item,
            target: intent.target,
            sender: intent.sender,
            first_call_at: self.now,
            last_call_at: self.now,
            lost_answers: 0,
            holds_until: intent.holds_until,
            state: State::Confirmed {
                enrolled_at: self.now,
                verified: true,
                enrollment: None,
                ended_at: None,
            },
        }];
        turn.rows = vec![intent.row];
        self.apply(turn);
    }

    fn apply(&mut self, turn: Turn) {
        self.person.apply_turn(self.person.version + 1, &turn);
        self.rows.extend(turn.rows);
    }
}
