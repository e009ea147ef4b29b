//! Workflows: v2 enrollments by email, id mapping, flows, the route-map call (HUBSPOT.md 4).

use serde_json::{Value, json};

use super::super::call::{Answer, Call, envelope, invalid, not_found, text};
use super::super::clock::iso;
use super::super::hub::Hub;
use super::super::id::Id;
use super::super::state::{Contact, How, Target, Workflow};
use super::Reply;

/// `POST …/v2/workflows/{workflowId}/enrollments/contacts/{email}`, or the route-map call on the
/// flow id with `email` or `contactId` in the body.
///
/// 204 does not mean enrolled: a workflow that is off, or a second enrollment where re-enrollment
/// is off, is accepted without effect.
pub(super) fn enroll(hub: &mut Hub, call: &Call, bookings: usize) -> Reply {
    let flow = named(hub, call)?.flow.clone();
    let contact = addressed(hub, call)?.id.clone();
    hub.enter_workflow(&contact, &flow, bookings);
    Ok(Answer::nothing())
}

/// `DELETE` on the v2 path; 204 whether or not the contact was in.
pub(super) fn unenroll(hub: &mut Hub, call: &Call) -> Reply {
    let target = Target::Workflow(named(hub, call)?.flow.clone());
    let contact = addressed(hub, call)?.id.clone();
    hub.unenrolled_by_call += hub.end(&contact, Some(&target), How::Unenroll);
    Ok(Answer::nothing())
}

/// The workflow of the path: by workflow id on v2, by flow id on route-map.
fn named<'a>(hub: &'a Hub, call: &Call) -> Result<&'a Workflow, Answer> {
    let (flow, workflow) = (call.part("flow"), call.part("workflow"));
    let mut all = hub.state.workflows.iter();
    all.find(|known| {
        if flow.is_empty() {
            known.workflow.as_str() == workflow
        } else {
            known.flow.as_str() == flow
        }
    })
    .ok_or_else(|| not_found(&format!("No workflow with the id {flow}{workflow}")))
}

/// The contact of an enroll call: by email in the path, or by email or id in the body.
fn addressed<'a>(hub: &'a Hub, call: &Call) -> Result<&'a Contact, Answer> {
    let unknown = || not_found("No contact with that address");
    if call.dialect != "route-map" {
        return hub.contact_by_email(call.part("email")).ok_or_else(unknown);
    }
    let body = call.json()?;
    match (text(&body, "email"), text(&body, "contactId")) {
        (Some(email), _) => hub.contact_by_email(&email).ok_or_else(unknown),
        (None, Some(id)) => hub.contact(&Id::from(&*id)).ok_or_else(unknown),
        (None, None) => Err(invalid("Some required fields were not set: [email, contactId]")),
    }
}

/// `GET …/v2/workflows/enrollments/contacts/{vid}`: the workflows the contact is in now.
pub(super) fn current(hub: &Hub, call: &Call) -> Reply {
    let contact = Id::from(call.part("contact"));
    if hub.contact(&contact).is_none() {
        return Err(envelope(404, "OBJECT_NOT_FOUND", "Contact does not exist", &Value::Null));
    }
    let now = hub.now();
    let lag = i64::try_from(hub.state.settings.reads_lag_ms).unwrap_or(i64::MAX);
    let shown_from = now.saturating_sub(lag);
    let mut found: Vec<Value> = Vec::new();
    for workflow in &hub.state.workflows {
        let target = Target::Workflow(workflow.flow.clone());
        let active = hub.enrollments(&contact).any(|entry| {
            entry.target == target && entry.at <= shown_from && hub.is_active(entry, now)
        });
        if active {
            found.push(definition(hub, workflow));
        }
    }
    Ok(Answer::json(200, &Value::Array(found)))
}

/// A workflow as v2 shows it.
fn definition(hub: &Hub, workflow: &Workflow) -> Value {
    json!({
        "id": workflow.workflow.number(),
        "portalId": hub.state.portal,
        "name": workflow.name,
        "type": "PROPERTY_ANCHOR",
        "enabled": workflow.enabled,
        "allowContactToTriggerMultipleTimes": workflow.re_enrolls,
        "unenrollmentSetting": { "type": "NONE", "excludedWorkflows": [] },
    })
}

/// `POST …/workflow-id-mappings/batch/read`; 207 when an id has no partner.
pub(super) fn map_ids(hub: &Hub, call: &Call) -> Reply {
    let body = call.json()?;
    let Some(inputs) = body["inputs"].as_array() else {
        return Err(invalid("Invalid input JSON: inputs is required"));
    };
    let (mut results, mut missing) = (Vec::new(), Vec::new());
    for input in inputs {
        let (flow, workflow) = (text(input, "flowId"), text(input, "workflowId"));
        let found = hub.state.workflows.iter().find(|known| match input["type"].as_str() {
            Some("WORKFLOW_ID") => Some(known.workflow.as_str()) == workflow.as_deref(),
            _ => Some(known.flow.as_str()) == flow.as_deref(),
        });
        match found {
            Some(known) => results.push(json!({
                "flowId": known.flow.number(),
                "workflowId": known.workflow.number(),
            })),
            None => missing.push(flow.or(workflow).unwrap_or_default()),
        }
    }
    let now = iso(hub.now());
    let mut answer = json!({
        "status": "COMPLETE",
        "results": results,
        "startedAt": now,
        "completedAt": now,
    });
    if missing.is_empty() {
        return Ok(Answer::json(200, &answer));
    }
    answer["numErrors"] = json!(missing.len());
    answer["errors"] = json!([{
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": "Some ids have no mapping",
        "context": { "ids": missing },
    }]);
    Ok(Answer::json(207, &answer))
}

/// `GET …/v4/flows`.
pub(super) fn list(hub: &Hub) -> Answer {
    let results: Vec<Value> = hub.state.workflows.iter().map(flow).collect();
    Answer::json(200, &json!({ "results": results }))
}

/// `GET …/v4/flows/{flowId}`.
pub(super) fn get(hub: &Hub, call: &Call) -> Reply {
    let workflow = named(hub, call)?;
    let mut body = flow(workflow);
    body["type"] = json!("CONTACT_FLOW");
    body["enrollmentCriteria"] = json!({ "type": "MANUAL", "shouldReEnroll": workflow.re_enrolls });
    body["suppressionListIds"] = json!([]);
    body["unEnrollmentSetting"] = json!({ "type": "ALL", "flowIds": [] });
    Ok(Answer::json(200, &body))
}

fn flow(workflow: &Workflow) -> Value {
    json!({
        "id": workflow.flow,
        "name": workflow.name,
        "isEnabled": workflow.enabled,
        "flowType": "WORKFLOW",
        "objectTypeId": workflow.object,
        "revisionId": "1",
        "createdAt": iso(0),
        "updatedAt": iso(0),
    })
}
