//! What a person changes of the router as a whole.

use serde::{Deserialize, Serialize};

use super::InboxState;
use crate::domain::id::Inbox;
use crate::domain::time::Timestamp;

/// Calls were paused or resumed by a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paused {
    /// When.
    pub at: Timestamp,
    /// No call leaves from now on.
    pub paused: bool,
}

/// What HubSpot told us of inboxes was forgotten: somebody mended them, or says so by a reload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxesCleared {
    /// When.
    pub at: Timestamp,
    /// The inboxes, each as it is known after it.
    pub inboxes: Vec<(Inbox, InboxState)>,
}
