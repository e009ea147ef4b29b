//! The index lost or damaged: the next start recovers unaided. The journal damaged: it is told.

use std::collections::BTreeSet;
use std::fs;

use hubroute::simulator::Delivery;
use serde_json::{Value, json};

use crate::harness::{Harness, LONG, Setup, evidence, rule, times};

/// Contacts worked on before the damage.
const CONTACTS: u64 = 200;
/// Flips where the environment does not say.
const FLIPS: u64 = 20;
/// Where they fall.
const FLIPS_SEED: u64 = 0x2545_F491_4F6C_DD1D;

/// A store on which all contacts were worked, stopped in order, and what it must show again.
struct Worked {
    harness: Harness,
    decisions: Vec<Value>,
    status: Value,
    enrollments: usize,
    /// An event that was delivered.
    old: Value,
}

impl Worked {
    fn new() -> Self {
        let rules = rule("stage", "sequence intro") + &rule("score", "workflow nurture");
        let harness = Harness::start(Setup::with(rules).contacts(CONTACTS));
        let changes: Vec<_> = (1..CONTACTS)
            .flat_map(|n| [(n, "stage"), (n, "score")])
            .map(|(n, property)| (n, property.to_owned(), "1".to_owned()))
            .collect();
        harness.deliver_all(&changes, 8);
        harness.control(
            &format!("POST /_sim/contacts/{CONTACTS}"),
            &json!({"properties": {"stage": "1"}}),
        );
        let old = json!({
            "eventId": 1, "subscriptionId": 2, "portalId": 33, "appId": 3,
            "occurredAt": 1_000 * std::time::SystemTime::now()
                .duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs(),
            "subscriptionType": "contact.propertyChange", "attemptNumber": 0,
            "objectId": CONTACTS, "propertyName": "stage", "propertyValue": "1",
            "changeSource": "CRM_UI",
        });
        let order = Delivery { events: vec![old.clone()], ..harness.order() };
        assert!(harness.send(order)[0].acknowledged);
        harness.wait_until_idle(LONG * 2);
        let mut worked =
            Self { harness, decisions: Vec::new(), status: Value::Null, enrollments: 0, old };
        worked.remember();
        let expected = usize::try_from(CONTACTS).expect("few");
        let ids: BTreeSet<&str> =
            worked.decisions.iter().filter_map(|decision| decision["id"].as_str()).collect();
        assert_eq!((worked.enrollments, ids.len()), (expected, 2 * expected - 1));
        worked
    }

    fn remember(&mut self) {
        self.decisions = self.harness.decisions("history=true");
        self.decisions.retain(|decision| decision["reason"] != "duplicate-event");
        self.status = figures(&self.harness.status());
        self.enrollments = self.harness.counts().enrollments;
        self.harness.stop();
    }

    /// Starts on the damaged store: the same is shown, and an old event is still a duplicate.
    #[track_caller]
    fn check(&mut self, what: &str) {
        let harness = &mut self.harness;
        harness.restart();
        assert_eq!(figures(&harness.status()), self.status, "{what}: {}", harness.log());
        let mut decisions = harness.decisions("history=true");
        decisions.retain(|decision| decision["reason"] != "duplicate-event");
        assert!(decisions == self.decisions, "{what}: other decisions are shown");
        let order = Delivery { events: vec![self.old.clone()], ..harness.order() };
        assert!(harness.send(order)[0].acknowledged, "{what}");
        harness.wait_until_idle(LONG);
        let duplicates = harness.decisions("reason=duplicate-event");
        assert!(!duplicates.is_empty(), "{what}: the old event is taken for a new one");
        assert_eq!(harness.counts().enrollments, self.enrollments, "{what}: enrolled again");
        self.remember();
    }
}

/// What of the status must survive.
fn figures(status: &Value) -> Value {
    json!({
        "events": status["events"], "decisions": status["decisions"], "queue": status["queue"],
        "store": status["store"], "state": status["state"],
    })
}

#[test]
fn a_start_in_order_takes_no_delivery_again_and_rebuilds_nothing() {
    let mut worked = Worked::new();
    let decisions = worked.decisions.len();
    worked.harness.restart();
    // Long enough for an intake that begins at the beginning to be seen.
    assert!(worked.harness.deliver(1, "other", "x"));
    worked.harness.wait_until_idle(LONG);
    assert_eq!(worked.harness.status()["events"]["duplicate"], 0);
    assert_eq!(worked.harness.decisions("history=true").len(), decisions + 1);
    assert!(!worked.harness.log().contains("rebuilt"), "{}", worked.harness.log());
}

#[test]
fn a_deleted_index_is_rebuilt() {
    let mut worked = Worked::new();
    fs::remove_dir_all(worked.harness.store("index")).expect("an index");
    worked.check("deleted");
}

#[test]
fn an_index_that_is_garbage_is_rebuilt() {
    let mut worked = Worked::new();
    let garbage: Vec<u8> = (0..2_000_000_u64).map(|n| (n * n / 7 % 251) as u8).collect();
    fs::write(worked.harness.store("index/db"), garbage).expect("an index");
    worked.check("garbage");
}

#[test]
fn a_half_written_snapshot_does_not_stop_the_start() {
    let mut worked = Worked::new();
    let planted = worked.harness.store("index/snap.0000000000000000.generating");
    fs::write(&planted, [0xA5; 4096]).expect("an index");
    worked.check("half-written snapshot");
    assert!(!planted.exists(), "it is still there");
}

#[test]
fn an_index_with_a_flipped_bit_is_used_or_rebuilt_and_never_believed() {
    let flips = times("HUBROUTE_TEST_FLIPS", FLIPS);
    let mut worked = Worked::new();
    let mut random = FLIPS_SEED;
    for flip in 0..flips {
        let path = worked.harness.store("index/db");
        let mut bytes = fs::read(&path).expect("an index");
        // Half of the file and more is empty; a flip there is no damage.
        let used: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let at = used[usize::try_from(random % used.len() as u64).expect("it fits")];
        bytes[at] ^= 1 << ((random >> 32) % 8);
        fs::write(&path, bytes).expect("an index");
        worked.check(&format!("flip {flip} at byte {at}"));
    }
    evidence(format_args!("{flips} flips of the index, seed {FLIPS_SEED:#x}: {flips} recovered"));
}

/// Flips a bit in the middle of a segment; the start must end and name the place.
#[track_caller]
fn check_flip(harness: &Harness, name: &str) {
    let path = harness.store("journal").join(name);
    let whole = fs::read(&path).expect("a segment");
    let last = whole.iter().rposition(|byte| *byte != 0).expect("frames");
    let flipped = last / 2;
    let mut bytes = whole.clone();
    bytes[flipped] ^= 0x40;
    fs::write(&path, &bytes).expect("a segment");
    let ended = harness.start_refused();
    assert_eq!(ended.code, Some(4), "{}", ended.output);
    let told = ended.output.lines().rev().find(|line| line.contains(name));
    let told = told.unwrap_or_else(|| panic!("{name} is not named:\n{}", ended.output));
    let (_, offset) = told.split_once("at offset ").unwrap_or_else(|| panic!("no offset: {told}"));
    let digits = offset.split(|letter: char| !letter.is_ascii_digit()).next();
    let offset: usize = digits.and_then(|text| text.parse().ok()).expect("a number");
    assert!(offset <= flipped && flipped < offset + 65_536, "{flipped} is not there: {told}");
    // Nothing was changed by looking.
    assert!(fs::read(&path).expect("a segment") == bytes, "the segment was written to");
    fs::write(&path, &whole).expect("a segment");
}

/// The segments of a stream, oldest first.
fn segments(harness: &Harness, stream: &str) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(harness.store("journal"))
        .expect("a journal")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with(stream))
        .collect();
    names.sort();
    names
}

#[test]
fn a_flipped_byte_of_the_journal_ends_the_start_and_is_named() {
    let mut worked = Worked::new();
    for stream in ["deliveries", "ledger"] {
        let newest = segments(&worked.harness, stream).pop().expect("a segment");
        check_flip(&worked.harness, &newest);
    }
    // Older segments are read when the index is made anew.
    let oldest = segments(&worked.harness, "ledger").remove(0);
    fs::remove_dir_all(worked.harness.store("index")).expect("an index");
    check_flip(&worked.harness, &oldest);
    worked.check("the journal as it was");
}
