//! Owners by id, by user and by email (HUBSPOT.md 5).

use serde_json::{Map, Value, json};

use super::super::call::{Answer, Call, not_found};
use super::super::clock::iso;
use super::super::hub::Hub;
use super::super::state::Owner;
use super::Reply;

/// `GET …/owners/{ownerId}?idProperty=id|userId&archived=`.
pub(super) fn one(hub: &Hub, call: &Call) -> Reply {
    let asked = call.part("owner");
    let by_user = call.query("idProperty") == Some("userId");
    let found = shown(hub, call).find(|owner| {
        let id = if by_user { owner.user.as_ref() } else { Some(&owner.id) };
        id.is_some_and(|id| id.as_str() == asked)
    });
    found.map(|owner| Answer::json(200, &show(owner))).ok_or_else(|| not_found("Owner not found"))
}

/// `GET …/owners?email=&limit=&after=&archived=`.
pub(super) fn list(hub: &Hub, call: &Call) -> Answer {
    let wanted: Vec<&Owner> = shown(hub, call)
        .filter(|owner| {
            call.query("email").is_none_or(|email| {
                owner.email.as_ref().is_some_and(|has| has.eq_ignore_ascii_case(email))
            })
        })
        .collect();
    let limit = call.query("limit").and_then(|text| text.parse().ok()).unwrap_or(100_usize);
    let start = call.query("after").and_then(|text| text.parse().ok()).unwrap_or(0_usize);
    let results: Vec<Value> = wanted.iter().skip(start).take(limit).map(|o| show(o)).collect();
    let next = start + results.len();
    let mut body = json!({ "results": results });
    if next < wanted.len() {
        body["paging"] = json!({ "next": { "after": next.to_string() } });
    }
    Answer::json(200, &body)
}

/// The owners a call may see: the archived ones or the others, never both.
fn shown<'a>(hub: &'a Hub, call: &Call) -> impl Iterator<Item = &'a Owner> + use<'a> {
    let archived = call.query("archived") == Some("true");
    hub.state.owners.iter().filter(move |owner| owner.archived == archived)
}

fn show(owner: &Owner) -> Value {
    let mut body = Map::new();
    body.insert("id".to_owned(), json!(owner.id));
    body.insert("type".to_owned(), json!(if owner.user.is_some() { "PERSON" } else { "QUEUE" }));
    body.insert("archived".to_owned(), json!(owner.archived));
    body.insert("createdAt".to_owned(), json!(iso(0)));
    body.insert("updatedAt".to_owned(), json!(iso(0)));
    if let Some(user) = &owner.user {
        body.insert("userId".to_owned(), json!(user.number()));
        body.insert("userIdIncludingInactive".to_owned(), json!(user.number()));
    }
    if let Some(email) = &owner.email {
        body.insert("email".to_owned(), json!(email));
    }
    Value::Object(body)
}
