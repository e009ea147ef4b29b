//! What people read: one sentence for each reason, with the values filled in (RULES.md 3).
//!
//! One function per reason that the decision itself gives. Names and dates only: a sentence
//! carries no email address.

use jiff::tz::TimeZone;

use super::id::{RuleId, TargetName};
use super::rule::ReEnroll;
use super::time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Timestamp};

/// The date in the portal's zone, for example `24 Nov 2026`.
pub fn day(at: Timestamp, zone: &TimeZone) -> String {
    at.to_jiff().to_zoned(zone.clone()).strftime("%-d %b %Y").to_string()
}

/// Date and clock time in the portal's zone, for example `30 Nov 2026 08:30`.
pub fn minute(at: Timestamp, zone: &TimeZone) -> String {
    at.to_jiff().to_zoned(zone.clone()).strftime("%-d %b %Y %H:%M").to_string()
}

/// How long something took, in its largest whole unit, for example `14 days`.
pub fn length(ms: u64) -> String {
    let (count, unit) = match ms {
        DAY_MS.. => (ms / DAY_MS, "day"),
        HOUR_MS.. => (ms / HOUR_MS, "hour"),
        MINUTE_MS.. => (ms / MINUTE_MS, "minute"),
        _ => (ms / SECOND_MS, "second"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// enroll `matched`.
pub fn matched(into: &str, sender: Option<&str>, rule: &RuleId) -> String {
    format!("Enrolled in {into}{}: rule \"{rule}\" matched.", by(sender))
}

/// enroll `would-enroll`.
pub fn would_enroll(into: &str, sender: Option<&str>) -> String {
    format!("Dry run: would have been enrolled in {into}{}.", by(sender))
}

fn by(sender: Option<&str>) -> String {
    sender.map(|name| format!(" by {name}")).unwrap_or_default()
}

/// wait `settling`.
pub fn settling(ms: u64) -> String {
    format!("Waiting {} seconds for HubSpot's other automations.", ms.div_ceil(SECOND_MS))
}

/// wait `delayed`.
pub fn delayed(until: Timestamp, delay: &str, zone: &TimeZone) -> String {
    let until = minute(until, zone);
    format!("Due on {until} ({delay} after the change); everything is checked again then.")
}

/// wait `budget-exhausted`. `full` names each sender with its use and its budget.
pub fn budget_exhausted(full: &str, next: Option<Timestamp>, zone: &TimeZone) -> String {
    match next {
        Some(at) => format!("{full} in 24 hours; next free place about {}.", minute(at, zone)),
        None => format!("{full} in 24 hours; a place is free once an open call is settled."),
    }
}

/// wait `outcome-unknown`, from the moment a call may have left.
pub fn asking(into: &str) -> String {
    format!("Asking HubSpot to enroll into {into}.")
}

/// wait `outcome-unknown`: HubSpot did not answer.
pub fn no_answer(into: &str) -> String {
    format!(
        "We asked HubSpot to enroll into {into} and got no answer; reading back before doing \
         anything again."
    )
}

/// wait `outcome-unknown`: HubSpot accepted and has not shown it.
pub fn accepted(into: &str) -> String {
    format!("HubSpot accepted the enrollment into {into}; looking whether it shows.")
}

/// hold `in-doubt`.
pub fn in_doubt(into: &str, why: &str) -> String {
    format!("Nobody can tell whether HubSpot enrolled into {into} ({why}); a person decides.")
}

/// wait `hubspot-busy`.
pub fn hubspot_busy(until: Timestamp, zone: &TimeZone) -> String {
    format!("HubSpot asked us to slow down; trying again {}.", minute(until, zone))
}

/// wait `hubspot-unreachable`.
pub fn hubspot_unreachable(attempt: u32, until: Timestamp, zone: &TimeZone) -> String {
    let until = minute(until, zone);
    format!("HubSpot did not answer; attempt {attempt}, next {until}.")
}

/// hold `hubspot-refused-request`: our access is refused.
pub fn access_refused(message: &str) -> String {
    format!("HubSpot refuses our access ({message}); nothing is lost, fix it and it goes on.")
}

/// fail `hubspot-refused-contact`.
pub fn refused_contact(message: &str) -> String {
    format!("HubSpot will not write to this address: {message}. Not tried again.")
}

/// fail `hubspot-refused-sender`.
pub fn refused_sender(sender: &str, message: &str) -> String {
    format!("HubSpot refused {sender}: {message}.")
}

/// fail `hubspot-refused-request`.
pub fn refused_request(message: &str) -> String {
    format!("HubSpot did not accept the request: {message}. A rule or id is wrong.")
}

/// wait `budget-exhausted`: HubSpot itself says that the sender is full.
pub fn sender_full(sender: &str) -> String {
    format!("HubSpot says that {sender} has reached the daily send limit; choosing again.")
}

/// hold `dead-letter`.
pub fn dead_letter(attempts: u32, why: &str) -> String {
    format!("Failed {attempts} times in ways we do not understand ({why}); a person looks.")
}

/// fail `not-confirmed`.
pub fn not_confirmed() -> String {
    "HubSpot accepted, but the contact never showed as enrolled.".to_owned()
}

/// hold `sender-paused`.
pub fn sender_paused(sender: &str, error: &str) -> String {
    format!(
        "{sender} was refused 3 times in a row (\"{error}\"); paused until a person reconnects \
         the inbox."
    )
}

/// hold `no-sender`.
pub fn no_sender(tried: &str) -> String {
    format!("No usable sender: {tried}.")
}

/// skip `already-in-theme`.
pub fn already_in_theme(current: &str, theme: &str, since: &str) -> String {
    format!("Already in {current} ({theme}) since {since}.")
}

/// skip `blocked-by-theme`.
pub fn blocked_by_theme(current: &str, theme: &str, silenced: &str) -> String {
    format!("In {current}; {theme} silences {silenced}.")
}

/// skip `cooling-down`.
pub fn cooling_down(last: &str, ended: &str, theme: &str, until: &str) -> String {
    format!("{last} ended {ended}; {theme} rests until {until}.")
}

/// skip `already-enrolled-once`.
pub fn already_enrolled_once(rule: &RuleId, on: &str, again: ReEnroll) -> String {
    let may = match again {
        ReEnroll::Never => "enter only once".to_owned(),
        ReEnroll::WhenFinished => "enter again once that is over".to_owned(),
        ReEnroll::After(span) => format!("enter again {span} after that"),
    };
    format!("Entered \"{rule}\" on {on}; it may {may}.")
}

/// skip `outranked`.
pub fn outranked(winner: &RuleId, priority: u16) -> String {
    format!("Rule \"{winner}\" (priority {priority}) came first.")
}

/// skip `suppressed`.
pub fn suppressed(by: &str, says: &str) -> String {
    format!("Suppressed by \"{by}\": {}.", says.trim_end_matches('.'))
}

/// skip `missing-data`.
pub fn missing_data(properties: &str, into: &str) -> String {
    format!("{properties} is empty and {into} needs it.")
}

/// skip `no-longer-matches`.
pub fn no_longer_matches(matched: &str, now: &str) -> String {
    format!("Matched on {matched}, no longer: {now}.")
}

/// skip `expired`.
pub fn expired(due: &str) -> String {
    format!("Too old: was due {due}.")
}

/// skip `withdrawn`.
pub fn withdrawn(why: &str) -> String {
    format!("Ended before it was sent: {why}.")
}

/// skip `rule-removed`.
pub fn rule_removed(rule: &RuleId) -> String {
    format!("Rule \"{rule}\" is gone or off.")
}

/// ignore `no-match`.
pub fn no_match(closest: &RuleId, failed: &str) -> String {
    format!("No rule matched; closest was \"{closest}\": {failed}.")
}

/// ignore `not-watched` of a property.
pub fn not_watched(property: &str) -> String {
    format!("No rule uses \"{property}\"; the subscription can be removed.")
}

/// ignore `duplicate-event`.
pub fn duplicate_event(happened: &str) -> String {
    format!("HubSpot delivered this change before (of {happened}).")
}

/// ignore `stale-event`: a newer value is known.
pub fn overtaken(property: &str) -> String {
    format!("A newer value of \"{property}\" was already seen.")
}

/// ignore `stale-event`: it came too late.
pub fn too_late(age_ms: u64, limit_ms: u64) -> String {
    format!("It came {} late, older than {} (stale_after).", length(age_ms), length(limit_ms))
}

/// ignore `own-change`.
pub fn own_change() -> String {
    "Written by this router.".to_owned()
}

/// ignore `merged-record`. `ids` are empty where the event does not name them.
pub fn merged_record(ids: &str) -> String {
    let of = if ids.is_empty() { String::new() } else { format!(" {ids}") };
    format!("Change came from merging{of}; merged records do not enroll here.")
}

/// ignore `deleted`.
pub fn deleted(privacy: bool) -> String {
    let how = if privacy { "erased for privacy" } else { "deleted" };
    format!("The contact was {how}.")
}

/// ignore `wrong-portal`.
pub fn wrong_portal(theirs: u64, ours: u64) -> String {
    format!("Event of portal {theirs}; this router serves {ours}.")
}

/// ignore `unreadable`.
pub fn unreadable(why: &str) -> String {
    format!("An item of a signed delivery could not be read: {why}.")
}

/// ignore `merged-into-later`.
pub fn merged_into_later(property: &str) -> String {
    format!("A later change of \"{property}\" within settle took its place.")
}

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

/// Why something waiting was withdrawn: a suppression.
pub fn suppresses(by: &str) -> String {
    format!("now suppressed by \"{by}\"")
}
