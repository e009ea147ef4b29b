//! What the end of a doubt rests on, as the API shows it.

use jiff::tz::TimeZone;
use serde::Serialize;

use crate::admin::shape::{Instant, instant};
use crate::domain::claim::{Evidence, Showed};
use crate::domain::sentence;

/// The evidence of a claim. The names of its fields are the API's keys, in their order.
#[derive(Debug, Serialize)]
pub(super) struct ShownEvidence {
    /// All of it in words.
    says: String,
    /// Looks that HubSpot answered, and those that it did not.
    looks: u32,
    unanswered: u32,
    first_look_at: Instant,
    last_look_at: Instant,
    /// `enrolled`, `stamped`, `another`, `nothing`, `unstamped` or `unreadable`; `null` before the
    /// first answered look.
    showed: Option<&'static str>,
    /// HubSpot's id of the call, for its support.
    correlation: Option<String>,
    /// The person who said how it ended; `null`: the router judged by what was shown.
    resolved_by: Option<String>,
}

impl ShownEvidence {
    /// `None` where the call's own answer settled it.
    pub(super) fn of(evidence: Option<&Evidence>, zone: &TimeZone) -> Option<Self> {
        let evidence = evidence?;
        Some(Self {
            says: sentence::evidence(evidence, zone),
            looks: evidence.looks,
            unanswered: evidence.unanswered,
            first_look_at: instant(evidence.first),
            last_look_at: instant(evidence.last),
            showed: evidence.showed.map(Showed::word),
            correlation: evidence.call.clone(),
            resolved_by: evidence.by.clone(),
        })
    }
}
