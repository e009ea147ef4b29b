//! Which scope a call needs, where the state names those that are granted (HUBSPOT.md 3.3, 4, 5).

use serde_json::json;

use super::super::call::{Answer, Call, envelope};
use super::super::hub::Hub;
use super::super::routes::Endpoint;

/// 403 `MISSING_SCOPES` for a call whose scope is not granted.
pub(super) fn refuse(hub: &Hub, call: &Call) -> Option<Answer> {
    let granted = hub.state.scopes.as_ref()?;
    let any = needed(call.endpoint);
    if any.is_empty() || any.iter().any(|scope| granted.iter().any(|has| has == scope)) {
        return None;
    }
    let text = "This app hasn't been granted all required scopes to make this call.";
    let more = json!({ "errors": [{
        "message": "One or more of the following scopes are required.",
        "context": { "requiredScopes": any },
    }] });
    Some(envelope(403, "MISSING_SCOPES", text, &more))
}

/// The scopes of which a call needs one; none for those that every token may make.
const fn needed(endpoint: Endpoint) -> &'static [&'static str] {
    match endpoint {
        Endpoint::ReadContact | Endpoint::BatchReadContacts | Endpoint::SearchContacts => {
            &["crm.objects.contacts.read"]
        }
        Endpoint::ListProperties => &["crm.objects.contacts.read", "crm.schemas.contacts.read"],
        Endpoint::WriteContact => &["crm.objects.contacts.write"],
        Endpoint::Owner | Endpoint::ListOwners => &["crm.objects.owners.read", "automation"],
        Endpoint::User | Endpoint::ListUsers => &["settings.users.read", "crm.objects.users.read"],
        Endpoint::EnrollSequence | Endpoint::UnenrollSequence => {
            &["automation.sequences.enrollments.write"]
        }
        Endpoint::ReadEnrollment
        | Endpoint::ListEnrollments
        | Endpoint::ListSequences
        | Endpoint::GetSequence => &["automation.sequences.read"],
        Endpoint::EnrollWorkflow
        | Endpoint::UnenrollWorkflow
        | Endpoint::ReadWorkflows
        | Endpoint::MapWorkflowIds
        | Endpoint::ListFlows
        | Endpoint::GetFlow => &["automation"],
        Endpoint::GetList => &["crm.lists.read"],
        Endpoint::ListConsents => {
            &["communication_preferences.read", "communication_preferences.read_write"]
        }
        Endpoint::Account
        | Endpoint::Usage
        | Endpoint::Token
        | Endpoint::TokenInfo
        | Endpoint::ListWebhooks
        | Endpoint::Unknown => &[],
    }
}
