//! The rules and the address book held against the HubSpot account they are for: what is needed
//! (`needs`), what HubSpot told (`facts`), and what follows (`judge`). `hubroute doctor` prints the
//! findings, `hubroute check --portal` makes diagnostics of those that have a code.
//!
//! Whoever asks HubSpot is elsewhere; nothing here knows a path or a shape of its API.

mod arrivals;
mod facts;
mod finding;
mod judge;
pub mod lock;
mod needs;
mod report;

pub use arrivals::Arrivals;
pub use facts::{
    Account, Flow, ListedSequence, Portal, Token, Told, Unread, Usage, Webhook, Workflow,
};
pub use finding::{At, Finding, Sign, Topic};
pub use judge::{Question, access, judge};
pub use needs::{Scope, Subject, Subscribed, UNSENDABLE, scopes, senders_of, subscriptions};
pub use report::diagnostics;
