//! The webhook listener: `POST /webhooks/hubspot` answers 204 once a delivery is on disk.
//!
//! A handler never sees bytes that were not verified: only `verified::Verified`'s extractor
//! makes one. Nothing here looks at a delivery's content.

mod body;
mod connections;
mod counters;
mod respond;
mod server;
mod verified;
mod webhook;

pub use counters::Counters;
pub use server::{Settings, start};

use std::future::Future;

use crate::domain::signature::VerifiedDelivery;

/// The bytes of a delivery.
pub type Body = actix_web::web::Bytes;

/// Why a delivery was not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotKept {
    /// The word it is counted under.
    pub code: &'static str,
    /// The same for people.
    pub why: String,
}

/// Where deliveries are kept. `Ok` means on disk: only then it may be acknowledged.
pub trait Inbox: Clone + Send + Sync + 'static {
    /// Keeps one.
    fn keep(
        &self,
        delivery: VerifiedDelivery<Body>,
    ) -> impl Future<Output = Result<(), NotKept>> + Send;
}
