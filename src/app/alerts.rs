//! What a person should look at, gathered when somebody asks.

use std::sync::{Mutex, PoisonError};

use tracing::warn;

use crate::admin::Alert;
use crate::domain::signature::Accept;
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

    /// Signatures that carry no time count too: said for as long as the router runs with that.
    pub(super) fn warn_of(&self, accept: Accept, since: Timestamp) {
        if accept.v1 || accept.v2 {
            let sentence = "[signature] accept names v1 or v2: such a delivery carries no time, and whoever \
                            recorded one can replay it; keep \"v3\" alone where HubSpot sends it.";
            warn!("{sentence}");
            self.raise("weak-signatures", since, sentence.to_owned());
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
