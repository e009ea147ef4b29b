//! CONSISTENCY.md 6.12: what a reload makes of work that waits or is held. Each fails when its
//! rule is taken out (tests/mutants).

use std::fs;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use hubroute::simulator::Delivery;
use serde_json::{Value, json};

use crate::harness::{Harness, LONG, Setup, rule};

/// Long enough for every event and the reload, on a machine that is busy.
const DELAY: &str = "12 seconds";

/// A rule before a reload and after it, and how its contact's event must end.
struct Case {
    name: &'static str,
    before: String,
    after: String,
    verdict: &'static str,
}

/// Whoever changes `name` is enrolled by `on-NAME`, in this mode.
fn of(name: &str, mode: &str) -> String {
    rule(name, "sequence intro").replace("\"live\"", &format!("\"{mode}\""))
}

fn with(rule: &str, key: &str) -> String {
    rule.replace("mode =", &format!("{key}\nmode ="))
}

fn renamed(rule: &str, name: &str) -> String {
    let now = format!("id = \"now-{name}\"\nwas = \"on-{name}\"");
    rule.replace(&format!("id = \"on-{name}\""), &now)
}

/// Contact 1 for the first case, and so on; every event is decided as `verdict` says.
fn fire(cases: &[Case], verdict: &str) -> Harness {
    let before: String = cases.iter().map(|case| &*case.before).collect();
    let harness = Harness::start(Setup::with(before));
    for (contact, case) in (1..).zip(cases) {
        assert!(harness.deliver(contact, case.name, "yes"), "{}", case.name);
    }
    harness.wait_for(LONG, |_| harness.verdict_counts().get(verdict) == Some(&cases.len()));
    harness
}

/// Loads these rules; they must be accepted.
#[track_caller]
fn load(harness: &Harness, rules: &str) {
    fs::write(harness.folder().join("rules/rules.toml"), rules).expect("written");
    let (status, answer) = harness.press("/api/v1/reload", &json!({}));
    assert_eq!((status, &answer["changed"]), (200, &json!(true)), "{answer}");
}

fn after(cases: &[Case]) -> String {
    cases.iter().map(|case| &*case.after).collect()
}

#[track_caller]
fn check(harness: &Harness, cases: &[Case]) {
    let decided = |(contact, case): (u64, &Case)| harness.verdicts(contact) == [case.verdict];
    let began = Instant::now();
    while !(1..).zip(cases).all(decided) && began.elapsed() < LONG {
        thread::sleep(Duration::from_millis(50));
    }
    for (contact, case) in (1..).zip(cases) {
        assert_eq!(harness.verdicts(contact), [case.verdict], "{}\n{}", case.name, harness.log());
        let enrolled = usize::from(["enroll matched", "enroll released"].contains(&case.verdict));
        assert_eq!(harness.enrolled(contact), enrolled, "{}", case.name);
    }
}

/// What waits, with its time.
fn dues(harness: &Harness) -> Vec<(Value, Value)> {
    let waiting = harness.listing("waiting").into_iter();
    waiting.map(|it| (it["contact"].clone(), it["until"].clone())).collect()
}

#[test]
fn what_waits_keeps_its_time_and_is_decided_by_its_rule_under_the_stricter_mode() {
    let case = |name, before: &str, after: &dyn Fn(String) -> String, verdict| {
        let before = with(&of(name, before), &format!("delay = \"{DELAY}\""));
        Case { name, after: after(before.clone()), before, verdict }
    };
    let becomes = |mode: &'static str| {
        move |rule: String| {
            let modes = ["\"live\"", "\"approval\"", "\"dry-run\""];
            modes.iter().fold(rule, |rule, it| rule.replace(it, &format!("\"{mode}\"")))
        }
    };
    let cases = [
        case("same", "live", &|rule| rule.replace(DELAY, "90 days"), "enroll matched"),
        case("renamed", "live", &|rule| renamed(&rule, "renamed"), "enroll matched"),
        case("gone", "live", &|_| String::new(), "skip rule-removed"),
        case("off", "live", &becomes("off"), "skip rule-removed"),
        case("stopped", "live", &becomes("dry-run"), "enroll would-enroll"),
        case("begun", "dry-run", &becomes("live"), "enroll would-enroll"),
        case("asking", "live", &becomes("approval"), "hold needs-approval"),
        case("asked", "approval", &becomes("live"), "hold needs-approval"),
    ];
    let harness = fire(&cases, "wait delayed");
    let before = dues(&harness);
    load(&harness, &after(&cases));
    assert_eq!(dues(&harness), before, "a due time moved\n{}", harness.log());
    check(&harness, &cases);
    let fingerprint = harness.status()["rules"]["fingerprint"].clone();
    for (contact, due) in before {
        let decisions = harness.decisions(&format!("contact={}", contact.as_str().expect("an id")));
        let (at, due) = (decisions[0]["at"].as_str(), due.as_str());
        assert!(due.is_some() && due <= at, "decided before it was due: {decisions:?}");
        assert_eq!(decisions[0]["rules"], fingerprint, "by the rules of that day");
    }
}

#[test]
fn what_is_held_belongs_to_its_rule_and_stays_with_the_stricter_mode() {
    let case = |name, after: String, verdict| {
        let before = of(name, "approval");
        Case { name, before, after, verdict }
    };
    let mut cases = [
        case("gone", String::new(), "skip rule-removed"),
        case("off", of("off", "off"), "skip rule-removed"),
        case("stopped", of("stopped", "dry-run"), "hold needs-approval"),
        case("begun", of("begun", "live"), "hold needs-approval"),
        case("renamed", renamed(&of("renamed", "live"), "renamed"), "hold needs-approval"),
    ];
    let harness = fire(&cases, "hold needs-approval");
    load(&harness, &after(&cases));
    check(&harness, &cases);
    // A person's word decides them by the rule as it is now.
    for held in harness.listing("held") {
        let path = format!("/api/v1/held/{}/release", held["id"].as_str().expect("an id"));
        let (status, answer) = harness.press(&path, &json!({"who": "ann", "note": "seen"}));
        assert!(status < 300, "{answer}");
    }
    let released = ["enroll would-enroll", "enroll released", "enroll released"];
    for (case, verdict) in cases[2..].iter_mut().zip(released) {
        case.verdict = verdict;
    }
    check(&harness, &cases);
}

#[test]
fn only_a_new_id_ignores_what_happened_before_it_came() {
    let mut harness = Harness::start(Setup::with(of("known", "live") + &of("renamed", "live")));
    let known = with(&of("known", "live"), "priority = 7");
    let rules = known + &renamed(&of("renamed", "live"), "renamed") + &of("fresh", "live");
    load(&harness, &rules);
    check_old(&harness, 1, "known", "enroll matched");
    check_old(&harness, 2, "renamed", "enroll matched");
    check_old(&harness, 3, "fresh", "ignore no-match");
    assert!(harness.deliver(4, "fresh", "yes"));
    harness.wait_until_idle(LONG);
    assert_eq!(harness.verdicts(4), ["enroll matched"], "{}", harness.log());
    // What came while the router was stopped is new too, and what was new stays so.
    harness.stop();
    let rules = rules + &of("newest", "live");
    fs::write(harness.folder().join("rules/rules.toml"), rules).expect("written");
    harness.restart();
    check_old(&harness, 5, "newest", "ignore no-match");
    check_old(&harness, 6, "fresh", "ignore no-match");
    check_old(&harness, 7, "known", "enroll matched");
}

/// A change of ten minutes ago that is delivered now.
#[track_caller]
fn check_old(harness: &Harness, contact: u64, property: &str, verdict: &str) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    let occurred = (now.as_secs() - 600) * 1_000;
    let event =
        json!({"contact": contact, "property": property, "value": "yes", "occurred": occurred});
    assert!(harness.send(Delivery { events: vec![event], ..harness.order() })[0].acknowledged);
    harness.wait_until_idle(LONG);
    assert_eq!(harness.verdicts(contact), [verdict], "{property}\n{}", harness.log());
}
