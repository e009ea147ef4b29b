//! What stands around a contact: the primary company, deals, HubSpot lists and consent.
//!
//! Only `hubroute test` knows them so far, from the data of a test. `serve` reads none of it, and
//! refuses a live rule that would need it (RULES.md, "Stages in the parser").

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;

use super::id::{OwnerId, PropertyName, RuleId, SenderName};
use super::rule::moment::Moment;

/// Property values as HubSpot sends them; a blank or missing one is unknown.
pub type Properties = BTreeMap<PropertyName, String>;

/// The value of a property; `None` when blank or missing.
pub fn known<'a>(properties: &'a Properties, name: &str) -> Option<&'a str> {
    properties.get(name).map(String::as_str).filter(|value| !value.trim().is_empty())
}

/// The owner (`hubspot_owner_id`), if any.
pub fn owner(properties: &Properties) -> Option<OwnerId> {
    known(properties, "hubspot_owner_id")?.trim().parse().ok().map(OwnerId)
}

/// A deal of the contact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deal {
    /// Its properties.
    pub properties: Properties,
    /// It is the one whose event started the rule.
    pub is_trigger: bool,
}

impl Deal {
    /// When it was created (`createdate`), if known.
    fn created(&self) -> Option<jiff::Timestamp> {
        match Moment::parse(known(&self.properties, "createdate")?, false)? {
            Moment::Instant(at) => Some(at),
            Moment::Day(day) => day.to_zoned(TimeZone::UTC).ok().map(|day| day.timestamp()),
        }
    }

    /// Whether it is neither won nor lost (`hs_is_closed`); a blank counts as open.
    pub fn is_open(&self) -> bool {
        known(&self.properties, "hs_is_closed")
            .is_none_or(|closed| !closed.trim().eq_ignore_ascii_case("true"))
    }
}

/// The primary company of the contact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Company {
    /// Its properties.
    pub properties: Properties,
    /// Who writes to its people already (`same_company`).
    pub sender: Option<SenderName>,
}

/// How a contact stands to a subscription type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Consent {
    /// Neither subscribed nor opted out.
    #[default]
    Unknown,
    /// Subscribed.
    Subscribed,
    /// Opted out.
    Unsubscribed,
}

/// Everything around one contact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// The primary company; `None` where the contact has none.
    pub company: Option<Company>,
    /// Deals, oldest first.
    pub deals: Vec<Deal>,
    /// The `[hubspot_lists]` that hold the contact.
    pub lists: BTreeSet<String>,
    /// By the name in `[subscriptions]`; what is missing is [`Consent::Unknown`].
    pub consent: BTreeMap<String, Consent>,
    /// How many people of the company each rule has enrolled (`limits.per_company`).
    pub company_enrolled: BTreeMap<RuleId, u32>,
}

impl Surroundings {
    /// The deal whose event started the rule.
    pub fn trigger_deal(&self) -> Option<&Deal> {
        self.deals.iter().find(|deal| deal.is_trigger)
    }

    /// The newest deal: by `createdate` where it is known, else the last one.
    pub fn latest_deal(&self) -> Option<&Deal> {
        let all = self.deals.iter().enumerate();
        all.max_by_key(|(index, deal)| (deal.created(), *index)).map(|(_, deal)| deal)
    }
}
