//! What the listener counts. Whoever shows metrics hands the counters in.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Called with the cause of each request that is turned away.
type OnRefused = Box<dyn Fn(&'static str) + Send + Sync>;

/// See the module.
pub struct Counters {
    acknowledged: Arc<AtomicU64>,
    refused: Mutex<BTreeMap<&'static str, u64>>,
    on_refused: OnRefused,
}

impl fmt::Debug for Counters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counters").field("acknowledged", &self.acknowledged).finish_non_exhaustive()
    }
}

impl Counters {
    /// Counts acknowledged deliveries in `acknowledged`, and tells `on_refused` each cause.
    pub fn new(
        acknowledged: Arc<AtomicU64>,
        on_refused: impl Fn(&'static str) + Send + Sync + 'static,
    ) -> Self {
        let refused = Mutex::new(BTreeMap::new());
        Self { acknowledged, refused, on_refused: Box::new(on_refused) }
    }

    /// One more was acknowledged.
    pub(super) fn acknowledge(&self) {
        self.acknowledged.fetch_add(1, Ordering::Relaxed);
    }

    /// One more was turned away; how many that makes for this cause.
    pub(super) fn refuse(&self, cause: &'static str) -> u64 {
        (self.on_refused)(cause);
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let count = refused.entry(cause).or_default();
        *count += 1;
        *count
    }
}
