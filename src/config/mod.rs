//! Configuration: `hubroute.toml`, then environment variables, then defaults (PRODUCT.md).
//! Every problem is reported at once. Secrets come from the environment only.

mod keys;
mod parse;
mod secrets;

use tracing_subscriber::filter::Targets;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

pub use secrets::Secrets;

use crate::domain::secret::Secret;
use crate::domain::signature::{Accept, PublicUrl};
use crate::hubspot::Profile;
use keys::Raw;

/// The configuration file where none is named.
pub const FILE: &str = "hubroute.toml";

/// The environment, so that reading it is a function of its input.
pub trait Environment {
    /// A variable's text.
    fn var(&self, name: &str) -> Option<String>;
}

/// The environment of this process.
#[derive(Clone, Copy, Debug)]
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    fn var(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

/// Everything wrong with a configuration, one line each.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}", .0.join("\n"))]
pub struct Problems(pub Vec<String>);

/// The configuration, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// `[server]`.
    pub server: Server,
    /// `[admin]`.
    pub admin: Admin,
    /// `[store] url`: the folder.
    pub store: PathBuf,
    /// `[store] deliveries_for`: how long what HubSpot sent is kept.
    pub deliveries_for: Duration,
    /// `[rules] path`.
    pub rules: PathBuf,
    /// `[rules] watch`: changed files are noticed and loaded.
    pub watch_rules: bool,
    /// `[hubspot]`.
    pub hubspot: HubSpot,
    /// `[signature] accept`.
    pub accept: Accept,
    /// `[log] format`.
    pub log: LogFormat,
    /// `[log] level`: a filter such as `info` or `hubroute=debug`.
    pub log_level: Targets,
}

/// `[server]`.
#[derive(Clone, Debug)]
pub struct Server {
    /// `listen`.
    pub listen: SocketAddr,
    /// `body_limit`, in bytes.
    pub body_bytes_max: usize,
    /// `public_url`.
    pub public_url: PublicUrl,
    /// `connections_max`.
    pub connections_max: usize,
    /// `connections_per_peer`: loopback and private addresses are not bounded.
    pub connections_per_peer: usize,
    /// `backlog_limit`, in bytes: what may wait for the intake.
    pub backlog_bytes_max: usize,
    /// `backlog_age`: how long it may wait.
    pub backlog_age: Duration,
}

/// `[admin]`.
#[derive(Clone, Debug)]
pub struct Admin {
    /// `listen`.
    pub listen: SocketAddr,
    /// `open_metrics`.
    pub open_metrics: bool,
}

/// `[hubspot]`.
#[derive(Clone, Debug)]
pub struct HubSpot {
    /// `base_url`.
    pub base_url: String,
    /// `profile`.
    pub profile: Profile,
    /// `calls_per_10_seconds`.
    pub calls_per_10_seconds: u32,
    /// `daily_share`, in percent.
    pub daily_share_percent: u32,
    /// `verify_first`.
    pub verify_first: Duration,
    /// `verify_for`.
    pub verify_for: Duration,
    /// `timeout`.
    pub timeout: Duration,
    /// `workers`: persons worked on at once.
    pub workers: usize,
    /// `proxy`: the one way a proxy is ever used. It may hold a password.
    pub proxy: Option<Secret>,
}

/// How old a reservation may be when its call leaves.
const PERMIT_AGE_MAX: Duration = Duration::from_secs(5);

impl HubSpot {
    /// A lost answer is called absent before the call must have ended (CONSISTENCY.md 6.17).
    pub fn verifies_too_briefly(&self) -> bool {
        self.verify_for <= self.timeout + PERMIT_AGE_MAX
    }
}

/// `[log] format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    Auto,
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Config {
    /// Reads the configuration. `text` is the file's; `folder` is where it lies: relative paths
    /// count from there.
    pub fn read(
        text: &str,
        folder: &Path,
        environment: &impl Environment,
    ) -> Result<Self, Problems> {
        let mut problems = Vec::new();
        let raw = Raw::read(text, environment, &mut problems);
        let config = parse::config(&raw, folder, &mut problems);
        match config {
            Some(config) if problems.is_empty() => Ok(config),
            _ => Err(Problems(problems)),
        }
    }
}

/// Table and name of every key there is: a test holds the editors' schema against it.
#[cfg(test)]
pub(crate) fn known_keys() -> impl Iterator<Item = (&'static str, &'static str)> {
    keys::KEYS.iter().map(|known| (known.0, known.1))
}

/// Only `[rules] path`, or its default: what `check` and `test` need, whatever is wrong with
/// the rest.
pub fn rules_folder(text: &str, folder: &Path, environment: &impl Environment) -> PathBuf {
    let mut ignored = Vec::new();
    let raw = Raw::read(text, environment, &mut ignored);
    let path = raw.get("rules", "path", &mut ignored);
    folder.join(path.map_or_else(|| "rules".to_owned(), |value| value.text))
}

/// Only `[store] url`: what needs nothing but the store. A file that cannot be read, and keys
/// that are not known, are problems all the same: the folder may stand there.
pub fn store_folder(
    text: &str,
    folder: &Path,
    environment: &impl Environment,
) -> Result<PathBuf, Problems> {
    let mut problems = Vec::new();
    let raw = Raw::read(text, environment, &mut problems);
    let store = parse::store_folder(&raw, folder, &mut problems);
    store.filter(|_| problems.is_empty()).ok_or(Problems(problems))
}

/// Only `[server] public_url`; what is wrong with it where it is missing or none.
pub fn public_url(text: &str, environment: &impl Environment) -> Result<PublicUrl, Problems> {
    let mut problems = Vec::new();
    let raw = Raw::read(text, environment, &mut Vec::new());
    let value = raw.get("server", "public_url", &mut problems).ok_or(Problems(problems))?;
    let place = &value.place;
    PublicUrl::parse(value.text.trim())
        .map_err(|error| Problems(vec![format!("{place}: [server] public_url: {error}")]))
}

/// Only `[hubspot] profile`, or its default where it cannot be read: what `check` and `test` need
/// besides, whatever is wrong with the rest.
pub fn profile(text: &str, environment: &impl Environment) -> Profile {
    let mut ignored = Vec::new();
    let raw = Raw::read(text, environment, &mut ignored);
    let value = raw.get("hubspot", "profile", &mut ignored);
    value.and_then(|value| value.text.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
