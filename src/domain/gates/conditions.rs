//! `only_if` (all must hold) and `unless` (none may hold). All are evaluated, so that the trace
//! shows every one with its actual value.

use super::{Case, Notes, Passed, Stop};
use crate::domain::reason::Reason;
use crate::domain::rule::condition::{Condition, Facts};
use crate::domain::sentence;

/// Stops a person for whom the conditions do not hold.
pub fn check(case: &Case<'_>, notes: &mut Notes) -> Passed {
    let facts = case.facts();
    let mut failed = None;
    let lists = [("only_if", true, &case.rule.only_if), ("unless", false, &case.rule.unless)];
    for (step, wanted, list) in lists {
        for condition in list {
            let why = ask((step, wanted), condition, &facts, notes);
            failed = failed.or(why);
        }
    }
    let Some(failed) = failed else { return Ok(()) };
    let stop = if case.item.matched {
        let text = sentence::no_longer_matches(&case.day(case.item.fired_at), &failed);
        Stop::new(Reason::NoLongerMatches, text)
    } else {
        Stop::new(Reason::NoMatch, sentence::no_match(&case.rule.id, &failed))
    };
    // The trace already names the condition; the verdict adds no step of its own.
    Err(Box::new(stop))
}

/// Why the condition stops the person, if it does.
fn ask(
    (step, wanted): (&str, bool),
    condition: &Condition,
    facts: &Facts<'_>,
    notes: &mut Notes,
) -> Option<String> {
    let finding = condition.evaluate(facts);
    let passed = finding.holds == wanted;
    notes.push(step, passed, format!("{} ({})", finding.detail, condition.place));
    (!passed).then_some(finding.detail)
}
