//! What the shell must provide, in the domain's words. Three doors out, and no more.

mod clock;
mod lookback;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use thiserror::Error;

pub use self::clock::{Clock, InTime, Told};
pub use self::lookback::{Enrolled, Lookback, SeenPage};
use crate::domain::breaker::{Fuse, Tripped};
use crate::domain::claim::{Channel, Claim, Target};
use crate::domain::contact::{Contact, Owner};
use crate::domain::decide::BudgetSeen;
use crate::domain::gates::limits::LimitSeen;
use crate::domain::id::{ContactId, FlowId, Inbox, OwnerId, PropertyName, SequenceId, ThemeName};
use crate::domain::outcome::{Outcome, ReadFailure};
use crate::domain::person::Person;
use crate::domain::query::{Counts, DecisionQuery, FoundPage, Listed, Listing, Running, Totals};
use crate::domain::record::{InboxState, ProvenReads, ReadsProven, RulesAccepted, Turn};
use crate::domain::rule::RuleSet;
use crate::domain::time::Timestamp;
use crate::domain::view::{InboxUse, Memory};

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

/// Why durable state could not be changed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LedgerError {
    /// The disk would not take it now; nothing changed. Trying again may help.
    #[error("the store cannot write: {0}")]
    Unwritable(String),
    /// The store has stopped: only a restart can tell what is on disk.
    #[error("the store has stopped; a restart reads back what is on disk")]
    Stopped,
}

/// What a decision saw, which a change built on it names (CONSISTENCY.md section 1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saw {
    /// The version of each record of the person.
    pub versions: Vec<(ContactId, u64)>,
}

/// A reservation to make: the claim, and what must still be true.
#[derive(Clone, Debug)]
pub struct Booking {
    /// The claim, in state reserved.
    pub claim: Claim,
    /// The sender's budget and the slots the decision saw used.
    pub budget: Option<BudgetSeen>,
    /// The rule's limits: each must have a place left.
    pub limits: Vec<LimitSeen>,
    /// Breakers that must be closed.
    pub breakers: Vec<Fuse>,
    /// Themes that must be free of live claims besides the claim's own: those that block it.
    pub blockers: BTreeSet<ThemeName>,
}

/// The answer to a reservation.
#[derive(Debug)]
pub enum Reservation {
    /// It is on disk.
    Granted(Box<Permit>),
    /// Something the decision saw has changed: decide again.
    Moved(&'static str),
}

/// The answer to a change that names what it saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// It is on disk.
    Done,
    /// The person has changed: decide again.
    Moved,
}

/// Who is due, and when to look again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Persons whose time has come, longest first.
    pub contacts: Vec<ContactId>,
    /// When the next one's comes; `None` when nobody waits.
    pub next: Option<Timestamp>,
}

/// Durable state, as the router needs it. `Ok` means on disk.
pub trait Ledger: Send + Sync + 'static {
    /// Persons due at `now`, at most `limit`.
    fn due(&self, now: Timestamp, limit: usize) -> Result<Due, LedgerError>;

    /// What is remembered of a person.
    fn look(&self, contact: ContactId) -> Result<Memory, LedgerError>;

    /// Every id of a person, the one that counts now first.
    fn ids(&self, contact: ContactId) -> Result<Vec<ContactId>, LedgerError> {
        Ok(self.look(contact)?.versions.into_iter().map(|(id, _)| id).collect())
    }

    /// Records a step that was decided on what `saw` names.
    fn record(
        &self,
        turn: Turn,
        saw: Saw,
    ) -> impl Future<Output = Result<Recorded, LedgerError>> + Send;

    /// Takes the theme and the budget slot for a claim, in one step with `turn`.
    fn reserve(
        &self,
        turn: Turn,
        saw: Saw,
        booking: Booking,
    ) -> impl Future<Output = Result<Reservation, LedgerError>> + Send;

    /// Records how a call ended. It holds whatever happened meanwhile.
    fn settle(&self, turn: Turn) -> impl Future<Output = Result<(), LedgerError>> + Send;

    /// Records that a person has another id, with what waits under the old one.
    fn alias(
        &self,
        at: Timestamp,
        from: ContactId,
        into: ContactId,
    ) -> impl Future<Output = Result<(), LedgerError>> + Send;

    /// Reads of enrollments that are known to work, from this run or an earlier one.
    fn proven_reads(&self) -> ProvenReads;

    /// Records that a read of enrollments is known to work.
    fn prove(&self, proven: ReadsProven) -> impl Future<Output = Result<(), LedgerError>> + Send;

    /// Whether calls are paused by a person.
    fn is_paused(&self) -> bool;

    /// Who waits for a sender's place after `now` though one is free: the first in line, as many
    /// as there are places.
    fn to_wake(&self, rules: &RuleSet, now: Timestamp) -> Vec<ContactId>;

    /// What HubSpot told us of a sender's inbox; nothing for a workflow.
    fn inbox_state(&self, inbox: Option<&Inbox>) -> InboxState;

    /// Resolves when a person may have become due earlier than `due` said.
    fn changed(&self) -> impl Future<Output = ()> + Send;
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

/// How one call that changes something ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// What its answer means.
    pub outcome: Outcome,
    /// HubSpot's id of the call, where the answer had one.
    pub correlation: Option<String>,
}

impl From<Outcome> for Answered {
    /// An outcome without HubSpot's id: no call was made, or nothing came back.
    fn from(outcome: Outcome) -> Self {
        Self { outcome, correlation: None }
    }
}

/// How HubSpot's unenroll calls name what is to be left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named<'a> {
    /// The contact's address, from a read of this moment.
    pub email: Option<&'a str>,
    /// HubSpot's id of the enrollment.
    pub enrollment: Option<&'a str>,
}

/// A stretch of time, both ends within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
}

/// A page of a search for contacts, by when they were last changed, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Each contact and when it was last changed.
    pub contacts: Vec<(ContactId, Timestamp)>,
    /// Where the next page begins; `None` after the last.
    pub after: Option<String>,
}

/// Finding contacts and what changed of them (HUBSPOT.md 1.9 and 5). The search lags behind what
/// was written by an unknown time.
pub trait Search: Send + Sync + 'static {
    /// Contacts that were last changed within `window`. HubSpot gives at most 10,000 of a search.
    fn changed(
        &self,
        window: Window,
        after: Option<&str>,
    ) -> impl Future<Output = Result<Page, ReadFailure>> + Send;

    /// Reads at most 50 contacts at once; one that is not there is left out.
    fn contacts(
        &self,
        ids: &[ContactId],
        wanted: &Wanted,
    ) -> impl Future<Output = Result<Vec<Contact>, ReadFailure>> + Send;
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
    /// from the fresh read. Once it is not `in_time` any more nothing is sent, and the outcome says
    /// so (CONSISTENCY.md 6.17).
    fn enroll(
        &self,
        permit: &Permit,
        email: Option<&str>,
        in_time: &InTime<'_>,
    ) -> impl Future<Output = Answered> + Send;

    /// Reads back what `contact` is enrolled in on the target's channel.
    fn enrollments(
        &self,
        target: &Target,
        contact: ContactId,
    ) -> impl Future<Output = Result<Enrollments, ReadFailure>> + Send;

    /// Whether there is a call that takes a contact out of this channel.
    fn unenrolls(&self, channel: Channel) -> bool;

    /// Takes `contact` out of `target` and classifies the answer. A sequence's enrollment is
    /// named by HubSpot's id, a workflow's contact by the address. It may be repeated as long as
    /// what is meant is still what runs. The leaving it is for must be on disk.
    fn unenroll(
        &self,
        target: &Target,
        contact: ContactId,
        named: Named<'_>,
    ) -> impl Future<Output = Answered> + Send;

    /// Writes one property of `contact`; an empty value clears it.
    fn write(
        &self,
        contact: ContactId,
        property: &PropertyName,
        value: &str,
    ) -> impl Future<Output = Answered> + Send;

    /// Reads of enrollments that have answered so far.
    fn proven_reads(&self) -> ProvenReads;

    /// A cheap read that shows whether our access works again.
    fn probe(&self) -> impl Future<Output = Result<(), ReadFailure>> + Send;

    /// The day's quota; `None` until HubSpot has told it. The router parks on it until the
    /// account's midnight, which only the router can know.
    fn daily_quota(&self) -> Option<DailyQuota> {
        None
    }

    /// HubSpot's clock as the last answer told it; `None` before the first. It is asked right
    /// after a call.
    fn told(&self) -> Option<Told> {
        None
    }
}

/// What people ask of the records. Reads block for a moment; an async caller moves them to a
/// thread that may.
pub trait Records: Send + Sync + 'static {
    /// Decision records, newest first.
    fn decisions(&self, query: &DecisionQuery) -> Result<FoundPage, LedgerError>;

    /// One person, united with everybody merged into them.
    fn person(&self, contact: ContactId) -> Result<Person, LedgerError>;

    /// What a decision about a person would remember.
    fn memory(&self, contact: ContactId) -> Result<Memory, LedgerError>;

    /// The person's steps of work that left a decision record, merged ids included, newest first,
    /// at most `limit`, with their numbers in the journal.
    fn turns(&self, contact: ContactId, limit: usize) -> Result<Vec<(u64, Turn)>, LedgerError>;

    /// One page of a list, by contact, after the contact that ended the page before.
    fn list(
        &self,
        listing: Listing,
        after: Option<ContactId>,
        limit: usize,
    ) -> Result<Vec<Listed>, LedgerError>;

    /// Accepted rule sets, newest first: at most `limit` that were accepted before the one at
    /// `before`, each with its place in the journal.
    fn rule_sets(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, RulesAccepted)>, LedgerError>;

    /// Decisions counted.
    fn counts(&self) -> Result<Counts, LedgerError>;

    /// Figures.
    fn totals(&self) -> Totals;

    /// What every inbox has used.
    fn inboxes(&self) -> BTreeMap<Inbox, InboxUse>;

    /// Our sequence enrollments that began since `since` and are not known to be over.
    fn running(&self, since: Timestamp) -> Result<Vec<Running>, LedgerError>;

    /// Open breakers, each with how much its list holds.
    fn breakers(&self) -> Vec<(Tripped, u64)>;
}
