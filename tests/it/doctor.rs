//! `doctor`, `subscriptions` and `check --portal`: the real binary against a simulated account
//! that is right, and against one that is broken in each way.

mod bench;
mod folder;

use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::{Value, json};

use self::bench::{Bench, SCOPES, account, said};
use crate::harness::{Harness, LONG, Setup, rule};

/// `doctor` on an account with `patch` ends so and says this.
#[track_caller]
fn check(patch: &Value, code: i32, part: &str) {
    said(&Bench::new(patch), &["doctor"], code, part);
}

#[test]
fn an_account_that_fits_is_well_under_every_profile() {
    for profile in ["2026-03", "2026-09", "v4", "route-map"] {
        let bench = Bench::of_profile(profile, &json!({}));
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
    check(&json!({"portal": 34}), 1, "✗ the token is of account 34, and [portal] id is 33");
}

#[test]
fn scopes_that_are_missing_and_scopes_too_many_are_named() {
    let without = |name: &str| SCOPES.iter().filter(|it| **it != name).collect::<Vec<_>>();
    let scopes = without("automation.sequences.enrollments.write");
    let part = "✗ automation.sequences.enrollments.write is not granted: enrolling into sequences";
    check(&json!({ "scopes": scopes }), 4, part);
    let part = "? settings.users.read is not granted: seats, for doctor alone";
    check(&json!({ "scopes": without("settings.users.read") }), 0, part);
    let more: Vec<&str> = SCOPES.into_iter().chain(["crm.objects.deals.write"]).collect();
    check(&json!({ "scopes": more }), 0, "! more than the rules need: crm.objects.deals.write");
}

#[test]
fn senders_who_cannot_send_are_named() {
    let owners = |dana: Value| json!([dana, {"id": 42, "user": 72, "email": "luis@us.test"}]);
    let unknown = owners(json!({"id": 41, "user": 71, "email": "dana@other.test"}));
    check(&json!({ "owners": unknown }), 1, "✗ dana: dana@us.test is no owner in this account");
    let gone = owners(json!({"id": 41, "user": 71, "email": "dana@us.test", "archived": true}));
    check(&json!({ "owners": gone }), 0, "! dana: dana@us.test is deactivated in HubSpot");
    let users = json!([{"id": 71, "email": "dana@us.test"}, {"id": 72, "seats": ["service-ent"]}]);
    check(&json!({ "users": users }), 0, "! dana: dana@us.test, owner 41, user 71, has no seat");
    let bench = Bench::new(&json!({}));
    bench.edit("rules/portal.toml", "[senders.luis]", "user_id = 9\n[senders.luis]");
    said(&bench, &["doctor"], 1, "✗ dana: user_id is 9, and dana@us.test is user 71");
}

#[test]
fn sequences_that_cannot_be_sent_are_named() {
    check(&json!({"sequences": []}), 1, "✗ intro (101): no sender sees a sequence with this id");
    let of_luis = json!([{"id": 101, "name": "Intro", "visible_to": [72]}]);
    check(&json!({ "sequences": of_luis }), 0, "! intro (101): \"Intro\" is not seen by dana");
    let of_nobody = json!([{"id": 101, "name": "Intro", "owner": 99}]);
    check(&json!({ "sequences": of_nobody }), 0, "of user 99, who has no Sales or Service seat");
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
        &workflow(json!({"enabled": false})),
        1,
        "✗ guide (flow 501, workflow 11): \"Guide\" is turned off",
    );
    check(&workflow(json!({"object": "0-3"})), 1, "is not one of contacts (object 0-3)");
    check(
        &workflow(json!({"re_enrolls": true})),
        1,
        "re-enrolls, and re_enrolls = false is written",
    );
    check(&workflow(json!({"flow": 502})), 1, "HubSpot has no contact workflow with this flow id");
}

#[test]
fn a_marker_is_judged_by_its_property_and_its_first_action_is_told() {
    let with = |kind: &str, named: &str| {
        let mut properties = account()["properties"].as_array().expect("a list").clone();
        let field = if kind == "string" { "text" } else { "date" };
        properties.push(json!({"name": named, "label": "Run", "type": kind, "fieldType": field}));
        let bench = Bench::new(&json!({ "properties": properties }));
        bench.edit(
            "rules/portal.toml",
            "re_enrolls = false",
            "re_enrolls = false\nmarker = \"last_run\"",
        );
        bench
    };
    let bench = with("datetime", "last_run");
    said(&bench, &["doctor"], 0, "✓ marker \"last_run\" of guide takes a date and a time");
    said(
        &bench,
        &["doctor"],
        0,
        "first action of flow 501: edit the record, set \"last_run\" to the date",
    );
    said(&with("date", "last_run"), &["doctor"], 0, "! marker \"last_run\" of guide takes a day");
    said(&with("string", "last_run"), &["doctor"], 1, "of type string, which takes no date");
    said(&with("datetime", "last_runs"), &["doctor"], 1, "did you mean \"last_runs\"?");
    let bench = with("number", "other");
    said(&bench, &["doctor"], 1, "✗ marker \"last_run\" of guide is no contact property");
    said(&bench, &["check", "--portal"], 1, "last_run");
}

#[test]
fn lists_subscriptions_and_properties_that_are_gone_are_named() {
    check(&json!({"lists": []}), 1, "✗ list vip (7) does not exist in HubSpot");
    let part = "✗ subscription news (9) is no subscription type in HubSpot";
    check(&json!({"subscription_types": []}), 1, part);
    let mut properties = account()["properties"].as_array().expect("a list").clone();
    properties.retain(|property| property["name"] != "hubroute_unenroll");
    let part = "✗ property \"hubroute_unenroll\" does not exist in HubSpot yet";
    check(&json!({ "properties": properties }), 1, part);
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
    let bench = Bench::new(&json!({ "webhooks": webhooks }));
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
    check(&json!({ "settings": settings }), 0, "s behind HubSpot's");
}

#[test]
fn a_day_that_runs_out_is_told_before_it_is_over() {
    let bench = Bench::new(&json!({"settings": {"calls_per_day": 20}}));
    bench.run(&["doctor"]);
    // The second asks for more than is left: no wait until midnight, but a plain word.
    said(&bench, &["doctor"], 4, "of 20 API calls of today are used");
    said(&Bench::new(&json!({"settings": {"calls_per_day": 0}})), &["doctor"], 4, "slow down");
}

#[test]
fn a_hubspot_that_is_down_or_refuses_ends_with_4_and_one_line() {
    let bench = Bench::new(&json!({}));
    bench.edit("hubroute.toml", &bench.simulator.url(), "http://127.0.0.1:1");
    for command in [&["doctor"][..], &["check", "--portal"]] {
        said(&bench, command, 4, "HubSpot did not answer: HubSpot could not be reached");
    }
    check(&json!({"tokens": ["another"]}), 4, "✗ the account: HubSpot refuses the token: HTTP 401");
    let bench = Bench::new(&json!({"tokens": ["another"]}));
    said(&bench, &["check", "--portal"], 4, "HubSpot refuses the token: HTTP 401");
    let bench = Bench::new(&json!({}));
    let fault = json!({"on": "list-sequences", "kind": "503"});
    bench.simulator.put_faults(fault).expect("faults that can be read");
    said(&bench, &["doctor"], 4, "✗ intro (101): HubSpot did not answer: HTTP 503");
    said(&bench, &["check", "--portal"], 4, "error: intro (101): HubSpot did not answer");
}

#[test]
fn being_asked_to_slow_down_is_not_the_end() {
    let bench = Bench::new(&json!({}));
    let fault = json!({"on": "list-owners", "kind": "429", "times": 1, "policy": "SECONDLY"});
    bench.simulator.put_faults(fault).expect("faults that can be read");
    said(&bench, &["doctor"], 0, "✓ dana: dana@us.test");
}

#[test]
fn rules_with_errors_leave_the_account_to_be_judged() {
    let bench = Bench::new(&json!({}));
    bench.edit("rules/rules.toml", "becomes_known", "becmes_known");
    said(&bench, &["doctor"], 1, "✗ the rules have");
    said(&bench, &["doctor"], 1, "✓ account 33");
}

#[test]
fn without_a_token_nothing_is_asked() {
    let bench = Bench::new(&json!({}));
    let output = bench.output(&["doctor"], &[]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(text.contains("HUBROUTE_ACCESS_TOKEN is missing"), "{text}");
}

#[test]
fn a_bought_token_tells_its_scopes_too() {
    let bench = Bench::new(&json!({"tokens": []}));
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
    let bench = Bench::new(&json!({"portal": 34}));
    let output =
        bench.output(&["doctor", "--format", "json"], &[("HUBROUTE_ACCESS_TOKEN", "a-token")]);
    let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(answer["ok"], false);
    let first = &answer["findings"][0];
    assert_eq!((&first["topic"], &first["sign"]), (&json!("account"), &json!("wrong")));
    assert_eq!(first["code"], "HR201");
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
