//! The live figures of the parts that do the work. Each part is handed plain counters and
//! closures by the app and knows nothing of metrics; the rest is read from the records when
//! somebody looks.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::metrics::histogram::Histogram;

/// Bounds of the time to acknowledge, in seconds: HubSpot gives up after five (HUBSPOT.md 1).
const ACK_SECONDS: [f64; 11] = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// What is counted, by a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counted {
    /// Answers of the webhook listener, by status: `204`, `401`, `413` …
    WebhookAnswers,
    /// Deliveries that failed verification, by cause.
    WebhookRejections,
    /// Calls to HubSpot, by what came of them.
    HubspotCalls,
}

impl Counted {
    /// Everything that is counted.
    pub(super) const ALL: [Self; 3] =
        [Self::WebhookAnswers, Self::WebhookRejections, Self::HubspotCalls];

    /// Name, label and help of the family.
    pub(super) const fn family(self) -> [&'static str; 3] {
        match self {
            Self::WebhookAnswers => {
                ["webhook_answers", "status", "Answers of the webhook listener"]
            }
            Self::WebhookRejections => {
                ["webhook_rejections", "cause", "Deliveries that failed verification"]
            }
            Self::HubspotCalls => ["hubspot_calls", "outcome", "Calls to HubSpot"],
        }
    }
}

type Counters = BTreeMap<(Counted, &'static str), Arc<AtomicU64>>;

/// The live figures. Clones share them.
#[derive(Clone)]
pub struct Metrics {
    counters: Arc<Mutex<Counters>>,
    ack: Histogram,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self { counters: Arc::default(), ack: Histogram::new(ACK_SECONDS) }
    }
}

impl Metrics {
    /// The counter of a label, from 0; shown from now on. Labels are fixed words, never content
    /// of a delivery. Keep it and `fetch_add` to it: asking again takes a lock.
    pub fn counter(&self, of: Counted, label: &'static str) -> Arc<AtomicU64> {
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(counters.entry((of, label)).or_default())
    }

    /// What to call with the time from the first byte of a delivery to its 204.
    pub fn acknowledged(&self) -> impl Fn(Duration) + Clone + Send + Sync + 'static {
        let ack = self.ack.clone();
        move |took| ack.observe(took.as_secs_f64())
    }

    /// Every label of a family with its count.
    pub(super) fn counts(&self, of: Counted) -> Vec<(&'static str, u64)> {
        let counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        let family = counters.iter().filter(|((counted, _), _)| *counted == of);
        family.map(|((_, label), count)| (*label, count.load(Ordering::Relaxed))).collect()
    }

    /// Times to acknowledge.
    pub(super) fn ack(&self) -> Histogram {
        self.ack.clone()
    }
}
