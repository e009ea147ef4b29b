//! Contacts: reads with history, batch reads, writes (HUBSPOT.md 5 and 4.4 a).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::call::{Answer, Call, envelope, invalid, not_found, text};
use super::super::clock::iso;
use super::super::hub::{Hub, PropertyChange};
use super::super::id::Id;
use super::super::state::{Contact, Version};
use super::Reply;

/// Most inputs of one batch read.
const BATCH_MAX: usize = 100;
/// Most inputs of one batch read with history.
const BATCH_WITH_HISTORY_MAX: usize = 50;
/// What HubSpot shows of a contact when nothing is asked for.
const SHOWN_ALWAYS: [&str; 3] = ["createdate", "hs_object_id", "lastmodifieddate"];
const SHOWN_UNASKED: [&str; 3] = ["email", "firstname", "lastname"];

/// `GET …/contacts/{id}?properties=&propertiesWithHistory=&idProperty=email`.
pub(super) fn read(hub: &Hub, call: &Call) -> Reply {
    let contact = find(hub, call.part("contact"), call.query("idProperty"))
        .ok_or_else(|| not_found("resource not found"))?;
    let view = View {
        properties: call.query_list("properties"),
        with_history: call.query_list("propertiesWithHistory"),
    };
    Ok(Answer::json(200, &view.show(hub, contact)))
}

/// `POST …/contacts/batch/read[?archived=true]`; 207 when some inputs do not exist.
pub(super) fn batch_read(hub: &Hub, call: &Call) -> Reply {
    let body = call.json()?;
    let Some(inputs) = body["inputs"].as_array() else {
        return Err(invalid("Invalid input JSON: inputs is required"));
    };
    let names = |key: &str| -> Vec<String> {
        let list = body[key].as_array().into_iter().flatten();
        list.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let view =
        View { properties: names("properties"), with_history: names("propertiesWithHistory") };
    let most = if view.with_history.is_empty() { BATCH_MAX } else { BATCH_WITH_HISTORY_MAX };
    if inputs.len() > most {
        return Err(invalid(&format!("The limit for a batch read is {most} inputs")));
    }
    let (mut results, mut missing) = (BTreeMap::new(), Vec::new());
    for input in inputs {
        let asked = text(input, "id").unwrap_or_default();
        let shown = if call.query("archived") == Some("true") {
            view.show_deleted(hub, &Id::from(&*asked))
        } else {
            find(hub, &asked, body["idProperty"].as_str())
                .map(|it| (it.id.clone(), view.show(hub, it)))
        };
        match shown {
            Some((id, shown)) => drop(results.insert(id, shown)),
            None => missing.push(asked),
        }
    }
    let now = iso(hub.now());
    let mut answer = json!({
        "status": "COMPLETE",
        "results": results.into_values().collect::<Vec<_>>(),
        "startedAt": now,
        "completedAt": now,
    });
    if missing.is_empty() {
        return Ok(Answer::json(200, &answer));
    }
    answer["numErrors"] = json!(1);
    answer["errors"] = json!([{
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": "Could not get some CONTACT objects, they may be deleted or not exist. \
                    Check that ids are valid.",
        "context": { "ids": missing },
    }]);
    Ok(Answer::json(207, &answer))
}

/// `PATCH …/contacts/{id}` with `{"properties":{…}}`.
pub(super) fn write(hub: &mut Hub, call: &Call) -> Reply {
    let body = call.json()?;
    let id = find(hub, call.part("contact"), call.query("idProperty"))
        .map(|contact| contact.id.clone())
        .ok_or_else(|| not_found("resource not found"))?;
    let Some(properties) = body["properties"].as_object() else {
        return Err(envelope(400, "VALIDATION_ERROR", "properties is required", &Value::Null));
    };
    let values = properties
        .keys()
        .map(|name| (name.clone(), text(&body["properties"], name).unwrap_or_default()));
    let change = PropertyChange {
        properties: values.collect(),
        source: "INTEGRATION".to_owned(),
        source_id: None,
        at: None,
    };
    let names: Vec<String> = properties.keys().cloned().collect();
    hub.set_properties(&id, change);
    let contact = hub.contact(&id).ok_or_else(|| not_found("resource not found"))?;
    let view = View { properties: names, with_history: Vec::new() };
    Ok(Answer::json(200, &view.show(hub, contact)))
}

/// A contact by id, merged ids included, or by email.
pub(super) fn find<'a>(hub: &'a Hub, asked: &str, by: Option<&str>) -> Option<&'a Contact> {
    match by {
        Some("email") => hub.contact_by_email(asked),
        _ => hub.contact(&Id::from(asked)),
    }
}

/// Which properties an answer shows.
pub(super) struct View {
    pub(super) properties: Vec<String>,
    pub(super) with_history: Vec<String>,
}

impl View {
    /// The contact as HubSpot's JSON.
    pub(super) fn show(&self, hub: &Hub, contact: &Contact) -> Value {
        let mut values = Map::new();
        let unasked: &[&str] = if self.properties.is_empty() { &SHOWN_UNASKED } else { &[] };
        let asked = self.properties.iter().chain(&self.with_history).map(String::as_str);
        for name in SHOWN_ALWAYS.into_iter().chain(unasked.iter().copied()).chain(asked) {
            values.insert(name.to_owned(), json!(value(hub, contact, name)));
        }
        let mut body = json!({
            "id": contact.id,
            "properties": values,
            "createdAt": iso(contact.created),
            "updatedAt": iso(modified(contact)),
            "archived": false,
        });
        if !self.with_history.is_empty() {
            let history = self.with_history.iter().map(|name| {
                let versions = contact.history.get(name).map(|all| newest_first(all));
                (name.clone(), Value::Array(versions.unwrap_or_default()))
            });
            body["propertiesWithHistory"] = Value::Object(history.collect());
        }
        body
    }
}

impl View {
    /// A deleted contact as HubSpot's JSON, with its id.
    fn show_deleted(&self, hub: &Hub, id: &Id) -> Option<(Id, Value)> {
        let (at, contact) = hub.deleted.get(id)?;
        let mut shown = self.show(hub, contact);
        shown["archived"] = json!(true);
        shown["archivedAt"] = json!(iso(*at));
        Some((id.clone(), shown))
    }
}

/// The value of a property: a stored one, or one that HubSpot computes.
pub(super) fn value(hub: &Hub, contact: &Contact, name: &str) -> Option<String> {
    if let Some(stored) = contact.properties.get(name) {
        return Some(stored.clone());
    }
    match name {
        "hs_object_id" => Some(contact.id.to_string()),
        "createdate" => Some(iso(contact.created)),
        "lastmodifieddate" => Some(iso(modified(contact))),
        "hs_merged_object_ids" if !contact.merged.is_empty() => Some(joined(contact.merged.iter())),
        "hs_all_contact_vids" => Some(joined(std::iter::once(&contact.id).chain(&contact.merged))),
        _ => super::computed::computed(hub, &contact.id, name),
    }
}

fn joined<'a>(ids: impl Iterator<Item = &'a Id>) -> String {
    ids.map(Id::as_str).collect::<Vec<_>>().join(";")
}

/// When any property was last written.
fn modified(contact: &Contact) -> i64 {
    let versions = contact.history.values().filter_map(|all| all.last());
    versions.map(|version| version.at).fold(contact.created, i64::max)
}

fn newest_first(versions: &[Version]) -> Vec<Value> {
    // Of two of one moment the one that was written later comes first.
    let mut sorted: Vec<&Version> = versions.iter().rev().collect();
    sorted.sort_by_key(|version| std::cmp::Reverse(version.at));
    let shown = sorted.into_iter().map(|version| {
        let mut entry = json!({
            "value": version.value,
            "timestamp": iso(version.at),
            "sourceType": version.source,
        });
        if let Some(id) = &version.source_id {
            entry["sourceId"] = json!(id);
        }
        entry
    });
    shown.collect()
}
