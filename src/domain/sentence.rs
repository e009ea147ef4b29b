//! What people read: one sentence for each reason, with the values filled in (RULES.md 3).
//!
//! One function per reason that the decision itself gives. Names and dates only: a sentence
//! carries no email address.

mod evidence;
mod held;
mod leaving;
mod people;

use jiff::tz::TimeZone;

use super::id::RuleId;
use super::person::Item;
use super::reason::Reason;
use super::rule::ReEnroll;
use super::rule::span::Span;
use super::time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Timestamp};

pub use evidence::evidence;
pub use held::*;
pub use leaving::*;
pub use people::*;

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

/// What an enrollment of `item` is told as: `matched`, or `released` where a person let it go.
pub fn enrolled(item: &Item, into: &str, sender: Option<&str>, rule: &RuleId) -> (Reason, String) {
    match item.released() {
        Some(it) => (Reason::Released, released(&it.by, it.from)),
        None => (Reason::Matched, matched(into, sender, rule)),
    }
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

/// wait `waiting-for-property`.
pub fn waiting_for_property(property: &str, until: &str) -> String {
    format!("Waiting until \"{property}\" is known, at most until {until}.")
}

/// skip `missing-data`: `wait_for` is over.
pub fn never_known(property: &str, up_to: Span) -> String {
    format!("{property} is still empty {up_to} after the change, and the rule waits for it.")
}

/// wait `outside-window`. `sender` is `None` for a workflow.
pub fn outside_window(
    window: &str,
    sender: Option<&str>,
    opens: Timestamp,
    zone: &TimeZone,
) -> String {
    let whose = sender.map(|name| format!(" for {name}")).unwrap_or_default();
    format!("Outside {window}{whose}; next opening {}.", minute(opens, zone))
}

/// wait `quiet-period`.
pub fn quiet_period(says: &str, until: &str) -> String {
    format!("Quiet period \"{says}\" until {until}.")
}

/// wait `budget-exhausted`: a sender's `pace`. `busy` names each sender and why they cannot now.
pub fn paced(busy: &str, next: Timestamp, zone: &TimeZone) -> String {
    format!("{busy}; next free place about {}.", minute(next, zone))
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

/// wait `hubspot-unreachable`: calls of a target or a sender rest.
pub fn resting(what: &str, why: &str, until: Timestamp, zone: &TimeZone) -> String {
    let until = minute(until, zone);
    format!("Calls for {what} got no answer several times in a row ({why}); tried again {until}.")
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
    format!(
        "Failed {attempts} times in ways we do not understand ({why}); a person looks, or it is \
         tried again each hour."
    )
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

/// skip `no-consent`.
pub fn no_consent(require: &str, subscription: &str) -> String {
    format!("Not {require} for \"{subscription}\".")
}

/// skip `company-limit`.
pub fn company_limit(count: u32, company: &str, into: &str) -> String {
    format!("{count} people of {company} are already in {into}.")
}

/// skip `control-group`.
pub fn control_group(arm: &str) -> String {
    format!("In the control arm \"{arm}\".")
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

/// Why a rule that came after an event does not fire, for [`no_match`].
pub const NEWER_RULE: &str = "the rule came after this change";

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

/// wait or skip `rule-limit`. `per` is `hour` or `day`.
pub fn rule_limit(
    rule: &RuleId,
    (max, per): (u32, &str),
    until: Option<Timestamp>,
    zone: &TimeZone,
) -> String {
    let next = until
        .map_or_else(|| "once an open call is settled".to_owned(), |until| minute(until, zone));
    format!("Rule \"{rule}\" reached {max} per {per}; continues {next}.")
}

/// skip `over-cap`.
pub fn over_cap(count: usize, within: &str, max: u32) -> String {
    format!("{count} enrollments in {within} (limit {max}).")
}
