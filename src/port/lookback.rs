//! Looking back at who was enrolled and who is gone.

use std::future::Future;

use super::{Sighting, Window};
use crate::domain::id::{ContactId, UserId};
use crate::domain::outcome::ReadFailure;
use crate::domain::person::Seen;
use crate::domain::time::Timestamp;

/// A page of a search for contacts, by when their latest sequence began, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeenPage {
    /// Each contact and their latest sequence; whose cannot be understood is left out.
    pub contacts: Vec<(ContactId, Seen)>,
    /// When the sequence of the last contact of the page began; `None`: the page is empty.
    pub last: Option<Timestamp>,
    /// Where the next page begins; `None` after the last.
    pub after: Option<String>,
    /// How many the whole search finds, where HubSpot says.
    pub total: Option<u64>,
}

/// An enrollment with who made it, as the read of a contact's enrollment shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolled {
    /// What is shown.
    pub sighting: Sighting,
    /// The HubSpot user.
    pub user: Option<UserId>,
    /// Their address.
    pub email: Option<String>,
}

/// Looking back at who was enrolled and who is gone (CONSISTENCY.md 6.14 and 6.18). The search
/// lags behind what was written by an unknown time.
pub trait Lookback: Send + Sync + 'static {
    /// Contacts whose latest sequence began within `window`. HubSpot gives at most 10,000 of a
    /// search.
    fn sequenced(
        &self,
        window: Window,
        after: Option<&str>,
    ) -> impl Future<Output = Result<SeenPage, ReadFailure>> + Send;

    /// The sequence enrollments that are shown of a contact; none where nothing is, or nothing
    /// can be trusted.
    fn enrolled(
        &self,
        contact: ContactId,
    ) -> impl Future<Output = Result<Vec<Enrolled>, ReadFailure>> + Send;

    /// Those of at most 100 contacts that were deleted and can be restored, and when.
    fn deleted(
        &self,
        ids: &[ContactId],
    ) -> impl Future<Output = Result<Vec<(ContactId, Timestamp)>, ReadFailure>> + Send;
}
