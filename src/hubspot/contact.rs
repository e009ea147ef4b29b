//! The fresh read of a contact (HUBSPOT.md 5).

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::client::Client;
use super::found::{Failure, object};
use super::json::{instant, number, text};
use super::profile::{encode, fill};
use super::wire::Call;
use crate::domain::contact::{Contact, PastValue};
use crate::domain::id::{ContactId, PropertyName};
use crate::port::Wanted;

/// The properties that list merged ids, asked for with every read (CONSISTENCY.md 6.8).
const MERGED: [&str; 2] = ["hs_merged_object_ids", "hs_calculated_merged_vids"];

impl Client {
    /// Reads a contact now. `None`: HubSpot says there is none.
    pub(super) async fn read_contact(
        &self,
        id: ContactId,
        wanted: &Wanted,
    ) -> Result<Option<Contact>, Failure> {
        let path = fill(self.endpoints.contact, &[("contact", &id.to_string())]);
        let Some(answer) = object(self.wire.send(Call::get(path, query(wanted))).await)? else {
            return Ok(None);
        };
        if answer.get("archived") == Some(&Value::Bool(true)) {
            return Ok(None);
        }
        let contact = understand(&answer, wanted);
        contact.map(Some).ok_or_else(|| Failure::unusable("the answer is not a contact"))
    }
}

fn query(wanted: &Wanted) -> String {
    let names = wanted.properties.iter().map(PropertyName::as_str);
    let mut query = format!("properties={}", list(names.chain(MERGED)));
    if !wanted.history.is_empty() {
        query.push_str("&propertiesWithHistory=");
        query.push_str(&list(wanted.history.iter().map(PropertyName::as_str)));
    }
    query
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(encode).collect::<Vec<_>>().join(",")
}

/// One contact of an answer; only what was asked for is taken.
pub(super) fn understand(answer: &Value, wanted: &Wanted) -> Option<Contact> {
    let id = ContactId(answer.get("id").and_then(number)?);
    let sent = answer.get("properties")?.as_object()?;
    // HubSpot adds properties nobody asked for; they are nobody's business.
    let asked = wanted.properties.iter().chain(&wanted.history);
    let properties =
        asked.filter_map(|name| Some((name.clone(), value_of(sent, name.as_str())?))).collect();
    Some(Contact { id, properties, history: histories(answer, wanted), merged: merged(sent, id) })
}

/// Values are text; null is a blank one.
fn value_of(sent: &Map<String, Value>, name: &str) -> Option<String> {
    match sent.get(name)? {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn histories(answer: &Value, wanted: &Wanted) -> BTreeMap<PropertyName, Vec<PastValue>> {
    let sent = answer.get("propertiesWithHistory");
    let of = |name: &PropertyName| {
        let versions = sent?.get(name.as_str())?.as_array()?;
        let mut past: Vec<PastValue> = versions.iter().filter_map(past_value).collect();
        past.sort_by_key(|past| std::cmp::Reverse(past.at));
        Some((name.clone(), past))
    };
    wanted.history.iter().filter_map(of).collect()
}

/// `None` where it has no time: it has no place in the order then.
fn past_value(version: &Value) -> Option<PastValue> {
    Some(PastValue {
        value: version.get("value").and_then(text).unwrap_or_default(),
        at: version.get("timestamp").and_then(instant)?,
        source: version.get("sourceType").and_then(text),
    })
}

/// `201;305` and `201:1462216307945;305:1462216307946` alike.
fn merged(sent: &Map<String, Value>, own: ContactId) -> Vec<ContactId> {
    let lists = MERGED.iter().filter_map(|name| value_of(sent, name));
    let mut ids: Vec<ContactId> = lists
        .flat_map(|list| {
            let ids =
                list.split([';', ',']).map(|entry| entry.split(':').next()?.trim().parse().ok());
            ids.flatten().map(ContactId).collect::<Vec<_>>()
        })
        .filter(|id| *id != own)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
