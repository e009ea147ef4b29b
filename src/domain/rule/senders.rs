//! `[senders]`, `[teams]`, and whom a rule lets send.

use jiff::tz::TimeZone;

use super::model::Place;
use super::span::Span;
use crate::domain::civil::{Days, Zone};
use crate::domain::id::{Inbox, SenderName, TeamName, UserId};

/// What a sender's full budget means for its rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenFull {
    /// The next usable sender of the list.
    #[default]
    Next,
    /// Wait for this one.
    Wait,
}

/// `[senders.X]`.
#[derive(Clone, Debug)]
pub struct SenderSpec {
    /// The name.
    pub name: SenderName,
    /// `email`, lower case.
    pub inbox: Inbox,
    /// `user_id`, where said; else looked up by email.
    pub user: Option<UserId>,
    /// `daily_budget`: enrollments in any 24 hours.
    pub daily_budget: u32,
    /// `send_limit`: emails in 24 hours as set in HubSpot, for the forecast.
    pub send_limit: Option<u32>,
    /// `when_full`.
    pub when_full: WhenFull,
    /// `weight` in a weighted team.
    pub weight: u32,
    /// `alias`.
    pub alias: Option<String>,
    /// `pace`: the least time between two enrollments of the inbox; a day at most.
    pub pace: Option<Span>,
    /// `away`, by the sender's own clock.
    pub away: Vec<Days>,
    /// `time_zone`, where said.
    pub time_zone: Option<TimeZone>,
    /// Where it stands.
    pub place: Place,
}

impl SenderSpec {
    /// `pace` in milliseconds; 0 without one.
    pub fn pace_ms(&self) -> u64 {
        self.pace.map_or(0, Span::approximate_ms)
    }

    /// The sender's own zone: theirs, else the portal's.
    pub fn zone<'a>(&'a self, portal: &'a Zone) -> &'a TimeZone {
        self.time_zone.as_ref().unwrap_or(portal)
    }
}

/// `[teams.X]`.
#[derive(Clone, Debug)]
pub struct Team {
    /// `members`, in their order.
    pub members: Vec<SenderName>,
    /// `share = "weighted"`.
    pub weighted: bool,
    /// `same_company = "same-sender"`: one company hears from one person.
    pub same_sender: bool,
}

/// One word of a rule's `sender` list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SenderChoice {
    /// `"contact-owner"`.
    ContactOwner,
    /// `"user:NAME"`.
    User(SenderName),
    /// `"team:NAME"`.
    Team(TeamName),
    /// `"company-owner"`: of the primary company.
    CompanyOwner,
    /// `"deal-owner"`: of the deal that started the rule.
    DealOwner,
}
