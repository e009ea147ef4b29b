//! Triggers: the one change that starts a rule (`when`, RULES.md 1.3).

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;

use super::check::{Check, Match, quote};
use super::moment::Moment;
use super::ownership::People;
use super::value::{Decimal, fold, is_blank};
use crate::domain::contact::Owner;
use crate::domain::event::{Event, Kind, Nearby};
use crate::domain::id::{OwnerId, PropertyName};

/// What a rule listens to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A contact property.
    Property(PropertyName),
    /// `event = "contact-created"`.
    ContactCreated,
    /// `event = "contact-restored"`.
    ContactRestored,
    /// A property of a deal or the company.
    Nearby(Nearby, PropertyName),
    /// `event = "deal-created"`.
    DealCreated,
    /// `event = "deal-associated"`.
    DealAssociated,
    /// `event = "company-associated"`.
    CompanyAssociated,
}

impl Subject {
    /// What did not happen, in words.
    fn missed(&self) -> String {
        let what = match self {
            Self::Property(name) => return format!("{name} did not change"),
            Self::Nearby(object, name) => {
                return format!("{} {name} did not change", object.word());
            }
            Self::ContactCreated => "contact was created",
            Self::ContactRestored => "contact was restored",
            Self::DealCreated => "deal was created",
            Self::DealAssociated => "deal was associated",
            Self::CompanyAssociated => "company was associated",
        };
        format!("no {what}")
    }

    /// The property whose changes it listens to, as the store names it ([`Event::watched`]).
    pub fn watched(&self) -> Option<PropertyName> {
        match self {
            Self::Property(name) => Some(name.clone()),
            Self::Nearby(object, name) => Some(object.key(name)),
            _ => None,
        }
    }
}

/// Which change of the property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// `changes = true`, and the only one for an event that is not a property's.
    Any,
    /// `becomes`, `becomes_any_of`: from not matching to matching.
    Becomes(Check),
    /// `becomes`, `becomes_any_of` of a date or datetime.
    BecomesMoment(Vec<Moment>, DateKind),
    /// `becomes`, `becomes_any_of` of an owner.
    BecomesOwner(People),
    /// `becomes_known = true`.
    BecomesKnown,
    /// `becomes_blank = true`.
    BecomesBlank,
    /// `rises_to`: from below to this or above; beside it, as written.
    RisesTo(Decimal, String),
    /// `falls_to`: from above to this or below; beside it, as written.
    FallsTo(Decimal, String),
}

/// How the values of a date trigger are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateKind {
    /// Its instant is a midnight in UTC and means that date.
    pub date_only: bool,
    /// The portal's zone: what a bare date means.
    pub zone: TimeZone,
}

/// The owners that a fresh read resolved.
pub type Owners = BTreeMap<OwnerId, Owner>;

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
            (Subject::Nearby(wanted, property), Kind::Nearby { object, name, value })
                if wanted == object && property == name =>
            {
                self.moved(old, value)
            }
            (Subject::ContactCreated, Kind::Created)
            | (Subject::ContactRestored, Kind::Restored)
            | (Subject::DealCreated, Kind::DealCreated)
            | (Subject::DealAssociated, Kind::DealAssociated)
            | (Subject::CompanyAssociated, Kind::CompanyAssociated) => Ok(()),
            (subject, _) => Err(subject.missed()),
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

    /// Whether a change from `old` (`None`: unknown) to `new` is the move it waits for. Who an
    /// owner is, nobody knows before the fresh read: any other one than before may be the move.
    pub fn moved(&self, old: Option<&str>, new: &str) -> Result<(), String> {
        self.moved_among(old, new, None)
    }

    /// [`When::moved`], with the owners that the fresh read resolved.
    pub fn moved_among(
        &self,
        old: Option<&str>,
        new: &str,
        owners: Option<&Owners>,
    ) -> Result<(), String> {
        self.arrived(new, owners)?;
        // From an unknown old value every trigger may fire: better late than never.
        let Some(old) = old else { return Ok(()) };
        let stayed = match (&self.change, owners) {
            (Change::Any, _) | (Change::BecomesOwner(_), None) => {
                fold(old, false) == fold(new, false)
            }
            _ => self.arrived(old, owners).is_ok(),
        };
        if stayed {
            return Err(format!("{} was {} before", self.name(), shown(old)));
        }
        Ok(())
    }

    /// Whether its value still holds, for `becomes*`, `rises_to` and `falls_to`; `changes`
    /// always does.
    pub fn still_holds(&self, current: &str, owners: Option<&Owners>) -> Result<(), String> {
        self.arrived(current, owners)
    }

    /// Whether `value` is one that the trigger waits for.
    fn arrived(&self, value: &str, owners: Option<&Owners>) -> Result<(), String> {
        let (holds, wanted) = match &self.change {
            Change::Any => (true, String::new()),
            Change::Becomes(check) => (check.matches(value) == Match::Yes, check.describe(false)),
            Change::BecomesMoment(moments, kind) => becomes_moment(value, moments, kind),
            Change::BecomesOwner(people) => {
                let is_one = owners.map(|owners| people.include(value, owners) == Some(true));
                (!is_blank(value) && is_one != Some(false), format!(", not {}", people.words))
            }
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

    fn name(&self) -> String {
        match &self.subject {
            Subject::Property(name) => name.to_string(),
            Subject::Nearby(object, name) => format!("{} {name}", object.word()),
            _ => "it".to_owned(),
        }
    }
}

fn becomes_moment(value: &str, moments: &[Moment], kind: &DateKind) -> (bool, String) {
    let Some(found) = Moment::parse(value, kind.date_only) else {
        return (false, ", which is not a date".to_owned());
    };
    let holds = moments.iter().any(|moment| found.is_same(*moment, &kind.zone));
    let wanted: Vec<String> = moments.iter().map(ToString::to_string).collect();
    (holds, format!(", not {}", wanted.join(", ")))
}

/// What follows a value that had to be a number.
const NOT_A_NUMBER: &str = ", which is not a number";

fn shown(value: &str) -> String {
    if is_blank(value) { "unknown".to_owned() } else { quote(value) }
}
