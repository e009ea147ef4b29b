//! The decision about one person: pure, and the same for `serve`, `test` and `explain`.

mod draft;
mod leave;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use super::breaker::Fuse;
use super::claim::{Claim, Sender, Target};
use super::gates::limits::LimitSeen;
use super::gates::past::Past;
use super::gates::rank::{self, Candidate};
use super::gates::{
    self, AFTER_RANK, BEFORE_RANK, Case, Enrollment, Notes, Stop, Wanted, evidence, split,
};
use super::id::{RowId, RuleId, ThemeName};
use super::leaving::Leaving;
use super::person::{Item, Purpose, Seen, Shadow};
use super::reason::{Decision, Reason};
use super::record::Row;
use super::rule::{Mode, Rule, RuleSet};
use super::sentence;
use super::time::Timestamp;
use super::view::View;
use draft::Draft;

/// A decided, unreserved enrollment.
#[derive(Clone, Debug, PartialEq)]
pub struct Intent {
    /// The item it settles.
    pub item: RowId,
    /// By which rule.
    pub rule: RuleId,
    /// Under which theme.
    pub theme: ThemeName,
    /// Where to.
    pub target: Target,
    /// In whose name; `None` for a workflow.
    pub sender: Option<Sender>,
    /// The sender's daily budget, and how many slots and turns of its inbox the decision saw.
    pub budget: Option<BudgetSeen>,
    /// The rule's limits. A reservation checks them again.
    pub limits: Vec<LimitSeen>,
    /// Breakers the decision saw closed. A reservation checks them again.
    pub breakers: Vec<Fuse>,
    /// When the enrollment is over without other evidence, if it begins now.
    pub holds_until: Timestamp,
    /// The record once HubSpot confirmed it.
    pub row: Row,
}

/// What the decision saw of an inbox. A reservation checks it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetSeen {
    /// `daily_budget`.
    pub budget: u32,
    /// Slots the decision saw used. Others may have taken some since; only the budget binds.
    pub used: u32,
    /// `pace`: the least time since the inbox's last enrollment, in milliseconds.
    pub pace_ms: u64,
}

/// Everything a decision about one person changes, with the states after.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Verdicts to record now.
    pub rows: Vec<Row>,
    /// All items after it. The one that `enroll` settles is still among them.
    pub items: Vec<Item>,
    /// Claims that a sighting ended, each whole.
    pub claims: Vec<Claim>,
    /// What the person is to be taken out of from now on.
    pub leavings: Vec<Leaving>,
    /// All sequences seen, with this read's.
    pub seen: Vec<Seen>,
    /// Dry-run would-enrolls, with this decision's.
    pub shadows: Vec<Shadow>,
    /// The one enrollment to reserve now. Further ones follow in the next decision.
    pub enroll: Option<Box<Intent>>,
}

impl Plan {
    /// Which of the items before it are finally decided.
    pub fn done(&self, before: &[Item]) -> Vec<RowId> {
        let kept = |id: &RowId| self.items.iter().any(|item| item.id == *id);
        before.iter().map(|item| item.id.clone()).filter(|id| !kept(id)).collect()
    }
}

/// Decides everything that is due of one person.
pub fn decide(rules: &RuleSet, view: &View<'_>) -> Plan {
    let proof = evidence::read(&view.memory.person, view.contact);
    let person = proof.applied_to(&view.memory.person);
    let mut past = Past::of(rules, &person, view.now);
    let mut draft = Draft::new(rules, view, proof);
    let ready = open(rules, view, &past, &mut draft);
    let ready = leave::decide(rules, view, &past, ready, &mut draft);
    if !draft.is_leaving() {
        enroll(rules, view, &mut past, ready, &mut draft);
    }
    draft.finish()
}

/// Judges the best of each theme. Once somebody is to be taken out of something, whatever has
/// not been judged stays due: it is decided on what is true then.
fn enroll(
    rules: &RuleSet,
    view: &View<'_>,
    past: &mut Past<'_>,
    ready: Vec<Ready<'_>>,
    draft: &mut Draft<'_>,
) {
    let mut won = Won::default();
    for (Ready { index, item, rule, mode, mut notes }, into) in ranked(rules, ready, draft) {
        let theme = into.theme;
        if let Some(stop) = won.before(theme, mode, rule) {
            notes.push("rank", false, stop.sentence.clone());
            draft.stop(index, Some((rule, mode)), notes, stop);
            continue;
        }
        let case = Case { rules, view, past, item, rule, mode };
        let wanted = Wanted { case, into };
        let Err(stop) = gates::run(&AFTER_RANK, &wanted, &mut notes) else {
            won.add(theme, mode, rule);
            draft.enroll(index, &wanted, notes);
            continue;
        };
        let is_blocked = matches!(stop.decision, Decision::Skip | Decision::Hold);
        if !(is_blocked && rule.next_if_blocked) {
            won.add(theme, mode, rule);
        }
        let shadow = draft.stop(index, Some((rule, mode)), notes, *stop);
        if let Some(shadow) = shadow {
            past.add_shadow(&shadow, view.now);
        }
        if draft.is_leaving() {
            return;
        }
    }
}

/// Which rule of each theme has come first in this decision. Rules that only watch come first
/// among their like (CONSISTENCY.md 6.1).
#[derive(Default)]
struct Won<'a>(Vec<(&'a ThemeName, bool, &'a Rule)>);

impl<'a> Won<'a> {
    fn add(&mut self, theme: &'a ThemeName, mode: Mode, rule: &'a Rule) {
        self.0.push((theme, mode < Mode::Approval, rule));
    }

    /// The verdict on a rule that another one has come before.
    fn before(&self, theme: &ThemeName, mode: Mode, rule: &Rule) -> Option<Stop> {
        let watches = mode < Mode::Approval;
        let same = |it: &&(&ThemeName, bool, &Rule)| it.0 == theme && it.1 == watches;
        let winner = self.0.iter().find(same).filter(|it| it.2.id != rule.id)?;
        Some(outranked(&winner.2.id, winner.2.priority))
    }
}

fn outranked(winner: &RuleId, priority: u16) -> Stop {
    let text = sentence::outranked(winner, priority);
    Stop::new(Reason::Outranked, text).by(winner.as_str())
}

/// A due item that passed the gates before the ranking.
struct Ready<'a> {
    index: usize,
    item: &'a Item,
    rule: &'a Rule,
    mode: Mode,
    notes: Notes,
}

/// Takes each due item as far as the ranking.
fn open<'a>(
    rules: &'a RuleSet,
    view: &'a View<'a>,
    past: &Past<'_>,
    draft: &mut Draft<'_>,
) -> Vec<Ready<'a>> {
    let mut passed = Vec::new();
    for (index, item) in view.memory.person.due_items(view.now) {
        if item.purpose == Purpose::Suppress {
            leave::suppress(rules, view, past, (index, item), draft);
            continue;
        }
        let mode = |rule: &Rule| rule.mode.min(item.mode);
        let Some(rule) = rules.rule(&item.rule).filter(|rule| mode(rule) != Mode::Off) else {
            let stop = Stop::new(Reason::RuleRemoved, sentence::rule_removed(&item.rule));
            draft.stop(index, None, Notes::default(), stop);
            continue;
        };
        let rule = rule.of(view.memory.person.contact);
        let mut ready = Ready { index, item, rule, mode: mode(rule), notes: Notes::default() };
        let case = Case { rules, view, past, item, rule, mode: ready.mode };
        match gates::run(&BEFORE_RANK, &case, &mut ready.notes) {
            Err(stop) => {
                draft.stop(index, Some((rule, ready.mode)), ready.notes, *stop);
            }
            Ok(()) => passed.push(ready),
        }
    }
    passed
}

/// The best of each theme, with where it goes, in the order they are judged, and where the best
/// lets the next one try (`if_blocked = "next"`), the next. The others end here.
fn ranked<'a>(
    rules: &RuleSet,
    ready: Vec<Ready<'a>>,
    draft: &mut Draft<'_>,
) -> Vec<(Ready<'a>, Enrollment<'a>)> {
    let bound = bound(ready, draft);
    let candidate = |(it, into): &(Ready<'a>, Enrollment<'a>)| Candidate {
        theme: into.theme,
        rule: &it.rule.id,
        priority: it.rule.priority,
        dry_run: it.mode < Mode::Approval,
        next: it.rule.next_if_blocked,
        fired_at: it.item.fired_at,
    };
    let candidates: Vec<Candidate<'_>> = bound.iter().map(candidate).collect();
    let order = rank::order(&candidates, &rules.themes);
    let mut bound: Vec<Option<_>> = bound.into_iter().map(Some).collect();
    let mut best = Vec::with_capacity(order.len());
    for index in order {
        let Some((mut it, into)) = bound[index].take() else { continue };
        let Some(winner) = rank::winner(&candidates, index) else {
            best.push((it, into));
            continue;
        };
        let stop = outranked(winner.rule, winner.priority);
        it.notes.push("rank", false, stop.sentence.clone());
        draft.stop(it.index, Some((it.rule, it.mode)), it.notes, stop);
    }
    best
}

/// Each with where it goes. One whose rule enrolls into nothing any more ends here.
fn bound<'a>(ready: Vec<Ready<'a>>, draft: &mut Draft<'_>) -> Vec<(Ready<'a>, Enrollment<'a>)> {
    let mut bound = Vec::with_capacity(ready.len());
    for it in ready {
        if let Some(into) = gates::enrollment(it.rule) {
            bound.push((it, into));
        } else {
            let stop = split::nowhere(it.rule);
            draft.stop(it.index, Some((it.rule, it.mode)), it.notes, stop);
        }
    }
    bound
}
