//! Everything a decision may look at, gathered by the shell beforehand.

use std::collections::BTreeMap;

use super::contact::{Contact, Owner};
use super::id::{Inbox, OwnerId};
use super::person::Person;
use super::surroundings::Surroundings;
use super::time::{DAY_MS, Timestamp};

/// What an inbox has used of its daily budget (CONSISTENCY.md 6.9).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InboxUse {
    /// Claims whose outcome is open: each counts, whatever its age.
    pub open: u32,
    /// The latest moments HubSpot may have enrolled, within 24 hours, oldest first.
    pub settled: Vec<Timestamp>,
    /// HubSpot said SEND_LIMIT_EXCEEDED: full until then.
    pub full_until: Option<Timestamp>,
    /// HubSpot refused it three times in a row: the last message.
    pub paused: Option<String>,
    /// Enrollments ever reserved in its name: the turn of a team's rotation.
    pub turns: u64,
}

impl InboxUse {
    /// Slots used in the 24 hours before `now`.
    pub fn used(&self, now: Timestamp) -> u32 {
        let settled = self.settled.iter().filter(|at| now < at.plus_ms(DAY_MS)).count();
        self.open.saturating_add(u32::try_from(settled).unwrap_or(u32::MAX))
    }

    /// When the next slot is free under `budget`; `None` when one is free at `now`, or when
    /// only unsettled claims stand in the way.
    pub fn next_free(&self, budget: u32, now: Timestamp) -> Option<Timestamp> {
        let used = self.used(now);
        if used < budget {
            return self.full_until.filter(|until| now < *until);
        }
        let excess = (used - budget) as usize;
        let mut running = self.settled.iter().filter(|at| now < at.plus_ms(DAY_MS));
        running.nth(excess).map(|at| at.plus_ms(DAY_MS))
    }
}

/// What the ledger remembers that a decision about one person may need.
#[derive(Clone, Debug)]
pub struct Memory {
    /// The person, united with everybody merged into them.
    pub person: Person,
    /// The version of each record the union was made of: a reservation names them.
    pub versions: Vec<(super::id::ContactId, u64)>,
    /// Every inbox that ever had a claim.
    pub inboxes: BTreeMap<Inbox, InboxUse>,
}

/// One decision's whole world.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The time of the decision.
    pub now: Timestamp,
    /// The contact, read a moment ago.
    pub contact: &'a Contact,
    /// What the ledger remembers.
    pub memory: &'a Memory,
    /// The owners the contact may be sent by.
    pub owners: &'a BTreeMap<OwnerId, Owner>,
    /// Company, deals, lists and consent; `None` where they were not read, as in `serve`.
    pub around: Option<&'a Surroundings>,
}
