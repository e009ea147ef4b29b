//! The circuits of HubSpot as a whole, of each target and of each sender: what got no answer
//! several times in a row is left alone for a while. In memory only: a restart tries anew.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::domain::circuit::{Circuit, Opened, Rest};
use crate::domain::claim::Claim;
use crate::domain::id::{SenderName, TargetName};
use crate::domain::outcome::{Later, Outcome};
use crate::domain::time::Timestamp;

/// What a circuit is of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// HubSpot as a whole, judged by reads.
    HubSpot,
    /// A sequence or workflow, judged by calls into it.
    Target(TargetName),
    /// A sender, judged by calls in its name.
    Sender(SenderName),
}

impl Part {
    /// The same for people.
    pub fn says(&self) -> String {
        match self {
            Self::HubSpot => "HubSpot".to_owned(),
            Self::Target(name) => format!("\"{name}\""),
            Self::Sender(name) => format!("sender \"{name}\""),
        }
    }

    fn of(target: &TargetName, sender: Option<&SenderName>) -> Vec<Self> {
        let sender = sender.cloned().map(Self::Sender);
        [Self::Target(target.clone())].into_iter().chain(sender).collect()
    }

    fn of_claim(claim: &Claim) -> Vec<Self> {
        Self::of(&claim.target.name, claim.sender.as_ref().map(|sender| &sender.name))
    }

    fn rest(&self) -> Rest {
        if *self == Self::HubSpot { Rest::WHOLE } else { Rest::PART }
    }
}

/// See the module.
#[derive(Debug, Default)]
pub struct Circuits(Mutex<BTreeMap<Part, Circuit>>);

impl Circuits {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Part, Circuit>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every part whose circuit is not closed, and how.
    pub fn opened(&self) -> Vec<(Part, Opened)> {
        let circuits = self.lock();
        let opened = circuits.iter().filter_map(|(part, it)| Some((part, it.opened()?)));
        opened.map(|(part, opened)| (part.clone(), opened.clone())).collect()
    }

    /// Whether a call may leave now. Where a part rests: which, why, and until when. Where it may
    /// be tried, this call is the trial.
    pub(super) fn admit(
        &self,
        (target, sender): (&TargetName, Option<&SenderName>),
        now: Timestamp,
    ) -> Result<(), (Part, String, Timestamp)> {
        let mut circuits = self.lock();
        let parts = Part::of(target, sender);
        for part in &parts {
            let Some(circuit) = circuits.get(part) else { continue };
            if let Some((until, opened)) = circuit.rests_until(now).zip(circuit.opened()) {
                return Err((part.clone(), opened.why.clone(), until));
            }
        }
        for part in &parts {
            if let Some(circuit) = circuits.get_mut(part) {
                circuit.begin_trial(now);
            }
        }
        Ok(())
    }

    /// What was admitted was not called.
    pub(super) fn withdraw(&self, target: &TargetName, sender: Option<&SenderName>) {
        let mut circuits = self.lock();
        for part in Part::of(target, sender) {
            if let Some(circuit) = circuits.get_mut(&part) {
                circuit.drop_trial();
            }
        }
    }

    /// How a call ended.
    pub(super) fn learn(&self, claim: &Claim, outcome: &Outcome, now: Timestamp) {
        let mut circuits = self.lock();
        for part in Part::of_claim(claim) {
            match outcome {
                Outcome::Unknown { why } => {
                    let rest = part.rest();
                    circuits.entry(part).or_insert_with(|| Circuit::new(rest)).fail(now, why);
                }
                Outcome::RetryAfter { .. } | Outcome::Halted { .. } => {
                    if let Some(circuit) = circuits.get_mut(&part) {
                        circuit.drop_trial();
                    }
                }
                Outcome::Accepted { .. }
                | Outcome::AlreadyEnrolled
                | Outcome::Refused { .. }
                | Outcome::SenderFull => {
                    circuits.remove(&part);
                }
            }
        }
    }

    /// HubSpot answered a read.
    pub(super) fn answered(&self) {
        self.lock().remove(&Part::HubSpot);
    }

    /// HubSpot gave no usable answer to a read. Whether it rests as a whole now.
    pub(super) fn unanswered(&self, why: Later, message: &str, now: Timestamp) -> bool {
        let mut circuits = self.lock();
        if why == Later::Unreachable {
            let new = || Circuit::new(Rest::WHOLE);
            circuits.entry(Part::HubSpot).or_insert_with(new).fail(now, message);
        }
        circuits.get(&Part::HubSpot).is_some_and(|circuit| circuit.opened().is_some())
    }

    /// While HubSpot rests as a whole: when it is tried again, by one cheap read.
    pub(super) fn rest(&self) -> Option<Timestamp> {
        Some(self.lock().get(&Part::HubSpot)?.opened()?.until)
    }

    /// Forgets everything: a person had it tried again.
    pub(super) fn clear(&self) {
        self.lock().clear();
    }
}
