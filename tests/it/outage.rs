//! A day of webhooks dropped, and a control that heard every one: after `reconcile` both have
//! enrolled the same people into the same things (RELIABILITY.md F25). Of some hundreds of
//! contacts, with rules of several kinds.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::harness::{BOOK, Harness, LONG, Setup, evidence, times};

const HOUR_MS: i64 = 3_600_000;
const MINUTE_MS: i64 = 60_000;
/// Histories of contacts: what changes, oldest first, hours before the end. Each ends in the
/// state that its first match had: a decision looks at what is there when it is made. For the
/// same reason nobody has matches of two themes of which one blocks the other: who comes first
/// there is a matter of hours.
const HISTORIES: [&[(i64, &str, &str)]; 12] = [
    &[(20, "stage", "hot")],
    &[(20, "stage", "cold")],
    &[(22, "stage", "hot"), (21, "stage", "cold"), (3, "stage", "hot")],
    &[(9, "score", "49"), (8, "score", "51")],
    &[(9, "score", "20"), (8, "score", "30")],
    &[(12, "country", "US")],
    &[(12, "country", "DE"), (11, "score", "80")],
    &[(5, "plan", "pro")],
    &[(5, "country", "US"), (4, "stage", "hot")],
    &[(23, "topic", "a"), (22, "topic", "b"), (2, "topic", "c")],
    &[(6, "opted", "true"), (5, "stage", "hot")],
    &[(7, "color", "red")],
];

/// A sequence and workflows, conditions, thresholds, values that become known, a priority, a
/// suppression.
fn rules() -> String {
    let live = |id: &str, when: &str, more: &str| {
        format!(
            "[[rule]]\nid = \"{id}\"\nsays = \"{id}\"\nmode = \"live\"\nwhen = {{ {when} }}\n{more}\n"
        )
    };
    let intro = "enroll = { sequence = \"intro\", sender = [\"user:rep\"] }";
    let workflow = |name: &str| format!("enroll = {{ workflow = \"{name}\" }}");
    [
        live(
            "becomes",
            "property = \"stage\", becomes = \"hot\"",
            &format!("priority = 10\n{intro}"),
        ),
        live("rises", "property = \"score\", rises_to = 50", &workflow("nurture")),
        live(
            "known",
            "property = \"country\", becomes_known = true",
            &format!("unless = [{{ property = \"country\", is = \"DE\" }}]\n{intro}"),
        ),
        live(
            "any-of",
            "property = \"plan\", becomes_any_of = [\"pro\", \"team\"]",
            &workflow("nurture"),
        ),
        live("changes", "property = \"topic\", changes = true", intro),
        "[[suppress]]\nid = \"opted\"\nsays = \"They said no\"\n\
         if = [{ property = \"opted\", is = \"true\" }]\n"
            .to_owned(),
    ]
    .concat()
}

fn changes(contacts: u64) -> Vec<(u64, i64, &'static str, &'static str)> {
    let of = |contact: u64| {
        let kind = usize::try_from(contact).expect("few") % HISTORIES.len();
        // People do not change all in the same minute.
        let minutes = i64::try_from(contact / 12 % 50).expect("few");
        let at = move |hours: &i64| hours * HOUR_MS + minutes * MINUTE_MS;
        HISTORIES[kind].iter().map(move |(hours, name, value)| (contact, at(hours), *name, *value))
    };
    let mut all: Vec<_> = (1..=contacts).flat_map(of).collect();
    all.sort_by_key(|(_, ago_ms, ..)| std::cmp::Reverse(*ago_ms));
    all
}

fn start(book: &str, contacts: u64) -> Harness {
    // A slow machine is no reason to take somebody for absent.
    let setup = Setup::with_book(book, rules()).contacts(contacts);
    Harness::start(setup.verify_for("30 seconds"))
}

/// Who is in what, by HubSpot's own record.
fn enrolled(harness: &Harness) -> BTreeMap<String, BTreeSet<String>> {
    let state = harness.control("GET /_sim/state", &json!({}));
    let mut all = BTreeMap::<String, BTreeSet<String>>::new();
    for entry in state["enrolled"].as_array().into_iter().flatten() {
        let word = |key: &str| entry[key].as_str().map(str::to_owned);
        let into = word("sequence").or_else(|| word("workflow")).expect("a target");
        all.entry(word("contact").expect("a contact")).or_default().insert(into);
    }
    all
}

#[test]
fn after_a_day_of_dropped_webhooks_the_same_people_are_in_the_same_things() {
    // A rule fires more than 200 times, which is what its breaker lets pass in ten minutes.
    let contacts = times("HUBROUTE_TEST_OUTAGE", 540);
    let all = changes(contacts);
    // A day is told of within seconds here, which no breaker is for.
    let heard = start(BOOK, contacts);
    for (contact, _, name, value) in &all {
        assert!(heard.deliver(*contact, name, value), "not acknowledged");
    }
    heard.wait_until_idle(LONG);
    let expected = enrolled(&heard);
    let deaf = start(&BOOK.replace("breaker = \"off\"", ""), contacts);
    let now = jiff::Timestamp::now().as_millisecond();
    for (contact, ago_ms, name, value) in &all {
        let change = json!({ "properties": { *name: value }, "at": now - ago_ms });
        deaf.control(&format!("POST /_sim/contacts/{contact}"), &change);
    }
    assert_eq!(enrolled(&deaf), BTreeMap::new(), "nobody told of anything");
    let ended = deaf.command(&["reconcile", "--since", "24h"]);
    assert_eq!(ended.code, Some(0), "{}", ended.output);
    // What no rule starts from is nobody's business.
    let told = all.iter().filter(|it| !["opted", "color"].contains(&it.2)).count();
    let found = format!("missed {told}, recovered {told}");
    assert!(ended.output.starts_with(&found), "{found}: {}", ended.output);
    deaf.wait_until_idle(LONG);
    assert_eq!(deaf.status()["queue"]["held"], json!(0), "spread over a day nothing is too much");
    let recovered = enrolled(&deaf);
    let of = |it: &BTreeMap<String, BTreeSet<String>>, id: &String| it.get(id).cloned();
    let ids: BTreeSet<&String> = expected.keys().chain(recovered.keys()).collect();
    let differ: Vec<_> = ids.iter().filter(|id| of(&expected, id) != of(&recovered, id)).collect();
    assert!(differ.is_empty(), "{differ:?}\n{}\n{}", heard.log(), deaf.log());
    assert!(expected.len() * 3 > ids.len() && !expected.is_empty(), "somebody was enrolled");
    let again = deaf.command(&["reconcile", "--since", "24h"]);
    assert!(again.output.starts_with("missed 0, recovered 0"), "{}", again.output);
    evidence(format!(
        "{told} changes of {contacts} contacts dropped for 24 hours, all found: {} enrolled as \
         without the outage, 0 differ",
        expected.len()
    ));
}
