//! Merges: one person, several ids.

use serde::{Deserialize, Serialize};

use crate::domain::id::ContactId;
use crate::domain::leaving::Leaving;
use crate::domain::person::Item;
use crate::domain::time::Timestamp;

/// HubSpot answered under another id: the person is known under both from now on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Aliased {
    /// When it was seen.
    pub at: Timestamp,
    /// The id that was asked for.
    pub from: ContactId,
    /// The id HubSpot answered with.
    pub into: ContactId,
    /// All items of `into` after it: its own and those that moved.
    pub items: Vec<Item>,
    /// All leavings of `into` after it: its own and those that moved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leavings: Vec<Leaving>,
    /// Every id of the person, where one of them was erased: they all are from now on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub erased: Vec<ContactId>,
}
