//! What stands still because HubSpot refuses our access (401, 403): everything, or a target.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::domain::id::TargetName;
use crate::domain::time::{MINUTE_MS, Timestamp};

/// How long a refused target is left alone.
const TARGET_MS: u64 = MINUTE_MS;

/// A standstill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Halt {
    /// Since when.
    pub since: Timestamp,
    /// HubSpot's message.
    pub message: String,
}

#[derive(Debug, Default)]
struct State {
    everything: Option<Halt>,
    targets: BTreeMap<TargetName, Halt>,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Halts(Mutex<State>);

impl Halts {
    /// Nothing is called until a probe succeeds.
    pub fn everything(&self, now: Timestamp, message: &str) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = state.everything.as_ref().map_or(now, |halt| halt.since);
        state.everything = Some(Halt { since, message: message.to_owned() });
    }

    /// Nobody is enrolled into this target for a minute.
    pub fn target(&self, target: &TargetName, now: Timestamp, message: &str) {
        let halt = Halt { since: now, message: message.to_owned() };
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.targets.insert(target.clone(), halt);
    }

    /// The standstill of everything.
    pub fn of_everything(&self) -> Option<Halt> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).everything.clone()
    }

    /// The standstill of a target, and when it is tried again.
    pub fn of_target(&self, target: &TargetName, now: Timestamp) -> Option<(Halt, Timestamp)> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let halt = state.targets.get(target)?;
        let until = halt.since.plus_ms(TARGET_MS);
        (now < until).then(|| (halt.clone(), until))
    }

    /// Our access works again.
    pub fn clear_everything(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).everything = None;
    }

    /// Forgets every standstill: the access or the rules changed.
    pub fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = State::default();
    }
}
