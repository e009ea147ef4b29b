//! Workflows whose first action stamps a property with the current date and time (HUBSPOT.md
//! 1.9 and 5: every write is a version of the history): a while after the enrollment the contact's history has one version more.

use super::clock::iso;
use super::hub::{Hub, PropertyChange};
use super::id::Id;
use super::state::Target;

/// Who HubSpot says wrote it: the history of a real portal has this word for workflows.
const SOURCE: &str = "AUTOMATION_PLATFORM";

/// A contact in a workflow whose first action has not run yet.
#[derive(Clone, Debug)]
pub(super) struct FirstAction {
    contact: Id,
    flow: Id,
    /// When it runs, milliseconds since 1970.
    at: i64,
    /// When reads show that.
    shown_at: i64,
}

impl Hub {
    /// A contact has entered a workflow.
    pub(super) fn begin_first_action(&mut self, contact: &Id, flow: &Id) {
        let workflow = self.workflow_of(&Target::Workflow(flow.clone()));
        let Some(stamps) = workflow.and_then(|workflow| workflow.stamps.as_ref()) else { return };
        let ms = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
        let at = self.now().saturating_add(ms(stamps.after_ms));
        let shown_at = at.saturating_add(ms(stamps.lag_ms));
        let (contact, flow) = (contact.clone(), flow.clone());
        self.first_actions.push(FirstAction { contact, flow, at, shown_at });
        self.run_first_actions();
    }

    /// Shows what the first actions wrote whose time has come, as of the time they ran. The same value again is no
    /// change, as everywhere in HubSpot: a date that was stamped today stays as it is.
    pub(super) fn run_first_actions(&mut self) {
        let now = self.now();
        let (due, later) = std::mem::take(&mut self.first_actions)
            .into_iter()
            .partition(|it: &FirstAction| it.shown_at <= now);
        self.first_actions = later;
        for FirstAction { contact, flow, at, .. } in due {
            let workflow = self.workflow_of(&Target::Workflow(flow));
            let Some(stamps) = workflow.and_then(|workflow| workflow.stamps.clone()) else {
                continue;
            };
            let moment = iso(at);
            let value = if stamps.date_only { moment[..10].to_owned() } else { moment };
            self.set_properties(
                &contact,
                PropertyChange {
                    properties: [(stamps.property, value)].into(),
                    source: SOURCE.to_owned(),
                    source_id: None,
                    at: Some(at),
                },
            );
        }
    }
}
