//! HubSpot over HTTP: the implementation of [`crate::port::HubSpot`] with reqwest.
//!
//! `profile` says where, `search` and `lookback` find contacts, `enroll`, `contact`, `owner`, `enrollments` and `flows` say what is
//! asked, `inspect` what only `doctor` asks, `wire` asks once, and `answer` and `found` say what the answer means. Nothing here
//! retries, waits, logs or reads a clock (HUBSPOT.md; PRODUCT.md "Settled details").

mod access;
mod answer;
mod client;
mod codes;
mod contact;
mod enroll;
mod enrollments;
mod envelope;
mod flows;
mod found;
mod inspect;
mod json;
mod lookback;
mod owner;
mod profile;
mod quota;
mod search;
mod unenroll;
mod wire;

#[cfg(test)]
mod tests;

pub use crate::domain::secret::Secret;
pub use access::{Access, Refresh};
pub use client::{BuildError, Client, Settings, check_base_url};
pub use profile::{Profile, UnknownProfile};
