//! The functional core: values in, values out.
//!
//! **Architecture invariant:** nothing here does I/O, reads a clock, draws randomness, logs,
//! or is `async`. Time and seeds arrive as arguments, so every decision can be replayed.
#![deny(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)]

pub mod assumed;
pub mod bar;
pub mod breaker;
pub mod circuit;
pub mod civil;
pub mod claim;
pub mod compaction;
pub mod contact;
pub mod decide;
pub mod delivery;
pub mod diagnostic;
pub mod erasure;
pub mod event;
pub mod explain;
pub mod facts;
pub mod forecast;
pub mod found;
pub mod gates;
pub mod id;
pub mod intake;
pub mod kept;
pub mod leaving;
pub mod line;
pub mod outcome;
pub mod person;
pub mod portal;
pub mod postpone;
pub mod press;
pub mod query;
pub mod queue;
pub mod reason;
pub mod recall;
pub mod record;
pub mod recording;
pub mod replay;
pub mod retry;
pub mod rule;
pub mod secret;
pub mod sentence;
pub mod settle;
pub mod signature;
pub mod slots;
pub mod strangers;
pub mod suite;
pub mod surroundings;
pub mod take_out;
pub mod time;
pub mod view;
