//! A contact and an owner, as a fresh read shows them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::id::{ContactId, OwnerId, PropertyName, UserId};
use super::time::Timestamp;

/// One past value of a property (`propertiesWithHistory`, HUBSPOT.md 1.9).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastValue {
    /// The value; blank when it was cleared.
    pub value: String,
    /// When it was set.
    pub at: Timestamp,
    /// What set it, as HubSpot names it (`sourceType`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

/// A contact, read from HubSpot a moment ago. Only asked-for properties are here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The id HubSpot answered with; after a merge it differs from the one asked for.
    pub id: ContactId,
    /// Property values as HubSpot sends them; a blank or missing one is unknown.
    pub properties: BTreeMap<PropertyName, String>,
    /// Past values of the trigger properties, newest first.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub history: BTreeMap<PropertyName, Vec<PastValue>>,
    /// Ids merged into this contact (`hs_merged_object_ids`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub merged: Vec<ContactId>,
}

impl Contact {
    /// The value of a property; `None` when blank or missing.
    pub fn known(&self, property: &str) -> Option<&str> {
        self.properties.get(property).map(String::as_str).filter(|value| !value.trim().is_empty())
    }

    /// The email address, if any.
    pub fn email(&self) -> Option<&str> {
        self.known("email").map(str::trim)
    }

    /// The owner (`hubspot_owner_id`), if any.
    pub fn owner(&self) -> Option<OwnerId> {
        self.known("hubspot_owner_id")?.trim().parse().ok().map(OwnerId)
    }
}

/// A CRM owner (HUBSPOT.md 5): three ids in one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The owner id, as contacts carry it.
    pub id: OwnerId,
    /// The user who sends; missing for a queue or a deactivated user.
    pub user: Option<UserId>,
    /// The address; missing for a queue.
    pub email: Option<String>,
    /// Deactivated or removed.
    pub archived: bool,
}
