//! `only_if` (all must hold) and `unless` (none may hold). All are evaluated, so that the trace
//! shows every one with its actual value.

use super::{Case, Halt, Notes, Passed, Stop};
use crate::domain::reason::Reason;
use crate::domain::rule::Unbuilt;
use crate::domain::rule::condition::{Condition, Facts};
use crate::domain::sentence;

/// Stops a person for whom the conditions do not hold. A condition that is not built yet halts
/// only where all the others hold.
pub fn check(case: &Case<'_>, notes: &mut Notes) -> Passed {
    let mut asked = Asked { case, failed: None, unbuilt: None };
    case.rule.only_if.iter().for_each(|condition| asked.ask("only_if", true, condition, notes));
    case.rule.unless.iter().for_each(|condition| asked.ask("unless", false, condition, notes));
    let Some(failed) = asked.failed else {
        return asked.unbuilt.map_or(Ok(()), |unbuilt| Err(Halt::Unbuilt(unbuilt)));
    };
    let stop = if case.item.matched {
        let text = sentence::no_longer_matches(&case.day(case.item.fired_at), &failed);
        Stop::new(Reason::NoLongerMatches, text)
    } else {
        Stop::new(Reason::NoMatch, sentence::no_match(&case.rule.id, &failed))
    };
    // The trace already names the condition; the halt adds no step of its own.
    Err(Halt::Stop(Box::new(stop)))
}

struct Asked<'a, 'c> {
    case: &'a Case<'c>,
    failed: Option<String>,
    unbuilt: Option<Unbuilt>,
}

impl Asked<'_, '_> {
    fn ask(&mut self, step: &str, wanted: bool, condition: &Condition, notes: &mut Notes) {
        let view = self.case.view;
        let facts = Facts { contact: view.contact, now: view.now, zone: self.case.zone() };
        match condition.evaluate(&facts) {
            Ok(finding) => {
                let passed = finding.holds == wanted;
                let detail = format!("{} ({})", finding.detail, condition.place);
                notes.push(step, passed, detail);
                if !passed {
                    self.failed.get_or_insert(finding.detail);
                }
            }
            Err(unbuilt) => {
                notes.push(
                    step,
                    true,
                    format!("{} is not built yet ({})", unbuilt.key, unbuilt.place),
                );
                self.unbuilt.get_or_insert(unbuilt);
            }
        }
    }
}
