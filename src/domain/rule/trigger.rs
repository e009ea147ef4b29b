//! Triggers: the one change that starts a rule (`when`, RULES.md 1.3).

use std::collections::BTreeSet;

use crate::domain::event::Event;
use crate::domain::id::PropertyName;

/// What a rule listens to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A contact property.
    Property(PropertyName),
    /// `event = "contact-created"`.
    ContactCreated,
    /// `event = "contact-restored"`.
    ContactRestored,
    /// A deal, company or other event: not built yet. The rule's `unbuilt` says so.
    Unbuilt,
}

/// `when`, compiled.
#[derive(Clone, Debug)]
pub struct When {
    /// What it listens to.
    pub subject: Subject,
    /// `from_sources`, where said.
    pub from_sources: Option<BTreeSet<String>>,
    /// `not_from_sources`.
    pub not_from_sources: BTreeSet<String>,
}

impl When {
    /// Whether `event` may fire it, with what the store knows of the old value: the subject,
    /// the source and the move. The error says which failed, in words.
    pub fn may_fire(&self, _event: &Event, _old: Option<&str>) -> Result<(), String> {
        Ok(())
    }

    /// Whether a change from `old` (`None`: unknown) to `new` is the move it waits for.
    pub fn moved(&self, _old: Option<&str>, _new: &str) -> Result<(), String> {
        Ok(())
    }

    /// Whether its value still holds, for `becomes*`, `rises_to` and `falls_to`; `changes`
    /// always does.
    pub fn still_holds(&self, _current: &str) -> Result<(), String> {
        Ok(())
    }
}
