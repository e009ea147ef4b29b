//! Commands beside a running router: they ask it, and where none answers they take the store
//! themselves; a store that another process has is left alone (exit 4).

use std::path::Path;
use std::process::{Command, Output};

use hubroute::store::Lock;
use serde_json::Value;

use crate::harness::{Harness, LONG, Setup, rule};

/// A command of the binary in the test's folder, against this admin address.
fn run(folder: &Path, admin: &str, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hubroute"))
        .args(args)
        .current_dir(folder)
        .env_clear()
        .env("HUBROUTE_ADMIN_LISTEN", admin)
        .output()
        .expect("the command can be started")
}

/// What a command writes, and how it must end.
#[track_caller]
fn check(harness: &Harness, admin: &str, args: &[&str], code: i32) -> String {
    let output = run(harness.folder(), admin, args);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
    let written = if code == 0 { output.stdout } else { output.stderr };
    String::from_utf8(written).expect("text")
}

fn rules() -> String {
    rule("stage", "sequence intro")
}

#[test]
fn commands_ask_the_router_and_without_one_the_store() {
    let mut harness = Harness::start(Setup::with(rules()));
    assert!(harness.deliver(1, "stage", "1"));
    harness.wait_until_idle(LONG);
    let running = harness.router().admin_url().replace("http://", "");
    let nobody = "127.0.0.1:9";
    // Beside the router, and the journal without asking it.
    let beside = check(&harness, &running, &["explain", "1"], 0);
    assert!(beside.contains("read in HubSpot just now"), "{beside}");
    assert!(beside.contains("Rule on-stage "), "{beside}");
    check(&harness, &running, &["waiting"], 0);
    check(&harness, &running, &["pause", "--note", "a test"], 0);
    assert_eq!(harness.status()["state"], "degraded");
    let replayed = check(&harness, nobody, &["replay"], 0);
    assert!(replayed.contains("enroll"), "{replayed}");
    // Nobody answers there, and the router has the store.
    let locked = check(&harness, nobody, &["in-doubt", "list"], 4);
    assert!(locked.contains("in use by another process"), "{locked}");
    harness.stop();
    // Without a router the store answers the same.
    let alone = check(&harness, nobody, &["explain", "1", "--format", "json"], 0);
    let alone: Value = serde_json::from_str(&alone).expect("an object");
    assert_eq!(alone["seen"]["from"], "store");
    assert_eq!(alone["claims"][0]["state"], "confirmed");
    for args in [&["waiting"][..], &["in-doubt", "list"], &["resume"]] {
        check(&harness, nobody, args, 0);
    }
    let unknown = ["in-doubt", "resolve", "x", "--as", "enrolled", "--who", "a", "--note", "b"];
    check(&harness, nobody, &unknown, 1);
    let test = check(&harness, nobody, &["test", "--record", "1"], 0);
    assert!(test.contains("decision = \"enroll\""), "{test}");
    // Somebody else has it.
    let lock = Lock::take(&harness.store("")).expect("free");
    check(&harness, nobody, &["waiting"], 4);
    drop(lock);
    harness.restart();
    assert_eq!(harness.status()["state"], "working", "resume was kept");
}

#[test]
fn without_a_store_there_is_nothing_to_ask() {
    let harness = Harness::prepare(Setup::with(rules()));
    let said = check(&harness, "127.0.0.1:9", &["waiting"], 4);
    assert!(said.contains("there is no store"), "{said}");
    check(&harness, "127.0.0.1:9", &["explain", "nobody"], 2);
}
