//! The decision about one person: pure, and the same for `serve`, `test` and `explain`.

mod draft;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use super::breaker::Fuse;
use super::claim::{Claim, Sender, Target};
use super::gates::limits::LimitSeen;
use super::gates::past::Past;
use super::gates::rank::{self, Candidate};
use super::gates::{self, AFTER_RANK, BEFORE_RANK, Case, Halt, Notes, Stop, evidence};
use super::id::{RowId, RuleId, ThemeName};
use super::person::{Item, Seen, Shadow};
use super::reason::Reason;
use super::record::Row;
use super::rule::{Mode, Rule, RuleSet, Unbuilt};
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

/// Decides everything that is due of one person. The error is a key whose effect is not built
/// yet, where the decision got as far as needing it.
pub fn decide(rules: &RuleSet, view: &View<'_>) -> Result<Plan, Unbuilt> {
    let proof = evidence::read(&view.memory.person, view.contact);
    let person = proof.applied_to(&view.memory.person);
    let mut past = Past::of(rules, &person, view.now);
    let mut draft = Draft::new(rules, view, proof);
    let ready = open(rules, view, &past, &mut draft)?;
    for Ready { index, item, rule, mode, mut notes } in ranked(rules, ready, &mut draft)? {
        let case = Case { rules, view, past: &past, item, rule, mode };
        match gates::run(&AFTER_RANK, &case, &mut notes) {
            Err(Halt::Unbuilt(unbuilt)) => return Err(unbuilt),
            Err(Halt::Stop(stop)) => {
                let shadow = draft.stop(index, Some((rule, mode)), notes, *stop);
                if let Some(shadow) = shadow {
                    past.add_shadow(&shadow, view.now);
                }
            }
            Ok(()) => draft.enroll(index, &case, notes)?,
        }
    }
    Ok(draft.finish())
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
) -> Result<Vec<Ready<'a>>, Unbuilt> {
    let mut passed = Vec::new();
    let items = view.memory.person.items.iter().enumerate();
    let due = items.filter(|(_, item)| item.due.is_some_and(|due| due <= view.now));
    for (index, item) in due {
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
            Err(Halt::Unbuilt(unbuilt)) => return Err(unbuilt),
            Err(Halt::Stop(stop)) => {
                draft.stop(index, Some((rule, ready.mode)), ready.notes, *stop);
            }
            Ok(()) => passed.push(ready),
        }
    }
    Ok(passed)
}

/// The best of each theme, in the order they are judged. The others end here.
fn ranked<'a>(
    rules: &RuleSet,
    ready: Vec<Ready<'a>>,
    draft: &mut Draft<'_>,
) -> Result<Vec<Ready<'a>>, Unbuilt> {
    let mut candidates = Vec::with_capacity(ready.len());
    for it in &ready {
        candidates.push(Candidate {
            theme: gates::enrollment(it.rule)?.theme,
            rule: &it.rule.id,
            priority: it.rule.priority,
            dry_run: it.mode < Mode::Approval,
            fired_at: it.item.fired_at,
        });
    }
    let order = rank::order(&candidates, &rules.themes);
    let mut ready: Vec<Option<Ready<'a>>> = ready.into_iter().map(Some).collect();
    let mut best = Vec::with_capacity(order.len());
    for index in order {
        let Some(mut it) = ready[index].take() else { continue };
        let Some(winner) = rank::winner(&candidates, index) else {
            best.push(it);
            continue;
        };
        let text = sentence::outranked(winner.rule, winner.priority);
        let stop = Stop::new(Reason::Outranked, text.clone()).by(winner.rule.as_str());
        it.notes.push("rank", false, text);
        draft.stop(it.index, Some((it.rule, it.mode)), it.notes, stop);
    }
    Ok(best)
}
