//! What the day needs: a folder of its own, the simulated HubSpot, and a router that is ready to
//! run, everything on free loopback ports.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use thiserror::Error;

use super::portal;
use tracing_subscriber::filter::{LevelFilter, Targets};

use crate::app::{App, StartError, SystemClock};
use crate::config::{Config, Environment, LogFormat, Problems, Secrets};
use crate::port::Clock as _;
use crate::simulator::{self, Simulator};
use crate::telemetry;

/// The client secret that the simulator signs with and the router checks.
pub(super) const CLIENT_SECRET: &str = "demo-client-secret";
/// The address HubSpot knows: what is signed. Nothing is ever sent there.
pub(super) const PUBLIC_URL: &str = "https://hooks.hubroute.example/webhooks/hubspot";

const RULES: [(&str, &str); 2] = [
    ("portal.toml", include_str!("rules/portal.toml")),
    ("motions.toml", include_str!("rules/motions.toml")),
];

/// Why the demo did not come to its end.
#[derive(Debug, Error)]
pub(super) enum DemoError {
    #[error("cannot use the temporary folder {}", .0.display())]
    Folder(PathBuf, #[source] io::Error),
    #[error(transparent)]
    Simulator(#[from] simulator::StartError),
    /// The simulator's own words.
    #[error("--faults: {0}")]
    Faults(String),
    #[error("the demo's configuration is wrong: {0}")]
    Config(#[from] Problems),
    #[error(transparent)]
    Router(#[from] StartError),
    #[error("the router stopped")]
    Stopped(#[from] crate::app::RunError),
    #[error("a runtime or a listener cannot be made")]
    Machine(#[from] io::Error),
    /// The simulator's own words.
    #[error("a delivery cannot be made: {0}")]
    Delivery(String),
    #[error("the router's admin listener did not answer as expected")]
    Admin(#[from] reqwest::Error),
    #[error("the admin listener answered {0} with no JSON that the demo knows")]
    Answer(String),
}

/// A folder that is gone when this is.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// A new folder that holds the demo's rules.
    pub(super) fn make() -> Result<Self, DemoError> {
        let path = std::env::temp_dir().join(format!("hubroute-demo-{}", std::process::id()));
        let failed = |error| DemoError::Folder(path.clone(), error);
        // One that is there already is not ours.
        fs::create_dir(&path).map_err(failed)?;
        let folder = Self(path.clone());
        let rules = path.join("rules");
        fs::create_dir(&rules).map_err(failed)?;
        for (name, text) in RULES {
            fs::write(rules.join(name), text).map_err(failed)?;
        }
        Ok(folder)
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // It lies among temporary files: the system removes what we cannot.
        fs::remove_dir_all(&self.0).ok();
    }
}

/// The environment of the demo: its secrets, and nothing of this process.
struct Props;

impl Environment for Props {
    fn var(&self, name: &str) -> Option<String> {
        let text = match name {
            "HUBROUTE_CLIENT_SECRET" => CLIENT_SECRET,
            "HUBROUTE_ACCESS_TOKEN" => portal::ACCESS_TOKEN,
            _ => return None,
        };
        Some(text.to_owned())
    }
}

/// Starts the simulator with the account, the demo's faults, and those of the command line.
/// Needs a tokio runtime.
pub(super) fn simulator(faults: Option<&str>) -> Result<Arc<Simulator>, DemoError> {
    let mut all = match faults.map(serde_json::from_str::<Value>).transpose() {
        Ok(Some(Value::Array(list))) => list,
        Ok(Some(one)) => vec![one],
        Ok(None) => Vec::new(),
        Err(error) => return Err(DemoError::Faults(error.to_string())),
    };
    all.extend([
        json!({ "on": "enroll-sequence", "kind": "apply-then-drop", "times": 1,
                "contact": portal::LOST_ANSWER }),
        json!({ "on": "enroll-sequence", "kind": "429", "times": 1, "retry_after": 1,
                "contact": portal::BUSY }),
    ]);
    let state = Some(portal::state(SystemClock.now().unix_ms()));
    let simulator = Simulator::start(simulator::Options { state, ..Default::default() })?;
    simulator.put_faults(Value::Array(all)).map_err(DemoError::Faults)?;
    Ok(Arc::new(simulator))
}

/// A router that holds its ports and does not work yet.
pub(super) fn router(folder: &Folder, simulator: &Simulator) -> Result<App, DemoError> {
    let text = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\npublic_url = \"{PUBLIC_URL}\"\n\
         [admin]\nlisten = \"127.0.0.1:0\"\n\
         [hubspot]\nbase_url = \"{}\"\ncalls_per_10_seconds = 5000\n\
         verify_first = \"300 milliseconds\"\nverify_for = \"3 seconds\"\n",
        simulator.url(),
    );
    let config = Config::read(&text, folder.path(), &Props)?;
    let secrets = Secrets::read(&Props)?;
    // The table is what people came for; the log says only what is wrong. A forged delivery is
    // part of the day, and counted.
    let quiet = Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target("hubroute::ingress", LevelFilter::ERROR);
    telemetry::start(LogFormat::Text, quiet);
    Ok(App::build(config, secrets)?)
}
