//! Everything a decision may look at, gathered by the shell beforehand.

mod place;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::breaker::OpenBreakers;
use super::contact::{Contact, Owner};
use super::id::{Inbox, OwnerId, RuleId};
use super::person::Person;
use super::queue::Queues;
use super::slots::{self, Slots};
use super::surroundings::Surroundings;
use super::time::{DAY_MS, SECOND_MS, Timestamp};

/// How long an enrollment counts for a daily budget: any 24 hours of HubSpot's clock, and as long as
/// we may be wrong about it. Its answers tell whole seconds, a moment after they were written.
pub const BUDGET_MS: u64 = DAY_MS + 10 * SECOND_MS;

/// What an inbox has used of its daily budget (CONSISTENCY.md 6.9).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InboxUse {
    /// Claims whose outcome is open: each counts, whatever its age.
    pub open: u32,
    /// The latest moments HubSpot may have enrolled, of the last days, oldest first. Shared with
    /// every other look.
    pub settled: Arc<Vec<Timestamp>>,
    /// When HubSpot last enrolled in its name, or was last asked to.
    pub last: Option<Timestamp>,
    /// HubSpot said SEND_LIMIT_EXCEEDED: full until then.
    pub full_until: Option<Timestamp>,
    /// HubSpot refused it three times in a row: the last message.
    pub paused: Option<String>,
}

impl InboxUse {
    /// Slots used in the 24 hours before `now`.
    pub fn used(&self, now: Timestamp) -> u32 {
        slots::used(self.open, &self.settled, BUDGET_MS, now)
    }

    /// The first moment `pace_ms` after the last enrollment, where that is still ahead.
    pub fn paced_until(&self, pace_ms: u64, now: Timestamp) -> Option<Timestamp> {
        self.last.map(|last| last.plus_ms(pace_ms)).filter(|free| now < *free)
    }

    /// How many may be enrolled at `now`.
    pub fn free(&self, budget: u32, pace_ms: u64, now: Timestamp) -> u32 {
        let refused = self.full_until.is_some_and(|until| now < until);
        if refused || self.paced_until(pace_ms, now).is_some() {
            return 0;
        }
        let free = budget.saturating_sub(self.used(now));
        if pace_ms == 0 { free } else { free.min(1) }
    }

    /// When the next slot is free under `budget`; `None` when one is free at `now`, or when
    /// only unsettled claims stand in the way.
    pub fn next_free(&self, budget: u32, now: Timestamp) -> Option<Timestamp> {
        if self.used(now) < budget {
            return self.full_until.filter(|until| now < *until);
        }
        slots::next_free((self.open, &self.settled), budget, BUDGET_MS, now)
    }
}

/// Enrollments by rule, for `limits`.
pub type RuleSlots = BTreeMap<RuleId, Arc<Slots>>;

/// What is counted over all people, besides inboxes.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    /// Enrollments by rule.
    pub rules: Arc<RuleSlots>,
    /// Open breakers.
    pub breakers: Arc<OpenBreakers>,
    /// Who waits for whose budget.
    pub queues: Arc<Queues>,
    /// When the backup that the store came from was brought back.
    pub restored: Option<Timestamp>,
}

/// What the ledger remembers that a decision about one person may need.
#[derive(Clone, Debug)]
pub struct Memory {
    /// The person, united with everybody merged into them.
    pub person: Person,
    /// The version of each record the union was made of: a reservation names them.
    pub versions: Vec<(super::id::ContactId, u64)>,
    /// Every inbox that ever had a claim. Shared with every other look.
    pub inboxes: Arc<BTreeMap<Inbox, InboxUse>>,
    /// What rules and breakers count.
    pub counters: Counters,
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
