//! The bridge workflow: somebody stamps a property, and a while later the contact is taken out of
//! whatever sequence it is in then (HUBSPOT.md 3.7).

use serde::Serialize;

use super::hub::Hub;
use super::id::Id;
use super::state::{Ended, How, Target};

/// What the bridge workflow saw and did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BridgeCounts {
    /// Stamps that started it.
    pub started: usize,
    /// Runs that took a contact out of a sequence.
    pub unenrolled: usize,
    /// Runs that found nothing to do: the stamp was gone, or the contact was in no sequence.
    pub idle: usize,
}

/// One run of the workflow that has not come to its end.
#[derive(Clone, Debug)]
struct Run {
    contact: Id,
    stamp: String,
    /// When it acts, milliseconds since 1970.
    at: i64,
}

/// The workflow's runs and its counts.
#[derive(Clone, Debug, Default)]
pub(super) struct Bridge {
    runs: Vec<Run>,
    pub(super) counts: BridgeCounts,
}

impl Hub {
    /// A property of a contact got this value.
    pub(super) fn bridge_stamped(&mut self, contact: &Id, property: &str, value: &str) {
        let Some(bridge) = &self.state.settings.bridge else { return };
        if bridge.property != property || value.is_empty() {
            return;
        }
        self.bridge.counts.started += 1;
        let Some(after_ms) = bridge.after_ms else { return };
        let at = self.now().saturating_add(i64::try_from(after_ms).unwrap_or(i64::MAX));
        self.bridge.runs.push(Run { contact: contact.clone(), stamp: value.to_owned(), at });
    }

    /// Lets every run whose time has come act, as of that time.
    pub(super) fn run_bridge(&mut self) {
        let now = self.now();
        let (due, later) =
            std::mem::take(&mut self.bridge.runs).into_iter().partition(|run: &Run| run.at <= now);
        self.bridge.runs = later;
        for run in due {
            let acted = self.may_act(&run) && self.end_sequences(&run);
            let counts = &mut self.bridge.counts;
            *if acted { &mut counts.unenrolled } else { &mut counts.idle } += 1;
        }
    }

    fn may_act(&self, run: &Run) -> bool {
        let Some(bridge) = &self.state.settings.bridge else { return false };
        let contact = self.contact(&run.contact);
        let held = contact.and_then(|contact| contact.properties.get(&bridge.property));
        !bridge.looks_again || held == Some(&run.stamp)
    }

    /// Ends the sequences the contact is in, whichever they are: the workflow knows no names.
    fn end_sequences(&mut self, run: &Run) -> bool {
        let contact = self.canonical(&run.contact);
        let places = self.by_contact.get(&contact).cloned().unwrap_or_default();
        let running = |place: &usize| {
            let entry = &self.state.enrolled[*place];
            matches!(entry.target, Target::Sequence(_)) && self.is_active(entry, run.at)
        };
        let running: Vec<usize> = places.into_iter().filter(running).collect();
        for place in &running {
            self.state.enrolled[*place].ended = Some(Ended { at: run.at, how: How::Unenroll });
        }
        !running.is_empty()
    }
}
