//! The end of everything an item waited for: its record, and what follows it.

use super::{Case, End, Leaving, Stage, follow};
use crate::domain::gates::exit;
use crate::domain::id::RuleId;
use crate::domain::person::{Item, Purpose};
use crate::domain::reason::{Decision, Reason};
use crate::domain::record::{Row, Turn};
use crate::domain::rule::{Action, Enroll};
use crate::domain::sentence;

/// Keeps the leaving until all of its item's have ended; then the item ends with them, and
/// whoever waited for the theme is looked at again.
pub(super) fn conclude(case: &Case<'_>, turn: &mut Turn, leaving: Leaving) {
    let others = case.person.leavings.iter();
    let of_item = others.filter(|other| other.item == leaving.item && other.id != leaving.id);
    let mut all: Vec<Leaving> = of_item.cloned().collect();
    if all.iter().any(Leaving::is_open) {
        turn.leavings.push(leaving);
        return;
    }
    all.push(leaving);
    turn.left = all.iter().map(|leaving| leaving.id.clone()).collect();
    // A contact that was deleted meanwhile took its items along.
    if let Some(item) = case.person.items.iter().find(|item| item.id == all[0].item) {
        end(case, turn, item, &all);
    }
    wake(case, turn);
}

fn end(case: &Case<'_>, turn: &mut Turn, item: &Item, all: &[Leaving]) {
    let failed = all.iter().find_map(|leaving| match &leaving.stage {
        Stage::Over(End::Failed { reason, sentence }) => Some((*reason, sentence.clone())),
        _ => None,
    });
    let is_left = |leaving: &&Leaving| matches!(leaving.stage, Stage::Over(End::Left { .. }));
    let left_now = all.iter().filter(is_left).map(|leaving| leaving.target.name.clone());
    let from = exit::each_once(left_now);
    let is_failed = failed.is_some();
    let (decision, (reason, text)) = match failed {
        Some(why) => (Decision::Fail, why),
        None if from.is_empty() => {
            (Decision::Skip, (Reason::NotEnrolled, sentence::not_enrolled()))
        }
        None => (Decision::Unenroll, left(item, &sentence::list(&from))),
    };
    let fingerprint = case.rules.fingerprint.clone();
    let mut row = Row::of_item(item, case.person.contact, (reason, text), fingerprint);
    row.decision = decision;
    row.by = suppression(item).or_else(|| press(item).map(str::to_owned));
    row.from = from;
    // What it enrolls into comes after it, in a record of its own.
    row.target = None;
    turn.rows.push(row);
    turn.done.push(item.id.clone());
    if !is_failed && item.purpose == Purpose::Rule {
        then(case, turn, item);
    }
}

fn left(item: &Item, from: &str) -> (Reason, String) {
    if let Some(who) = press(item) {
        return (Reason::Matched, sentence::taken_out(from, who));
    }
    match suppression(item) {
        Some(by) => (Reason::SuppressedLater, sentence::suppressed_later(from, &by)),
        None => (Reason::Matched, sentence::left(from, &item.rule)),
    }
}

fn suppression(item: &Item) -> Option<String> {
    (item.purpose == Purpose::Suppress).then(|| item.rule.to_string())
}

/// Who pressed for it.
fn press(item: &Item) -> Option<&str> {
    let who = item.event.source_id.as_deref().unwrap_or("a person");
    (item.purpose == Purpose::Press).then_some(who)
}

/// `then_enroll`: an item of its own, due now, that passes every gate.
fn then(case: &Case<'_>, turn: &mut Turn, item: &Item) {
    let Some(into) = then_of(case, &item.rule) else { return };
    let then = follow::then(item, into, (case.leaving.asked_at, case.now));
    let fingerprint = case.rules.fingerprint.clone();
    let why = (then.reason, then.sentence.clone());
    turn.rows.push(Row::of_item(&then, case.person.contact, why, fingerprint));
    turn.items.push(then);
}

fn then_of<'a>(case: &'a Case<'_>, rule: &RuleId) -> Option<&'a Enroll> {
    match &case.rules.rule(rule)?.action {
        Action::Unenroll { then, .. } => then.as_ref(),
        _ => None,
    }
}

/// Whoever waits for a theme may have waited for this.
fn wake(case: &Case<'_>, turn: &mut Turn) {
    let waits = |item: &&Item| {
        item.reason == Reason::ThemeBusy
            && !turn.done.contains(&item.id)
            && !case.person.is_left_for(&item.id)
    };
    let mut woken: Vec<Item> = case.person.items.iter().filter(waits).cloned().collect();
    for item in &mut woken {
        item.wake(case.now);
    }
    turn.items.extend(woken);
}
