//! The simulated machine's index: rows in memory that a stop takes back to an earlier batch, as
//! an engine does that had not written everything yet.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, PoisonError, RwLock};

use hubroute::store::index::{Change, Index, IndexError, Pair};

use crate::random::Random;

/// Batches that a stop may take back.
const BATCHES_MAX: usize = 64;

#[derive(Debug, Default)]
struct Rows {
    rows: BTreeMap<Vec<u8>, Vec<u8>>,
    /// What the last batches replaced, oldest first.
    undo: VecDeque<Vec<Change>>,
}

/// See the module. Cloning gives another handle to it.
#[derive(Clone, Debug, Default)]
pub(crate) struct SimIndex(Arc<RwLock<Rows>>);

impl SimIndex {
    /// What is left of it when the machine starts again: none of the last batches, some, or all.
    pub(crate) fn restart(&self, random: &mut Random) {
        let mut guard = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let lost = random.below(guard.undo.len() as u64 + 1);
        let Rows { rows, undo } = &mut *guard;
        for _ in 0..lost {
            for (key, before) in undo.pop_back().unwrap_or_default() {
                match before {
                    Some(row) => rows.insert(key, row),
                    None => rows.remove(&key),
                };
            }
        }
        undo.clear();
    }
}

impl Index for SimIndex {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        Ok(self.0.read().unwrap_or_else(PoisonError::into_inner).rows.get(key).cloned())
    }

    fn range(&self, prefix: &[u8], from: &[u8], limit: usize) -> Result<Vec<Pair>, IndexError> {
        let index = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let rows = index.rows.range(from.to_vec()..);
        let rows = rows.take_while(|(key, _)| key.starts_with(prefix)).take(limit);
        Ok(rows.map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    fn apply(&self, changes: &[Change]) -> Result<(), IndexError> {
        let mut guard = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let Rows { rows, undo } = &mut *guard;
        let mut replaced = Vec::with_capacity(changes.len());
        for (key, value) in changes {
            let before = match value {
                Some(value) => rows.insert(key.clone(), value.clone()),
                None => rows.remove(key),
            };
            replaced.push((key.clone(), before));
        }
        if undo.len() == BATCHES_MAX {
            undo.pop_front();
        }
        undo.push_back(replaced);
        Ok(())
    }

    fn flush(&self) -> Result<(), IndexError> {
        self.0.write().unwrap_or_else(PoisonError::into_inner).undo.clear();
        Ok(())
    }
}
