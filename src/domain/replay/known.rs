//! What a replay knows of one contact.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::domain::contact::{Contact, PastValue};
use crate::domain::event::{Event, Identity};
use crate::domain::id::{ContactId, PropertyName};
use crate::domain::person::Person;
use crate::domain::time::Timestamp;

/// Past values kept of one property: a decision asks for the one before the change.
const PAST_VALUES_MAX: usize = 16;

/// The properties that a read asked for; what it did not show was blank.
pub(super) type Asked = Arc<BTreeSet<PropertyName>>;

/// See the module.
#[derive(Debug)]
pub(super) struct Known {
    /// The person in virtual time; `None` until an event touches them.
    pub(super) person: Option<Person>,
    /// The contact as last read or described, with the changes that came in since.
    pub(super) contact: Option<Contact>,
    /// A read or a line said what the contact looks like; else only events did.
    pub(super) described: bool,
    /// What that read asked for; `None` where everything is known that there is.
    pub(super) asked: Option<Asked>,
    /// When it stands in the stage's list of due persons.
    pub(super) listed: Option<Timestamp>,
    /// Identities of recent events.
    pub(super) identities: Vec<(Timestamp, Identity)>,
}

impl Known {
    pub(super) fn nothing() -> Self {
        Self {
            person: None,
            contact: None,
            described: false,
            asked: None,
            listed: None,
            identities: Vec::new(),
        }
    }

    /// Whether a property's value is known; a blank one may be.
    pub(super) fn has(&self, name: &PropertyName) -> bool {
        let asked = self.asked.as_ref().is_none_or(|asked| asked.contains(name));
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
        let identity = event.identity();
        if self.identities.iter().any(|(_, known)| *known == identity) {
            return true;
        }
        self.identities.retain(|(at, _)| oldest <= *at);
        self.identities.push((event.occurred_at, identity));
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
