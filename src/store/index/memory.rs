//! The index in memory: the oracle that tests compare sled with, and what a dry run uses.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use super::{Change, Index, IndexError, Pair};

/// See the module.
#[derive(Debug, Default)]
pub struct MemoryIndex {
    rows: RwLock<BTreeMap<Vec<u8>, Vec<u8>>>,
}

impl Index for MemoryIndex {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        Ok(self.rows.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned())
    }

    fn range(&self, prefix: &[u8], from: &[u8], limit: usize) -> Result<Vec<Pair>, IndexError> {
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
        Ok(rows
            .range(from.to_vec()..)
            .take_while(|(key, _)| key.starts_with(prefix))
            .take(limit)
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect())
    }

    fn apply(&self, changes: &[Change]) -> Result<(), IndexError> {
        let mut rows = self.rows.write().unwrap_or_else(PoisonError::into_inner);
        for (key, value) in changes {
            match value {
                Some(value) => rows.insert(key.clone(), value.clone()),
                None => rows.remove(key),
            };
        }
        Ok(())
    }

    fn flush(&self) -> Result<(), IndexError> {
        Ok(())
    }
}
