//! Whole rule sets and whole histories, generated: neither the order of files nor a second run
//! changes a record.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::tests::{RULES, compiled, described, moved, replayed};
use super::{Finding, JournalReplay, Told};
use crate::domain::breaker::Fires;
use crate::domain::contact::Contact;
use crate::domain::gates::fixture::{NOW, SETTLE_MS, contact, event};
use crate::domain::id::ContactId;
use crate::domain::intake::{Incoming, judge};
use crate::domain::person::Person;
use crate::domain::reason::Reason;
use crate::domain::record::{Record, Row, RulesAccepted, Step, Taken, Turn};
use crate::domain::rule::RuleSet;
use crate::domain::time::MINUTE_MS;

/// More than the usual 256 would take long without optimization.
const CASES: u32 = 128;

/// What a generated rule is made of.
#[derive(Clone, Copy, Debug)]
struct Made {
    /// Three of them, so that equal ones are common.
    priority: usize,
    trigger: usize,
    target: usize,
    mode: usize,
    condition: usize,
    /// Long enough that some still wait when nothing more comes in.
    delayed: bool,
}

impl Made {
    /// The rule as text. Ids are not in the order of the rules.
    fn text(self, number: usize) -> String {
        let id = id(number);
        let priority = [10, 50, 100][self.priority];
        let mode = ["live", "live", "dry-run"][self.mode];
        let when = ["changes = true", "becomes = \"a\"", "becomes = \"b\""][self.trigger];
        let enroll =
            ["{ sequence = \"intro\", sender = [\"user:dana\"] }", "{ workflow = \"flow\" }"]
                [self.target];
        let only_if = [
            "",
            "only_if = [{ property = \"email\", is_known = true }]\n",
            "unless = [{ property = \"stage\", is = \"b\" }]\n",
        ][self.condition];
        let delay = if self.delayed { "delay = \"40 days\"\n" } else { "" };
        format!(
            "[[rule]]\nid = \"{id}\"\nsays = \"x\"\nmode = \"{mode}\"\npriority = {priority}\n\
             when = {{ property = \"stage\", {when} }}\n{only_if}{delay}enroll = {enroll}\n\
             re_enroll = \"when-finished\"\n"
        )
    }
}

fn id(number: usize) -> String {
    format!("rule-{}", (number * 5 + 3) % 11)
}

fn made() -> impl Strategy<Value = Made> {
    (0_usize..3, 0_usize..3, 0_usize..2, 0_usize..3, 0_usize..3, any::<bool>()).prop_map(
        |(priority, trigger, target, mode, condition, delayed)| Made {
            priority,
            trigger,
            target,
            mode,
            condition,
            delayed,
        },
    )
}

fn history() -> impl Strategy<Value = Vec<String>> {
    let step = (1_u64..5, 0_usize..4, 0_u64..8_000)
        .prop_map(|(id, value, minutes)| moved(id, ["a", "b", "c", ""][value], minutes));
    proptest::collection::vec(step, 1..40)
        .prop_map(|events| (1..5).map(described).chain(events).collect())
}

/// Rules spread over files: each rule into the file of its place, in this order.
fn set(rules: &[String], order: &[usize], places: &[usize], book: &str) -> RuleSet {
    const NAMES: [&str; 4] = ["z.toml", "a.toml", "emea/m.toml", "0.toml"];
    let mut texts = BTreeMap::<&str, String>::new();
    for (index, place) in order.iter().zip(places) {
        texts.entry(NAMES[*place]).or_default().push_str(&rules[*index]);
    }
    let mut files: Vec<(&str, String)> = vec![(book, RULES.to_owned())];
    files.extend(texts);
    // The last rule's file comes first: the caller need not sort.
    files.reverse();
    compiled(&files)
}

/// Every finding as JSON, but for the fingerprint (another text is another set) and the places
/// of rules in their files.
fn without_places(told: &[Told]) -> Vec<String> {
    let place = regex_lite::Regex::new(r"[a-z0-9/]+\.toml:[0-9]+").expect("a pattern");
    let row = |told: &Told| match &told.what {
        Finding::Decided(row) => {
            let row = Row { rules: "".into(), ..(**row).clone() };
            place.replace_all(&serde_json::to_string(&row).expect("JSON"), "").into_owned()
        }
        Finding::NotJudged(missed) => format!("{missed:?}"),
    };
    told.iter().map(row).collect()
}

/// A journal as the router writes it: the rules it began with, each event judged on what is known
/// of its person, and a decision with the contact as it was read, for those that are read.
fn journal(
    (rules, texts): (&RuleSet, &[String]),
    steps: &[(u64, usize, u64, bool)],
) -> Vec<Record> {
    let mut people = BTreeMap::<ContactId, Person>::new();
    let mut records = vec![Record::RulesAccepted(RulesAccepted {
        at: NOW,
        portal: rules.portal.id,
        fingerprint: rules.fingerprint.clone(),
        files: vec![("all.toml".to_owned(), format!("{RULES}{}", texts.concat()))],
        previous: 0,
        born: Vec::new(),
    })];
    let mut minutes = 0;
    for ((id, value, after, read), delivery) in steps.iter().zip(1_u64..) {
        minutes += after;
        let at = NOW.plus_ms(minutes * MINUTE_MS);
        let who = ContactId(*id);
        let mut changed = event("stage", ["a", "b", "c", ""][*value]);
        (changed.contact, changed.occurred_at) = (who, at);
        let person = people.entry(who).or_insert_with(|| Person::new(who));
        let (fires, row) = (Fires::default(), format!("{delivery}.0"));
        let duplicate = false;
        let incoming =
            Incoming { event: &changed, received: at, id: &row, duplicate, fires: &fires };
        let taken = judge(rules, person, &incoming);
        person.apply_event(delivery, &taken);
        let items = taken.items.clone().unwrap_or_default();
        records.push(Record::Taken(Taken { delivery, at, events: vec![taken] }));
        if *read && !items.is_empty() {
            let mut turn = Turn::new(Step::Decided, who, at.plus_ms(SETTLE_MS));
            let stage = [("stage", ["a", "b", "c", ""][*value])];
            turn.viewed = Some(Contact { id: who, ..contact(&stage) });
            turn.done = items.into_iter().map(|item| item.id).collect();
            records.push(Record::Turn(Box::new(turn)));
        }
    }
    records
}

/// The records, written and read again as a store does, replayed and written.
fn bytes(rules: &RuleSet, journal: &[String]) -> Vec<u8> {
    let mut replay = JournalReplay::new(rules, NOW);
    for (line, seq) in journal.iter().zip(1..) {
        let record: Record = serde_json::from_str(line).expect("a record");
        replay.record(seq, &record);
    }
    replay.finish();
    let mut all = Vec::new();
    for told in replay.told() {
        all.extend(format!("{} {} ", told.seq, told.at).into_bytes());
        match told.what {
            Finding::Decided(row) => all.extend(serde_json::to_vec(&row).expect("JSON")),
            Finding::NotJudged(missed) => all.extend(format!("{missed:?}").into_bytes()),
        }
        all.push(b'\n');
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, ..ProptestConfig::default() })]

    #[test]
    fn a_decision_never_depends_on_the_files_or_the_order_of_the_rules(
        (made, order) in proptest::collection::vec(made(), 1..8).prop_flat_map(|made| {
            let order: Vec<usize> = (0..made.len()).collect();
            (Just(made), Just(order).prop_shuffle())
        }),
        places in proptest::collection::vec(0_usize..4, 8),
        lines in history(),
    ) {
        let rules: Vec<String> =
            made.iter().enumerate().map(|(number, made)| made.text(number)).collect();
        let straight: Vec<usize> = (0..rules.len()).collect();
        let one = set(&rules, &straight, &[1; 8], "portal.toml");
        let other = set(&rules, &order, &places, "y.toml");
        let expected = without_places(&replayed(&one, &lines));
        prop_assert_eq!(without_places(&replayed(&other, &lines)), expected);
    }

    #[test]
    fn of_equal_priority_the_first_by_name_goes_first(
        targets in proptest::collection::vec(0_usize..2, 2..8),
        priorities in proptest::collection::vec(0_usize..3, 8),
        places in proptest::collection::vec(0_usize..4, 8),
    ) {
        let rules: Vec<String> = targets.iter().zip(&priorities).enumerate()
            .map(|(number, (target, priority))| {
                let (priority, target) = (*priority, *target);
                Made { priority, trigger: 1, target, mode: 0, condition: 0, delayed: false }.text(number)
            })
            .collect();
        let order: Vec<usize> = (0..rules.len()).rev().collect();
        let set = set(&rules, &order, &places, "portal.toml");
        let first = (0..rules.len()).map(|number| (priorities[number], id(number))).min();
        let first = first.expect("two at least").1;
        let lines = [described(1), moved(1, "a", 0)];
        let mut enrolled = Vec::new();
        for told in replayed(&set, &lines) {
            let Finding::Decided(row) = told.what else { continue };
            let rule = row.rule.expect("a rule's record").to_string();
            if row.reason == Reason::Matched {
                enrolled.push(rule);
            } else {
                let by = (row.reason, row.by.as_deref());
                prop_assert_eq!(by, (Reason::Outranked, Some(first.as_str())));
            }
        }
        prop_assert_eq!(enrolled, [first]);
    }

    #[test]
    fn a_journal_replayed_again_gives_the_same_records_byte_for_byte(
        made in proptest::collection::vec(made(), 1..6),
        places in proptest::collection::vec(0_usize..4, 8),
        steps in proptest::collection::vec(
            (1_u64..5, 0_usize..4, 0_u64..3_000, any::<bool>()), 1..40),
    ) {
        let rules: Vec<String> =
            made.iter().enumerate().map(|(number, made)| made.text(number)).collect();
        let order: Vec<usize> = (0..rules.len()).collect();
        // Compiled twice: nothing of the first run is left in the second.
        let [one, other] = [(); 2].map(|()| set(&rules, &order, &places, "portal.toml"));
        let journal: Vec<String> = journal((&one, &rules), &steps)
            .iter()
            .map(|record| serde_json::to_string(record).expect("JSON"))
            .collect();
        let once = bytes(&one, &journal);
        prop_assert!(!once.is_empty());
        // The router asked for what its rules need: what it read can be judged.
        let text = String::from_utf8_lossy(&once);
        prop_assert!(!text.contains("PropertyNotRead"), "{}", text);
        prop_assert_eq!(bytes(&other, &journal), once);
    }
}
