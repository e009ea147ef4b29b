//! The one row about the index itself: how far it has come, and the tally of all others.

use serde::{Deserialize, Serialize};

use super::keys;
use crate::domain::id::PortalId;
use crate::domain::recall::Recall;
use crate::domain::record::ProvenReads;
use crate::domain::time::Timestamp;
use crate::store::index::{Index, IndexError, Tally};

/// The form of the rows. Another one means: rebuild.
pub(super) const SCHEMA: u32 = 6;

/// See the module.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Meta {
    pub(super) schema: u32,
    /// The last record applied.
    pub(super) applied: u64,
    /// The last delivery judged.
    pub(super) taken: u64,
    /// The record with the accepted rule set; 0 for none.
    pub(super) rules: u64,
    /// The portal this store belongs to.
    pub(super) portal: Option<PortalId>,
    /// No call leaves.
    pub(super) paused: bool,
    /// Reads of enrollments that are known to work.
    #[serde(default)]
    pub(super) proven: ProvenReads,
    /// How whole the memory of enrollments is.
    #[serde(default)]
    pub(super) recall: Recall,
    /// Events taken.
    pub(super) events: u64,
    /// Waiting items, held items, and unsettled claims that are in doubt or need review.
    pub(super) waiting: u64,
    pub(super) held: u64,
    pub(super) in_doubt: u64,
    /// When the newest event was received, in Unix milliseconds.
    pub(super) last_event_ms: Option<u64>,
    /// Events remembered in the rows of persons.
    pub(super) known: u64,
    /// The oldest day whose identities are still remembered.
    pub(super) oldest_day: u32,
    /// Settled slots of enrollments from before this are in no memory: nothing counts them.
    #[serde(default)]
    pub(super) slots_from: Timestamp,
    /// The newest record that erased somebody, or is about somebody who was erased.
    pub(super) erased: u64,
    /// The delivery that was judged last then.
    pub(super) erased_delivery: u64,
    /// The newest record whose erasures are gone from the journal too.
    pub(super) swept: u64,
    /// The same for this index: it was made from the journal after that.
    pub(super) clean: u64,
    /// The compaction that is under way.
    pub(super) compacting: Option<Compacting>,
    /// Records before this one are history: the last compaction that ended kept everything.
    pub(super) compacted: u64,
    /// A rebuild from a journal whose beginning was taken away has not come to the end of the
    /// compaction it began with: what the rows say is not whole.
    pub(super) partial: bool,
    pub(super) tally: Tally,
}

/// A compaction under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Compacting {
    /// Its first record.
    pub(super) from: u64,
    /// The record that began it: whoever's version is lower was not kept yet.
    pub(super) begun: u64,
    /// The row of the index it goes on with.
    pub(super) next: Vec<u8>,
    /// Persons looked at so far.
    pub(super) looked_at: u64,
}

impl Default for Meta {
    fn default() -> Self {
        Self {
            schema: SCHEMA,
            applied: 0,
            taken: 0,
            rules: 0,
            portal: None,
            paused: false,
            proven: ProvenReads::default(),
            recall: Recall::default(),
            events: 0,
            waiting: 0,
            held: 0,
            in_doubt: 0,
            last_event_ms: None,
            known: 0,
            oldest_day: 0,
            slots_from: Timestamp::default(),
            erased: 0,
            erased_delivery: 0,
            swept: 0,
            clean: 0,
            compacting: None,
            compacted: 0,
            partial: false,
            tally: Tally::default(),
        }
    }
}

impl Meta {
    /// Reads the row; an empty index has none, a damaged one has another checksum.
    pub(super) fn load(index: &impl Index) -> Result<Self, IndexError> {
        let Some(bytes) = index.get(&[keys::META])? else {
            return Ok(Self::default());
        };
        let damaged = || IndexError::Damaged("its own row cannot be read".to_owned());
        let (json, crc) = bytes.split_last_chunk::<4>().ok_or_else(damaged)?;
        if crc32c::crc32c(json) != u32::from_be_bytes(*crc) {
            return Err(damaged());
        }
        let meta: Self = serde_json::from_slice(json).map_err(|_| damaged())?;
        if meta.schema != SCHEMA {
            return Err(IndexError::Damaged(format!("it has form {}", meta.schema)));
        }
        Ok(meta)
    }

    pub(super) fn row(&self) -> (Vec<u8>, Option<Vec<u8>>) {
        let mut bytes = serde_json::to_vec(self).expect("numbers and names become JSON");
        bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_be_bytes());
        (vec![keys::META], Some(bytes))
    }
}
