//! The live figures of the parts that do the work. Each part is handed plain counters by the app
//! and knows nothing of metrics; the rest is read from the records when somebody looks.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What is counted, by a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counted {
    /// Answers of the webhook listener, by status: `204`, `401`, `413` …
    WebhookAnswers,
    /// Deliveries that failed verification, by cause.
    WebhookRejections,
    /// Loads of the rules folder while running, by what became of them: `accepted`,
    /// `unchanged`, `refused`.
    RulesReloads,
}

impl Counted {
    /// Everything that is counted.
    pub(super) const ALL: [Self; 3] =
        [Self::WebhookAnswers, Self::WebhookRejections, Self::RulesReloads];

    /// Name, label and help of the family.
    pub(super) const fn family(self) -> [&'static str; 3] {
        match self {
            Self::WebhookAnswers => {
                ["webhook_answers", "status", "Answers of the webhook listener"]
            }
            Self::WebhookRejections => {
                ["webhook_rejections", "cause", "Deliveries that failed verification"]
            }
            Self::RulesReloads => {
                ["rules_reloads", "outcome", "Loads of the rules folder while running"]
            }
        }
    }
}

type Counters = BTreeMap<(Counted, &'static str), Arc<AtomicU64>>;

/// The live figures. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Metrics(Arc<Mutex<Counters>>);

impl Metrics {
    /// The counter of a label, from 0; shown from now on. Labels are fixed words, never content
    /// of a delivery. Keep it and `fetch_add` to it: asking again takes a lock.
    pub fn counter(&self, of: Counted, label: &'static str) -> Arc<AtomicU64> {
        let mut counters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(counters.entry((of, label)).or_default())
    }

    /// Every label of a family with its count.
    pub(super) fn counts(&self, of: Counted) -> Vec<(&'static str, u64)> {
        let counters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let family = counters.iter().filter(|((counted, _), _)| *counted == of);
        family.map(|((_, label), count)| (*label, count.load(Ordering::Relaxed))).collect()
    }
}
