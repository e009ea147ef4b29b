//! The decision about one person: pure, and the same for `serve`, `test` and `explain`.

use super::claim::{Claim, Sender, Target};
use super::id::{RowId, RuleId, ThemeName};
use super::person::{Item, Seen, Shadow};
use super::record::Row;
use super::time::Timestamp;

/// A decided, unreserved enrollment.
#[derive(Clone, Debug, PartialEq)]
pub struct Intent {
    /// The item it settles.
    pub item: RowId,
    /// By which rule.
    pub rule: RuleId,
    /// Under which theme.
    pub theme: ThemeName,
    /// Where to.
    pub target: Target,
    /// In whose name; `None` for a workflow.
    pub sender: Option<Sender>,
    /// The sender's daily budget, and how many slots and turns of its inbox the decision saw.
    pub budget: Option<BudgetSeen>,
    /// When the enrollment is over without other evidence, if it begins now.
    pub holds_until: Timestamp,
    /// The record once HubSpot confirmed it.
    pub row: Row,
}

/// What the decision saw of an inbox. A reservation checks it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetSeen {
    /// `daily_budget`.
    pub budget: u32,
    /// Slots used.
    pub used: u32,
}

/// Everything a decision about one person changes, with the states after.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Verdicts to record now.
    pub rows: Vec<Row>,
    /// All items after it. The one that `enroll` settles is still among them.
    pub items: Vec<Item>,
    /// Claims that a sighting ended, each whole.
    pub claims: Vec<Claim>,
    /// All sequences seen, with this read's.
    pub seen: Vec<Seen>,
    /// Dry-run would-enrolls, with this decision's.
    pub shadows: Vec<Shadow>,
    /// The one enrollment to reserve now. Further ones follow in the next decision.
    pub enroll: Option<Box<Intent>>,
}
