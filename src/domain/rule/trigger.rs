//! Triggers: the one change that starts a rule (`when`, RULES.md 1.3).

use std::collections::BTreeSet;

use super::check::{Check, Match, quote};
use super::value::{Decimal, fold, is_blank};
use crate::domain::event::{Event, Kind};
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

/// Which change of the property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// `changes = true`, and the only one for an event that is not a property's.
    Any,
    /// `becomes`, `becomes_any_of`: from not matching to matching.
    Becomes(Check),
    /// `becomes_known = true`.
    BecomesKnown,
    /// `becomes_blank = true`.
    BecomesBlank,
    /// `rises_to`: from below to this or above; beside it, as written.
    RisesTo(Decimal, String),
    /// `falls_to`: from above to this or below; beside it, as written.
    FallsTo(Decimal, String),
}

/// `when`, compiled.
#[derive(Clone, Debug)]
pub struct When {
    /// What it listens to.
    pub subject: Subject,
    /// Which change of it.
    pub change: Change,
    /// `from_sources`, where said, in upper case as HubSpot spells them.
    pub from_sources: Option<BTreeSet<String>>,
    /// `not_from_sources`, in upper case.
    pub not_from_sources: BTreeSet<String>,
}

impl When {
    /// Whether `event` may fire it, with what the store knows of the old value: the subject,
    /// the source and the move. The error says which failed, in words.
    pub fn may_fire(&self, event: &Event, old: Option<&str>) -> Result<(), String> {
        self.came_from(event.source.as_deref())?;
        match (&self.subject, &event.kind) {
            (Subject::Property(wanted), Kind::Property { name, value }) if wanted == name => {
                self.moved(old, value)
            }
            (Subject::ContactCreated, Kind::Created)
            | (Subject::ContactRestored, Kind::Restored) => Ok(()),
            (Subject::Property(wanted), _) => Err(format!("{wanted} did not change")),
            (Subject::ContactCreated, _) => Err("no contact was created".to_owned()),
            (Subject::ContactRestored, _) => Err("no contact was restored".to_owned()),
            (Subject::Unbuilt, _) => Err("its trigger is not built yet".to_owned()),
        }
    }

    fn came_from(&self, source: Option<&str>) -> Result<(), String> {
        let name = source.map(str::to_uppercase);
        let shown = name.as_deref().unwrap_or("an unknown source");
        if let Some(wanted) = &self.from_sources
            && !name.as_ref().is_some_and(|name| wanted.contains(name))
        {
            let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
            return Err(format!("the change came from {shown}, not from {}", wanted.join(", ")));
        }
        if name.as_ref().is_some_and(|name| self.not_from_sources.contains(name)) {
            return Err(format!("the change came from {shown}, which not_from_sources names"));
        }
        Ok(())
    }

    /// Whether a change from `old` (`None`: unknown) to `new` is the move it waits for.
    pub fn moved(&self, old: Option<&str>, new: &str) -> Result<(), String> {
        self.arrived(new)?;
        // From an unknown old value every trigger may fire: better late than never.
        let Some(old) = old else { return Ok(()) };
        let stayed = match &self.change {
            Change::Any => fold(old, false) == fold(new, false),
            _ => self.arrived(old).is_ok(),
        };
        if stayed {
            return Err(format!("{} was {} before", self.name(), shown(old)));
        }
        Ok(())
    }

    /// Whether its value still holds, for `becomes*`, `rises_to` and `falls_to`; `changes`
    /// always does.
    pub fn still_holds(&self, current: &str) -> Result<(), String> {
        self.arrived(current)
    }

    /// Whether `value` is one that the trigger waits for.
    fn arrived(&self, value: &str) -> Result<(), String> {
        let (holds, wanted) = match &self.change {
            Change::Any => (true, String::new()),
            Change::Becomes(check) => (check.matches(value) == Match::Yes, check.describe(false)),
            Change::BecomesKnown => (!is_blank(value), String::new()),
            Change::BecomesBlank => (is_blank(value), ", not blank".to_owned()),
            Change::RisesTo(line, written) => match Decimal::parse(value) {
                Some(number) => (*line <= number, format!(", below {written}")),
                None => (false, NOT_A_NUMBER.to_owned()),
            },
            Change::FallsTo(line, written) => match Decimal::parse(value) {
                Some(number) => (number <= *line, format!(", above {written}")),
                None => (false, NOT_A_NUMBER.to_owned()),
            },
        };
        match (holds, is_blank(value)) {
            (true, _) => Ok(()),
            (false, true) => Err(format!("{} is unknown", self.name())),
            (false, false) => Err(format!("{} is {}{wanted}", self.name(), quote(value))),
        }
    }

    fn name(&self) -> &str {
        match &self.subject {
            Subject::Property(name) => name.as_str(),
            _ => "it",
        }
    }
}

/// What follows a value that had to be a number.
const NOT_A_NUMBER: &str = ", which is not a number";

fn shown(value: &str) -> String {
    if is_blank(value) { "unknown".to_owned() } else { quote(value) }
}
