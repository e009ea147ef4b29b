//! The classified answer of one HubSpot call (HUBSPOT.md 3.4 and 7; RELIABILITY.md section 4).

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// Why nothing was done, and asking later may help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Later {
    /// 429, 423 or 477: HubSpot asked us to slow down.
    Busy,
    /// Nothing was sent: DNS, connect or TLS failed; for a read also no usable answer.
    Unreachable,
}

/// What a refusal concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Concerns {
    /// The address or its consent: this contact is not tried again.
    Contact,
    /// The seat or the inbox: this sender may be paused.
    Sender,
    /// The request: a rule or an id is wrong.
    Request,
}

/// The answer to one enroll call. It never fails: not knowing is an answer too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// HubSpot accepted it. For a sequence that is an enrollment, for a workflow a promise
    /// (CONSISTENCY.md 6.7).
    Accepted {
        /// When HubSpot says it enrolled.
        enrolled_at: Option<Timestamp>,
        /// HubSpot's id of the enrollment.
        enrollment: Option<String>,
    },
    /// HubSpot refused because the contact is in a sequence already; whose, a read must tell.
    AlreadyEnrolled,
    /// HubSpot refused, and would refuse again.
    Refused {
        /// What the refusal concerns.
        concerns: Concerns,
        /// HubSpot's code or message.
        message: String,
    },
    /// SEND_LIMIT_EXCEEDED: the sender is full for an hour.
    SenderFull,
    /// Nothing was done; ask again no sooner than this.
    RetryAfter {
        /// Why.
        why: Later,
        /// How long to wait; `None` leaves it to the backoff.
        delay_ms: Option<u64>,
    },
    /// 401 or 403: our access is refused, for everything or for this target.
    Halted {
        /// Only what this call names is refused (403), not everything (401).
        target_only: bool,
        /// HubSpot's message.
        message: String,
    },
    /// No answer, or one that cannot be trusted: the call may or may not have taken effect.
    Unknown {
        /// What happened instead of an answer.
        why: String,
    },
}

/// What HubSpot shows when asked about one claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observation {
    /// Our enrollment is there.
    Enrolled {
        /// When HubSpot says it began.
        enrolled_at: Option<Timestamp>,
        /// HubSpot's id of the enrollment.
        enrollment: Option<String>,
    },
    /// The contact is in another sequence than ours, since this instant.
    Elsewhere {
        /// When that one began.
        enrolled_at: Option<Timestamp>,
    },
    /// The workflow's marker was stamped since the call: it ran.
    Stamped {
        /// When.
        at: Timestamp,
    },
    /// The workflow's marker was read and has no stamp since the call; nor does the list of current
    /// workflows show it.
    Unstamped {
        /// What that says.
        silence: Silence,
        /// The list of current workflows was read, by an answer that can be trusted.
        absent: bool,
    },
    /// Not there, by an answer that can be trusted.
    Absent,
    /// There is no call that answers this, or its answer cannot be trusted.
    Unobservable {
        /// Why not.
        why: String,
    },
    /// HubSpot could not be asked now.
    NotNow {
        /// Why.
        why: Later,
        /// How long to wait; `None` leaves it to the backoff.
        delay_ms: Option<u64>,
    },
}

/// What it says that a workflow's marker has no stamp (RELIABILITY.md section 4, "Marker option").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Silence {
    /// The marker is known to be stamped: the workflow did not run.
    NotRun,
    /// Nothing: it was never seen to be stamped, so the workflow may not do it at all.
    NeverSeen,
    /// Nothing: a merge wrote it, or it is a date that was stamped on that very day before.
    Unclear,
    /// Nothing: the answer had no history of any property.
    Untold,
}

impl Silence {
    /// The same in words, for people.
    pub fn says(self) -> &'static str {
        match self {
            Self::NotRun => "its marker was not stamped",
            Self::NeverSeen => "its marker was not stamped, and never seen to be",
            Self::Unclear => "its marker cannot tell this run from another",
            Self::Untold => "HubSpot does not tell the history of its marker",
        }
    }
}

/// Why a read gave nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadFailure {
    /// Ask again later.
    Later {
        /// Why.
        why: Later,
        /// How long to wait; `None` leaves it to the backoff.
        delay_ms: Option<u64>,
        /// HubSpot's message or the transport's.
        message: String,
    },
    /// 401 or 403: nobody is read until a person mends it.
    Halted {
        /// HubSpot's message.
        message: String,
    },
    /// Another 4xx: the request is wrong.
    Refused {
        /// HubSpot's message.
        message: String,
    },
}

impl ReadFailure {
    /// HubSpot's message, or the transport's.
    pub fn message(&self) -> &str {
        match self {
            Self::Later { message, .. } | Self::Halted { message } | Self::Refused { message } => {
                message
            }
        }
    }
}
