//! `split`: whoever is in the arm that gets nothing ends here.

use super::{Case, Notes, Passed, Stop};
use crate::domain::reason::Reason;
use crate::domain::rule::{Action, Rule};
use crate::domain::sentence;

/// Stops the control arm; notes which arm anybody else is in.
pub fn check(case: &Case<'_>, notes: &mut Notes) -> Passed {
    let detail = match &case.rule.arm {
        Some(arm) => format!("in arm \"{}\", {} percent ({})", arm.name, arm.percent, arm.place),
        None => format!("in no arm ({})", case.rule.place),
    };
    match case.rule.action {
        Action::Split | Action::Nothing => Err(notes.stop("split", detail, nowhere(case.rule))),
        Action::Enroll { .. } | Action::Unenroll { .. } => {
            if case.rule.arm.is_some() {
                notes.passed("split", detail);
            }
            Ok(())
        }
    }
}

/// The verdict on whoever would be enrolled by `rule`, which enrolls into nothing.
pub fn nowhere(rule: &Rule) -> Stop {
    match &rule.action {
        // Arms that do not add up to 100 percent are refused: everybody is in one.
        Action::Split | Action::Nothing => {
            let arm = rule.arm.as_ref().map_or("none", |arm| arm.name.as_str());
            Stop::new(Reason::ControlGroup, sentence::control_group(arm))
        }
        // The rule lost its `then_enroll` while the person was taken out for its sake.
        Action::Unenroll { .. } | Action::Enroll { .. } => {
            let why = sentence::enrolls_no_more(&rule.id);
            Stop::new(Reason::Withdrawn, sentence::withdrawn(&why))
        }
    }
}
