//! When a record was written.

use super::Record;
use crate::domain::time::Timestamp;

impl Record {
    /// When it was recorded, by the router's clock; of a delivery, when it was received.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Taken(it) => it.at,
            Self::Turn(it) => it.at,
            Self::Aliased(it) => it.at,
            Self::RulesAccepted(it) => it.at,
            Self::Paused(it) => it.at,
            Self::InboxesCleared(it) => it.at,
            Self::ReadsProven(it) => it.at,
            Self::Recalled(it) => it.at,
            Self::Forgot(it) => it.at,
            Self::CompactionBegun(it) => it.at,
            Self::Kept(it) => it.at,
            Self::CompactionDone(it) => it.at,
            Self::Erased(it) => it.at,
            Self::Swept(it) => it.at,
        }
    }
}
