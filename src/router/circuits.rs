//! The circuits of HubSpot as a whole, of each target and of each sender: what got no answer
//! several times in a row is left alone for a while. In memory only: a restart tries anew.
//!
//! They go by a clock of their own that only runs forward: while HubSpot does not answer nobody
//! hears its time, and a wall clock that is set back would make everybody wait for it.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

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
#[derive(Debug)]
pub struct Circuits {
    began: Instant,
    parts: Mutex<BTreeMap<Part, Circuit>>,
}

impl Default for Circuits {
    fn default() -> Self {
        Self { began: Instant::now(), parts: Mutex::default() }
    }
}

impl Circuits {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Part, Circuit>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time of their own clock, which begins at 0.
    fn steady(&self) -> Timestamp {
        let ms = self.began.elapsed().as_millis();
        Timestamp::from_unix_ms(u64::try_from(ms).unwrap_or(u64::MAX))
    }

    /// A time of their own clock, when the wall clock's is `now`.
    fn on_the_wall(&self, at: Timestamp, now: Timestamp) -> Timestamp {
        let steady = self.steady();
        now.plus_ms(at.since_ms(steady)).minus_ms(steady.since_ms(at))
    }

    /// Every part whose circuit is not closed, and how; times by the clock that shows `now`.
    pub fn opened(&self, now: Timestamp) -> Vec<(Part, Opened)> {
        let circuits = self.lock();
        let opened = circuits.iter().filter_map(|(part, it)| Some((part, it.opened()?)));
        let on_the_wall = |opened: &Opened| {
            let mut opened = opened.clone();
            opened.since = self.on_the_wall(opened.since, now);
            opened.until = self.on_the_wall(opened.until, now);
            opened
        };
        opened.map(|(part, opened)| (part.clone(), on_the_wall(opened))).collect()
    }

    /// Whether a call may leave now. Where a part rests: which, why, and until when. Where it may
    /// be tried, this call is the trial.
    pub(super) fn admit(
        &self,
        (target, sender): (&TargetName, Option<&SenderName>),
        now: Timestamp,
    ) -> Result<(), (Part, String, Timestamp)> {
        let (mut circuits, steady) = (self.lock(), self.steady());
        let parts = Part::of(target, sender);
        for part in &parts {
            let Some(circuit) = circuits.get(part) else { continue };
            if let Some((until, opened)) = circuit.rests_until(steady).zip(circuit.opened()) {
                return Err((part.clone(), opened.why.clone(), self.on_the_wall(until, now)));
            }
        }
        for part in &parts {
            if let Some(circuit) = circuits.get_mut(part) {
                circuit.begin_trial(steady);
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
    pub(super) fn learn(&self, claim: &Claim, outcome: &Outcome) {
        let (mut circuits, steady) = (self.lock(), self.steady());
        for part in Part::of_claim(claim) {
            match outcome {
                Outcome::Unknown { why } => {
                    let rest = part.rest();
                    circuits.entry(part).or_insert_with(|| Circuit::new(rest)).fail(steady, why);
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
    pub(super) fn unanswered(&self, why: Later, message: &str) -> bool {
        let (mut circuits, steady) = (self.lock(), self.steady());
        if why == Later::Unreachable {
            let new = || Circuit::new(Rest::WHOLE);
            circuits.entry(Part::HubSpot).or_insert_with(new).fail(steady, message);
        }
        circuits.get(&Part::HubSpot).is_some_and(|circuit| circuit.opened().is_some())
    }

    /// While HubSpot rests as a whole: how long until it is tried again, by one cheap read.
    pub(super) fn rest(&self) -> Option<Duration> {
        let until = self.lock().get(&Part::HubSpot)?.opened()?.until;
        Some(Duration::from_millis(until.since_ms(self.steady())))
    }

    /// Forgets everything: a person had it tried again.
    pub(super) fn clear(&self) {
        self.lock().clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::{HOUR_MS, SECOND_MS};

    /// Whether the first target may be called after five lost answers and so many seconds, when
    /// the wall clock shows `wall`; until when it rests otherwise.
    async fn check(seconds: u64, wall: Timestamp, expected: Option<Timestamp>) {
        let circuits = Circuits::default();
        let target = TargetName::from("intro");
        for _ in 0..5 {
            let rest = Rest::PART;
            let mut parts = circuits.lock();
            let part = parts.entry(Part::Target(target.clone()));
            part.or_insert_with(|| Circuit::new(rest)).fail(circuits.steady(), "502");
            drop(parts);
            circuits.unanswered(Later::Unreachable, "502");
        }
        tokio::time::advance(Duration::from_secs(seconds)).await;
        let admitted = circuits.admit((&target, None), wall);
        assert_eq!(admitted.err().map(|(_, _, until)| until), expected);
        let left = Duration::from_secs(1).saturating_sub(Duration::from_secs(seconds));
        assert_eq!(circuits.rest(), Some(left), "HubSpot as a whole is tried after a second");
    }

    #[tokio::test(start_paused = true)]
    async fn a_wall_clock_that_is_set_makes_nobody_wait_longer_or_shorter() {
        for wall in [HOUR_MS, 2 * HOUR_MS, 100 * HOUR_MS].map(Timestamp::from_unix_ms) {
            check(0, wall, Some(wall.plus_ms(10 * SECOND_MS))).await;
            check(4, wall, Some(wall.plus_ms(6 * SECOND_MS))).await;
            check(10, wall, None).await;
        }
    }
}
