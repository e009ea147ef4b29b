//! HubSpot's API over the simulated portal: one function for each endpoint.

mod account_reads;
mod accounts;
mod computed;
mod contacts;
mod enroll;
mod owners;
mod scopes;
mod search;
mod sequences;
mod workflows;

use serde_json::Value;

use super::call::{Answer, Call, envelope};
use super::hub::Hub;
use super::routes::Endpoint;

/// An answer, or the refusal that is one too.
type Reply = Result<Answer, Answer>;

/// Answers a call and has its effect. `bookings` is how often an enrollment is booked: one, or
/// two under the fault `enroll-twice`.
pub(super) fn answer(hub: &mut Hub, call: &Call, bookings: usize) -> Answer {
    let refusal = refuse_token(hub, call).or_else(|| scopes::refuse(hub, call));
    if let Some(refusal) = refusal {
        return refusal;
    }
    let reply = match call.endpoint {
        Endpoint::ReadContact => contacts::read(hub, call),
        Endpoint::BatchReadContacts => contacts::batch_read(hub, call),
        Endpoint::SearchContacts => search::search(hub, call),
        Endpoint::WriteContact => contacts::write(hub, call),
        Endpoint::Owner => owners::one(hub, call),
        Endpoint::ListOwners => Ok(owners::list(hub, call)),
        Endpoint::User => accounts::user(hub, call),
        Endpoint::ListUsers => Ok(accounts::users(hub)),
        Endpoint::Account => Ok(accounts::details(hub)),
        Endpoint::Usage => Ok(accounts::usage(hub)),
        Endpoint::Token => accounts::token(hub, call),
        Endpoint::TokenInfo => Ok(account_reads::token(hub, call)),
        Endpoint::ListProperties => account_reads::properties(hub, call),
        Endpoint::GetList => account_reads::list(hub, call),
        Endpoint::ListConsents => Ok(account_reads::consents(hub)),
        Endpoint::ListWebhooks => account_reads::webhooks(hub, call),
        Endpoint::EnrollSequence => enroll::enroll(hub, call, bookings),
        Endpoint::ReadEnrollment => sequences::read_enrollment(hub, call),
        Endpoint::ListEnrollments => sequences::list_enrollments(hub, call),
        Endpoint::UnenrollSequence => sequences::unenroll(hub, call),
        Endpoint::ListSequences => sequences::list(hub, call),
        Endpoint::GetSequence => sequences::get(hub, call),
        Endpoint::EnrollWorkflow => workflows::enroll(hub, call, bookings),
        Endpoint::UnenrollWorkflow => workflows::unenroll(hub, call),
        Endpoint::ReadWorkflows => workflows::current(hub, call),
        Endpoint::MapWorkflowIds => workflows::map_ids(hub, call),
        Endpoint::ListFlows => Ok(workflows::list(hub)),
        Endpoint::GetFlow => workflows::get(hub, call),
        // A path HubSpot does not have is answered by its gateway, never with the envelope that
        // means "this object is absent".
        Endpoint::Unknown => Ok(Answer::page(404)),
    };
    reply.unwrap_or_else(|refusal| refusal)
}

/// 401 for a missing or unlisted token (HUBSPOT.md 6). Buying a token, and asking
/// what a bought one may do, needs none: the app's secret is in the body.
fn refuse_token(hub: &Hub, call: &Call) -> Option<Answer> {
    let known = &hub.state.tokens;
    let bought = call.dialect != "v2" && call.endpoint == Endpoint::TokenInfo;
    let accepted = bought
        || call.endpoint == Endpoint::Token
        || call.token.as_ref().is_some_and(|token| known.is_empty() || known.contains(token));
    (!accepted).then(unauthorized)
}

/// The 401 HubSpot gives for bad credentials.
fn unauthorized() -> Answer {
    let message = "Authentication credentials not found. This API supports OAuth 2.0 \
                   authentication and you can find more details at https://developers.hubspot.com";
    envelope(401, "INVALID_AUTHENTICATION", message, &Value::Null)
}
