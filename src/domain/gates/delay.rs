//! `delay`: wait, then decide again on fresh data.

use super::{Case, Notes, Passed, Stop};
use crate::domain::reason::Reason;
use crate::domain::sentence;

/// Stops what is not due yet. A delay counts from the change and does not add `settle`.
pub fn check(case: &Case<'_>, notes: &mut Notes) -> Passed {
    let Some(delay) = case.rule.delay else { return Ok(()) };
    // What waits already keeps its due time, whatever a reload made of the delay
    // (CONSISTENCY.md 6.12).
    let due = case.item.delayed_until;
    let until = due.unwrap_or_else(|| delay.after(case.item.fired_at, case.zone()));
    let detail = format!("due {} ({delay} after the change)", sentence::minute(until, case.zone()));
    if case.view.now < until {
        let text = sentence::delayed(until, &delay.to_string(), case.zone());
        let stop = Stop::new(Reason::Delayed, text).until(Some(until));
        return Err(notes.stop("delay", detail, stop));
    }
    notes.passed("delay", detail);
    Ok(())
}
