//! `re_enroll`: may the same person enter the same rule again? It looks at this rule's own
//! earlier enrollments of them, under its former id too, and at those that were found in HubSpot
//! and may have been its own.

use super::past::Stay;
use super::{Notes, Passed, Stop, Wanted};
use crate::domain::found::BY_NOBODY;
use crate::domain::reason::Reason;
use crate::domain::rule::ReEnroll;
use crate::domain::sentence;

/// Stops who entered before and may not enter again yet.
pub fn check(case: &Wanted<'_>, notes: &mut Notes) -> Passed {
    let rule = case.rule;
    let into = &case.into.target.name;
    let is_own = |stay: &&Stay| {
        let found = || stay.target.as_ref().is_some_and(|target| target.name == *into);
        stay.rule.as_ref().is_some_and(|id| {
            *id == rule.id || Some(id) == rule.was.as_ref() || (id.as_str() == BY_NOBODY && found())
        })
    };
    let own = case.past.seen_by(case.is_dry_run()).filter(is_own);
    let Some(last) = own.max_by_key(|stay| stay.began) else {
        notes.passed("re_enroll", format!("never entered \"{}\"", rule.id));
        return Ok(());
    };
    let (refused, until) = match rule.re_enroll {
        ReEnroll::Never => (true, None),
        ReEnroll::WhenFinished => (last.ended.is_none(), None),
        ReEnroll::After(span) => {
            let again = span.after(last.began, case.zone());
            (case.view.now < again, Some(again))
        }
    };
    let on = case.day(last.began);
    let detail = format!("entered \"{}\" on {on} ({})", rule.id, rule.place);
    if refused {
        let text = sentence::already_enrolled_once(&rule.id, &on, rule.re_enroll);
        let stop = Stop::new(Reason::AlreadyEnrolledOnce, text).until(until);
        return Err(notes.stop("re_enroll", detail, stop));
    }
    notes.passed("re_enroll", detail);
    Ok(())
}
