//! What was decided against what the test names.

use std::collections::BTreeMap;

use super::Failure;
use super::scene::Expect;
use crate::domain::id::{RowId, TargetName};
use crate::domain::reason::{Decision, Reason};
use crate::domain::record::Row;
use crate::domain::rule::RuleSet;
use crate::domain::sentence;

/// `None` when the record is as expected. With `only`, the records of that delivery alone count.
pub(super) fn compare(
    rules: &RuleSet,
    rows: &[Row],
    only: Option<u32>,
    wanted: &Expect,
) -> Option<Failure> {
    let newest = newest(rows, only);
    let Some(row) = told(rules, &newest, wanted) else {
        return Some(Failure {
            expected: expected(rules, wanted),
            got: "no record at all".to_owned(),
            because: "nothing was decided".to_owned(),
        });
    };
    if agrees(row, wanted) {
        return None;
    }
    let because = unfired(rules, rows, wanted).unwrap_or_else(|| because(row, wanted));
    Some(Failure { expected: expected(rules, wanted), got: got(rules, row, wanted), because })
}

/// The newest row of each record, in the order the records began.
fn newest(rows: &[Row], only: Option<u32>) -> Vec<&Row> {
    let of_delivery = |row: &&Row| {
        only.is_none_or(|number| {
            row.id.as_str().split_once('.').is_some_and(|(it, _)| it == number.to_string())
        })
    };
    let mut order: Vec<&RowId> = Vec::new();
    let mut newest: BTreeMap<&RowId, &Row> = BTreeMap::new();
    for row in rows.iter().filter(of_delivery) {
        if newest.insert(&row.id, row).is_none() {
            order.push(&row.id);
        }
    }
    order.into_iter().filter_map(|id| newest.get(id).copied()).collect()
}

/// The record of the rule the test names, else the most telling one.
fn told<'r>(rules: &RuleSet, newest: &[&'r Row], wanted: &Expect) -> Option<&'r Row> {
    // An unenroll rule that enrolls then has a record of each: the one that is asked for.
    let of_rule = |rule| newest.iter().rev().filter(move |row| row.rule.as_ref() == Some(rule));
    let named = wanted.rule.as_ref().and_then(|rule| {
        let asked = of_rule(rule).find(|row| wanted.decision.is_some_and(|it| it == row.decision));
        asked.or_else(|| of_rule(rule).next()).copied()
    });
    let priority = |row: &Row| {
        let rule = row.rule.as_ref().and_then(|id| rules.rule(id));
        rule.map_or(u16::MAX, |rule| rule.priority)
    };
    named
        .or_else(|| newest.iter().copied().min_by_key(|row| (telling(row.decision), priority(row))))
}

/// Unenroll or enroll, then wait, hold, skip, ignore (RULES.md section 6, Tests).
fn telling(decision: Decision) -> u8 {
    match decision {
        Decision::Enroll | Decision::Unenroll | Decision::Fail => 0,
        Decision::Wait => 1,
        Decision::Hold => 2,
        Decision::Skip => 3,
        Decision::Ignore => 4,
    }
}

fn agrees(row: &Row, wanted: &Expect) -> bool {
    fn is<T: PartialEq>(wanted: Option<&T>, got: Option<&T>) -> bool {
        wanted.is_none() || wanted == got
    }
    is(wanted.decision.as_ref(), Some(&row.decision))
        && is(wanted.reason.as_ref(), Some(&row.reason))
        && is(wanted.rule.as_ref(), row.rule.as_ref())
        && is(wanted.into.as_ref(), row.target.as_ref())
        && is(wanted.sender.as_ref(), row.sender.as_ref())
        && is(wanted.by.as_ref(), row.by.as_ref())
        && is(wanted.until.as_ref(), row.until.as_ref())
        && is(wanted.from.as_ref(), Some(&row.from))
        && is(wanted.arm.as_ref(), row.arm.as_ref())
}

fn expected(rules: &RuleSet, wanted: &Expect) -> String {
    let until = wanted.until.map(|at| sentence::minute(at, &rules.portal.zone));
    let from = wanted.from.as_ref().map(|names| list(names));
    let named = [
        ("decision", wanted.decision.map(|it| it.to_string())),
        ("reason", wanted.reason.map(|it| it.to_string())),
        ("rule", wanted.rule.as_ref().map(ToString::to_string)),
        ("into", wanted.into.as_ref().map(ToString::to_string)),
        ("sender", wanted.sender.as_ref().map(ToString::to_string)),
        ("by", wanted.by.clone()),
        ("until", until),
        ("arm", wanted.arm.clone()),
        ("from", from),
    ];
    let named = named.into_iter().filter_map(|(key, value)| Some(format!("{key} {}", value?)));
    named.collect::<Vec<_>>().join(", ")
}

fn list(names: &[TargetName]) -> String {
    names.iter().map(TargetName::as_str).collect::<Vec<_>>().join(" and ")
}

fn got(rules: &RuleSet, row: &Row, wanted: &Expect) -> String {
    let target = row.target.as_ref().filter(|_| row.decision == Decision::Enroll);
    let reason = (row.reason != Reason::Matched).then_some(row.reason);
    let until = row.until.filter(|_| wanted.until.is_some());
    let parts = [
        Some(row.decision.to_string()),
        target.map(|name| format!(" into {name}")),
        row.sender.as_ref().map(|name| format!(" by {name}")),
        reason.map(|reason| format!(", reason {reason}")),
        row.by.as_ref().map(|by| format!(", by {by}")),
        row.arm.as_ref().filter(|_| wanted.arm.is_some()).map(|arm| format!(", arm {arm}")),
        until.map(|at| format!(", until {}", sentence::minute(at, &rules.portal.zone))),
        row.rule.as_ref().map(|rule| format!(" (rule {rule})")),
    ];
    parts.into_iter().flatten().collect()
}

/// Why the rule that the test names has no record at all.
fn unfired(rules: &RuleSet, rows: &[Row], wanted: &Expect) -> Option<String> {
    let id = wanted.rule.as_ref()?;
    if rows.iter().any(|row| row.rule.as_ref() == Some(id)) {
        return None;
    }
    // An event that fired nothing says of each rule why not.
    let named = format!("rule \"{id}\" ");
    let steps = rows.iter().flat_map(|row| &row.trace);
    let said = steps.map(|step| &step.detail).find(|detail| detail.starts_with(&named));
    said.cloned().or_else(|| {
        let rule = rules.rule(id)?;
        Some(format!("the trigger of rule \"{id}\" ({}) did not fire", rule.place))
    })
}

/// The step that stopped the decision; where none did, the one that would have had to.
fn because(row: &Row, wanted: &Expect) -> String {
    let stopped = row.trace.iter().find(|step| !step.passed);
    let named = [
        (wanted.arm.is_some() && wanted.arm != row.arm, "split"),
        (wanted.sender.is_some() && wanted.sender != row.sender, "sender"),
        (wanted.by.is_some() && wanted.by != row.by, "suppress"),
    ];
    let named = named.into_iter().filter(|(differs, _)| *differs).map(|(_, step)| step);
    let of_reason = wanted.reason.map(gates).unwrap_or_default();
    let gates: Vec<&str> = of_reason.iter().copied().chain(named).collect();
    let passed = row.trace.iter().rev().find(|step| gates.contains(&step.step.as_str()));
    stopped.or(passed).map_or_else(|| row.sentence.clone(), |step| step.detail.clone())
}

/// The steps of the trace that can end in a reason.
fn gates(reason: Reason) -> &'static [&'static str] {
    match reason {
        Reason::NoMatch | Reason::NoLongerMatches => {
            &["dates", "surroundings", "when", "only_if", "unless"]
        }
        Reason::AlreadyInTheme | Reason::BlockedByTheme => &["theme"],
        Reason::CoolingDown => &["cooldown"],
        Reason::AlreadyEnrolledOnce => &["re_enroll"],
        Reason::Suppressed => &["suppress"],
        Reason::MissingData => &["requires", "wait_for"],
        Reason::NoConsent => &["consent"],
        Reason::ControlGroup => &["split"],
        Reason::Delayed => &["delay"],
        Reason::Expired => &["expires"],
        Reason::RuleLimit | Reason::CompanyLimit => &["limits"],
        Reason::OverCap => &["cap"],
        Reason::BreakerOpen => &["breaker"],
        Reason::WouldEnroll
        | Reason::WouldUnenroll
        | Reason::NeedsApproval
        | Reason::NotApproved => &["mode"],
        Reason::NotEnrolled => &["unenroll"],
        Reason::ThemeBusy => &["theme", "cooldown"],
        Reason::WaitingForProperty => &["wait_for"],
        Reason::OutsideWindow => &["window"],
        Reason::QuietPeriod => &["quiet_period"],
        Reason::BudgetExhausted | Reason::NoSender | Reason::SenderPaused => &["sender"],
        _ => &[],
    }
}
