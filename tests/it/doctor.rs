//! `doctor`, `subscriptions` and `check --portal`: the real binary against a simulated account
//! that is right, and against one that is broken in each way.

use std::fs;
use std::process::{Command, Output, Stdio};
use std::time::Instant;

use hubroute::simulator::{Options, Simulator};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::harness::{Harness, LONG, Setup, rule};

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
const SCOPES: [&str; 10] = [
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

fn account() -> Value {
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
struct Bench {
    runtime: Runtime,
    simulator: Simulator,
    folder: TempDir,
}

impl Bench {
    fn new(patch: Value) -> Self {
        Self::of_profile("2026-03", patch)
    }

    fn of_profile(profile: &str, patch: Value) -> Self {
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

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("written");
    }

    /// Replaces a text that stands in a file.
    #[track_caller]
    fn edit(&self, name: &str, from: &str, to: &str) -> &Self {
        let text = fs::read_to_string(self.path(name)).expect("readable");
        assert!(text.contains(from), "{from}");
        self.write(name, &text.replace(from, to));
        self
    }

    /// How the command ends, and all it says.
    fn run(&self, args: &[&str]) -> (Option<i32>, String) {
        let output = self.output(args, &[("HUBROUTE_ACCESS_TOKEN", "a-token")]);
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(text).expect("text"))
    }

    fn output(&self, args: &[&str], environment: &[(&str, &str)]) -> Output {
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

/// `doctor` on an account with `patch` ends so and says this.
#[track_caller]
fn check(patch: Value, code: i32, part: &str) {
    said(&Bench::new(patch), &["doctor"], code, part);
}

#[track_caller]
fn said(bench: &Bench, args: &[&str], code: i32, part: &str) {
    let (ended, text) = bench.run(args);
    assert_eq!(ended, Some(code), "{args:?}:\n{text}");
    assert!(text.contains(part), "{args:?}: {part:?} is not in\n{text}");
    assert!(!text.contains("a-token") && !text.contains("panicked"), "{text}");
}

#[test]
fn an_account_that_fits_is_well_under_every_profile() {
    for profile in ["2026-03", "2026-09", "v4", "route-map"] {
        let bench = Bench::of_profile(profile, json!({}));
        let (code, text) = bench.run(&["doctor"]);
        assert_eq!(code, Some(0), "{profile}:\n{text}");
        for part in [
            "✓ account 33 (DEVELOPER_TEST)",
            "✓ this machine's clock agrees with HubSpot's",
            "API calls of today are used",
            "✓ automation.sequences.enrollments.write: enrolling into sequences",
            "✓ dana: dana@us.test, owner 41, user 71, seat sales-pro",
            "✓ intro (101): \"Intro\", of user 71",
            "\"Guide\", on, does not re-enroll",
            "✓ list vip (7): \"VIPs\"",
            "✓ subscription news (9): \"Newsletter\"",
            "✓ property \"hubroute_unenroll\" exists",
            "? contact.propertyChange of \"country\": never arrived; needed by rule reader",
        ] {
            assert!(text.contains(part), "{profile}: {part:?} is not in\n{text}");
        }
        assert!(!text.contains('✗') && !text.contains("  ! "), "{profile}:\n{text}");
        assert_eq!(text.contains("workflow 11"), profile != "route-map", "{profile}:\n{text}");
    }
}

#[test]
fn the_wrong_account_is_named() {
    check(json!({"portal": 34}), 1, "✗ the token is of account 34, and [portal] id is 33");
}

#[test]
fn scopes_that_are_missing_and_scopes_too_many_are_named() {
    let without = |name: &str| SCOPES.iter().filter(|it| **it != name).collect::<Vec<_>>();
    let scopes = without("automation.sequences.enrollments.write");
    let part = "✗ automation.sequences.enrollments.write is not granted: enrolling into sequences";
    check(json!({ "scopes": scopes }), 4, part);
    let part = "? settings.users.read is not granted: seats, for doctor alone";
    check(json!({ "scopes": without("settings.users.read") }), 0, part);
    let more: Vec<&str> = SCOPES.into_iter().chain(["crm.objects.deals.write"]).collect();
    check(json!({ "scopes": more }), 0, "! more than the rules need: crm.objects.deals.write");
}

#[test]
fn senders_who_cannot_send_are_named() {
    let owners = |dana: Value| json!([dana, {"id": 42, "user": 72, "email": "luis@us.test"}]);
    let unknown = owners(json!({"id": 41, "user": 71, "email": "dana@other.test"}));
    check(json!({ "owners": unknown }), 1, "✗ dana: dana@us.test is no owner in this account");
    let gone = owners(json!({"id": 41, "user": 71, "email": "dana@us.test", "archived": true}));
    check(json!({ "owners": gone }), 0, "! dana: dana@us.test is deactivated in HubSpot");
    let users = json!([{"id": 71, "email": "dana@us.test"}, {"id": 72, "seats": ["service-ent"]}]);
    check(json!({ "users": users }), 0, "! dana: dana@us.test, owner 41, user 71, has no seat");
    let bench = Bench::new(json!({}));
    bench.edit("rules/portal.toml", "[senders.luis]", "user_id = 9\n[senders.luis]");
    said(&bench, &["doctor"], 1, "✗ dana: user_id is 9, and dana@us.test is user 71");
}

#[test]
fn sequences_that_cannot_be_sent_are_named() {
    check(json!({"sequences": []}), 1, "✗ intro (101): no sender sees a sequence with this id");
    let of_luis = json!([{"id": 101, "name": "Intro", "visible_to": [72]}]);
    check(json!({ "sequences": of_luis }), 0, "! intro (101): \"Intro\" is not seen by dana");
    let of_nobody = json!([{"id": 101, "name": "Intro", "owner": 99}]);
    check(json!({ "sequences": of_nobody }), 0, "of user 99, who has no Sales or Service seat");
}

#[test]
fn workflows_that_would_do_nothing_are_named() {
    let workflow = |more: Value| {
        let mut one = json!({"flow": 501, "workflow": 11, "name": "Guide"});
        one.as_object_mut()
            .expect("an object")
            .extend(more.as_object().cloned().unwrap_or_default());
        json!({ "workflows": [one] })
    };
    check(
        workflow(json!({"enabled": false})),
        1,
        "✗ guide (flow 501, workflow 11): \"Guide\" is turned off",
    );
    check(workflow(json!({"object": "0-3"})), 1, "is not one of contacts (object 0-3)");
    check(
        workflow(json!({"re_enrolls": true})),
        1,
        "re-enrolls, and re_enrolls = false is written",
    );
    check(workflow(json!({"flow": 502})), 1, "HubSpot has no contact workflow with this flow id");
}

#[test]
fn lists_subscriptions_and_properties_that_are_gone_are_named() {
    check(json!({"lists": []}), 1, "✗ list vip (7) does not exist in HubSpot");
    let part = "✗ subscription news (9) is no subscription type in HubSpot";
    check(json!({"subscription_types": []}), 1, part);
    let mut properties = account()["properties"].as_array().expect("a list").clone();
    properties.retain(|property| property["name"] != "hubroute_unenroll");
    let part = "✗ property \"hubroute_unenroll\" does not exist in HubSpot yet";
    check(json!({ "properties": properties }), 1, part);
}

#[test]
fn webhooks_that_the_app_lacks_are_named_where_hubspot_tells_them() {
    let has = |event: &str| json!({"event": event, "active": true});
    let webhooks = json!([
        {"event": "contact.propertyChange", "property": "lifecyclestage", "active": true},
        {"event": "contact.propertyChange", "property": "country"},
        has("object.merge"),
        has("contact.deletion"),
    ]);
    let bench = Bench::new(json!({ "webhooks": webhooks }));
    let (code, text) = bench.run(&["doctor"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("✓ contact.propertyChange of \"lifecyclestage\": subscribed"), "{text}");
    assert!(
        text.contains("! contact.propertyChange of \"country\": subscribed, and paused"),
        "{text}"
    );
    assert!(text.contains("! contact.privacyDeletion: not subscribed"), "{text}");
    said(&bench, &["check", "--portal"], 0, "warning[HR212]");
    said(&bench, &["check", "--portal", "--deny-warnings"], 3, "contact.privacyDeletion");
}

#[test]
fn a_clock_that_is_off_is_a_warning() {
    let settings = json!({"clock_offset_ms": 45_000});
    check(json!({ "settings": settings }), 0, "s behind HubSpot's");
}

#[test]
fn a_day_that_runs_out_is_told_before_it_is_over() {
    let bench = Bench::new(json!({"settings": {"calls_per_day": 20}}));
    bench.run(&["doctor"]);
    // The second asks for more than is left: no wait until midnight, but a plain word.
    said(&bench, &["doctor"], 4, "of 20 API calls of today are used");
    said(&Bench::new(json!({"settings": {"calls_per_day": 0}})), &["doctor"], 4, "slow down");
}

#[test]
fn a_hubspot_that_is_down_or_refuses_ends_with_4_and_one_line() {
    let bench = Bench::new(json!({}));
    bench.edit("hubroute.toml", &bench.simulator.url(), "http://127.0.0.1:1");
    for command in [&["doctor"][..], &["check", "--portal"]] {
        said(&bench, command, 4, "HubSpot did not answer: HubSpot could not be reached");
    }
    check(json!({"tokens": ["another"]}), 4, "✗ the account: HubSpot refuses the token: HTTP 401");
    let bench = Bench::new(json!({"tokens": ["another"]}));
    said(&bench, &["check", "--portal"], 4, "HubSpot refuses the token: HTTP 401");
    let bench = Bench::new(json!({}));
    let fault = json!({"on": "list-sequences", "kind": "503"});
    bench.simulator.put_faults(fault).expect("faults that can be read");
    said(&bench, &["doctor"], 4, "✗ intro (101): HubSpot did not answer: HTTP 503");
    said(&bench, &["check", "--portal"], 4, "error: intro (101): HubSpot did not answer");
}

#[test]
fn being_asked_to_slow_down_is_not_the_end() {
    let bench = Bench::new(json!({}));
    let fault = json!({"on": "list-owners", "kind": "429", "times": 1, "policy": "SECONDLY"});
    bench.simulator.put_faults(fault).expect("faults that can be read");
    said(&bench, &["doctor"], 0, "✓ dana: dana@us.test");
}

#[test]
fn rules_with_errors_leave_the_account_to_be_judged() {
    let bench = Bench::new(json!({}));
    bench.edit("rules/rules.toml", "becomes_known", "becmes_known");
    said(&bench, &["doctor"], 1, "✗ the rules have");
    said(&bench, &["doctor"], 1, "✓ account 33");
}

#[test]
fn without_a_token_nothing_is_asked() {
    let bench = Bench::new(json!({}));
    let output = bench.output(&["doctor"], &[]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("HUBROUTE_ACCESS_TOKEN is missing"), "{text}");
}

#[test]
fn a_bought_token_tells_its_scopes_too() {
    let bench = Bench::new(json!({"tokens": []}));
    let environment = [
        ("HUBROUTE_CLIENT_ID", "an-app"),
        ("HUBROUTE_CLIENT_SECRET", "a-secret"),
        ("HUBROUTE_REFRESH_TOKEN", "a-refresh-token"),
    ];
    let output = bench.output(&["doctor"], &environment);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("✓ automation: enrolling into workflows"), "{text}");
}

#[test]
fn programs_get_json() {
    let bench = Bench::new(json!({"portal": 34}));
    let output =
        bench.output(&["doctor", "--format", "json"], &[("HUBROUTE_ACCESS_TOKEN", "a-token")]);
    let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(answer["ok"], false);
    let first = &answer["findings"][0];
    assert_eq!((&first["topic"], &first["sign"]), (&json!("account"), &json!("wrong")));
    assert_eq!(first["code"], "HR201");
}

fn lock(bench: &Bench) -> String {
    fs::read_to_string(bench.path("rules/.properties.lock.toml")).expect("a lock file")
}

#[test]
fn the_lock_file_is_written_refreshed_and_told_about() {
    let bench = Bench::new(json!({}));
    let part = ".properties.lock.toml: new, with 5 properties";
    said(&bench, &["check", "--portal"], 0, part);
    let first = lock(&bench);
    assert!(first.contains("[contact.lifecyclestage]\ntype = \"enumeration\""), "{first}");
    // From now on it judges offline, and a second time nothing changes.
    said(&bench, &["check", "--deny-warnings"], 0, "2 rules, 0 warnings");
    let (_, text) = bench.run(&["check", "--portal"]);
    assert!(!text.contains("lock"), "{text}");
    assert!(!bench.run(&["fmt", "--check"]).1.contains("lock"));
    let mut properties = account()["properties"].clone();
    properties[2] = json!({"name": "country", "label": "Land"});
    properties[4]["options"]
        .as_array_mut()
        .expect("a list")
        .push(json!({"value": "x", "label": "X"}));
    properties.as_array_mut().expect("a list").push(json!({"name": "new_one", "label": "New"}));
    bench.simulator.put_state(json!({ "properties": properties })).expect("a state");
    said(&bench, &["check", "--portal"], 0, "contact property \"country\" is now called \"Land\"");
    assert!(lock(&bench).contains("[contact.new_one]"));
}

#[test]
fn labels_and_misspelled_properties_are_found_with_what_was_meant() {
    let bench = Bench::new(json!({}));
    bench.edit("rules/rules.toml", "\"marketingqualifiedlead\"", "\"Marketing Qualified Lead\"");
    said(&bench, &["check"], 0, "0 warnings");
    said(&bench, &["check", "--portal"], 1, "The value is \"marketingqualifiedlead\"");
    bench.edit("rules/rules.toml", "\"country\"", "\"cuontry\"");
    said(&bench, &["check", "--portal"], 1, "Did you mean \"country\"?");
    bench.edit("rules/portal.toml", "\"firstname\"", "\"fristname\"");
    bench.write("rules/rules.toml", "");
    said(&bench, &["check", "--portal"], 1, "Did you mean \"firstname\"?");
}

#[test]
fn what_the_account_lacks_stands_at_its_line() {
    let bench = Bench::new(json!({"workflows": [], "lists": []}));
    said(&bench, &["check", "--portal"], 1, "error[HR207]");
    said(&bench, &["check", "--portal"], 1, "--> rules/portal.toml:13:1");
    let (code, text) = bench.run(&["check", "--portal", "--format", "github"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("::error file=rules/portal.toml,line=22"), "{text}");
    said(&bench, &["check", "rules"], 0, "accepted");
}

#[test]
fn subscriptions_are_listed_and_written_as_hubspot_wants_them() {
    let bench = Bench::new(json!({}));
    let suppress = "[[suppress]]\nid = \"lost\"\nsays = \"s\"\nalso_unenroll = true\n\
                    if = [{ property = \"lead_status\", is = \"lost\" }]\n\
                    [[rule]]\nid = \"born\"\nsays = \"s\"\nwhen = { event = \"contact-created\" }\n\
                    wait_for = { property = \"email\", up_to = \"1 hour\" }\n\
                    enroll = { workflow = \"guide\" }\n";
    bench.write("rules/more.toml", suppress);
    let (code, table) = bench.run(&["subscriptions"]);
    assert_eq!(code, Some(0), "{table}");
    assert!(
        table.starts_with("target URL: https://hooks.example.test/webhooks/hubspot\n"),
        "{table}"
    );
    for row in [
        "contact.propertyChange   lifecyclestage  rule mql",
        "contact.propertyChange   lead_status     suppress lost",
        "contact.propertyChange   email           rule born",
        "contact.creation         -               rule born",
        "contact.privacyDeletion  -               what is kept of them is erased",
    ] {
        assert!(table.contains(row), "{row:?} is not in\n{table}");
    }
    let output = bench.output(&["subscriptions", "--format", "hsmeta"], &[]);
    let file: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let config = &file["config"];
    assert_eq!(config["settings"]["targetUrl"], "https://hooks.example.test/webhooks/hubspot");
    let objects = config["subscriptions"]["crmObjects"].as_array().expect("a list");
    assert!(objects.contains(&json!({"subscriptionType": "object.propertyChange",
        "objectType": "contact", "propertyName": "country", "active": true})));
    assert!(objects.contains(&json!({"subscriptionType": "object.creation",
        "objectType": "contact", "active": true})));
    let deletion = json!([{"subscriptionType": "contact.deletion", "active": true}]);
    assert_eq!(config["subscriptions"]["legacyCrmObjects"], deletion);
    let calls = bench.runtime.block_on(bench.simulator.control("GET", "/_sim/counts", &json!({})));
    assert_eq!(calls.1["calls"], json!({}), "it is offline");
}

#[test]
fn subscriptions_need_a_target_only_for_the_file() {
    let bench = Bench::new(json!({}));
    bench.write("hubroute.toml", "");
    said(&bench, &["subscriptions"], 0, "target URL: [server] public_url");
    said(&bench, &["subscriptions", "--format", "hsmeta"], 2, "[server] public_url is missing");
    bench.edit("rules/rules.toml", "becomes_known", "becmes_known");
    said(&bench, &["subscriptions"], 1, "the rules have errors");
}

#[test]
fn what_has_arrived_shows_which_subscriptions_are_there() {
    let rules = rule("country", "workflow nurture") + &rule("city", "workflow nurture");
    let harness = Harness::start(Setup::with(rules));
    assert!(harness.deliver(1, "country", "FR"));
    let doctor = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hubroute"));
        command.arg("doctor").current_dir(harness.folder()).env_clear().stdin(Stdio::null());
        let output = command.env("HUBROUTE_ACCESS_TOKEN", "a-token").output().expect("it runs");
        String::from_utf8(output.stdout).expect("text")
    };
    // Beside a running router, which writes when it has something to write.
    let began = Instant::now();
    let mut text = doctor();
    while !text.contains("✓ contact.propertyChange of \"country\": last of 20") {
        assert!(began.elapsed() < LONG, "{text}");
        text = doctor();
    }
    assert!(text.contains("? contact.propertyChange of \"city\": never arrived"), "{text}");
}
