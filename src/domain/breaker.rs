//! Breakers: far more triggers than usual fire in a short time, and everything that was not yet
//! called is held until a person has emptied the list (CONSISTENCY.md 6.13).
//!
//! What fires is counted here, by rule and for the portal, live and dry-run apart (6.1). The
//! fold counts, so a bad import is seen while it settles.

mod marks;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::id::{Fingerprint, RuleId};
use super::person::{Holder, Item, Person};
use super::reason::{Decision, Reason};
use super::record::{Row, Step, TakenEvent, Turn};
use super::rule::{Breaker, Mode};
use super::time::{DAY_MS, SECOND_MS, Timestamp};
use marks::Marks;

/// How far back a breaker may look.
pub const WITHIN_MS_MAX: u64 = DAY_MS;

/// Whose breaker.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Fuse {
    /// The rule; `None` for the portal's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleId>,
    /// It counts live and approval rules, else dry-run ones: they never touch (6.1).
    pub live: bool,
}

impl Fuse {
    /// The breaker of a rule.
    pub fn of_rule(rule: &RuleId, mode: Mode) -> Self {
        Self { rule: Some(rule.clone()), live: Mode::Approval <= mode }
    }

    /// The portal's.
    pub fn of_portal(mode: Mode) -> Self {
        Self { rule: None, live: Mode::Approval <= mode }
    }
}

/// Whether a breaker holds `item`.
pub fn is_held(item: &Item) -> bool {
    item.decision == Decision::Hold && item.reason == Reason::BreakerOpen
}

/// The record that holds what a breaker catches of a person when it opens: whatever fired in the
/// time that opened it, and was neither called nor released. What fired before is asked when it
/// comes due.
pub fn hold(tripped: &Tripped, person: &Person, rules: &Fingerprint) -> Option<Turn> {
    let Tripped { fuse, open } = tripped;
    let from = open.since.minus_ms(open.within_ms);
    let caught = |item: &&Item| {
        item.decision == Decision::Wait
            && item.of_rule().is_some()
            && item.due.is_some()
            && from <= item.fired_at
            && (Mode::Approval <= item.mode) == fuse.live
            && fuse.rule.as_ref().is_none_or(|rule| item.rule == *rule)
            && !item.is_released_from(Holder::Breaker)
    };
    let mut turn = Turn::new(Step::Decided, person.contact, open.since);
    for item in person.items.iter().filter(caught) {
        let mut item = item.clone();
        item.hold(open, open.since);
        let why = (item.reason, item.sentence.clone());
        turn.rows.push(Row::of_item(&item, person.contact, why, rules.clone()));
        turn.items.push(item);
    }
    (!turn.items.is_empty()).then_some(turn)
}

/// An open breaker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// Since when.
    pub since: Timestamp,
    /// How many triggers had fired.
    pub fired: u32,
    /// `max`.
    pub max: u32,
    /// `within`, in milliseconds.
    pub within_ms: u64,
    /// `then = "discard"`: until the count has fallen again. `None`: until a person has emptied
    /// its list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl Open {
    /// Whether it is open at `now`.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    /// `then = "discard"`.
    pub fn discards(&self) -> bool {
        self.until.is_some()
    }
}

/// A breaker opened: what the journal keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tripped {
    /// Whose.
    #[serde(flatten)]
    pub fuse: Fuse,
    /// How.
    #[serde(flatten)]
    pub open: Open,
}

/// Every open breaker.
pub type OpenBreakers = BTreeMap<Fuse, Open>;

/// What fired in the last 24 hours, which breakers are open, and how much each holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fires {
    marks: BTreeMap<Fuse, Marks>,
    open: Arc<OpenBreakers>,
    held: BTreeMap<Fuse, u64>,
}

impl Fires {
    /// Triggers fired in the `within_ms` milliseconds before `now`, whole seconds counted.
    pub fn count(&self, fuse: &Fuse, within_ms: u64, now: Timestamp) -> u64 {
        let from = now.minus_ms(within_ms).unix_ms() / SECOND_MS;
        self.marks.get(fuse).map_or(0, |marks| marks.since(from))
    }

    /// The most triggers fired in any `within_ms` milliseconds that `at` is part of, whole seconds
    /// counted: what is found in HubSpot's history comes in any order. Where that cannot be more
    /// than `enough` it may say less.
    fn most_around(&self, fuse: &Fuse, within_ms: u64, at: Timestamp, enough: u64) -> u64 {
        let (at, length) = (at.unix_ms() / SECOND_MS, within_ms.div_ceil(SECOND_MS));
        self.marks.get(fuse).map_or(0, |marks| marks.most_around(at, length, enough))
    }

    /// When no more than `max` of the newest fires and `more` at `now` are within `within_ms`.
    pub fn falls_at(
        &self,
        fuse: &Fuse,
        (max, within_ms): (u32, u64),
        more: u64,
        now: Timestamp,
    ) -> Timestamp {
        let marks = self.marks.get(fuse);
        let total = marks.map_or(0, Marks::total) + more;
        let left = |(_, after): &(u64, u64)| total - after <= u64::from(max);
        let last = marks.into_iter().flat_map(Marks::iter).find(left).map(|(second, _)| second);
        let last = last.unwrap_or(now.unix_ms() / SECOND_MS);
        Timestamp::from_unix_ms((last + 1) * SECOND_MS).plus_ms(within_ms)
    }

    /// Counts one; its second, and how many fired in that by now.
    fn add(&mut self, fuse: &Fuse, second: u64) -> (u64, u64) {
        (second, self.marks.entry(fuse.clone()).or_default().add(second))
    }

    /// Takes in how many fired in a second, as it is stored: oldest first for each fuse.
    pub fn set(&mut self, fuse: &Fuse, (second, count): (u64, u64)) {
        self.marks.entry(fuse.clone()).or_default().push(second, count);
    }

    /// Takes in a running total that a compaction kept; how many fired in that second. `None`:
    /// that second is known already.
    pub fn keep(&mut self, fuse: &Fuse, (second, total): (u64, u64)) -> Option<u64> {
        self.marks.entry(fuse.clone()).or_default().push_total(second, total)
    }

    /// Takes in how much of a fuse is held, as a compaction kept it.
    pub fn keep_held(&mut self, fuse: &Fuse, held: u64) {
        self.held.insert(fuse.clone(), held);
    }

    /// For each second in which something fired the running total after it, oldest first for each
    /// fuse.
    pub fn marks(&self) -> impl Iterator<Item = (&Fuse, (u64, u64))> {
        self.marks.iter().flat_map(|(fuse, marks)| marks.iter().map(move |mark| (fuse, mark)))
    }

    /// How much of each fuse is held, whether its breaker is open or not.
    pub fn all_held(&self) -> impl Iterator<Item = (&Fuse, u64)> {
        self.held.iter().filter(|(_, held)| **held != 0).map(|(fuse, held)| (fuse, *held))
    }

    /// Takes in what an event that was received `at` fired and opened; for the index, the second
    /// each fired in and how many did by now.
    pub fn take(&mut self, taken: &TakenEvent, at: Timestamp) -> BTreeMap<Fuse, (u64, u64)> {
        let portals = taken.fired.iter().map(|fuse| Fuse { rule: None, live: fuse.live });
        let fired = taken.fired.iter().cloned().chain(portals);
        let mut marks = BTreeMap::new();
        for fuse in fired {
            let newest = self.marks.get(&fuse).and_then(Marks::newest);
            // A clock that was set back does not reorder what came in.
            let in_order = || newest.unwrap_or_default().max(at.unix_ms() / SECOND_MS);
            let second = taken.counted_at.map_or_else(in_order, |then| then.unix_ms() / SECOND_MS);
            let mark = self.add(&fuse, second);
            marks.insert(fuse, mark);
        }
        for tripped in &taken.opened {
            self.trip(tripped.clone());
        }
        marks
    }

    /// Opens a breaker, or renews one that discards.
    pub fn trip(&mut self, tripped: Tripped) {
        Arc::make_mut(&mut self.open).insert(tripped.fuse, tripped.open);
    }

    /// Every open breaker, also those that discard and whose time may be over.
    pub fn open(&self) -> &Arc<OpenBreakers> {
        &self.open
    }

    /// Takes a person's change into account: what breakers held of them, before and after.
    pub fn hold(&mut self, before: &[Item], after: &[Item]) {
        let mut adjust = |items: &[Item], by: i64| {
            for item in items.iter().filter(|item| is_held(item)) {
                for fuse in [Fuse::of_rule(&item.rule, item.mode), Fuse::of_portal(item.mode)] {
                    let held = self.held.entry(fuse).or_default();
                    *held = held.saturating_add_signed(by);
                }
            }
        };
        adjust(after, 1);
        adjust(before, -1);
    }

    /// Closes every breaker whose list is empty, and counts anew for it. Each with the seconds
    /// of its marks, for the index.
    pub fn close_emptied(&mut self) -> Vec<(Fuse, Vec<u64>)> {
        let held = &self.held;
        let empty = |fuse: &Fuse| held.get(fuse).is_none_or(|held| *held == 0);
        let emptied = self.open.iter().filter(|(fuse, open)| !open.discards() && empty(fuse));
        let emptied: Vec<Fuse> = emptied.map(|(fuse, _)| fuse.clone()).collect();
        let closed = emptied.into_iter().map(|fuse| {
            Arc::make_mut(&mut self.open).remove(&fuse);
            let marks = self.marks.remove(&fuse).unwrap_or_default();
            (fuse, marks.iter().map(|(second, _)| second).collect())
        });
        closed.collect()
    }

    /// Forgets what fired before `at`; the fuse and second of each mark, for the index.
    pub fn forget_before(&mut self, at: Timestamp) -> Vec<(Fuse, u64)> {
        let from = at.unix_ms() / SECOND_MS;
        let mut forgotten = Vec::new();
        for (fuse, marks) in &mut self.marks {
            let gone = marks.forget_before(from).into_iter();
            forgotten.extend(gone.map(|second| (fuse.clone(), second)));
        }
        self.marks.retain(|_, marks| marks.total() != 0);
        forgotten
    }

    /// How much a breaker holds.
    pub fn held(&self, fuse: &Fuse) -> u64 {
        self.held.get(fuse).copied().unwrap_or_default()
    }
}

/// Counts what one event fires against the breakers it may open.
#[derive(Debug)]
pub struct Trips<'a> {
    fires: &'a Fires,
    now: Timestamp,
    found_at: Option<Timestamp>,
    /// What this event fired so far.
    pub fired: Vec<Fuse>,
    /// What it opened.
    pub opened: Vec<Tripped>,
}

impl<'a> Trips<'a> {
    /// Nothing fired yet. An event that was found in HubSpot's history counts when it happened, as
    /// it would have if it had been told of then: `found_at`.
    pub fn new(fires: &'a Fires, now: Timestamp, found_at: Option<Timestamp>) -> Self {
        Self { fires, now, found_at, fired: Vec::new(), opened: Vec::new() }
    }

    /// Counts a rule's trigger, and opens its breaker and the portal's where that is too much.
    pub fn count(
        &mut self,
        (id, mode): (&RuleId, Mode),
        (own, portal): (Option<&Breaker>, &[Breaker]),
    ) {
        self.fired.push(Fuse::of_rule(id, mode));
        if let Some(breaker) = own {
            self.trip(&Fuse::of_rule(id, mode), *breaker);
        }
        for breaker in portal {
            self.trip(&Fuse::of_portal(mode), *breaker);
        }
    }

    fn trip(&mut self, fuse: &Fuse, breaker: Breaker) {
        if self.open(fuse).is_some_and(|open| !open.discards()) {
            return;
        }
        let Breaker { max, within_ms, discard } = breaker;
        let counted =
            |it: &&Fuse| it.live == fuse.live && fuse.rule.as_ref().is_none_or(|_| *it == fuse);
        let more = self.fired.iter().filter(counted).count() as u64;
        let enough = u64::from(max).saturating_sub(more);
        let before = match self.found_at {
            None => self.fires.count(fuse, within_ms, self.now),
            Some(at) => self.fires.most_around(fuse, within_ms, at, enough),
        };
        let fired = before + more;
        if u64::from(max) < fired {
            let falls = || match self.found_at {
                None => self.fires.falls_at(fuse, (max, within_ms), more, self.now),
                Some(at) => at.plus_ms(within_ms),
            };
            let until = discard.then(falls);
            let fired = u32::try_from(fired).unwrap_or(u32::MAX);
            let open = Open { since: self.now, fired, max, within_ms, until };
            self.opened.retain(|tripped| tripped.fuse != *fuse);
            self.opened.push(Tripped { fuse: fuse.clone(), open });
        }
    }

    /// The breaker as it stands after this event, where it is open. One that discards does so to
    /// what is found later only where that itself is too much.
    pub fn open(&self, fuse: &Fuse) -> Option<&Open> {
        let here = self.opened.iter().find(|tripped| tripped.fuse == *fuse).map(|it| &it.open);
        let before = self.fires.open.get(fuse).filter(|open| open.is_open(self.now));
        let before = before.filter(|open| self.found_at.is_none() || !open.discards());
        here.or(before)
    }
}

/// The open breaker that stands in the way of an item of `rule` that fired in `mode`: the rule's
/// first, else the portal's. One that the rules do not have any more stands in nobody's way.
pub fn in_the_way<'o>(
    rule: (&RuleId, Mode),
    (own, portal): (Option<&Breaker>, &[Breaker]),
    open: impl Fn(&Fuse) -> Option<&'o Open>,
) -> Option<(Fuse, &'o Open)> {
    let (id, mode) = rule;
    let own = own.map(|_| Fuse::of_rule(id, mode));
    let portal = (!portal.is_empty()).then(|| Fuse::of_portal(mode));
    own.into_iter().chain(portal).find_map(|fuse| open(&fuse).map(|open| (fuse, open)))
}
