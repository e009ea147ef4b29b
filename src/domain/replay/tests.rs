//! A replay is a function of its input: the same lines and rules, the same records.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::domain::breaker::Fires;
use crate::domain::contact::Contact;
use crate::domain::event::Kind;
use crate::domain::gates::fixture::{
    ANN, NOW, SETTLE_MS, also_unenroll, becomes, changes, contact, event, is, nurture, rule, rules,
};
use crate::domain::intake::{Incoming, judge};
use crate::domain::person::Person;
use crate::domain::reason::{Decision, Reason};
use crate::domain::record::{Record, Step, Taken, Turn};
use crate::domain::rule::{RuleFile, RuleSet, compile};
use crate::domain::time::{DAY_MS, Timestamp};

pub(super) const RULES: &str = r#"
[portal]
id = 7
time_zone = "UTC"
[themes.sales]
cooldown = "1 day"
[sequences.intro]
id = 11
theme = "sales"
max_length = "2 days"
[workflows.flow]
id = 21
theme = "sales"
holds_for = "1 day"
[senders.dana]
email = "dana@acme.com"
daily_budget = 2
"#;

fn rule_text(id: &str, target: &str, only_if: &str) -> String {
    let enroll = match target {
        "intro" => "{ sequence = \"intro\", sender = [\"user:dana\"] }",
        _ => "{ workflow = \"flow\" }",
    };
    format!(
        "[[rule]]\nid = \"{id}\"\nsays = \"x\"\nmode = \"live\"\n\
         when = {{ property = \"stage\", changes = true }}\n{only_if}\nenroll = {enroll}\n\
         re_enroll = \"when-finished\"\n"
    )
}

pub(super) fn compiled(files: &[(&str, String)]) -> RuleSet {
    let files: Vec<RuleFile> = files
        .iter()
        .map(|(name, text)| RuleFile { name: (*name).to_owned(), text: text.clone() })
        .collect();
    let compiled = compile(&files);
    compiled.rules.unwrap_or_else(|| panic!("{:#?}", compiled.diagnostics))
}

fn usual() -> RuleSet {
    compiled(&[("portal.toml", RULES.to_owned()), ("a.toml", rule_text("a", "intro", ""))])
}

pub(super) fn replayed(rules: &RuleSet, lines: &[String]) -> Vec<Told> {
    fed(FileReplay::new(rules), lines)
}

fn fed(mut replay: FileReplay<'_>, lines: &[String]) -> Vec<Told> {
    for (line, number) in lines.iter().zip(1..) {
        replay.line(number, line);
    }
    replay.finish();
    replay.told()
}

pub(super) fn described(id: u64) -> String {
    format!(r#"{{"contact":{{"id":{id},"properties":{{"email":"p{id}@x.example"}}}}}}"#)
}

pub(super) fn moved(id: u64, value: &str, minutes: u64) -> String {
    let at = NOW.plus_ms(minutes * 60_000).unix_ms();
    format!(
        r#"{{"portalId":7,"objectId":{id},"occurredAt":{at},"subscriptionType":"contact.propertyChange","propertyName":"stage","propertyValue":"{value}","changeSource":"IMPORT","sourceId":"9"}}"#
    )
}

/// How often each code was told.
fn counts(told: &[Told]) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    for it in told {
        let code = match &it.what {
            Finding::Decided(row) => format!("{} {}", row.decision, row.reason),
            Finding::NotJudged(missed) => missed.why.code().to_owned(),
        };
        *counts.entry(code).or_default() += 1;
    }
    counts
}

#[track_caller]
fn check(lines: &[String], expected: &[(&str, u32)]) {
    let expected = expected.iter().map(|(code, count)| ((*code).to_owned(), *count)).collect();
    assert_eq!(counts(&replayed(&usual(), lines)), expected);
}

#[test]
fn a_described_contact_is_enrolled_and_the_same_change_counts_once() {
    check(
        &[described(1), moved(1, "b", 0), moved(1, "b", 0)],
        &[("enroll matched", 1), ("ignore duplicate-event", 1)],
    );
}

#[test]
fn nobody_is_judged_on_nothing() {
    check(&[moved(1, "b", 0)], &[("no-contact-data", 1)]);
    let unreadable = ["{".to_owned(), String::new(), "{\"contact\":{}}".to_owned()];
    check(&unreadable, &[("ignore unreadable", 2)]);
}

#[test]
fn a_value_that_an_earlier_line_said_is_no_move() {
    let line = r#"{"contact":{"id":"1","properties":{"email":"a@x.example","stage":"b"}}}"#;
    check(&[line.to_owned(), moved(1, "B", 0)], &[("ignore no-match", 1)]);
}

#[test]
fn budgets_fill_and_whoever_waits_is_decided_when_a_place_is_free() {
    let lines: Vec<String> = (1..=3).flat_map(|id| [described(id), moved(id, "b", 0)]).collect();
    check(&lines, &[("enroll matched", 2), ("wait budget-exhausted", 1)]);
    let later: Vec<String> = lines.into_iter().chain([moved(4, "b", 2 * 24 * 60)]).collect();
    check(&later, &[("enroll matched", 3), ("no-contact-data", 1)]);
}

#[test]
fn whoever_waits_for_a_budget_waits_for_a_place_of_their_own() {
    let lines: Vec<String> = (1..=7).flat_map(|id| [described(id), moved(id, "b", 0)]).collect();
    let told = replayed(&usual(), &lines);
    let mut until: Vec<u64> = told
        .iter()
        .filter_map(|told| match &told.what {
            Finding::Decided(row) => Some(row.until?.since_ms(NOW) / DAY_MS),
            Finding::NotJudged(_) => None,
        })
        .collect();
    until.sort_unstable();
    assert_eq!(until, [1, 1, 2, 2, 3], "two are sent a day");
}

#[test]
fn events_of_others_belong_to_nobody() {
    let foreign = moved(1, "b", 0).replace("\"portalId\":7", "\"portalId\":8");
    let deal = moved(1, "b", 1).replace("contact.prop", "deal.prop");
    check(&[foreign, deal], &[("ignore wrong-portal", 1), ("ignore not-watched", 1)]);
}

#[test]
fn a_whole_delivery_may_stand_in_a_line() {
    let line = format!("[{},{}]", moved(1, "b", 0), moved(2, "b", 0));
    check(&[described(1), line], &[("enroll matched", 1), ("no-contact-data", 1)]);
}

#[test]
fn what_would_change_is_told_by_contact_and_source() {
    let other = compiled(&[("portal.toml", RULES.to_owned())]);
    let lines = [described(1), moved(1, "b", 0), described(2), moved(2, "b", 1)];
    let summed = |rules: &RuleSet| {
        let mut summary = Summary::new(true);
        for told in replayed(rules, &lines) {
            summary.add(&told);
        }
        summary
    };
    let found = difference(&summed(&other), &summed(&usual()));
    assert_eq!((found.contacts, found.gained, found.lost), (2, 2, 0));
    let sources: Vec<(&str, Option<u64>, u64)> = found
        .gained_by_source
        .iter()
        .map(|(source, count)| (source.source_id.as_str(), source.minute, *count))
        .collect();
    let minute = NOW.unix_ms();
    assert_eq!(sources, [("9", Some(minute), 1), ("9", Some(minute + 60_000), 1)]);
    assert_eq!(found.sample[0].before, "ignore not-watched");
    assert_eq!(found.sample[0].after, "enroll into intro matched (rule a)");
    let same = difference(&summed(&usual()), &summed(&usual()));
    assert_eq!((same.contacts, same.counts.len()), (0, 0));
}

/// The journal of one event under `rules`, read by the router when its item was due.
fn journal(rules: &RuleSet, viewed: Option<Contact>) -> Vec<Record> {
    journal_of(rules, &event("lifecyclestage", "mql"), viewed)
}

fn journal_of(rules: &RuleSet, changed: &Event, viewed: Option<Contact>) -> Vec<Record> {
    let person = Person::new(ANN);
    let fires = Fires::default();
    let incoming =
        Incoming { event: changed, received: NOW, id: "1.0", duplicate: false, fires: &fires };
    let taken = judge(rules, &person, &incoming);
    let items = taken.items.clone().unwrap_or_default();
    let mut records = vec![Record::Taken(Taken { delivery: 1, at: NOW, events: vec![taken] })];
    if let Some(viewed) = viewed {
        // The read is late: the decision waits for it.
        let mut turn = Turn::new(Step::Decided, ANN, NOW.plus_ms(SETTLE_MS + DAY_MS));
        turn.viewed = Some(viewed);
        turn.done = items.into_iter().map(|item| item.id).collect();
        records.push(Record::Turn(Box::new(turn)));
    }
    records
}

fn from_journal(rules: &RuleSet, records: &[Record], since: Timestamp) -> Vec<Told> {
    let mut replay = JournalReplay::new(rules, since);
    for (record, seq) in records.iter().zip(1..) {
        replay.record(seq, record);
    }
    replay.finish();
    replay.told()
}

fn fixture() -> RuleSet {
    rules(vec![nurture("a", becomes("lifecyclestage", "mql"))])
}

#[test]
fn a_journal_is_judged_on_what_the_router_read_and_when() {
    let rules = fixture();
    let told = from_journal(&rules, &journal(&rules, Some(contact(&[]))), NOW);
    let [Told { at, what: Finding::Decided(row), .. }] = told.as_slice() else {
        panic!("{told:#?}");
    };
    assert_eq!((row.decision, row.reason), (Decision::Enroll, Reason::Matched));
    assert_eq!(*at, NOW.plus_ms(SETTLE_MS + DAY_MS));
}

#[test]
fn events_that_no_rule_watched_then_are_not_judged() {
    let unwatched = rules(vec![rule("a", changes("other"), "intro")]);
    let told = from_journal(&fixture(), &journal(&unwatched, None), NOW);
    assert_eq!(counts(&told), BTreeMap::from([("no-contact-data".to_owned(), 1)]));
}

#[test]
fn a_property_that_was_not_read_is_not_taken_for_blank() {
    let mut asks = fixture();
    asks.read_properties.insert("tier".into());
    let told = from_journal(&asks, &journal(&fixture(), Some(contact(&[]))), NOW);
    assert_eq!(counts(&told), BTreeMap::from([("property-not-read".to_owned(), 1)]));
}

#[test]
fn a_suppression_is_not_judged_on_a_property_that_was_not_read() {
    let mut asks = fixture();
    let mut gone = also_unenroll("gone", is("tier", "lost"));
    gone.conditions.push(is("region", "US"));
    asks.suppressions = vec![gone];
    asks.watched.insert("tier".into(), vec![0]);
    let check = |read: &[(&str, &str)], expected: &str| {
        let records = journal_of(&asks, &event("tier", "lost"), Some(contact(read)));
        let told = from_journal(&asks, &records, NOW);
        assert_eq!(counts(&told), BTreeMap::from([(expected.to_owned(), 1)]));
    };
    check(&[("tier", "lost")], "property-not-read");
    check(&[("tier", "lost"), ("region", "FR")], "ignore no-match");
    check(&[("tier", "lost"), ("region", "US")], "skip not-enrolled");
}

#[test]
fn events_before_the_first_moment_are_history() {
    let rules = fixture();
    let records = journal(&rules, Some(contact(&[])));
    assert_eq!(from_journal(&rules, &records, NOW.plus_ms(1)), []);
}

#[test]
fn a_deletion_ends_what_waits() {
    let mut gone = event("lifecyclestage", "mql");
    gone.kind = Kind::Deleted;
    let mut stage = Stage::new(Box::leak(Box::new(fixture())));
    stage.take(&event("lifecyclestage", "mql"), NOW, "1.0", false);
    stage.take(&gone, NOW, "1.1", false);
    stage.finish();
    let expected = BTreeMap::from([("ignore deleted".to_owned(), 2)]);
    assert_eq!(counts(&stage.told()), expected);
}

fn lines() -> impl Strategy<Value = Vec<String>> {
    let step = (1_u64..5, 0_usize..4, 0_u64..4_000)
        .prop_map(|(id, value, minutes)| moved(id, ["a", "b", "c", ""][value], minutes));
    proptest::collection::vec(step, 0..40)
        .prop_map(|events| (1..5).map(described).chain(events).collect())
}

proptest! {
    #[test]
    fn whoever_is_shut_away_between_their_events_is_judged_the_same(lines in lines()) {
        let rules = usual();
        let mut cramped = FileReplay::new(&rules);
        cramped.stage.people = shelf::Shelf::with_room(1);
        prop_assert_eq!(fed(cramped, &lines), replayed(&rules, &lines));
    }

    #[test]
    fn the_same_events_give_the_same_records_in_whatever_order_the_files_are(lines in lines()) {
        let files = [
            ("portal.toml", RULES.to_owned()),
            ("a.toml", rule_text("b-first", "intro", "")),
            ("z.toml", rule_text("a-second", "flow", "")),
        ];
        let mut reversed = files.clone();
        reversed.reverse();
        let json = |rules: &RuleSet| -> String {
            let told = replayed(rules, &lines);
            let rows = told.iter().filter_map(|told| match &told.what {
                Finding::Decided(row) => Some(serde_json::to_string(row).expect("JSON")),
                Finding::NotJudged(_) => None,
            });
            rows.collect::<Vec<_>>().join("\n")
        };
        let once = json(&compiled(&files));
        prop_assert_eq!(&once, &json(&compiled(&files)));
        prop_assert_eq!(&once, &json(&compiled(&reversed)));
        // Of equal priority the first by name wins, wherever its file stands.
        for (first, file) in [("a-second", "z.toml"), ("a-second", "0.toml")] {
            let moved = [files[0].clone(), files[1].clone(), (file, files[2].1.clone())];
            let told = replayed(&compiled(&moved), &lines);
            let outranked = told.iter().filter_map(|told| match &told.what {
                Finding::Decided(row) if row.reason == Reason::Outranked => row.by.clone(),
                _ => None,
            });
            for by in outranked {
                prop_assert_eq!(by, first);
            }
        }
    }
}
