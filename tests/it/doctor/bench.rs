//! A simulated account that fits, a folder for it, and the command run there.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use hubroute::simulator::{Options, Simulator};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// An address book and a rule that are right for [`account`].
const BOOK: &str = r#"
[portal]
id = 33
time_zone = "UTC"
[portal.unenroll_bridge]
property = "hubroute_unenroll"
[themes.sales]
[themes.nurture]
[sequences.intro]
id = 101
theme = "sales"
requires = ["firstname"]
[workflows.guide]
id = 501
theme = "nurture"
holds_for = "45 days"
re_enrolls = false
[senders.dana]
email = "dana@us.test"
[senders.luis]
email = "luis@us.test"
[hubspot_lists.vip]
id = 7
[subscriptions.news]
id = 9
require = "not-opted-out"
"#;

const RULES: &str = r#"
[[rule]]
id = "mql"
says = "An MQL meets a rep"
when = { property = "lifecyclestage", becomes = "marketingqualifiedlead" }
enroll = { sequence = "intro", sender = ["user:dana"] }

[[rule]]
id = "reader"
says = "A reader gets the guide"
when = { property = "country", becomes_known = true }
enroll = { workflow = "guide" }
"#;

/// Scopes that these rules need, and those that the doctor asks with.
pub(super) const SCOPES: [&str; 10] = [
    "oauth",
    "automation",
    "automation.sequences.enrollments.write",
    "automation.sequences.read",
    "communication_preferences.read",
    "crm.lists.read",
    "crm.objects.contacts.read",
    "crm.objects.contacts.write",
    "crm.objects.owners.read",
    "settings.users.read",
];

pub(super) fn account() -> Value {
    let text = |name: &str, label: &str| json!({ "name": name, "label": label });
    json!({
        "portal": 33,
        "tokens": ["a-token"],
        "scopes": SCOPES,
        "owners": [
            {"id": 41, "user": 71, "email": "Dana@us.test"},
            {"id": 42, "user": 72, "email": "luis@us.test"},
        ],
        "users": [
            {"id": 71, "email": "dana@us.test", "seats": ["sales-pro"], "inboxes": []},
            {"id": 72, "email": "luis@us.test", "seats": ["sales-pro"], "inboxes": []},
        ],
        "sequences": [{"id": 101, "name": "Intro", "owner": 71}],
        "workflows": [{"flow": 501, "workflow": 11, "name": "Guide"}],
        "lists": [{"id": 7, "name": "VIPs"}],
        "subscription_types": [{"id": 9, "name": "Newsletter"}],
        "properties": [
            text("email", "Email"), text("firstname", "First name"), text("country", "Country"),
            text("hubroute_unenroll", "Unenroll requested"),
            {"name": "lifecyclestage", "label": "Lifecycle Stage", "type": "enumeration",
             "fieldType": "radio", "options": [
                {"value": "lead", "label": "Lead"},
                {"value": "marketingqualifiedlead", "label": "Marketing Qualified Lead"}]},
        ],
    })
}

/// A simulated account, and a folder with a configuration for it.
pub(super) struct Bench {
    pub(super) runtime: Runtime,
    pub(super) simulator: Simulator,
    folder: TempDir,
}

impl Bench {
    pub(super) fn new(patch: &Value) -> Self {
        Self::of_profile("2026-03", patch)
    }

    pub(super) fn of_profile(profile: &str, patch: &Value) -> Self {
        let mut state = account();
        for (key, value) in patch.as_object().expect("a patch is an object") {
            state[key] = value.clone();
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let options = Options { state: Some(state), ..Options::default() };
        let simulator = runtime.block_on(async { Simulator::start(options) }).expect("a simulator");
        let bench = Self { runtime, simulator, folder: tempfile::tempdir().expect("a folder") };
        fs::create_dir(bench.path("rules")).expect("made");
        bench.write("rules/portal.toml", BOOK);
        bench.write("rules/rules.toml", RULES);
        bench.write(
            "hubroute.toml",
            &format!(
                "[server]\npublic_url = \"https://hooks.example.test/webhooks/hubspot\"\n\
                 [hubspot]\nbase_url = \"{}\"\nprofile = \"{profile}\"\ntimeout = \"2 seconds\"\n",
                bench.simulator.url()
            ),
        );
        bench
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("written");
    }

    /// Replaces a text that stands in a file.
    #[track_caller]
    pub(super) fn edit(&self, name: &str, from: &str, to: &str) -> &Self {
        let text = fs::read_to_string(self.path(name)).expect("readable");
        assert!(text.contains(from), "{from}");
        self.write(name, &text.replace(from, to));
        self
    }

    /// How the command ends, and all it says.
    pub(super) fn run(&self, args: &[&str]) -> (Option<i32>, String) {
        let output = self.output(args, &[("HUBROUTE_ACCESS_TOKEN", "a-token")]);
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(text).expect("text"))
    }

    pub(super) fn output(&self, args: &[&str], environment: &[(&str, &str)]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hubroute"));
        command.args(args).current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        command.envs(environment.iter().copied());
        command.output().expect("it can be started")
    }

    /// Nothing but reads: nobody is enrolled, nothing is written.
    fn assert_only_read(&self) {
        let calls =
            self.runtime.block_on(self.simulator.control("GET", "/_sim/counts", &json!({})));
        let calls = calls.1["calls"].as_object().expect("calls by endpoint").clone();
        for name in calls.keys() {
            let writes = ["enroll", "unenroll", "write"].iter().any(|verb| name.starts_with(verb));
            assert!(!writes, "{name} was called");
        }
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.assert_only_read();
        }
    }
}

/// The command ends so and says this, and never the token.
#[track_caller]
pub(super) fn said(bench: &Bench, args: &[&str], code: i32, part: &str) {
    let (ended, text) = bench.run(args);
    assert_eq!(ended, Some(code), "{args:?}:\n{text}");
    assert!(text.contains(part), "{args:?}: {part:?} is not in\n{text}");
    assert!(!text.contains("a-token") && !text.contains("panicked"), "{text}");
}
