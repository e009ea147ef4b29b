//! What else an account defines: properties, lists, subscription types, webhook subscriptions.

use serde::{Deserialize, Serialize};

use super::id::Id;

/// A property definition.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Property {
    /// `contacts` (unless given), `companies` or `deals`.
    #[serde(default = "contacts")]
    pub object: String,
    /// The internal name.
    pub name: String,
    /// What HubSpot's pages call it.
    #[serde(default)]
    pub label: String,
    /// HubSpot's `type`; `string` unless given.
    #[serde(default = "string", rename = "type")]
    pub kind: String,
    /// HubSpot's `fieldType`; `text` unless given.
    #[serde(default = "text", rename = "fieldType")]
    pub field: String,
    /// The options of an enumeration.
    #[serde(default)]
    pub options: Vec<Choice>,
}

/// An option of a property.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// The internal value.
    pub value: String,
    /// What HubSpot's pages call it.
    pub label: String,
}

/// Something with a number and a name: a list, a subscription type.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// Its number.
    pub id: Id,
    /// Its name.
    #[serde(default)]
    pub name: String,
}

/// A webhook subscription of the app.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// HubSpot's `eventType`, such as `contact.propertyChange`.
    pub event: String,
    /// The property whose changes it tells.
    #[serde(default)]
    pub property: Option<String>,
    /// Whether it is active; HubSpot creates them paused.
    #[serde(default)]
    pub active: bool,
}

fn contacts() -> String {
    "contacts".to_owned()
}

fn string() -> String {
    "string".to_owned()
}

fn text() -> String {
    "text".to_owned()
}

/// The object type of contacts (HUBSPOT.md 1.3).
pub(super) fn contacts_object() -> String {
    "0-1".to_owned()
}
