//! What was seen and done: calls, the phases of every enroll call, deliveries.

use std::collections::BTreeMap;

use serde::Serialize;

use super::call::Call;
use super::deliver::Delivered;
use super::id::Id;
use super::routes::Endpoint;

/// Everything remembered beside the state.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// Calls by endpoint and outcome: a status, or `dropped`, `hung`, `truncated`.
    pub(super) calls: BTreeMap<Endpoint, BTreeMap<String, u64>>,
    /// Calls by profile.
    pub(super) dialects: BTreeMap<String, u64>,
    /// One entry for each enroll call.
    pub(super) enrolls: Vec<EnrollCall>,
    /// One entry for each delivery that is over.
    pub(super) deliveries: Vec<Delivered>,
    /// Requests that waited while connections were withheld, by endpoint.
    pub(super) withheld: BTreeMap<Endpoint, u64>,
}

/// The phases of one enroll call, in milliseconds since the simulator started (monotonic).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EnrollCall {
    /// Its number, from 1.
    pub n: usize,
    /// `enroll-sequence` or `enroll-workflow`.
    pub endpoint: Endpoint,
    /// The contact's current id; what the call named when there is no such contact.
    pub contact: Option<Id>,
    /// The profile whose path it used.
    pub dialect: String,
    /// When the request was read whole.
    pub received_at: u64,
    /// When it had its effect; absent when it had none.
    pub applied_at: Option<u64>,
    /// When the answer was handed to the connection; absent when there was none.
    pub answered_at: Option<u64>,
    /// The status, or `dropped`, `hung`, `truncated`; absent while it is under way.
    pub outcome: Option<String>,
}

/// A state of the log that a test can wait for. `n` counts from the start of the simulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// At least `n` enroll calls were read.
    Received(usize),
    /// At least `n` enroll calls had an effect.
    Applied(usize),
    /// At least `n` enroll calls were answered.
    Answered(usize),
    /// At least `n` enroll calls waited while connections were withheld: their caller has sent
    /// them, and nobody has read them.
    Withheld(usize),
    /// At least `n` calls of an endpoint are over, whatever their outcome.
    Calls(Endpoint, usize),
    /// At least `n` deliveries were acknowledged.
    Acknowledged(usize),
}

impl Log {
    /// Books the arrival of a call; gives the place of its phase entry, for an enroll call.
    pub(super) fn receive(&mut self, call: &Call, contact: Option<&Id>, at: u64) -> Option<usize> {
        *self.dialects.entry(call.dialect.clone()).or_default() += 1;
        if !matches!(call.endpoint, Endpoint::EnrollSequence | Endpoint::EnrollWorkflow) {
            return None;
        }
        self.enrolls.push(EnrollCall {
            n: self.enrolls.len() + 1,
            endpoint: call.endpoint,
            contact: contact.cloned(),
            dialect: call.dialect.clone(),
            received_at: at,
            applied_at: None,
            answered_at: None,
            outcome: None,
        });
        Some(self.enrolls.len() - 1)
    }

    /// Books the end of a call; `answered_at` only where an answer was handed over.
    pub(super) fn finish(
        &mut self,
        endpoint: Endpoint,
        place: Option<usize>,
        outcome: &str,
        answered_at: Option<u64>,
    ) {
        let outcomes = self.calls.entry(endpoint).or_default();
        *outcomes.entry(outcome.to_owned()).or_default() += 1;
        if let Some(entry) = place.and_then(|place| self.enrolls.get_mut(place)) {
            entry.answered_at = answered_at;
            entry.outcome = Some(outcome.to_owned());
        }
    }

    /// Whether a phase is reached.
    pub(super) fn reached(&self, phase: Phase) -> bool {
        let enrolls =
            |seen: fn(&EnrollCall) -> bool| self.enrolls.iter().filter(|e| seen(e)).count();
        match phase {
            Phase::Received(n) => self.enrolls.len() >= n,
            Phase::Applied(n) => enrolls(|entry| entry.applied_at.is_some()) >= n,
            Phase::Answered(n) => enrolls(|entry| entry.answered_at.is_some()) >= n,
            Phase::Withheld(n) => {
                let kinds = [Endpoint::EnrollSequence, Endpoint::EnrollWorkflow];
                let waiting = kinds.iter().filter_map(|kind| self.withheld.get(kind));
                waiting.sum::<u64>() >= n as u64
            }
            Phase::Calls(endpoint, n) => {
                let outcomes = self.calls.get(&endpoint);
                outcomes.map_or(0, |outcomes| outcomes.values().sum()) >= n as u64
            }
            Phase::Acknowledged(n) => {
                self.deliveries.iter().filter(|delivered| delivered.acknowledged).count() >= n
            }
        }
    }
}
