//! What is said of approvals, open breakers, and what people press about what is held.

use jiff::tz::TimeZone;

use super::{length, minute};
use crate::domain::breaker::{Open, Tripped};
use crate::domain::id::RuleId;
use crate::domain::person::Holder;
use crate::domain::time::Timestamp;

/// enroll `released`.
pub fn released(by: &str, from: Holder) -> String {
    let from = if from == Holder::Approval { "approval" } else { "the breaker" };
    format!("Enrolled after {by} released it from {from}.")
}

/// wait `released`.
pub fn let_go(by: &str) -> String {
    format!("{by} released it; everything is checked again now.")
}

/// hold `needs-approval`.
pub fn needs_approval(until: Timestamp, zone: &TimeZone) -> String {
    format!("Waiting for a person to approve; lapses {}.", minute(until, zone))
}

/// hold `needs-approval`: the store came from a backup, and the workflow enrolls again.
pub fn recovering(into: &str, until: Timestamp, zone: &TimeZone) -> String {
    format!(
        "This store came from a backup, and nobody can see who was enrolled in {into} after it; \
         a person approves until {}.",
        minute(until, zone)
    )
}

/// skip `not-approved`. `who` declined; `None` where nobody answered in time.
pub fn not_approved(who: Option<&str>) -> String {
    who.map_or_else(|| "The approval lapsed.".to_owned(), |who| format!("{who} declined."))
}

/// skip `discarded`.
pub fn discarded(who: &str) -> String {
    format!("{who} discarded it from the held list.")
}

/// hold `breaker-open`.
pub fn breaker_open(rule: &RuleId, open: &Open) -> String {
    format!("{}; held until a person decides.", too_many(rule, open))
}

/// skip `discarded`: the breaker says so.
pub fn breaker_discards(rule: &RuleId, open: &Open) -> String {
    format!("{}; its breaker discards them.", too_many(rule, open))
}

fn too_many(rule: &RuleId, open: &Open) -> String {
    let Open { fired, max, within_ms, .. } = open;
    format!("{fired} contacts matched \"{rule}\" in {} (limit {max})", length(*within_ms))
}

/// The alert of an open breaker that holds so much.
pub fn breaker_alert(tripped: &Tripped, held: u64) -> String {
    let whose = match &tripped.fuse.rule {
        Some(rule) => format!("The breaker of rule \"{rule}\""),
        None => "The portal's breaker".to_owned(),
    };
    let dry_run = if tripped.fuse.live { "" } else { " (dry run)" };
    let Open { fired, max, within_ms, .. } = &tripped.open;
    let does = if tripped.open.discards() {
        "it discards what comes".to_owned()
    } else {
        format!("{held} held: see `hubroute held list`")
    };
    let within = length(*within_ms);
    format!("{whose}{dry_run} is open: {fired} in {within} (limit {max}); {does}.")
}
