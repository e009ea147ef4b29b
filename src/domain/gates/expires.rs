//! `expires`: a waiting decision that is too old is dropped. Counted from when it was first due.

use super::{Case, Notes, Passed, Stop};
use crate::domain::person::Item;
use crate::domain::reason::Reason;
use crate::domain::sentence;
use crate::domain::time::Timestamp;

/// Stops what was first due longer ago than the rule allows.
pub fn check(case: &Case<'_>, notes: &mut Notes) -> Passed {
    let due = first_due(case.item, case.view.now);
    let expires = case.rule.expires;
    let detail = format!("first due {}, expires after {expires}", case.day(due));
    if expires.after(due, case.zone()) < case.view.now {
        let stop = Stop::new(Reason::Expired, sentence::expired(&case.day(due)));
        return Err(notes.stop("expires", detail, stop));
    }
    notes.passed("expires", detail);
    Ok(())
}

/// When the item was first due, without the time for which it has waited for a theme.
pub fn first_due(item: &Item, now: Timestamp) -> Timestamp {
    let uncounted_ms = if item.reason == Reason::ThemeBusy { now.since_ms(item.since) } else { 0 };
    item.first_due.plus_ms(uncounted_ms)
}
