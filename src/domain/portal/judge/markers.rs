//! Markers of workflows: whether the property exists and takes a date and a time, and how the
//! workflow's first action stamps it. Whether it does, only a run shows.

use super::{Question, unread};
use crate::domain::id::{PropertyName, TargetName};
use crate::domain::portal::finding::{At, Finding, Sign, Topic};
use crate::domain::rule::{Workflow, code, suggest};

pub(super) fn judge(question: Question<'_>) -> Vec<Finding> {
    let named = question.rules.workflows.iter();
    let marked = named.filter_map(|(name, it)| Some((name, it, it.marker.as_ref()?)));
    marked.map(|(name, workflow, marker)| one(question, (name, workflow), marker)).collect()
}

fn one(
    question: Question<'_>,
    (name, workflow): (&TargetName, &Workflow),
    marker: &PropertyName,
) -> Finding {
    let topic = Topic::Workflows;
    let what = format!("marker \"{marker}\" of {name}");
    let known = match &question.portal.properties {
        Ok(known) => known,
        Err(why) => return unread(topic, &what, why),
    };
    let coded = |sign: Sign, what: String, todo: String| {
        let found = Finding::with(topic, sign, what, todo);
        found.coded(code::PORTAL_MARKER, At::Place(workflow.place.clone()))
    };
    let Some(definition) = known.get(marker.as_str()) else {
        let dates = known.iter().filter(|(_, it)| it.kind == "datetime");
        let near = suggest::nearest(marker.as_str(), dates.map(|(name, _)| name.as_str()));
        let todo = match near {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => "create it: a contact property of the type \"Date and time picker\"".to_owned(),
        };
        return coded(Sign::Wrong, format!("{what} is no contact property"), todo);
    };
    match definition.kind.as_str() {
        "datetime" => Finding::with(
            topic,
            Sign::Good,
            format!("{what} takes a date and a time"),
            first_action(workflow, marker),
        ),
        "date" => {
            let todo = "name a property of the type \"Date and time picker\"".to_owned();
            coded(Sign::Warn, format!("{what} takes a day: a second run on it does not show"), todo)
        }
        other => {
            let todo = "name a property of the type \"Date and time picker\"".to_owned();
            coded(Sign::Wrong, format!("{what} is of type {other}, which takes no date"), todo)
        }
    }
}

/// The one edit that a marker needs in HubSpot.
fn first_action(workflow: &Workflow, marker: &PropertyName) -> String {
    format!(
        "first action of flow {}: edit the record, set \"{marker}\" to the date and time of the step; nothing \
         else writes it",
        workflow.id
    )
}
