//! Limits and breakers against the running router: CONSISTENCY.md 6.10 and 6.13.

use std::process::Command;

use serde_json::json;

use crate::harness::{BOOK, Harness, LONG, Setup, rule};

fn changes(from: u64, to: u64) -> Vec<(u64, String, String)> {
    (from..=to).map(|n| (n, "stage".to_owned(), "hot".to_owned())).collect()
}

fn with_key(key: &str) -> String {
    rule("stage", "sequence intro").replace("mode =", &format!("{key}\nmode ="))
}

/// `hubroute held WORD …` beside the running router.
#[track_caller]
fn held(harness: &Harness, words: &[&str]) -> String {
    let admin = harness.router().admin_url().replace("http://", "");
    let output = Command::new(env!("CARGO_BIN_EXE_hubroute"))
        .arg("held")
        .args(words)
        .args(["--who", "ann", "--note", "seen"])
        .current_dir(harness.folder())
        .env_clear()
        .env("HUBROUTE_ADMIN_LISTEN", admin)
        .output()
        .expect("the command runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

// 6.10

#[test]
fn eight_workers_that_see_one_place_of_a_limit_left_give_one_permit_and_the_others_wait() {
    let harness = Harness::start(Setup::with(with_key("limits = { per_day = 3 }")));
    harness.deliver_all(&changes(1, 2), 1);
    harness.wait_until_idle(LONG);
    harness.deliver_all(&changes(3, 10), 8);
    harness.wait_for(LONG, |status| {
        status["queue"]["journal"] == json!(0)
            && harness.verdict_counts().get("wait rule-limit") == Some(&7)
    });
    assert_eq!(harness.counts().enrollments, 3, "{}", harness.log());
}

// 6.13

#[test]
fn an_import_is_held_inside_settle_before_anyone_is_enrolled() {
    let book = BOOK
        .replace("breaker = \"off\"", "")
        .replace("settle = \"0 seconds\"", "settle = \"3 seconds\"");
    let rules = with_key("breaker = { max = 20, within = \"10 minutes\" }");
    let mut harness = Harness::start(Setup::with_book(&book, rules).contacts(40));
    harness.deliver_all(&changes(1, 30), 4);
    harness.wait_for(LONG, |status| status["queue"]["held"] == json!(30));
    assert_eq!(harness.counts().enrollments, 0, "somebody was enrolled before");
    let status = harness.status();
    assert_eq!(status["alerts"][0]["code"], "breaker-open", "{status}");
    assert_eq!(status["state"], "degraded");
    // A kill, and an index made anew, change nothing.
    harness.kill();
    harness.restart();
    harness.kill();
    std::fs::remove_dir_all(harness.store("index")).expect("an index");
    harness.restart();
    assert_eq!(harness.status()["queue"]["held"], json!(30));
    assert!(harness.deliver(31, "stage", "hot"));
    harness.wait_for(LONG, |status| status["queue"]["held"] == json!(31));
    // Ten first, then one by its id, then the rest is thrown away.
    assert_eq!(
        held(&harness, &["release", "--rule", "on-stage", "--first", "10"]),
        "release: 10 of 10 held\n"
    );
    harness.wait_for(LONG, |status| status["decisions"]["enroll"] == json!(10));
    let id = harness.listing("held")[0]["id"].as_str().expect("an id").to_owned();
    held(&harness, &["release", &id]);
    harness.wait_for(LONG, |status| status["decisions"]["enroll"] == json!(11));
    assert_eq!(harness.status()["alerts"][0]["code"], "breaker-open");
    assert_eq!(held(&harness, &["discard", "--rule", "on-stage"]), "discard: 20 of 20 held\n");
    let counts = harness.verdict_counts();
    assert_eq!(counts.get("enroll released"), Some(&11), "{counts:?}");
    assert_eq!(counts.get("skip discarded"), Some(&20), "{counts:?}");
    // Its list is empty: it is closed, and counts anew.
    assert_eq!(harness.status()["alerts"], json!([]));
    harness.deliver_all(&changes(32, 40), 2);
    harness.wait_until_idle(LONG);
    assert_eq!(harness.counts().enrollments, 20, "{}", harness.log());
}
