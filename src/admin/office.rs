//! What the admin listener asks of the running router, besides the records. The app answers.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::domain::contact::{Contact, Owner};
use crate::domain::found::{Found, Tally};
use crate::domain::id::{ContactId, Fingerprint, OwnerId, RowId};
use crate::domain::outcome::ReadFailure;
use crate::domain::press::Verdict;
use crate::domain::record::Press;
use crate::domain::rule::RuleSet;
use crate::domain::take_out::Asked;
use crate::domain::time::Timestamp;
use crate::port::{LedgerError, Records};

/// The running router, as its listener sees it.
pub trait Office: Send + Sync + 'static {
    /// Who answers what people ask of the records.
    type Records: Records;

    /// What people ask of the records. Its reads block: they are made on a thread that may.
    fn records(&self) -> &Self::Records;

    /// The time now.
    fn now(&self) -> Timestamp;

    /// How the router stands now. Answered from memory.
    fn standing(&self) -> Standing;

    /// The rule set in use.
    fn rules(&self) -> Arc<RuleSet>;

    /// Reads a contact in HubSpot now, with the owners a decision needs. `None`: there is none.
    fn look(
        &self,
        contact: ContactId,
    ) -> impl Future<Output = Result<Option<Looked>, ReadFailure>> + Send;

    /// Loads the rules folder, with its tests, and uses it from now on.
    fn reload(&self) -> impl Future<Output = Result<Reloaded, ReloadError>> + Send;

    /// Settles what no machine could: the claim in doubt of the decision record `id`.
    fn resolve(
        &self,
        id: RowId,
        found: Resolution,
        press: Press,
    ) -> impl Future<Output = Result<(), PressError>> + Send;

    /// Lets what is held under the decision record `id` go on, or ends it.
    fn decide_held(
        &self,
        id: RowId,
        verdict: Verdict,
        press: Press,
    ) -> impl Future<Output = Result<(), PressError>> + Send;

    /// Begins to look for changes since then that nobody told us of.
    fn reconcile(&self, since: Timestamp) -> impl Future<Output = Result<(), PressError>> + Send;

    /// How far that is.
    fn reconciled(&self) -> ReconcileStanding;

    /// Begins to search HubSpot for everything that was enrolled before; or, without `search`,
    /// takes the memory for right as it is.
    fn seed(
        &self,
        search: bool,
        press: Press,
    ) -> impl Future<Output = Result<(), PressError>> + Send;

    /// How far that is.
    fn seeded(&self) -> SeedStanding;

    /// Books enrollments that a person wrote down.
    fn book(&self, found: Vec<Found>) -> impl Future<Output = Result<Tally, LedgerError>> + Send;

    /// Takes a contact out, bars them from everything, or takes that back.
    fn decide_about(
        &self,
        contact: ContactId,
        asked: Asked,
        press: Press,
    ) -> impl Future<Output = Result<(), PressError>> + Send;

    /// Erases a contact under every id: see `domain::erasure`.
    fn forget(
        &self,
        contact: ContactId,
        press: Press,
    ) -> impl Future<Output = Result<(), LedgerError>> + Send;

    /// Pauses or resumes every call to HubSpot that enrolls. Saying it twice is no error.
    fn pause(
        &self,
        paused: bool,
        press: Press,
    ) -> impl Future<Output = Result<(), LedgerError>> + Send;
}

/// A contact as it looked at some moment, with the owners that were known then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked {
    /// When.
    pub at: Timestamp,
    /// The contact.
    pub contact: Contact,
    /// The owners.
    pub owners: BTreeMap<OwnerId, Owner>,
}

/// How the router stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether deliveries can be stored; else why not, as a sentence.
    pub ready: Result<(), String>,
    /// What a person should look at, most serious first.
    pub alerts: Vec<Alert>,
    /// Calls are paused by a person.
    pub paused: bool,
    /// The rule set in use.
    pub rules: RulesStanding,
    /// The number of the last delivery that is on disk.
    pub deliveries: u64,
    /// Which store: `embedded`.
    pub store: &'static str,
    /// What it takes on disk.
    pub disk: DiskUse,
    /// When the oldest event that is not finally decided was received.
    pub oldest_undecided: Option<Timestamp>,
    /// When the oldest claim whose outcome is open was reserved.
    pub oldest_unsettled: Option<Timestamp>,
    /// No call that enrolls leaves because it is looked for what was enrolled meanwhile.
    pub looking_back: Option<LookingBack>,
}

/// Looking for what was enrolled while the router was away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LookingBack {
    /// Since when it is looked for; `None`: that is being found out.
    pub since: Option<Timestamp>,
    /// For how long already.
    pub lasted: Duration,
}

/// What the store takes on disk, and what retention does about it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiskUse {
    /// Bytes of what HubSpot sent.
    pub deliveries_bytes: u64,
    /// Bytes of decisions.
    pub ledger_bytes: u64,
    /// Segments taken away since the start.
    pub segments_removed: u64,
    /// History before this was removed; `None`: it is whole.
    pub history_from: Option<Timestamp>,
    /// How much of a compaction is done, in percent; `None`: none is under way.
    pub compaction_percent: Option<u8>,
}

/// How far the last look for missed changes is, or how it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReconcileStanding {
    /// It is under way.
    pub running: bool,
    /// Since when changes are looked for; `None`: there was none since the start.
    pub since: Option<Timestamp>,
    /// How much of that time is done, in percent.
    pub percent: u8,
    /// Contacts read.
    pub contacts: u64,
    /// Changes found that were never taken.
    pub missed: u64,
    /// Those of them that were fed to the rules.
    pub recovered: u64,
    /// Enrollments found that the store did not know; they are booked.
    pub booked: u64,
    /// Merges found that the store did not know.
    pub merged: u64,
    /// Deletions found that were never taken.
    pub deleted: u64,
    /// Contacts that are nowhere in HubSpot: erased there, or deleted over 90 days ago.
    pub gone_count: u64,
    /// The first of them.
    pub gone: Vec<ContactId>,
    /// Why it ended early.
    pub failed: Option<String>,
}

/// How far seeding is, or how it ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeedStanding {
    /// It is under way.
    pub running: bool,
    /// How much of what HubSpot finds is done, in percent.
    pub percent: u8,
    /// What became of it.
    pub tally: Tally,
    /// When the store was seeded, by this run or an earlier one; `None`: never.
    pub seeded: Option<Timestamp>,
    /// Why it ended early.
    pub failed: Option<String>,
}

/// Something a person should look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Its stable code, for example `rules-refused`.
    pub code: &'static str,
    /// Since when.
    pub since: Timestamp,
    /// What is wrong and what to do, without contact data.
    pub sentence: String,
}

/// The rule set in use, besides its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulesStanding {
    /// When it was loaded.
    pub loaded_at: Timestamp,
    /// Why a newer one on disk is not in use, as a sentence.
    pub refused: Option<String>,
}

/// The rules were loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reloaded {
    /// The set in use now.
    pub fingerprint: Fingerprint,
    /// It differs from the one before.
    pub changed: bool,
}

/// Why a rule set on disk is not used.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// How many errors and failed tests, as a sentence.
    pub sentence: String,
    /// Each of them, in the form of `hubroute check --format json`.
    pub diagnostics: Vec<serde_json::Value>,
}

/// Why the rules were not loaded. The set before stays in use.
#[derive(Clone, Debug, PartialEq)]
pub enum ReloadError {
    /// They have errors, or fail their own tests.
    Refused(Refusal),
    /// The accepted set could not be kept.
    Ledger(LedgerError),
}

/// What a person found in HubSpot about a call whose outcome nobody knew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resolution {
    /// The contact is enrolled.
    Enrolled,
    /// The contact is not enrolled; the theme is free again.
    NotEnrolled,
}

/// Why a press did nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PressError {
    /// Nothing of this kind belongs to this decision record.
    #[error("nothing that a person may decide has this id")]
    NotFound,
    /// It cannot be done now; the sentence says why.
    #[error("{0}")]
    Conflict(String),
    /// It could not be made durable.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}
