//! Merge follow-up: what a merge wrote is no change of the person (CONSISTENCY.md section 5). The
//! event may not say so; the fresh read does.

use super::{Case, Notes, Passed, Stop};
use crate::domain::contact::PastValue;
use crate::domain::event::{Kind, is_merge_source};
use crate::domain::reason::Reason;
use crate::domain::sentence;
use crate::domain::time::SECOND_MS;

/// How far the history may date a change from its event.
const SKEW_MS: u64 = 2 * SECOND_MS;

/// Stops what a merge wrote, unless the rule has `enroll_merged`.
pub fn check(case: &Case<'_>, notes: &mut Notes) -> Passed {
    if case.rule.enroll_merged || case.item.matched || !is_written_by_merge(case) {
        return Ok(());
    }
    let ids = case.view.contact.merged.iter().map(ToString::to_string).collect::<Vec<_>>();
    let stop = Stop::new(Reason::MergedRecord, sentence::merged_record(&ids.join(", ")));
    Err(notes.stop("merge", "a merge wrote this change", stop))
}

fn is_written_by_merge(case: &Case<'_>) -> bool {
    let (event, contact) = (&case.item.event, case.view.contact);
    // What came under an id from before the merge is older than the merge.
    if event.contact != contact.id {
        return false;
    }
    match &event.kind {
        // A merge may make a record anew.
        Kind::Created => !contact.merged.is_empty(),
        Kind::Property { name, value } => {
            let history = contact.history.get(name).into_iter().flatten();
            let about = |past: &&PastValue| {
                past.value == *value
                    && past.at.since_ms(event.occurred_at) <= SKEW_MS
                    && event.occurred_at.since_ms(past.at) <= SKEW_MS
            };
            let written: Vec<&PastValue> = history.filter(about).collect();
            let by_merge = |past: &&PastValue| past.source.as_deref().is_some_and(is_merge_source);
            !written.is_empty() && written.iter().all(by_merge)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
