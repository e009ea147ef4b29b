//! What an unenroll rule takes the person out of, and whether it may.

use super::past::{Past, Stay};
use super::{Case, Notes, Passed, Stop, enrollment, mode};
use crate::domain::id::{ContactId, TargetName};
use crate::domain::person::{Item, Person, Purpose};
use crate::domain::reason::Reason;
use crate::domain::rule::{Action, Exit, Mode, RuleSet};
use crate::domain::sentence;

/// What `exit` names of what runs, and is not being left already.
pub fn named<'a>(past: &'a Past<'_>, exit: &'a Exit, dry_run: bool) -> Vec<&'a Stay> {
    let running = past.seen_by(dry_run).filter(|stay| stay.ended.is_none());
    let named = running.filter(|stay| exit.names(&stay.theme, &stay.name));
    named.filter(|stay| !is_being_left(past.person, stay)).collect()
}

/// Whether a leaving is under way for it.
pub fn is_being_left(person: &Person, stay: &Stay) -> bool {
    let mut open = person.leavings.iter().filter(|leaving| leaving.is_open());
    open.any(|leaving| match (&leaving.claim, &stay.claim) {
        (None, None) => {
            stay.target.as_ref() == Some(&leaving.target) && stay.began == leaving.began
        }
        (of_leaving, of_stay) => of_leaving == of_stay,
    })
}

/// Whether a rule that only watches takes this for gone: it would have left it before.
pub fn would_be_left(case: &Case<'_>, stay: &Stay) -> bool {
    let exit = case.rule.exit().filter(|_| case.item.purpose == Purpose::Then);
    case.is_dry_run() && exit.is_some_and(|exit| exit.names(&stay.theme, &stay.name))
}

/// Whether `item` of `contact` would enroll into something that `exit` names.
pub fn would_enroll(rules: &RuleSet, contact: ContactId, item: &Item, exit: &Exit) -> bool {
    let enrolls = matches!(item.purpose, Purpose::Rule | Purpose::Then);
    let rule = rules.rule(&item.rule).filter(|_| enrolls).map(|rule| rule.of(contact));
    let takes_out = rule.is_some_and(|rule| rule.exit().is_some()) && item.purpose == Purpose::Rule;
    let into = rule.filter(|_| !takes_out).and_then(enrollment);
    into.is_some_and(|into| exit.names(into.theme, into.target.name.as_str()))
}

/// Their names, each once.
pub fn names(stays: &[&Stay]) -> Vec<TargetName> {
    each_once(stays.iter().map(|stay| stay.name.as_str().into()))
}

/// Each name once, in the order of the first.
pub fn each_once(names: impl Iterator<Item = TargetName>) -> Vec<TargetName> {
    let mut found = Vec::new();
    for name in names {
        if !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

/// Stops a rule that finds nothing to leave, unless it enrolls then.
pub fn check_stays(case: &Case<'_>, notes: &mut Notes) -> Passed {
    let Some(exit) = case.rule.exit() else { return Ok(()) };
    let stays = named(case.past, exit, case.is_dry_run());
    let goes_on = matches!(case.rule.action, Action::Unenroll { then: Some(_), .. });
    if stays.is_empty() && !goes_on {
        let stop = Stop::new(Reason::NotEnrolled, sentence::not_enrolled());
        return Err(notes.stop("unenroll", "in nothing that it names", stop));
    }
    for stay in stays {
        let detail = format!("in {} ({}) since {}", stay.name, stay.theme, case.day(stay.began));
        notes.passed("unenroll", detail);
    }
    Ok(())
}

/// Stops a rule that is not live.
pub fn check_mode(case: &Case<'_>, notes: &mut Notes) -> Passed {
    let Some(exit) = case.rule.exit() else { return Ok(()) };
    match case.mode {
        Mode::Live => {
            notes.passed("mode", "live");
            Ok(())
        }
        Mode::Approval => mode::approval(case, notes),
        Mode::DryRun | Mode::Off => {
            let stays = named(case.past, exit, true);
            if stays.is_empty() {
                return Ok(());
            }
            notes.passed("mode", format!("dry-run ({})", case.rule.place));
            Err(Box::new(would_leave(&stays)))
        }
    }
}

/// The verdict of what only watches.
pub fn would_leave(stays: &[&Stay]) -> Stop {
    let from = names(stays);
    let mut stop = Stop::new(Reason::WouldUnenroll, sentence::would_leave(&sentence::list(&from)));
    stop.from = from;
    stop
}
