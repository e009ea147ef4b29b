//! What the listener counts. Plain numbers; whoever shows metrics reads them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// The figures at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Deliveries kept and acknowledged.
    pub acknowledged: u64,
    /// Requests turned away, by cause.
    pub refused: BTreeMap<&'static str, u64>,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Counters {
    acknowledged: AtomicU64,
    refused: Mutex<BTreeMap<&'static str, u64>>,
}

impl Counters {
    /// One more was acknowledged.
    pub(super) fn acknowledge(&self) {
        self.acknowledged.fetch_add(1, Ordering::Relaxed);
    }

    /// One more was turned away; how many that makes for this cause.
    pub(super) fn refuse(&self, cause: &'static str) -> u64 {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let count = refused.entry(cause).or_default();
        *count += 1;
        *count
    }

    /// The figures now.
    pub fn counts(&self) -> Counts {
        Counts {
            acknowledged: self.acknowledged.load(Ordering::Relaxed),
            refused: self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}
