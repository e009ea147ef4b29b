//! `expires`: a waiting decision that is too old is dropped. Counted from when it was first due.

use super::{Case, Notes, Passed, Stop};
use crate::domain::reason::Reason;
use crate::domain::rule::Mode;
use crate::domain::sentence;

/// Stops what was first due longer ago than the rule allows. Time in waits that are nobody's
/// delay does not count: see [`Item::uncounted_ms`](crate::domain::person::Item::uncounted_ms).
pub fn check(case: &Case<'_>, notes: &mut Notes) -> Passed {
    // `approve_within` says how long an approval may take. What asks after a restore is no less
    // late for it.
    if case.item.reason == Reason::NeedsApproval && case.mode == Mode::Approval {
        return Ok(());
    }
    let due = case.item.first_due;
    let expires = case.rule.expires;
    let detail = format!("first due {}, expires after {expires}", case.day(due));
    let counted = case.view.now.minus_ms(case.item.uncounted_ms(case.view.now));
    if expires.after(due, case.zone()) < counted {
        let stop = Stop::new(Reason::Expired, sentence::expired(&case.day(due)));
        return Err(notes.stop("expires", detail, stop));
    }
    notes.passed("expires", detail);
    Ok(())
}
