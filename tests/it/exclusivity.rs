//! However many events come at once: one enrollment for a person and theme.

use serde_json::json;

use crate::harness::{BOOK, Harness, LONG, Setup, evidence, rule, times};

/// Rules and properties.
const RULES: u64 = 20;
/// Deliveries made at once.
const CONNECTIONS: usize = 10;
/// Contacts where the environment does not say: an unoptimized build is slow.
const CONTACTS: u64 = 200;

fn contacts() -> u64 {
    times("HUBROUTE_TEST_CONTACTS", CONTACTS)
}

/// Every contact changes every property once: half of them all at the same time, so that they
/// are decided together, the other half one after the other, so that they meet a live claim.
fn changes(contacts: u64) -> Vec<(u64, String, String)> {
    let change = |contact: u64, round: u64| {
        (contact, format!("p{}", (contact + round) % RULES), "yes".to_owned())
    };
    let (together, apart) = (0..RULES / 2, RULES / 2..RULES);
    let mut changes = Vec::new();
    for contact in 1..=contacts {
        changes.extend(together.clone().map(|round| change(contact, round)));
    }
    for round in apart {
        changes.extend((1..=contacts).map(|contact| change(contact, round)));
    }
    // Neighbors go over different connections.
    let lanes = (0..CONNECTIONS).flat_map(|lane| changes.iter().skip(lane).step_by(CONNECTIONS));
    lanes.cloned().collect()
}

#[track_caller]
fn check(setup: Setup, contacts: u64) {
    let harness = Harness::start(setup.contacts(contacts));
    harness.deliver_all(&changes(contacts), CONNECTIONS);
    harness.wait_until_idle(LONG * 5);
    let counts = harness.counts();
    let expected = usize::try_from(contacts).expect("few");
    assert_eq!((counts.enrollments, counts.overlaps), (expected, 0), "{:?}", counts.calls);
    assert_eq!(counts.per_contact.len(), expected, "somebody is enrolled twice");
    let kept = usize::try_from(contacts * RULES).expect("few");
    assert_eq!(counts.deliveries.acknowledged, kept);
    // Every event is accounted for: one enrolled, the others say why not.
    let verdicts = harness.verdict_counts();
    assert_eq!(verdicts.get("enroll matched"), Some(&expected), "{verdicts:?}");
    assert_eq!(verdicts.values().sum::<usize>(), kept, "{verdicts:?}");
    evidence(format_args!(
        "{contacts} contacts, {kept} events at once: {expected} enrollments, 0 second ones, \
         0 overlaps, {kept} events with a verdict"
    ));
}

#[test]
fn twenty_rules_of_one_theme_enroll_a_person_once() {
    let rules = (0..RULES).map(|n| {
        let into = if n % 2 == 0 { "sequence intro" } else { "workflow nurture" };
        rule(&format!("p{n}"), into)
    });
    check(Setup::with(rules.collect::<String>()), contacts());
}

#[test]
fn two_themes_that_block_each_other_enroll_a_person_once() {
    let book = BOOK.replace("cooldown = \"0 days\"", "cooldown = \"0 days\"\nblocks = [\"care\"]")
        + r#"
[themes.care]
says     = "Marketing writes"
cooldown = "0 days"
blocks   = ["sales"]

[workflows.caring]
id         = 504
theme      = "care"
holds_for  = "45 days"
re_enrolls = false
"#;
    let rules = (0..RULES).map(|n| {
        let into = if n % 2 == 0 { "sequence intro" } else { "workflow caring" };
        rule(&format!("p{n}"), into)
    });
    let state = json!({
        "workflows": [{"flow": 504, "workflow": 14, "name": "Caring"}],
        "conversations": [
            {"name": "sales", "sequences": [101], "blocks": ["care"]},
            {"name": "care", "workflows": [504], "blocks": ["sales"]},
        ],
    });
    let setup = Setup::with_book(&book, rules.collect::<String>()).state(state);
    check(setup, contacts());
}
