//! One line of a file to replay: a webhook event, a whole delivery, or what a contact or an owner
//! looks like.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::domain::contact::Owner;
use crate::domain::delivery;
use crate::domain::id::{ContactId, OwnerId, PropertyName, UserId};

/// A line, read.
#[derive(Debug)]
pub(super) enum Line {
    /// Nothing.
    Blank,
    /// Events, in their order, or why one cannot be read.
    Events(Vec<delivery::Item>),
    /// What a contact looks like from here on; properties it does not name stay.
    Contact(ContactId, BTreeMap<PropertyName, String>),
    /// An owner.
    Owner(Owner),
}

/// HubSpot sends ids as numbers and as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Number(u64),
    Text(String),
}

impl Number {
    fn read(&self) -> Option<u64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
        }
    }
}

#[derive(Deserialize)]
struct Described {
    contact: Option<SaidContact>,
    owner: Option<SaidOwner>,
}

#[derive(Deserialize)]
struct SaidContact {
    id: Number,
    #[serde(default)]
    properties: BTreeMap<PropertyName, Option<serde_json::Value>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SaidOwner {
    id: Number,
    user_id: Option<Number>,
    email: Option<String>,
    #[serde(default)]
    archived: bool,
}

/// Reads a line. What cannot be read is an event that cannot be read.
pub(super) fn read(text: &str) -> Line {
    let text = text.trim();
    if text.is_empty() {
        return Line::Blank;
    }
    if text.starts_with('[') {
        return Line::Events(delivery::read(text.as_bytes()));
    }
    // A webhook event has neither key: only what may be a description is read twice.
    if text.contains("\"contact\"") || text.contains("\"owner\"") {
        match serde_json::from_str(text) {
            Ok(Described { contact: Some(contact), .. }) => return of_contact(contact),
            Ok(Described { owner: Some(owner), .. }) => return of_owner(owner),
            Ok(_) => {}
            Err(error) => return unreadable(&error.to_string()),
        }
    }
    Line::Events(vec![delivery::read_item(text)])
}

fn unreadable(why: &str) -> Line {
    Line::Events(vec![Err(why.to_owned())])
}

fn of_contact(said: SaidContact) -> Line {
    let Some(id) = said.id.read() else { return unreadable("contact.id is not a number") };
    let properties = said.properties.into_iter().map(|(name, value)| {
        let value = match value {
            None | Some(serde_json::Value::Null) => String::new(),
            Some(serde_json::Value::String(text)) => text,
            Some(other) => other.to_string(),
        };
        (name, value)
    });
    Line::Contact(ContactId(id), properties.collect())
}

fn of_owner(said: SaidOwner) -> Line {
    let Some(id) = said.id.read() else { return unreadable("owner.id is not a number") };
    let user = said.user_id.and_then(|user| user.read()).map(UserId);
    Line::Owner(Owner { id: OwnerId(id), user, email: said.email, archived: said.archived })
}
