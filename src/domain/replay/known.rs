//! What a replay knows of one contact.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::contact::{Contact, PastValue};
use crate::domain::event::Event;
use crate::domain::id::{ContactId, PropertyName};
use crate::domain::person::Person;
use crate::domain::time::Timestamp;

/// Past values kept of one property: a decision asks for the one before the change.
const PAST_VALUES_MAX: usize = 16;

/// The properties that reads asked for, by rule set; what a read did not show was blank.
#[derive(Debug, Default)]
pub(super) struct AllAsked(Vec<BTreeSet<PropertyName>>);

/// Which of them a read asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Asked(usize);

impl AllAsked {
    /// From now on reads ask for these.
    pub(super) fn add(&mut self, names: BTreeSet<PropertyName>) -> Asked {
        let known = self.0.iter().position(|known| *known == names);
        Asked(known.unwrap_or_else(|| {
            self.0.push(names);
            self.0.len() - 1
        }))
    }

    fn contains(&self, asked: Asked, name: &PropertyName) -> bool {
        self.0.get(asked.0).is_some_and(|names| names.contains(name))
    }
}

/// See the module.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Known {
    /// The person in virtual time; `None` until an event touches them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) person: Option<Person>,
    /// The contact as last read or described, with the changes that came in since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) contact: Option<Contact>,
    /// A read or a line said what the contact looks like; else only events did.
    pub(super) described: bool,
    /// What that read asked for; `None` where everything is known that there is.
    pub(super) asked: Option<Asked>,
    /// When it stands in the stage's list of due persons.
    pub(super) listed: Option<Timestamp>,
    /// Recent events by their time: within one person the first half of an identity tells them
    /// apart.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    identities: BTreeSet<(Timestamp, u64)>,
}

impl Known {
    pub(super) fn nothing() -> Self {
        Self {
            person: None,
            contact: None,
            described: false,
            asked: None,
            listed: None,
            identities: BTreeSet::new(),
        }
    }

    /// Whether a property's value is known; a blank one may be.
    pub(super) fn has(&self, all: &AllAsked, name: &PropertyName) -> bool {
        let asked = self.asked.is_none_or(|asked| all.contains(asked, name));
        asked || self.contact.as_ref().is_some_and(|it| it.properties.contains_key(name))
    }

    /// A property has a new value, as an event or a line says.
    pub(super) fn set(
        &mut self,
        id: ContactId,
        (name, value): (&PropertyName, &str),
        (at, source): (Timestamp, Option<&str>),
        keep_past: bool,
    ) {
        let contact = self.contact.get_or_insert_with(|| blank(id));
        contact.properties.insert(name.clone(), value.to_owned());
        if !keep_past {
            return;
        }
        let past = contact.history.entry(name.clone()).or_default();
        past.insert(
            0,
            PastValue { value: value.to_owned(), at, source: source.map(str::to_owned) },
        );
        past.truncate(PAST_VALUES_MAX);
    }

    /// Whether this event came before; it is remembered until `oldest`.
    pub(super) fn came_before(&mut self, event: &Event, oldest: Timestamp) -> bool {
        // Its time is part of an identity.
        let first_half = u128::from_be_bytes(event.identity().0) >> 64;
        let identity = (event.occurred_at, u64::try_from(first_half).unwrap_or_default());
        if self.identities.contains(&identity) {
            return true;
        }
        while self.identities.first().is_some_and(|(at, _)| *at < oldest) {
            self.identities.pop_first();
        }
        self.identities.insert(identity);
        false
    }
}

/// A contact nothing is known of.
pub(super) fn blank(id: ContactId) -> Contact {
    Contact {
        id,
        properties: std::collections::BTreeMap::new(),
        history: std::collections::BTreeMap::new(),
        merged: Vec::new(),
    }
}
