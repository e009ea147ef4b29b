//! The marker of a workflow: a property that its first action stamps with the current date and
//! time, so that a run leaves a trace even where it is over before anybody looks (RELIABILITY.md
//! section 4, "Marker option").

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::earliest;
use crate::domain::claim::{Claim, State};
use crate::domain::contact::{Contact, PastValue};
use crate::domain::event::is_merge_source;
use crate::domain::id::PropertyName;
use crate::domain::outcome::{Observation, Silence};
use crate::domain::time::{DAY_MS, HOUR_MS, Timestamp};

/// How long after the midnight that a date names, by UTC, that day may still last somewhere.
const DAY_ENDS_MS: u64 = DAY_MS + 12 * HOUR_MS;

/// What a marker's history says of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The workflow ran.
    Stamped(Timestamp),
    /// There is no stamp from the call on.
    Missing,
    /// A stamp may be this call's or not, or could not have been seen.
    Unclear,
    /// The answer has no history of any property.
    Untold,
}

/// Properties that have a history wherever a contact has any: where these have none either, an
/// answer does not tell what was written.
pub const CONTROLS: [&str; 2] = ["email", "createdate"];

/// Reads the marker's history. A stamp that another claim of the person stands for is not this
/// one's. A merge carries a stamp over with a time of its own: it shows nothing, nor does its
/// absence. A date without a time that was stamped the same day before does not change again.
pub fn marked(claim: &Claim, others: &[Claim], contact: &Contact, property: &PropertyName) -> Mark {
    let history = contact.history.get(property).map(Vec::as_slice).unwrap_or_default();
    let stamps = || history.iter().filter(|past| !past.value.trim().is_empty());
    let recent = |past: &&PastValue| earliest(claim) <= past.at;
    let by_merge = |past: &PastValue| past.source.as_deref().is_some_and(is_merge_source);
    let own = stamps().filter(recent).filter(|past| !by_merge(past));
    let own = own.filter(|past| !others.iter().any(|other| speaks_for(other, claim, past.at)));
    if let Some(first) = own.map(|past| past.at).min() {
        return Mark::Stamped(first);
    }
    let hides = |past: &PastValue| is_day_of(claim, &past.value);
    let is_told = contact.history.contains_key(property)
        || contact.history.values().any(|versions| !versions.is_empty());
    if !is_told {
        return Mark::Untold;
    }
    if stamps().filter(recent).any(by_merge) || stamps().max_by_key(|it| it.at).is_some_and(hides) {
        return Mark::Unclear;
    }
    Mark::Missing
}

/// Whether another claim on the same workflow was confirmed by this very stamp.
fn speaks_for(other: &Claim, claim: &Claim, at: Timestamp) -> bool {
    let is_confirmed_by =
        matches!(other.state, State::Confirmed { enrolled_at, .. } if enrolled_at == at);
    other.id != claim.id && other.target == claim.target && is_confirmed_by
}

/// Whether a value is a date without a time, of a day on which the claim's call may have left.
fn is_day_of(claim: &Claim, value: &str) -> bool {
    midnight(value).is_some_and(|midnight| earliest(claim) <= midnight.plus_ms(DAY_ENDS_MS))
}

/// The midnight that a date names, by UTC: HubSpot writes it as text, or in milliseconds.
fn midnight(value: &str) -> Option<Timestamp> {
    let value = value.trim();
    if let Ok(ms) = value.parse::<u64>() {
        return ms.is_multiple_of(DAY_MS).then_some(Timestamp::from_unix_ms(ms));
    }
    let at = value.parse::<Date>().ok().filter(|_| !value.contains(['T', ' ', ':']))?;
    let at = at.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond();
    u64::try_from(at).ok().map(Timestamp::from_unix_ms)
}

/// What a look says in which the marker had no stamp of this call: `shown` is what the list of
/// current workflows says, `is_proven` whether the marker was ever seen to be stamped.
pub fn unstamped(mark: Mark, is_proven: bool, shown: Observation) -> Observation {
    let silence = match mark {
        Mark::Unclear | Mark::Stamped(_) => Silence::Unclear,
        Mark::Untold => Silence::Untold,
        Mark::Missing if is_proven => Silence::NotRun,
        Mark::Missing => Silence::NeverSeen,
    };
    match shown {
        Observation::Absent => Observation::Unstamped { silence, absent: true },
        Observation::Unobservable { .. } => Observation::Unstamped { silence, absent: false },
        seen => seen,
    }
}
