//! What HubSpot told about the account, in our words.

use std::collections::{BTreeMap, BTreeSet};

use super::lock::Definition;
use crate::domain::contact::Owner;
use crate::domain::id::{FlowId, PortalId, SequenceId, UserId};
use crate::domain::rule::SenderSpec;
use crate::domain::time::Timestamp;

/// Why a question has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// 401: the token is not accepted, so no other question has an answer either.
    #[error("HubSpot refuses the token: {0}")]
    Refused(String),
    /// 403: this token may not ask that.
    #[error("the token may not ask: {0}")]
    Forbidden(String),
    /// HubSpot does not have the path, or not for an app of this kind.
    #[error("HubSpot does not tell: {0}")]
    Untold(String),
    /// HubSpot asks to come back later.
    #[error("HubSpot asked us to slow down: {message}")]
    Busy {
        /// After so many milliseconds, where it says so.
        delay_ms: Option<u64>,
        /// What it said.
        message: String,
    },
    /// No usable answer.
    #[error("HubSpot did not answer: {0}")]
    Lost(String),
}

/// An answer, or why there is none.
pub type Told<T> = Result<T, Unread>;

/// The account of the token (HUBSPOT.md 6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// `portalId`.
    pub portal: PortalId,
    /// `accountType`, for example `STANDARD`.
    pub kind: Option<String>,
    /// HubSpot's clock when it answered: the header `Date`, to the second.
    pub date: Option<Timestamp>,
}

/// What the token may do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Token {
    /// Its scopes.
    pub scopes: BTreeSet<String>,
    /// Its app, which webhook subscriptions belong to.
    pub app: Option<u64>,
}

/// The account's API calls of today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Made so far, by every app.
    pub used: u64,
    /// Allowed.
    pub limit: u64,
}

/// A sequence as a user sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedSequence {
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub owner: Option<UserId>,
}

/// A workflow as the flows API shows it (HUBSPOT.md 4.3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// Its name.
    pub name: String,
    /// `isEnabled`.
    pub enabled: Option<bool>,
    /// `objectTypeId`; `0-1` is a contact workflow.
    pub object: Option<String>,
    /// `enrollmentCriteria.shouldReEnroll`.
    pub re_enrolls: Option<bool>,
}

/// A workflow under both of its numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workflow {
    /// The id that the v2 calls want; `None`: HubSpot knows none for this flow.
    pub id: Told<Option<u64>>,
    /// The flow; `None`: there is none with this id.
    pub flow: Told<Option<Flow>>,
}

/// A webhook subscription of the app (HUBSPOT.md 6.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// `eventType`, for example `contact.propertyChange`.
    pub event: String,
    /// `propertyName`, for changes of a property.
    pub property: Option<String>,
    /// Subscriptions begin paused.
    pub active: bool,
}

/// Everything that was asked. A question that nobody had is an empty map.
#[derive(Clone, Debug)]
pub struct Portal {
    /// The account.
    pub account: Told<Account>,
    /// Our clock less HubSpot's, in milliseconds.
    pub skew_ms: Option<i64>,
    /// The token.
    pub token: Told<Token>,
    /// The calls of the day.
    pub usage: Told<Usage>,
    /// Owners by address in lower case; `None`: nobody has it. Archived ones are found too.
    pub owners: BTreeMap<String, Told<Option<Owner>>>,
    /// Seat names by user.
    pub seats: Told<BTreeMap<UserId, Vec<String>>>,
    /// What each sender's user sees.
    pub sequences: BTreeMap<UserId, Told<BTreeMap<SequenceId, ListedSequence>>>,
    /// Workflows of the address book.
    pub workflows: BTreeMap<FlowId, Workflow>,
    /// Names of lists; `None`: there is none with this id.
    pub lists: BTreeMap<u64, Told<Option<String>>>,
    /// Names of subscription types, by id.
    pub consents: Told<BTreeMap<u64, String>>,
    /// Definitions of contact properties, by name.
    pub properties: Told<BTreeMap<String, Definition>>,
    /// Webhook subscriptions of the app.
    pub webhooks: Told<Vec<Webhook>>,
}

impl Portal {
    /// The user of a sender: as HubSpot knows them, or where it does not tell as the address book
    /// does. None for one who is deactivated.
    pub fn user_of(&self, sender: &SenderSpec) -> Option<UserId> {
        match self.owners.get(sender.inbox.as_str()) {
            Some(Ok(owner)) => owner.as_ref().filter(|owner| !owner.archived)?.user,
            _ => sender.user,
        }
    }

    /// Nothing could be asked.
    pub fn unread(why: &Unread) -> Self {
        Self {
            account: Err(why.clone()),
            skew_ms: None,
            token: Err(why.clone()),
            usage: Err(why.clone()),
            owners: BTreeMap::new(),
            seats: Err(why.clone()),
            sequences: BTreeMap::new(),
            workflows: BTreeMap::new(),
            lists: BTreeMap::new(),
            consents: Err(why.clone()),
            properties: Err(why.clone()),
            webhooks: Err(why.clone()),
        }
    }
}
