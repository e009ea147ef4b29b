//! The golden journal: a store this version wrote must be read, and show the same, for ever.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::harness::{BOOK, Harness, LONG, Setup, rule};

/// Set to write the golden journal anew, which only a new version's own folder is for.
const WRITE: &str = "HUBROUTE_WRITE_GOLDEN";
/// Segments are cut after their last page that holds anything.
const PAGE: usize = 4096;

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/golden-journal-1")
}

fn setup() -> Setup {
    let rules = rule("stage", "sequence intro")
        + &rule("score", "workflow nurture")
        + &rule("trap", "workflow off")
        + &rule("watch", "workflow again").replace("\"live\"", "\"dry-run\"");
    Setup::with_book(&BOOK.replace("daily_budget = 10000", "daily_budget = 4"), rules)
}

/// What of the decision records must stay.
fn shown(harness: &Harness) -> Value {
    let decisions = harness.decisions("history=true");
    let kept = ["id", "seq", "at", "contact", "rule", "decision", "reason", "sentence", "target"];
    let short = |decision: &Value| {
        kept.iter().map(|key| ((*key).to_owned(), decision[*key].clone())).collect::<Value>()
    };
    let claims: Vec<Value> = (1..=10)
        .flat_map(|contact| harness.claims(contact))
        .map(|claim| json!({"id": claim["id"], "state": claim["state"], "target": claim["target"]}))
        .collect();
    let status = harness.status();
    json!({
        "decisions": decisions.iter().map(short).collect::<Vec<_>>(),
        "claims": claims,
        "events": status["events"],
        "by_decision": status["decisions"],
    })
}

#[test]
fn the_golden_journal_shows_what_it_always_showed() {
    let mut harness = Harness::prepare(setup());
    let journal = harness.store("journal");
    fs::create_dir_all(&journal).expect("a store");
    for entry in fs::read_dir(golden()).expect("the golden journal") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "seg") {
            fs::copy(&path, journal.join(path.file_name().expect("a name"))).expect("a copy");
        }
    }
    // What waits there is long due: only what was decided then is compared.
    harness.restart();
    let text = fs::read_to_string(golden().join("shown.json")).expect("what it shows");
    let expected: Value = serde_json::from_str(&text).expect("JSON");
    let shown = shown(&harness);
    for key in ["claims", "events", "by_decision"] {
        assert_eq!(shown[key], expected[key], "{key}");
    }
    let all = |value: &Value| value["decisions"].as_array().cloned().expect("decisions");
    for (now, then) in all(&shown).iter().zip(&all(&expected)) {
        assert_eq!(now, then);
    }
    assert_eq!(all(&shown).len(), all(&expected).len());
}

/// Writes the golden journal when the environment asks for it.
#[test]
fn write_the_golden_journal() {
    if std::env::var_os(WRITE).is_none() {
        return;
    }
    let mut harness = Harness::start(setup());
    for contact in 1..=4 {
        assert!(harness.deliver(contact, "stage", "hot"));
        assert!(harness.deliver(contact, "watch", "yes"));
    }
    harness.wait_until_idle(LONG);
    harness.faults(json!({"on": "enroll-workflow", "kind": "apply-then-drop", "times": 1}));
    for contact in 3..=6 {
        assert!(harness.deliver(contact, "score", "80"));
    }
    assert!(harness.deliver(7, "trap", "sprung"));
    harness.faults(json!({"on": "enroll-workflow", "kind": "drop-before", "times": 1}));
    harness.wait_until_idle(LONG);
    let unreadable =
        hubroute::simulator::Delivery { body: Some("no JSON".to_owned()), ..harness.order() };
    harness.send(unreadable);
    harness.wait_until_idle(LONG);
    let shown = shown(&harness);
    harness.stop();
    fs::create_dir_all(golden()).expect("a folder");
    for entry in fs::read_dir(harness.store("journal")).expect("a journal") {
        let path = entry.expect("an entry").path();
        let mut bytes = fs::read(&path).expect("a segment");
        let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        bytes.truncate(used.next_multiple_of(PAGE));
        if used != 0 {
            fs::write(golden().join(path.file_name().expect("a name")), bytes).expect("a copy");
        }
    }
    let text = serde_json::to_string_pretty(&shown).expect("JSON") + "\n";
    fs::write(golden().join("shown.json"), text).expect("a copy");
}
