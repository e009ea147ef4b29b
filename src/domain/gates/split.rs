//! `split`: whoever is in the arm that gets nothing ends here.

use super::{Case, Notes, Passed, Stop};
use crate::domain::reason::Reason;
use crate::domain::rule::Action;
use crate::domain::sentence;

/// Stops the control arm; notes which arm anybody else is in.
pub fn check(case: &Case<'_>, notes: &mut Notes) -> Passed {
    let Some(arm) = &case.rule.arm else { return Ok(()) };
    let detail = format!("in arm \"{}\", {} percent ({})", arm.name, arm.percent, arm.place);
    if matches!(case.rule.action, Action::Nothing) {
        let stop = Stop::new(Reason::ControlGroup, sentence::control_group(&arm.name));
        return Err(notes.stop("split", detail, stop));
    }
    notes.passed("split", detail);
    Ok(())
}
