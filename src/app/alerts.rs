//! What a person should look at, gathered when somebody asks.

use std::sync::{Mutex, PoisonError};

use crate::admin::Alert;
use crate::domain::time::Timestamp;

/// Alerts that last until their cause is gone, by code.
#[derive(Debug, Default)]
pub(super) struct Alerts(Mutex<Vec<Alert>>);

impl Alerts {
    /// Raises one, or renews its sentence.
    pub(super) fn raise(&self, code: &'static str, since: Timestamp, sentence: String) {
        let mut alerts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match alerts.iter_mut().find(|alert| alert.code == code) {
            Some(alert) => alert.sentence = sentence,
            None => alerts.push(Alert { code, since, sentence }),
        }
    }

    /// Its cause is gone.
    pub(super) fn clear(&self, code: &'static str) {
        let mut alerts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        alerts.retain(|alert| alert.code != code);
    }

    pub(super) fn all(&self) -> Vec<Alert> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
