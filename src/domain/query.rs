//! What people ask of the records, and what they are answered.

use std::collections::BTreeMap;

use super::claim::Claim;
use super::id::{ContactId, Inbox, RuleId};
use super::person::Item;
use super::reason::{Decision, Reason};
use super::record::Row;
use super::time::Timestamp;

/// Which decision records, newest first.
#[derive(Clone, Debug, Default)]
pub struct DecisionQuery {
    /// Only this person (merged ids included).
    pub contact: Option<ContactId>,
    /// Only this rule.
    pub rule: Option<RuleId>,
    /// Only this decision.
    pub decision: Option<Decision>,
    /// Only this reason.
    pub reason: Option<Reason>,
    /// Only from this time on.
    pub since: Option<Timestamp>,
    /// Only records before this place: the `after` of the page before.
    pub before: Option<(u64, u64)>,
    /// Every row, not only the newest of each id.
    pub history: bool,
    /// At most this many.
    pub limit: usize,
}

/// One decision record with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The number of the journal record.
    pub seq: u64,
    /// The row's place in that record.
    pub place: u64,
    /// When it was recorded.
    pub at: Timestamp,
    /// The row.
    pub row: Row,
}

/// One page of decision records.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FoundPage {
    /// The records, newest first.
    pub found: Vec<Found>,
    /// Where a further page begins, when the search was cut short before it found enough: it
    /// looks at so many records for one page.
    pub cut_short: Option<(u64, u64)>,
    /// Records passed over because their person was erased.
    pub erased: u64,
    /// There was more before this time, and `keep_history` has removed it.
    pub removed_before: Option<Timestamp>,
}

/// Decisions counted by rule (`None` where no rule is concerned), decision and reason.
pub type Counts = BTreeMap<(Option<String>, String, String), u64>;

/// Figures for `/api/v1/status` and metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totals {
    /// Events taken.
    pub events: u64,
    /// The last delivery whose events were taken.
    pub taken: u64,
    /// Waiting items.
    pub waiting: u64,
    /// Held items.
    pub held: u64,
    /// Claims in doubt or in need of review.
    pub in_doubt: u64,
    /// When the newest event was received.
    pub last_event: Option<Timestamp>,
    /// Journal records applied.
    pub records: u64,
    /// Persons known.
    pub persons: u64,
    /// Event identities remembered.
    pub identities: u64,
}

/// Which list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    /// Waiting items.
    Waiting,
    /// Held items.
    Held,
    /// Claims in doubt or in need of review.
    InDoubt,
}

/// One entry of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Who.
    pub contact: ContactId,
    /// The item, where there is one.
    pub item: Option<Item>,
    /// The claim, where there is one.
    pub claim: Option<Claim>,
}

/// A sequence enrollment of ours that may still send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// Whose inbox sends.
    pub inbox: Inbox,
    /// By which rule.
    pub rule: RuleId,
    /// When it began.
    pub began: Timestamp,
}
