//! What is said of people who are taken out, and of a theme that is occupied.

use super::length;
use crate::domain::id::{RuleId, TargetName};

/// unenroll `matched`.
pub fn left(from: &str, rule: &RuleId) -> String {
    format!("Taken out of {from}: rule \"{rule}\".")
}

/// unenroll `would-unenroll`.
pub fn would_leave(from: &str) -> String {
    format!("Dry run: would have been taken out of {from}.")
}

/// unenroll `suppressed-later`.
pub fn suppressed_later(from: &str, by: &str) -> String {
    format!("Taken out of {from}: now suppressed by \"{by}\".")
}

/// wait `outcome-unknown`, from the moment the unenrollment is decided.
pub fn leaving(from: &str) -> String {
    format!("Asking HubSpot to take the contact out of {from}.")
}

/// unenroll `bridge-pending`.
pub fn bridge_pending(since: &str) -> String {
    format!("Asked HubSpot's bridge workflow to unenroll; waiting for confirmation since {since}.")
}

/// fail `bridge-broken`.
pub fn bridge_broken(within_ms: u64) -> String {
    let within = length(within_ms);
    format!("The unenroll bridge did not act within {within}. Is the workflow on?")
}

/// fail `bridge-broken`: what is to be left is not what HubSpot shows.
pub fn bridge_not_asked(from: &str) -> String {
    format!("HubSpot does not show {from} as the latest sequence, so its bridge was not asked.")
}

/// fail `not-confirmed` of an unenrollment.
pub fn still_enrolled(from: &str) -> String {
    format!("HubSpot was asked to take the contact out of {from}, and it never showed.")
}

/// fail `hubspot-refused-request` of an unenrollment: there is no call for it.
pub fn no_way_out() -> String {
    "This profile has no call that takes a contact out of it, and there is no unenroll bridge. \
     See docs/unenroll.md."
        .to_owned()
}

/// skip `not-enrolled`.
pub fn not_enrolled() -> String {
    "Nothing to unenroll.".to_owned()
}

/// wait `theme-busy` of `then_enroll`.
pub fn then_enroll(into: &str) -> String {
    format!("{into} comes next: what was to be left is left.")
}

/// wait `theme-busy`: what stands in the way is being left.
pub fn waits_for_leaving(into: &str, current: &str) -> String {
    format!("{into} waits until the contact is out of {current}.")
}

/// wait `theme-busy`.
pub fn theme_busy(into: &str, current: &str) -> String {
    format!("{into} waits until {current} is over (on_conflict = wait).")
}

/// skip `already-in-theme` after `wait_up_to`. `held` says what stood in the way.
pub fn waited(into: &str, up_to: &str, held: &str) -> String {
    format!("{into} waited {up_to} (wait_up_to). {held}")
}

/// Names in a row: `a`, `a and b`, `a, b and c`.
pub fn list(names: &[TargetName]) -> String {
    match names {
        [] => String::new(),
        [only] => only.to_string(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(TargetName::as_str).collect();
            format!("{} and {last}", first.join(", "))
        }
    }
}

/// Why something waiting was withdrawn: an unenroll rule.
pub fn takes_out(rule: &RuleId) -> String {
    format!("rule \"{rule}\" takes the contact out")
}

/// Why something waiting was withdrawn: the rule takes people out and no more.
pub fn enrolls_no_more(rule: &RuleId) -> String {
    format!("rule \"{rule}\" enrolls into nothing any more")
}

/// Why something waiting was withdrawn: a suppression.
pub fn suppresses(by: &str) -> String {
    format!("now suppressed by \"{by}\"")
}
