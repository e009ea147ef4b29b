//! Routes HubSpot contact changes to at most one enrollment per theme.
//!
//! `main` -> `cli` -> `app` -> { `ingress`, `router`, `store`, `hubspot`, `admin`, `simulator` }
//! -> [`port`] -> [`domain`]. Imports point down that line and never back up
//! (`tests/it/tidy.rs`). ARCHITECTURE.md tells the story.

pub mod admin;
pub mod app;
pub mod cli;
pub mod config;
pub mod domain;
pub mod hubspot;
pub mod ingress;
pub mod port;
pub mod router;
pub mod rules_folder;
pub mod simulator;
pub mod store;
pub mod telemetry;
