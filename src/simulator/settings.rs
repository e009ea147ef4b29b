//! The knobs of `state.settings`: limits, lags, and the answers HubSpot's documents leave open.

use serde::{Deserialize, Serialize};

use super::id::Id;

/// How the portal behaves. Every key has a default; `PUT` changes only the keys it names.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Milliseconds until an enrollment or its end shows in the contact's `hs_*` properties.
    pub properties_lag_ms: u64,
    /// Milliseconds until an enrollment shows in the enrollment reads of both channels.
    pub reads_lag_ms: u64,
    /// Sequence enrollments a user may make in any 24 hours; absent means no limit.
    pub send_limit: Option<u32>,
    /// What enrolling a contact who is already in a sequence does.
    pub already_enrolled: AlreadyEnrolled,
    /// The status of that refusal: 400, or 409.
    pub already_enrolled_status: u16,
    /// The status for a sequence that does not exist or may not be seen: 404, or 400.
    pub unknown_sequence_status: u16,
    /// How "this contact has no enrollment" is said.
    pub no_enrollment: NoEnrollment,
    /// Whether reading a contact's enrollment still shows one that has ended.
    pub shows_ended: bool,
    /// API calls in any 10 seconds; absent means no limit.
    pub calls_per_10_seconds: Option<u32>,
    /// API calls in a day; absent means no limit.
    pub calls_per_day: Option<u32>,
    /// Added to this machine's clock, in milliseconds: move it to let time pass.
    pub clock_offset_ms: i64,
    /// The workflow that takes a contact out of its sequence when a property is stamped; absent
    /// means that nobody built one.
    pub bridge: Option<Bridge>,
    /// Workflows that start when a property gets a value.
    pub starts: Vec<Start>,
}

/// A workflow that starts when a property gets a value (HUBSPOT.md 4.4 a).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// The property it listens to.
    pub property: String,
    /// The workflow's flow id.
    pub flow: Id,
    /// Milliseconds from the change until the contact is in; absent means never.
    #[serde(default)]
    pub after_ms: Option<u64>,
}

/// The bridge workflow (HUBSPOT.md 3.7): it starts when the property gets a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bridge {
    /// The property it listens to.
    pub property: String,
    /// Milliseconds from the stamp until it unenrolls; absent means never: it is turned off.
    #[serde(default)]
    pub after_ms: Option<u64>,
    /// Whether it looks again that the property still holds the value, right before it acts.
    #[serde(default = "yes")]
    pub looks_again: bool,
}

fn yes() -> bool {
    true
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            properties_lag_ms: 0,
            reads_lag_ms: 0,
            send_limit: None,
            already_enrolled: AlreadyEnrolled::Refuse,
            already_enrolled_status: 400,
            unknown_sequence_status: 404,
            no_enrollment: NoEnrollment::NotFound,
            shows_ended: true,
            calls_per_10_seconds: None,
            calls_per_day: None,
            clock_offset_ms: 0,
            bridge: None,
            starts: Vec::new(),
        }
    }
}

/// What enrolling a contact who is already in a sequence does (HUBSPOT.md 10, question 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlreadyEnrolled {
    /// Refuses with `SequenceError.ALREADY_ENROLLED`.
    Refuse,
    /// Books a second enrollment, so that tests can see what a router without claims does.
    Book,
    /// Answers with the first enrollment's id when the sequence is the same, else refuses.
    SameId,
}

/// How "this contact has no enrollment" is said (HUBSPOT.md 10, question 1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoEnrollment {
    /// 404 with HubSpot's envelope and category `OBJECT_NOT_FOUND`.
    NotFound,
    /// 204 without a body.
    NoContent,
    /// 200 with `{}`.
    Empty,
}
