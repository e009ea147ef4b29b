//! What the shell must provide, in the domain's words. Three doors out, and no more.

use std::future::Future;

use crate::domain::claim::Claim;
use crate::domain::contact::{Contact, Owner};
use crate::domain::id::{ContactId, FlowId, OwnerId, PropertyName, SequenceId};
use crate::domain::outcome::{Outcome, ReadFailure};
use crate::domain::time::Timestamp;

/// The wall clock.
pub trait Clock: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// Proof that a reservation is on disk. Minted by ledgers only (`tests/it/tidy.rs` holds that).
#[derive(Debug)]
pub struct Permit {
    claim: Claim,
}

impl Permit {
    /// Called by a ledger, after the flush.
    pub fn mint(claim: Claim) -> Self {
        Self { claim }
    }

    /// What may now be done.
    pub fn claim(&self) -> &Claim {
        &self.claim
    }

    /// Gives the reservation back to be settled.
    pub fn spend(self) -> Claim {
        self.claim
    }
}

/// What a fresh read asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Properties, by their current value.
    pub properties: Vec<PropertyName>,
    /// Properties with their past values.
    pub history: Vec<PropertyName>,
}

/// An enrollment HubSpot shows on a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The sequence.
    pub sequence: SequenceId,
    /// When it began.
    pub enrolled_at: Option<Timestamp>,
    /// HubSpot's id of the enrollment.
    pub enrollment: Option<String>,
}

/// What HubSpot answers when asked what a contact is enrolled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Enrollments {
    /// The sequences it shows; empty only where absence can be trusted (PRODUCT.md).
    Sequences(Vec<Sighting>),
    /// The current workflows it shows, by flow id.
    Workflows(Vec<FlowId>),
    /// There is no such call in this profile, or its answer cannot be trusted.
    Unobservable(String),
}

/// The day's quota of calls, as HubSpot last told it (HUBSPOT.md 7.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DailyQuota {
    /// Calls a day, where HubSpot names it.
    pub limit: Option<u64>,
    /// Calls left today; 0 after a 429 by the DAILY policy, until the next answer says more.
    pub remaining: u64,
}

/// HubSpot. It never retries and never waits for a rate limit: the router does both.
pub trait HubSpot: Send + Sync + 'static {
    /// Reads a contact now. `None`: deleted or never there.
    fn contact(
        &self,
        id: ContactId,
        wanted: &Wanted,
    ) -> impl Future<Output = Result<Option<Contact>, ReadFailure>> + Send;

    /// Reads an owner. `None`: there is none with this id.
    fn owner(&self, id: OwnerId)
    -> impl Future<Output = Result<Option<Owner>, ReadFailure>> + Send;

    /// Finds an owner by email address. `None`: there is none.
    fn owner_by_email(
        &self,
        email: &str,
    ) -> impl Future<Output = Result<Option<Owner>, ReadFailure>> + Send;

    /// Makes the one call a permit allows and classifies its answer. Takes the permit, so no
    /// call can be made before its reservation is durable. `email` is the contact's address
    /// from the fresh read.
    fn enroll(&self, permit: &Permit, email: Option<&str>) -> impl Future<Output = Outcome> + Send;

    /// Reads back what `contact` is enrolled in on the claim's channel.
    fn enrollments(
        &self,
        claim: &Claim,
        contact: ContactId,
    ) -> impl Future<Output = Result<Enrollments, ReadFailure>> + Send;

    /// A cheap read that shows whether our access works again.
    fn probe(&self) -> impl Future<Output = Result<(), ReadFailure>> + Send;

    /// The day's quota; `None` until HubSpot has told it. The router parks on it until the
    /// account's midnight, which only the router can know.
    fn daily_quota(&self) -> Option<DailyQuota> {
        None
    }
}
