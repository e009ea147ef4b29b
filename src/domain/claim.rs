//! A claim is the exclusive right to enroll one contact under one theme, on either channel.
//!
//! ```text
//! (none) --reserve--> Reserved --accepted, sequence--> Confirmed
//!                     Reserved --accepted, workflow--> InDoubt (accepted) --seen--> Confirmed
//!                     Reserved --refused, later------> Released
//!                     Reserved --no answer-----------> InDoubt --seen------> Confirmed
//!                                                      InDoubt --absent----> Released (repeat once)
//!                                                      InDoubt --cannot see> NeedsReview
//! ```
//! `Reserved` may already have been sent (CONSISTENCY.md section 2): a kill leaves it in doubt.

mod evidence;

pub use evidence::{Evidence, Showed};

use serde::{Deserialize, Serialize};

use super::id::{
    ClaimId, ContactId, Inbox, PropertyName, RowId, RuleId, SenderName, TargetName, ThemeName,
    UserId,
};
use super::time::Timestamp;

/// Which of HubSpot's two engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// One-to-one email from a rep's inbox.
    Sequence,
    /// One-to-many automation.
    Workflow,
}

/// Where a contact is enrolled.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Target {
    /// Sequence or workflow.
    pub channel: Channel,
    /// Its name in the address book.
    pub name: TargetName,
    /// The sequence id, or the workflow's flow id.
    pub id: u64,
}

/// The property that is written instead of a call: HubSpot's workflow starts from it
/// (`via = "property:NAME"`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// The contact property.
    pub property: PropertyName,
    /// What is written. It names the decision record: the same enrollment asked for again writes
    /// the same value, which is no change, and starts nothing.
    pub value: String,
}

/// In whose name a sequence is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// Its name in the address book.
    pub name: SenderName,
    /// The connected inbox; what the daily budget belongs to.
    pub inbox: Inbox,
    /// The HubSpot user.
    pub user: UserId,
    /// `senderAliasAddress`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
}

/// Why the effect of a call is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Doubt {
    /// There was no answer, or none to be trusted.
    NoAnswer,
    /// HubSpot accepted it, and has not shown it yet: a workflow's 204 is not an enrollment.
    Accepted,
    /// HubSpot says that the contact is in a sequence already, not in which one.
    AlreadyEnrolled,
}

/// Where a claim stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum State {
    /// The call may be under way.
    Reserved,
    /// A call's effect is not known, or accepted and not yet seen.
    InDoubt {
        /// Since when.
        since: Timestamp,
        /// What HubSpot said, if anything.
        doubt: Doubt,
        /// How often HubSpot answered when it was read back.
        checks: u32,
        /// When it is read back next.
        next_check: Timestamp,
        /// What happened instead of an answer.
        why: String,
    },
    /// Nobody can settle it by machine; the theme stays held until a person decides.
    NeedsReview {
        /// Since when.
        since: Timestamp,
        /// Why no machine can.
        why: String,
    },
    /// The contact is enrolled.
    Confirmed {
        /// The latest moment HubSpot may have enrolled.
        enrolled_at: Timestamp,
        /// HubSpot showed it, or answered with its id.
        verified: bool,
        /// HubSpot's id of the enrollment.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        enrollment: Option<String>,
        /// When it ended, by evidence that names it (CONSISTENCY.md 6.4).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ended_at: Option<Timestamp>,
    },
    /// The contact was not enrolled, and the theme is free again.
    Released {
        /// When.
        at: Timestamp,
        /// Why not.
        why: String,
    },
}

/// A claim as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Its id: the decision record's id and the number of the reservation.
    pub id: ClaimId,
    /// Who, by the id that was read.
    pub contact: ContactId,
    /// Under which theme.
    pub theme: ThemeName,
    /// By which rule.
    pub rule: RuleId,
    /// The decision record it settles.
    pub row: RowId,
    /// Where to.
    pub target: Target,
    /// In whose name; `None` for a workflow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<Sender>,
    /// What is written in place of the enroll call; `None` for a call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<Stamp>,
    /// When the first call may have left.
    pub first_call_at: Timestamp,
    /// When the last call may have left.
    pub last_call_at: Timestamp,
    /// Calls made for this decision whose outcome nobody knew.
    pub lost_answers: u32,
    /// When the enrollment is over without other evidence (`max_length`, `holds_for`).
    pub holds_until: Timestamp,
    /// What its end rests on, where the call's answer did not settle it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Box<Evidence>>,
    /// Where it stands.
    #[serde(flatten)]
    pub state: State,
}

impl Claim {
    /// Whether it holds its theme, and the themes that this one blocks.
    pub fn is_live(&self, now: Timestamp) -> bool {
        match &self.state {
            State::Reserved | State::InDoubt { .. } | State::NeedsReview { .. } => true,
            State::Confirmed { ended_at, .. } => ended_at.is_none() && now < self.holds_until,
            State::Released { .. } => false,
        }
    }

    /// Whether its outcome is still open: it holds a budget slot whatever its age.
    pub fn is_unsettled(&self) -> bool {
        matches!(self.state, State::Reserved | State::InDoubt { .. } | State::NeedsReview { .. })
    }

    /// Whether its call was made and nobody knows what came of it.
    pub fn is_doubted(&self) -> bool {
        matches!(self.state, State::InDoubt { .. } | State::NeedsReview { .. })
    }

    /// When the enrollment began and, once it is over, ended. `None` where nobody was enrolled.
    pub fn span(&self, now: Timestamp) -> Option<(Timestamp, Option<Timestamp>)> {
        match &self.state {
            State::Released { .. } => None,
            State::Confirmed { enrolled_at, ended_at, .. } => {
                let over = (self.holds_until <= now).then_some(self.holds_until);
                Some((*enrolled_at, ended_at.or(over)))
            }
            _ => Some((self.first_call_at, None)),
        }
    }

    /// The word the API uses for where it stands.
    pub fn state_word(&self) -> &'static str {
        match self.state {
            State::Reserved => "reserved",
            State::InDoubt { .. } => "in-doubt",
            State::NeedsReview { .. } => "needs-review",
            State::Confirmed { .. } => "confirmed",
            State::Released { .. } => "released",
        }
    }
}
