//! What the commands say of the rules folder: `check --portal`, its lock file, `subscriptions`.

use std::fs;

use serde_json::{Value, json};

use super::bench::{Bench, account, said};

fn lock(bench: &Bench) -> String {
    fs::read_to_string(bench.path("rules/.properties.lock.toml")).expect("a lock file")
}

#[test]
fn the_lock_file_is_written_refreshed_and_told_about() {
    let bench = Bench::new(&json!({}));
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
    let bench = Bench::new(&json!({}));
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
    let bench = Bench::new(&json!({"workflows": [], "lists": []}));
    said(&bench, &["check", "--portal"], 1, "error[HR207]");
    said(&bench, &["check", "--portal"], 1, "--> rules/portal.toml:13:1");
    let (code, text) = bench.run(&["check", "--portal", "--format", "github"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("::error file=rules/portal.toml,line=22"), "{text}");
    said(&bench, &["check", "rules"], 0, "accepted");
}

#[test]
fn subscriptions_are_listed_and_written_as_hubspot_wants_them() {
    let bench = Bench::new(&json!({}));
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
    let bench = Bench::new(&json!({}));
    bench.write("hubroute.toml", "");
    said(&bench, &["subscriptions"], 0, "target URL: [server] public_url");
    said(&bench, &["subscriptions", "--format", "hsmeta"], 2, "[server] public_url is missing");
    bench.edit("rules/rules.toml", "becomes_known", "becmes_known");
    said(&bench, &["subscriptions"], 1, "the rules have errors");
}
