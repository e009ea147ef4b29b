//! Reading a delivery: both payload forms (HUBSPOT.md 1.5), tolerant of everything but what we
//! need. A signed delivery is never refused for its content: what cannot be read is kept.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::event::{Event, Kind};
use super::id::{ContactId, PortalId, PropertyName};
use super::time::Timestamp;

/// The generic form's `objectTypeId` of a contact.
const CONTACT_TYPE_ID: &str = "0-1";

/// The object of events that `reconcile` found in HubSpot's history. HubSpot sends no such thing,
/// so nothing that it signs can pass for one.
const RECONCILED: &str = "reconciled";

/// A change found in HubSpot's history, in the form of a delivery's item. `value` is `None` for
/// the contact's creation.
pub fn reconciled(
    (portal, contact): (PortalId, ContactId),
    change: Option<(&PropertyName, &str)>,
    at: Timestamp,
    source: Option<&str>,
) -> Value {
    let what = if change.is_some() { "propertyChange" } else { "creation" };
    serde_json::json!({
        "portalId": portal,
        "objectId": contact,
        "subscriptionType": format!("{RECONCILED}.{what}"),
        "occurredAt": at,
        "propertyName": change.map(|(name, _)| name),
        "propertyValue": change.map(|(_, value)| value),
        "changeSource": source,
    })
}

/// A deletion found in HubSpot, in the form of a delivery's item.
pub fn reconciled_deletion((portal, contact): (PortalId, ContactId), at: Timestamp) -> Value {
    serde_json::json!({
        "portalId": portal,
        "objectId": contact,
        "subscriptionType": format!("{RECONCILED}.deletion"),
        "occurredAt": at,
    })
}

/// Whether an event was found in HubSpot's history: it may be as old as it likes.
pub fn is_reconciled(event: &Event) -> bool {
    event.subscription_type.split_once('.').is_some_and(|(object, _)| object == RECONCILED)
}

/// One item of a delivery: an event, or why it cannot be read.
pub type Item = Result<Event, String>;

/// Reads the body of a verified delivery. A body that is not a JSON array is one unreadable item.
pub fn read(body: &[u8]) -> Vec<Item> {
    let items: Vec<&RawValue> = match serde_json::from_slice(body) {
        Ok(items) => items,
        Err(error) => return vec![Err(format!("the body is not a JSON array: {error}"))],
    };
    if items.is_empty() {
        return vec![Err("the body is an empty array".to_owned())];
    }
    items.into_iter().map(|item| read_item(item.get())).collect()
}

/// A number, or a string that holds one: HubSpot's test button sends strings (HUBSPOT.md 1.5 j).
#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Number(u64),
    Text(String),
    Other(Value),
}

impl Scalar {
    fn number(&self) -> Option<u64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
            Self::Other(_) => None,
        }
    }

    fn text(self) -> Option<String> {
        match self {
            Self::Number(number) => Some(number.to_string()),
            Self::Text(text) => Some(text),
            Self::Other(Value::Null) => None,
            Self::Other(other) => Some(other.to_string()),
        }
    }
}

/// The fields we read, of either form. Unknown ones are tolerated.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    event_id: Option<Scalar>,
    portal_id: Option<Scalar>,
    app_id: Option<Scalar>,
    occurred_at: Option<Scalar>,
    subscription_type: Option<String>,
    event_type: Option<String>,
    object_id: Option<Scalar>,
    object_type_id: Option<String>,
    property_name: Option<String>,
    property_value: Option<Scalar>,
    change_source: Option<String>,
    source_id: Option<Scalar>,
    primary_object_id: Option<Scalar>,
    new_object_id: Option<Scalar>,
    merged_object_ids: Option<Vec<Scalar>>,
}

/// Reads one item of a delivery, as one JSON object.
pub fn read_item(text: &str) -> Item {
    let payload: Payload = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let number = |field: &Option<Scalar>, name: &str| {
        field
            .as_ref()
            .and_then(Scalar::number)
            .ok_or_else(|| format!("{name} is missing or not a number"))
    };
    let portal = PortalId(number(&payload.portal_id, "portalId")?);
    let object = number(&payload.object_id, "objectId");
    let occurred_at = Timestamp::from_unix_ms(number(&payload.occurred_at, "occurredAt")?);
    let subscription_type = payload
        .subscription_type
        .clone()
        .or_else(|| payload.event_type.clone())
        .ok_or("subscriptionType is missing")?;
    let kind = kind(&payload, &subscription_type)?;
    let contact = match &kind {
        Kind::Merged { into, .. } => *into,
        Kind::Other => ContactId(object.unwrap_or(0)),
        _ => ContactId(object?),
    };
    Ok(Event {
        portal,
        contact,
        kind,
        occurred_at,
        subscription_type,
        source: payload.change_source,
        source_id: payload.source_id.and_then(Scalar::text),
        app: payload.app_id.as_ref().and_then(Scalar::number),
        event_id: payload.event_id.and_then(Scalar::text),
    })
}

fn kind(payload: &Payload, subscription_type: &str) -> Result<Kind, String> {
    let Some((object, what)) = subscription_type.split_once('.') else {
        return Ok(Kind::Other);
    };
    let is_contact = ["contact", RECONCILED].contains(&object)
        || object == "object" && payload.object_type_id.as_deref() == Some(CONTACT_TYPE_ID);
    if !is_contact {
        return Ok(Kind::Other);
    }
    Ok(match what {
        "propertyChange" => {
            let name = payload.property_name.as_deref().ok_or("propertyName is missing")?;
            let value = match &payload.property_value {
                None | Some(Scalar::Other(Value::Null)) => String::new(),
                Some(Scalar::Number(number)) => number.to_string(),
                Some(Scalar::Text(text)) => text.clone(),
                Some(Scalar::Other(other)) => other.to_string(),
            };
            Kind::Property { name: PropertyName::from(name), value }
        }
        "creation" => Kind::Created,
        "restore" => Kind::Restored,
        "deletion" => Kind::Deleted,
        "privacyDeletion" => Kind::PrivacyDeleted,
        "merge" => merged(payload)?,
        _ => Kind::Other,
    })
}

fn merged(payload: &Payload) -> Result<Kind, String> {
    let numbers = |field: &Option<Scalar>| field.as_ref().and_then(Scalar::number);
    let into = numbers(&payload.new_object_id)
        .or_else(|| numbers(&payload.primary_object_id))
        .ok_or("newObjectId and primaryObjectId are missing")?;
    let others = payload.merged_object_ids.iter().flatten().filter_map(Scalar::number);
    let from = others
        .chain(numbers(&payload.primary_object_id))
        .filter(|id| *id != into)
        .map(ContactId)
        .collect();
    Ok(Kind::Merged { into: ContactId(into), from })
}

#[cfg(test)]
mod tests;
