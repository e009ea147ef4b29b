//! Which reads are known to work: only then does what they do not show count.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::id::PropertyName;
use crate::domain::time::Timestamp;

/// Which reads of enrollments have answered for this portal, in one profile. Only then does a
/// "not found" of theirs mean that nothing is there: before, the path itself may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProvenReads {
    /// The profile's name: another one reads other paths.
    pub profile: String,
    /// The sequence enrollments of a contact.
    pub sequences: bool,
    /// The current workflow enrollments of a contact.
    pub workflows: bool,
    /// Markers that were seen to be stamped, each with the flow id of its workflow; whatever the
    /// profile. Only then does a stamp that is missing mean that the workflow did not run.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub markers: BTreeSet<(u64, PropertyName)>,
}

/// A read of enrollments answered for the first time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadsProven {
    /// When.
    pub at: Timestamp,
    /// All that have answered, after it.
    pub reads: ProvenReads,
}
