//! Owner properties compared: HubSpot sends a number, rule authors write people (RULES.md 1.3).

use std::collections::{BTreeMap, BTreeSet};

use super::check::quote;
use super::condition::Finding;
use crate::domain::contact::Owner;
use crate::domain::id::{OwnerId, PropertyName};
use crate::domain::surroundings::{Properties, known};

/// `is`, `is_any_of`, `in_team` of an owner property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnerTest {
    /// Which property.
    pub property: PropertyName,
    /// Who may be meant.
    pub people: People,
}

/// People as a rule names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct People {
    /// Their addresses, lower case.
    pub emails: BTreeSet<String>,
    /// Who they are, as their author wrote it: `dana`, `one of dana, luis`, `in team sdr-us`.
    pub words: String,
}

impl People {
    /// Whether an owner property's value is one of them; `None` where HubSpot does not know it.
    pub fn include(&self, value: &str, owners: &BTreeMap<OwnerId, Owner>) -> Option<bool> {
        let id = value.trim().parse().ok().map(OwnerId)?;
        let email = owners.get(&id)?.email.as_deref()?;
        Some(self.emails.contains(&email.trim().to_lowercase()))
    }
}

impl OwnerTest {
    pub(super) fn evaluate(
        &self,
        properties: &Properties,
        owners: &BTreeMap<OwnerId, Owner>,
    ) -> Finding {
        let (property, words) = (&self.property, &self.people.words);
        let Some(value) = known(properties, property.as_str()) else {
            return Finding { holds: false, detail: format!("{property} is unknown") };
        };
        let (holds, who) = match self.people.include(value, owners) {
            Some(true) => (true, format!("who is {words}")),
            Some(false) => (false, format!("who is not {words}")),
            None => (false, "whom HubSpot does not know".to_owned()),
        };
        Finding { holds, detail: format!("{property} is {}, {who}", quote(value)) }
    }
}
