//! After a restore (CONSISTENCY.md 6.14): what was enrolled after the backup is booked, a workflow
//! that may enroll again asks a person, and whoever was erased meanwhile stays erased.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{Harness, LONG, Setup, rule, wait_until};

fn start() -> Harness {
    let rules = rule("stage", "sequence intro") + &rule("score", "workflow again");
    Harness::start(Setup::with(rules))
}

#[track_caller]
fn run(harness: &Harness, args: &[&str], says: &str) {
    let ended = harness.command(args);
    assert_eq!(ended.code, Some(0), "{args:?}: {}", ended.output);
    assert!(ended.output.contains(says), "{args:?}: {}", ended.output);
}

/// The store is lost, and the backup takes its place; until what is owed was looked for.
fn lose_and_restore(harness: &mut Harness, backup: &str) {
    harness.kill();
    fs::rename(harness.store(""), harness.folder().join("lost")).expect("moved away");
    run(harness, &["restore", backup], "restored: ");
    harness.restart();
    let over = |it: &Harness| it.get("/api/v1/reconciled")["running"] == json!(false);
    wait_until(harness, "the look back", over);
}

fn resume(harness: &Harness) {
    let (status, _) = harness.press("/api/v1/resume", &json!({ "who": "ann", "note": "seen" }));
    assert_eq!(status, 200);
}

#[test]
fn what_was_enrolled_after_the_backup_is_booked_and_a_workflow_that_re_enrolls_asks() {
    let mut harness = start();
    run(&harness, &["backup", "copy"], "backed up");
    for contact in 1..=3 {
        assert!(harness.deliver(contact, "stage", "hot"));
    }
    assert!(harness.deliver(4, "score", "9"));
    harness.wait_until_idle(LONG);
    assert_eq!(harness.counts().enrollments, 4, "{}", harness.log());
    lose_and_restore(&mut harness, "copy");
    let looked = harness.get("/api/v1/reconciled");
    assert_eq!((&looked["booked"], &looked["missed"]), (&json!(3), &json!(4)), "{looked}");
    let claims = harness.get("/api/v1/contacts/1")["claims"].clone();
    assert_eq!(claims[0]["state"], "confirmed", "{claims}");
    // Their places in the budget are known again.
    let senders = harness.get("/api/v1/senders").to_string();
    assert!(senders.contains("\"used\":3"), "{senders}");
    resume(&harness);
    wait_until(&harness, "the question", |it| it.listing("held").len() == 1);
    let held = harness.listing("held");
    assert_eq!((&held[0]["contact"], &held[0]["reason"]), (&json!("4"), &json!("needs-approval")));
    let sentence = held[0]["sentence"].as_str().unwrap_or_default();
    assert!(sentence.contains("came from a backup"), "{sentence}");
    harness.wait_until_idle(LONG);
    assert_eq!(harness.counts().enrollments, 4, "nobody twice: {}", harness.log());
    // Resumed for good; the question stays after a restart.
    harness.stop();
    harness.restart();
    assert!(harness.deliver(5, "score", "9"));
    wait_until(&harness, "the second question", |it| it.listing("held").len() == 2);
    // A person who sees that nobody was enrolled lets them go on.
    let id = harness.listing("held").into_iter().find(|it| it["contact"] == json!("5"));
    let id = id.and_then(|it| it["id"].as_str().map(str::to_owned)).expect("held");
    run(&harness, &["held", "release", &id, "--who", "ann", "--note", "looked"], "");
    harness.wait_until_idle(LONG);
    assert_eq!(harness.enrolled(5), 1, "{}", harness.log());
}

#[test]
fn a_machine_that_was_rolled_back_looks_back_too() {
    let mut harness = start();
    harness.stop();
    // As a snapshot of the disk: nothing says that this store is an old one but the silence.
    copy(&harness.store(""), &harness.folder().join("snapshot"));
    harness.restart();
    assert!(harness.deliver(1, "stage", "hot"));
    harness.wait_until_idle(LONG);
    harness.stop();
    fs::rename(harness.store(""), harness.folder().join("newer")).expect("moved away");
    fs::rename(harness.folder().join("snapshot"), harness.store("")).expect("moved back");
    harness.restart();
    assert!(harness.get("/api/v1/contacts/1")["claims"] == json!([]), "it is not known");
    run(&harness, &["reconcile", "--since", "1h"], "1 enrollments booked");
    harness.wait_until_idle(LONG);
    assert_eq!(harness.verdicts(1), ["skip already-in-theme"], "{}", harness.log());
    assert_eq!(harness.counts().enrollments, 1);
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("copied");
        }
    }
}

#[test]
fn whoever_was_erased_after_the_backup_does_not_come_back() {
    let mut harness = start();
    let known = json!({ "properties": { "email": "canary-ann@a.test" } });
    harness.control("POST /_sim/contacts/1", &known);
    for contact in 1..=3 {
        assert!(harness.deliver(contact, "stage", "hot"));
    }
    harness.wait_until_idle(LONG);
    run(&harness, &["backup", "copies/monday"], "backed up");
    let forget = |id| ["forget", id, "--who", "ann", "--note", "request 17"];
    run(&harness, &forget("1"), "forget");
    let told = harness.folder().join("copies/monday/ERASED");
    wait_until(&harness, "the backup is told", |_| told.exists());
    // The second one only a newer backup tells of.
    run(&harness, &forget("2"), "forget");
    let both = |_: &Harness| fs::read_to_string(&told).is_ok_and(|text| text.contains('2'));
    wait_until(&harness, "the backup is told again", both);
    fs::remove_file(&told).expect("there");
    run(&harness, &["backup", "copies/tuesday"], "backed up");
    lose_and_restore(&mut harness, "copies/monday");
    for (contact, erased) in [(1, true), (2, true), (3, false)] {
        let known = harness.get(&format!("/api/v1/contacts/{contact}"));
        assert_eq!(known["erased_at"].is_string(), erased, "{known}");
        let shown = known["decisions"].as_array().is_some_and(|it| !it.is_empty());
        assert_eq!(shown, !erased, "{known}");
    }
    resume(&harness);
    assert!(harness.deliver(1, "stage", "hotter"));
    harness.wait_until_idle(LONG);
    assert_eq!(harness.counts().enrollments, 3, "{}", harness.log());
}

/// A router that came from a backup of before contact 1 was enrolled, whose searches HubSpot answers
/// with this status.
fn unsearchable(status: &str) -> Harness {
    let mut harness = start();
    run(&harness, &["backup", "copy"], "backed up");
    assert!(harness.deliver(1, "stage", "hot"));
    harness.wait_until_idle(LONG);
    harness.kill();
    fs::rename(harness.store(""), harness.folder().join("lost")).expect("moved away");
    run(&harness, &["restore", "copy"], "restored: ");
    harness.faults(json!([{ "on": "search-contacts", "kind": status }]));
    harness.restart();
    harness
}

#[test]
fn no_call_leaves_before_what_was_enrolled_meanwhile_was_looked_for() {
    let harness = unsearchable("503");
    // Resumed before anybody knows what was enrolled: the calls wait for that all the same.
    resume(&harness);
    assert!(harness.deliver(2, "stage", "hot"));
    wait_until(&harness, "the decision", |it| it.listing("waiting").len() == 1);
    let before = harness.reads();
    std::thread::sleep(std::time::Duration::from_secs(1));
    assert_eq!(harness.enrolled(2), 0, "{}", harness.log());
    // Whoever waits for it is not read again and again: the looking itself needs the calls.
    assert!(harness.reads() <= before + 1, "{before} reads and then {}", harness.reads());
    harness.faults(json!([]));
    harness.wait_until_idle(LONG);
    assert_eq!((harness.enrolled(1), harness.enrolled(2)), (1, 1), "{}", harness.log());
}

/// A router that came from a backup of before contact 1 was enrolled, and that HubSpot refuses to
/// tell of it. It is resumed, and contact 2 waits.
fn refused() -> Harness {
    let harness = unsearchable("403");
    wait_until(&harness, "the alert", |it| owed(it).is_some());
    resume(&harness);
    assert!(harness.deliver(2, "stage", "hot"));
    wait_until(&harness, "the decision", |it| it.listing("waiting").len() == 1);
    harness
}

/// What the alert says.
fn owed(harness: &Harness) -> Option<String> {
    harness.alert("not-looked-back")
}

#[test]
fn while_a_look_back_fails_no_call_leaves_and_everybody_sees_why() {
    let harness = refused();
    let reads = || harness.reads();
    let before = reads();
    std::thread::sleep(std::time::Duration::from_secs(2));
    assert!(reads() <= before + 1, "whoever waits is not read again and again");
    assert_eq!(harness.enrolled(2), 0, "{}", harness.log());
    let sentence = owed(&harness).unwrap_or_default();
    for says in ["HTTP 403", "calls that enroll wait", "crm.objects.contacts.read", "seed --skip"] {
        assert!(sentence.contains(says), "{says}: {sentence}");
    }
    let status = harness.status();
    assert!(status["looking_back"]["since"].is_string(), "{status}");
    assert!(status["looking_back"]["seconds"].as_u64() >= Some(1), "{status}");
    assert_eq!(harness.get("/readyz")["ready"], json!(true), "deliveries are kept");
    // A look that reaches less far does not tell who was enrolled before it.
    harness.faults(json!([]));
    run(&harness, &["reconcile", "--since", "1s"], "missed 0");
    std::thread::sleep(std::time::Duration::from_secs(1));
    assert_eq!(harness.enrolled(2), 0, "{}", harness.log());
    run(&harness, &["reconcile", "--since", "1h"], "1 enrollments booked");
    harness.wait_until_idle(LONG);
    assert_eq!((harness.enrolled(1), harness.enrolled(2)), (1, 1), "{}", harness.log());
    assert_eq!(harness.status()["looking_back"], Value::Null);
}

#[test]
fn where_nobody_can_look_back_a_person_may_say_that_the_memory_is_right() {
    let mut harness = refused();
    let skip = ["seed", "--skip", "--who", "ann", "--note", "looked by hand"];
    run(&harness, &skip, "");
    harness.wait_until_idle(LONG);
    assert_eq!(harness.enrolled(2), 1, "{}", harness.log());
    assert_eq!((owed(&harness), &harness.status()["looking_back"]), (None, &Value::Null));
    // It is settled for good.
    harness.stop();
    harness.restart();
    assert_eq!(owed(&harness), None);
}

/// A press or a change that waits a day.
fn waiting() -> Harness {
    let waits = rule("stage", "sequence intro").replace("enroll =", "delay = \"1 day\"\nenroll =");
    let harness = Harness::start(Setup::with(waits + &rule("score", "sequence intro")));
    for contact in 1..=5 {
        assert!(harness.deliver(contact, "stage", "hot"));
    }
    // Read already: no later read sees what happens to them.
    let delayed = |it: &Harness| {
        it.listing("waiting").iter().filter(|item| item["reason"] == json!("delayed")).count() == 5
    };
    wait_until(&harness, "the delays", delayed);
    harness
}

#[test]
fn deletions_and_merges_that_nobody_told_of_are_found() {
    let harness = waiting();
    harness.control("DELETE /_sim/contacts/1", &json!({}));
    harness.control("DELETE /_sim/contacts/2?privacy=true", &json!({}));
    let merge = json!({ "primary": 3, "merged": [4], "new_id": 9_000 });
    harness.control("POST /_sim/merge", &merge);
    let ended = harness.command(&["reconcile", "--since", "24h"]);
    assert_eq!(ended.code, Some(0), "{}", ended.output);
    let merged = harness.get("/api/v1/contacts/9000");
    for says in [
        "missed 0, recovered 0",
        "1 deletions",
        "1 merges",
        "1 contacts are not in HubSpot any more",
        "forget 2",
    ] {
        assert!(
            ended.output.contains(says),
            "{says}: {}\n{merged}\n{}",
            ended.output,
            harness.log()
        );
    }
    wait_until(&harness, "the end of what waited", |it| it.listing("waiting").len() <= 4);
    assert_eq!(harness.verdicts(1), ["ignore deleted", "ignore deleted"], "{}", harness.log());
    let ids: Vec<Value> = merged["merged_ids"].as_array().cloned().unwrap_or_default();
    assert!(ids.contains(&json!("3")) && ids.contains(&json!("4")), "{merged}");
    let again = harness.command(&["reconcile", "--since", "24h"]);
    assert!(again.output.contains("0 deletions, 0 merges"), "{}", again.output);
}
