//! A HubSpot on loopback: state, all four profiles of its API, signed webhook deliveries, faults
//! on request, and the counts that tests judge by.
//!
//! Written from HUBSPOT.md and PRODUCT.md alone. It must never import anything of this crate
//! outside `simulator` (`tests/it/tidy.rs`): its JSON shapes and its signing are its own, so a
//! misreading in the client or in the signature module shows as a failing test and not as two
//! halves that agree on the same mistake.

mod api;
mod bridge;
mod call;
mod clock;
mod control;
mod counts;
mod definitions;
mod deliver;
mod enrollment;
mod event;
mod faults;
mod hub;
mod id;
mod limits;
mod log;
mod marker;
mod people;
mod portal;
mod routes;
mod serve;
mod server;
mod settings;
mod shared;
mod sign;
mod socket;
mod start;
mod state;
#[cfg(test)]
mod tests;

pub use bridge::BridgeCounts;
pub use control::Change;
pub use counts::{Counts, DeliveryCounts};
pub use deliver::{Attempt, Delivered, Delivery};
pub use faults::{Fault, Kind, On};
pub use id::Id;
pub use log::{EnrollCall, Phase};
pub use portal::{Asked, Portal, Said};
pub use routes::Endpoint;
pub use server::{Options, Simulator, StartError, simulate};
pub use settings::{AlreadyEnrolled, Bridge, NoEnrollment, Settings, Start};
pub use sign::Signature;
pub use state::{
    By, Choice, Contact, Conversation, Ended, Enrollment, How, Named, Owner, Property, Sequence,
    Stamps, State, Target, User, Version, Webhook, Workflow,
};

/// The control protocol, as `hubroute simulate --help` and `GET /_sim/help` print it.
pub const HELP: &str = include_str!("help.txt");
