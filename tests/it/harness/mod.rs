//! The router as a process of its own beside a simulated HubSpot, in a folder of its own.
//!
//! Dropping a harness asserts what must hold after every test: nothing enrolled twice, no two
//! enrollments of one conversation, and no open claim that `/in-doubt` does not list.

mod admin;
mod process;
mod proof;
mod rules;
pub(crate) mod signed;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use hubroute::simulator::{
    Change, Counts, Delivered, Delivery, Endpoint, Id, Options, Phase, Simulator,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub(crate) use admin::wait_until;
pub(crate) use process::{Ended, Process};
pub(crate) use proof::{evidence, times};
pub(crate) use rules::{BOOK, rule};

/// What HubSpot signs; nobody listens there.
pub(crate) const PUBLIC_URL: &str = "https://hooks.example.test/webhooks/hubspot";
/// The app's client secret.
pub(crate) const SECRET: &str = "the-client-secret";
/// Long enough for anything on a busy machine.
pub(crate) const LONG: Duration = Duration::from_mins(1);

/// What differs between tests.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    /// The rules folder's files, by name.
    pub(crate) files: Vec<(String, String)>,
    /// Keys over the simulator's usual state.
    pub(crate) state: Value,
    /// Contacts 1 to this number, each with an email and nothing else.
    pub(crate) contacts: u64,
    /// `[hubspot] verify_for`.
    pub(crate) verify_for: &'static str,
    /// More keys of `[server]`.
    pub(crate) server: &'static str,
    /// More keys of `[hubspot]`.
    pub(crate) hubspot: &'static str,
    /// Whether the first start says that nobody was enrolled before (CONSISTENCY.md 6.18).
    pub(crate) seeded: bool,
}

impl Setup {
    /// The usual address book with these rules.
    pub(crate) fn with(rules: impl Into<String>) -> Self {
        Self::with_book(BOOK, rules)
    }

    /// Another address book with these rules.
    pub(crate) fn with_book(book: &str, rules: impl Into<String>) -> Self {
        let files = [("portal.toml", book.to_owned()), ("rules.toml", rules.into())];
        Self {
            files: files.map(|(name, text)| (name.to_owned(), text)).to_vec(),
            state: json!({}),
            contacts: 10,
            verify_for: "2 seconds",
            server: "",
            hubspot: "",
            seeded: true,
        }
    }

    /// Nobody says that nobody was enrolled before.
    pub(crate) fn unseeded(self) -> Self {
        Self { seeded: false, ..self }
    }

    /// So many contacts.
    pub(crate) fn contacts(self, contacts: u64) -> Self {
        Self { contacts, ..self }
    }

    /// These keys of the simulator's state.
    pub(crate) fn state(self, state: Value) -> Self {
        Self { state, ..self }
    }

    /// Absence counts after this long.
    pub(crate) fn verify_for(self, verify_for: &'static str) -> Self {
        Self { verify_for, ..self }
    }

    /// More keys of `[server]`.
    pub(crate) fn server(self, server: &'static str) -> Self {
        Self { server, ..self }
    }

    /// More keys of `[hubspot]`.
    pub(crate) fn hubspot(self, hubspot: &'static str) -> Self {
        Self { hubspot, ..self }
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Harness {
    pub(crate) simulator: Arc<Simulator>,
    runtime: Runtime,
    http: reqwest::Client,
    router: Option<Process>,
    folder: TempDir,
    /// The next start says that nobody was enrolled before.
    skips_seeding: bool,
}

impl Harness {
    /// A simulator and a router that is ready.
    pub(crate) fn start(setup: Setup) -> Self {
        let mut harness = Self::prepare(setup);
        harness.restart();
        harness
    }

    /// The same with the router not started yet.
    pub(crate) fn prepare(setup: Setup) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let state = rules::state(setup.contacts, setup.state);
        let options =
            Options { keep_alive: false, workers: 1, state: Some(state), ..Options::default() };
        let simulator = runtime.block_on(async { Simulator::start(options) }).expect("a simulator");
        let folder = tempfile::tempdir().expect("a folder");
        let rules = folder.path().join("rules");
        fs::create_dir(&rules).expect("a rules folder");
        for (name, text) in &setup.files {
            fs::write(rules.join(name), text).expect("a rules file");
        }
        let config = format!(
            "[server]\npublic_url = \"{PUBLIC_URL}\"\n{}\n\
             [hubspot]\nbase_url = \"{}\"\ncalls_per_10_seconds = 100000\n\
             verify_first = \"200 milliseconds\"\nverify_for = \"{}\"\ntimeout = \"2 seconds\"\n{}\n",
            setup.server,
            simulator.url(),
            setup.verify_for,
            setup.hubspot,
        );
        fs::write(folder.path().join("hubroute.toml"), config).expect("a configuration");
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let (simulator, skips_seeding) = (Arc::new(simulator), setup.seeded);
        Self { simulator, runtime, http, router: None, folder, skips_seeding }
    }

    /// The folder of this test.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A path of the store.
    pub(crate) fn store(&self, path: &str) -> PathBuf {
        self.folder.path().join("data").join(path)
    }

    /// The running router.
    pub(crate) fn router(&self) -> &Process {
        self.router.as_ref().expect("the router runs")
    }

    /// Kills the router with SIGKILL.
    pub(crate) fn kill(&mut self) {
        self.router.take().expect("the router runs").kill();
    }

    /// Stops the router with SIGTERM and waits for its end.
    pub(crate) fn stop(&mut self) {
        let ended = self.router.take().expect("the router runs").stop();
        assert_eq!(ended.code, Some(0), "a stop is no failure:\n{}", ended.output);
    }

    /// Starts the router on the same store and waits until it is ready.
    pub(crate) fn restart(&mut self) {
        self.begin();
        self.wait_until_ready();
    }

    /// Starts the router on the same store and does not wait for it.
    pub(crate) fn begin(&mut self) {
        assert!(self.router.is_none(), "the router runs already");
        self.router = Some(Process::serve(self.folder.path()));
    }

    fn wait_until_ready(&mut self) {
        let began = Instant::now();
        while self.try_get("/readyz").is_none() {
            let router = self.router.as_mut().expect("it was just started");
            if let Some(ended) = router.ended() {
                panic!("the router ended with {:?}:\n{}", ended.code, ended.output);
            }
            assert!(began.elapsed() < LONG, "not ready in time:\n{}", self.log());
            thread::sleep(Duration::from_millis(10));
        }
        if std::mem::take(&mut self.skips_seeding) {
            self.press("/api/v1/seed", &json!({ "skip": true, "who": "test", "note": "" }));
        }
    }

    /// Starts the router where it must end by itself, and says how it did.
    pub(crate) fn start_refused(&self) -> Ended {
        Process::serve(self.folder.path()).wait(LONG)
    }

    /// A command of this configuration, beside the router where one runs.
    pub(crate) fn command(&self, args: &[&str]) -> Ended {
        let admin = self.router.as_ref().map(Process::admin_port);
        process::command(self.folder.path(), admin, args)
    }

    /// What the router has written to its log, over all its starts.
    pub(crate) fn log(&self) -> String {
        process::log(self.folder.path())
    }

    /// Changes a property and delivers its event; says whether it was acknowledged.
    pub(crate) fn deliver(&self, contact: u64, property: &str, value: &str) -> bool {
        let change = self.change(property, value);
        self.runtime
            .block_on(deliver(&self.simulator, contact, change))
            .expect("a delivery that can be made")
    }

    /// Makes deliveries over `connections` at once; every one must be acknowledged.
    pub(crate) fn deliver_all(&self, changes: &[(u64, String, String)], connections: usize) {
        let share = changes.len().div_ceil(connections).max(1);
        let tasks = changes.chunks(share).map(|chunk| {
            let simulator = Arc::clone(&self.simulator);
            let orders: Vec<_> = chunk
                .iter()
                .map(|(contact, property, value)| (*contact, self.change(property, value)))
                .collect();
            self.runtime.spawn(async move {
                for (contact, change) in orders {
                    let acknowledged = deliver(&simulator, contact, change).await;
                    assert_eq!(acknowledged, Ok(true), "contact {contact}");
                }
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            self.runtime.block_on(task).expect("every delivery is acknowledged");
        }
    }

    /// Sends a delivery as it is.
    pub(crate) fn send(&self, order: Delivery) -> Vec<Delivered> {
        self.runtime.block_on(self.simulator.deliver(order)).expect("a delivery that can be made")
    }

    /// An order to this router, signed with the right secret.
    pub(crate) fn order(&self) -> Delivery {
        Delivery {
            target: self.router().webhook_url(),
            secret: SECRET.to_owned(),
            public_url: Some(PUBLIC_URL.to_owned()),
            timeout_ms: 20_000,
            ..Delivery::default()
        }
    }

    fn change(&self, property: &str, value: &str) -> Change {
        Change {
            properties: [(property.to_owned(), value.to_owned())].into(),
            deliver: Some(self.order()),
            ..Change::default()
        }
    }

    /// Any control call of the simulator.
    #[track_caller]
    pub(crate) fn control(&self, request: &str, body: &Value) -> Value {
        let (method, path) = request.split_once(' ').expect("method and path");
        let (status, answer) = self.runtime.block_on(self.simulator.control(method, path, body));
        assert_eq!(status, 200, "{request}: {answer}");
        answer
    }

    /// Replaces the simulator's faults.
    #[track_caller]
    pub(crate) fn faults(&self, faults: Value) {
        self.simulator.put_faults(faults).expect("faults that can be read");
    }

    /// Waits until the simulator has seen a phase.
    #[track_caller]
    pub(crate) fn reach(&self, phase: Phase) {
        let reached = self.runtime.block_on(self.simulator.wait_for(phase, LONG));
        assert!(reached, "{phase:?} was not reached:\n{}", self.log());
    }

    /// What really happened.
    pub(crate) fn counts(&self) -> Counts {
        self.simulator.counts()
    }

    /// How often contacts were read.
    pub(crate) fn reads(&self) -> u64 {
        let calls = self.counts().calls;
        calls.get(&Endpoint::ReadContact).into_iter().flat_map(|it| it.values()).sum()
    }

    /// How often a contact was enrolled.
    pub(crate) fn enrolled(&self, contact: u64) -> usize {
        self.counts().per_contact.get(&Id::from(contact)).copied().unwrap_or(0)
    }
}

async fn deliver(simulator: &Simulator, contact: u64, change: Change) -> Result<bool, String> {
    let answer = simulator.change_contact(Id::from(contact), change).await?;
    Ok(answer["deliveries"][0]["acknowledged"] == json!(true))
}

impl Drop for Harness {
    fn drop(&mut self) {
        self.simulator.release();
        if thread::panicking() {
            return;
        }
        let counts = self.counts();
        assert_eq!((counts.duplicates, counts.overlaps), (0, 0), "duplicates and overlaps");
        if self.router.is_some() {
            self.assert_open_claims_are_listed();
        }
    }
}
