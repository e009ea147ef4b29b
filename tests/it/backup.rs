//! The restore drill: a backup under load holds everything acknowledged before it began, and the
//! router that comes back from it enrolls nobody twice.

use std::fs;
use std::process::{Command, Output};

use serde_json::json;

use crate::harness::{Harness, LONG, Setup, rule};

fn run(harness: &Harness, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hubroute"))
        .args(args)
        .current_dir(harness.folder())
        .env_clear()
        .output()
        .expect("the command can be started")
}

#[track_caller]
fn check(harness: &Harness, args: &[&str], code: i32, says: &str) {
    let output = run(harness, args);
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {text}");
    assert!(text.contains(says), "{args:?}: {text}");
}

fn changes(contacts: std::ops::RangeInclusive<u64>) -> Vec<(u64, String, String)> {
    contacts.map(|n| (n, "stage".to_owned(), "hot".to_owned())).collect()
}

#[test]
fn a_backup_under_load_comes_back_and_nobody_is_enrolled_twice() {
    let setup = Setup::with(rule("stage", "sequence intro")).contacts(120);
    let mut harness = Harness::start(setup);
    harness.deliver_all(&changes(1..=40), 4);
    std::thread::scope(|scope| {
        scope.spawn(|| harness.deliver_all(&changes(41..=80), 4));
        check(&harness, &["backup", "copy"], 0, "backed up: deliveries up to ");
    });
    check(&harness, &["backup", "copy"], 4, "copy is not empty");
    check(&harness, &["verify", "copy"], 0, "each record names the one before it");
    // What came after the backup is lost with the store; HubSpot knows of it.
    harness.deliver_all(&changes(81..=100), 4);
    harness.wait_until_idle(LONG);
    let before = harness.counts().enrollments;
    assert_eq!(before, 100, "{}", harness.log());
    check(&harness, &["restore", "copy"], 4, "in use by another process");
    harness.kill();
    fs::rename(harness.store(""), harness.folder().join("lost")).expect("moved away");
    check(&harness, &["restore", "copy"], 0, "restored: deliveries up to ");
    harness.restart();
    let taken = harness.status();
    assert_eq!(taken["state"], json!("degraded"), "{taken}");
    assert!(taken["alerts"].to_string().contains("restored"), "{taken}");
    // What the copy holds and nobody had read yet is read now.
    harness.wait_for(LONG, |status| status["queue"]["journal"] == json!(0));
    for contact in 1..=40 {
        let known = harness.get(&format!("/api/v1/decisions?contact={contact}"));
        assert_ne!(known["results"], json!([]), "contact {contact} was acknowledged before it");
    }
    // The start looks for what it does not know; nothing is called before a person says so.
    let began = std::time::Instant::now();
    while harness.get("/api/v1/reconciled")["running"] == json!(true) {
        assert!(began.elapsed() < LONG, "{}", harness.log());
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(harness.counts().enrollments, before);
    let (status, _) = harness.press("/api/v1/resume", &json!({ "who": "ann", "note": "seen" }));
    assert_eq!(status, 200);
    harness.wait_until_idle(LONG);
    assert!(harness.deliver(101, "stage", "hot"));
    harness.wait_until_idle(LONG);
    assert_eq!(harness.counts().enrollments, before + 1, "{}", harness.log());
    for contact in 1..=101 {
        assert_eq!(harness.enrolled(contact), 1, "contact {contact}\n{}", harness.log());
    }
    harness.stop();
    harness.restart();
    assert!(!harness.status()["alerts"].to_string().contains("restored"), "resumed for good");
}
