//! Workflows that start when a property gets a value: a while later the contact is in, as after an
//! enroll call (HUBSPOT.md 4.4 a).

use super::enrollment::Booking;
use super::hub::Hub;
use super::id::Id;
use super::state::{By, Target};

/// A contact on the way into a workflow.
#[derive(Clone, Debug)]
pub(super) struct Arriving {
    contact: Id,
    flow: Id,
    /// When it is in, milliseconds since 1970.
    at: i64,
}

impl Hub {
    /// A property of a contact got this value.
    pub(super) fn property_starts(&mut self, contact: &Id, property: &str, value: &str) {
        if value.is_empty() {
            return;
        }
        for start in &self.state.settings.starts {
            let Some(after_ms) = start.after_ms.filter(|_| start.property == property) else {
                continue;
            };
            let at = self.now().saturating_add(i64::try_from(after_ms).unwrap_or(i64::MAX));
            let (contact, flow) = (contact.clone(), start.flow.clone());
            self.arriving.push(Arriving { contact, flow, at });
        }
    }

    /// Lets in whoever's time has come.
    pub(super) fn run_starts(&mut self) {
        let now = self.now();
        let (due, later) =
            std::mem::take(&mut self.arriving).into_iter().partition(|it: &Arriving| it.at <= now);
        self.arriving = later;
        for Arriving { contact, flow, .. } in due {
            self.enter_workflow(&contact, &flow, 1);
        }
    }

    /// Enrolls a contact; nothing happens where the workflow is off, or where it has had the
    /// contact before and does not take anybody twice. What the caller asked for is its own doing,
    /// so it counts as a call's effect.
    pub(super) fn enter_workflow(&mut self, contact: &Id, flow: &Id, bookings: usize) {
        let target = Target::Workflow(flow.clone());
        let Some(workflow) = self.workflow_of(&target) else { return };
        let (enabled, re_enrolls) = (workflow.enabled, workflow.re_enrolls);
        let before = self.enrollments(contact).any(|entry| entry.target == target);
        if !enabled || (before && !re_enrolls) {
            return;
        }
        for _ in 0..bookings {
            self.book(Booking {
                contact: contact.clone(),
                target: target.clone(),
                user: None,
                sender: None,
                by: By::Api,
            });
            self.begin_first_action(contact, flow);
        }
    }
}
