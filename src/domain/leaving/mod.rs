//! A leaving is an unenrollment under way: beside the claims, what a person is being taken out of.
//!
//! ```text
//! (none) --decided--> Asked --DELETE--> Called ---seen gone----------------> Over
//!                     Asked --stamp---> Stamped --seen over--> Clearing --clear--> Over
//!                                       Stamped --confirm_within--> Clearing --> Over (failed)
//! ```
//! `Asked` is durable before any call. An unenroll may be repeated as long as what it means is
//! still the latest one, so a lost answer, or a kill, begins the stage again with a read
//! (CONSISTENCY.md 6.2 and 6.16).

mod conclude;
pub mod follow;
mod judge;
mod settle;
#[cfg(test)]
mod tests;

pub use judge::{Verdict, by_bridge, by_call};
pub use settle::{next_try_ms, put_off, refused_access, settle};

use serde::{Deserialize, Serialize};

use super::claim::{Channel, Claim, Target};
use super::id::{ClaimId, LeavingId, RowId, ThemeName};
use super::person::Person;
use super::reason::Reason;
use super::rule::RuleSet;
use super::sentence;
use super::settle::Policy;
use super::time::{MINUTE_MS, Timestamp};

/// How long HubSpot may go on showing what was left by a call, where the address book has no
/// `[portal.unenroll_bridge] confirm_within`.
const CONFIRM_MS: u64 = 5 * MINUTE_MS;

/// How a leaving ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "end")]
pub enum End {
    /// The person was taken out.
    Left {
        /// When it ended: HubSpot's date, else when it was seen gone.
        at: Timestamp,
    },
    /// The person was not in it any more, or never.
    Absent,
    /// HubSpot did not do it.
    Failed {
        /// Why.
        reason: Reason,
        /// The same for people.
        sentence: String,
    },
}

impl End {
    /// There is no call for it, and no bridge.
    pub fn impossible() -> Self {
        let sentence = sentence::no_way_out();
        Self::Failed { reason: Reason::HubspotRefusedRequest, sentence }
    }
}

/// Where a leaving stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "stage")]
pub enum Stage {
    /// Nothing is known to have been called yet.
    Asked,
    /// HubSpot's call was made, and may have taken effect.
    Called {
        /// When first.
        at: Timestamp,
    },
    /// The bridge's property holds this leaving's id.
    Stamped {
        /// Since when.
        at: Timestamp,
    },
    /// It has ended; the bridge's property is being cleared, so that a late bridge finds nothing.
    Clearing(End),
    /// It has ended. It is kept until everything its item waits for has ended.
    Over(End),
}

/// A leaving as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaving {
    /// Its id, and what the bridge's property is stamped with.
    pub id: LeavingId,
    /// The item that waits for it.
    pub item: RowId,
    /// Under which theme the person is in it.
    pub theme: ThemeName,
    /// What is left.
    pub target: Target,
    /// The claim it ends; `None` for what somebody started by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<ClaimId>,
    /// When the enrollment that is meant began.
    pub began: Timestamp,
    /// When it was decided.
    pub asked_at: Timestamp,
    /// Looks and calls of this stage so far.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tries: u32,
    /// When it is gone on with.
    pub next: Timestamp,
    /// HubSpot's id of the last call that asked for it, where its answer had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
    /// Where it stands.
    #[serde(flatten)]
    pub stage: Stage,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands skip_serializing_if a reference"
)]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl Leaving {
    /// Whether it has not ended.
    pub fn is_open(&self) -> bool {
        !matches!(self.stage, Stage::Over(_))
    }

    /// Whether it stands in the way of any sequence: the bridge ends whichever one runs
    /// (CONSISTENCY.md 6.16).
    pub fn holds_sequences(&self) -> bool {
        self.is_open() && self.target.channel == Channel::Sequence
    }

    /// The word for where it stands.
    pub fn stage_word(&self) -> &'static str {
        match self.stage {
            Stage::Asked => "asked",
            Stage::Called { .. } => "called",
            Stage::Stamped { .. } => "stamped",
            Stage::Clearing(_) => "clearing",
            Stage::Over(_) => "over",
        }
    }
}

/// A leaving with everything its next step needs.
#[derive(Clone, Debug)]
pub struct Case<'a> {
    /// The rules of the moment.
    pub rules: &'a RuleSet,
    /// How claims in doubt are treated.
    pub policy: Policy,
    /// The person, united with everybody merged into them.
    pub person: Person,
    /// The leaving, one of the person's.
    pub leaving: Leaving,
    /// The time now.
    pub now: Timestamp,
}

impl Case<'_> {
    fn claim(&self) -> Option<&Claim> {
        let id = self.leaving.claim.as_ref()?;
        self.person.claims.iter().find(|claim| claim.id == *id)
    }

    /// How long HubSpot may take, in milliseconds.
    fn confirm_ms(&self) -> u64 {
        self.rules.portal.bridge.as_ref().map_or(CONFIRM_MS, |bridge| bridge.confirm_within_ms)
    }
}
