//! Every operator on every type of property, on a known value and on a blank one: what RULES.md
//! 1.3 lists works as it says, and everything else is refused by its place.

use std::collections::BTreeSet;

use super::{Scene, folder, rule};
use crate::domain::rule::code;
use crate::domain::surroundings::Deal;

/// A property of each type, with a value that is of it.
const TYPES: [(&str, &str); 8] = [
    ("text", "Head of Sales"),
    ("score", "80.0"),
    ("born", "2026-11-24"),
    ("seen", "2026-11-24T15:00:00Z"),
    ("stage", "lead"),
    ("topics", "b;a"),
    ("vip", "true"),
    ("hubspot_owner_id", "91"),
];

/// Each operator that works on a type: an operand that the value above passes, and one that it
/// does not.
#[rustfmt::skip]
const WORKS: &[(&str, &str, &str, &str)] = &[
    ("text", "is", "\"head of sales\"", "\"head\""),
    ("text", "is_not", "\"head\"", "\"HEAD OF SALES\""),
    ("text", "is_any_of", "[\"a\", \"head of sales\"]", "[\"a\", \"b\"]"),
    ("text", "is_none_of", "[\"a\", \"b\"]", "[\"a\", \"head of sales\"]"),
    ("text", "contains", "\"OF\"", "\"off\""),
    ("text", "does_not_contain", "\"off\"", "\"of\""),
    ("text", "starts_with", "\"head\"", "\"sales\""),
    ("text", "ends_with", "\"sales\"", "\"head\""),
    ("text", "is_like", "\"head*sales\"", "\"head*sale\""),
    ("text", "is_known", "true", ""),
    ("text", "is_unknown", "", "true"),
    ("score", "is", "80", "81"),
    ("score", "is_not", "81", "8e1"),
    ("score", "is_any_of", "[1, 80]", "[1, 2]"),
    ("score", "is_none_of", "[1, 2]", "[1, 80]"),
    ("score", "is_at_least", "80", "80.1"),
    ("score", "is_at_most", "80", "79.9"),
    ("score", "is_more_than", "79.9", "80"),
    ("score", "is_less_than", "80.1", "80"),
    ("score", "is_between", "[80, 90]", "[81, 90]"),
    ("score", "is_known", "true", ""),
    ("score", "is_unknown", "", "true"),
    ("born", "is", "2026-11-24", "2026-11-25"),
    ("born", "is_before", "2026-11-25", "2026-11-24"),
    ("born", "is_after", "2026-11-23", "2026-11-24"),
    ("born", "is_on_or_before", "2026-11-24", "2026-11-23"),
    ("born", "is_on_or_after", "2026-11-24", "2026-11-25"),
    ("born", "is_between", "[2026-11-24, 2026-11-30]", "[2026-11-25, 2026-11-30]"),
    ("born", "is_within_last", "\"1 day\"", ""),
    ("born", "is_within_next", "\"1 day\"", ""),
    ("born", "is_more_than_ago", "", "\"1 day\""),
    ("born", "is_more_than_ahead", "", "\"1 day\""),
    ("born", "is_known", "true", ""),
    ("born", "is_unknown", "", "true"),
    ("seen", "is", "2026-11-24", "2026-11-24T15:00:01Z"),
    ("seen", "is_before", "2026-11-24T15:00:01Z", "2026-11-24"),
    ("seen", "is_after", "2026-11-24T14:59:59Z", "2026-11-24"),
    ("seen", "is_on_or_before", "2026-11-24", "2026-11-24T14:59:59Z"),
    ("seen", "is_on_or_after", "2026-11-24", "2026-11-24T15:00:01Z"),
    ("seen", "is_between", "[2026-11-24, 2026-11-24]", "[2026-11-25, 2026-11-26]"),
    ("seen", "is_within_last", "\"2 hours\"", "\"1 hour\""),
    ("seen", "is_within_next", "", "\"2 hours\""),
    ("seen", "is_more_than_ago", "\"1 hour\"", "\"2 hours\""),
    ("seen", "is_more_than_ahead", "", "\"1 hour\""),
    ("seen", "is_known", "true", ""),
    ("seen", "is_unknown", "", "true"),
    ("stage", "is", "\"lead\"", "\"Lead\""),
    ("stage", "is_not", "\"Lead\"", "\"lead\""),
    ("stage", "is_any_of", "[\"mql\", \"lead\"]", "[\"mql\"]"),
    ("stage", "is_none_of", "[\"mql\"]", "[\"lead\"]"),
    ("stage", "is_known", "true", ""),
    ("stage", "is_unknown", "", "true"),
    ("topics", "contains_any_of", "[\"a\", \"x\"]", "[\"x\"]"),
    ("topics", "contains_all_of", "[\"a\", \"b\"]", "[\"a\", \"x\"]"),
    ("topics", "contains_none_of", "[\"x\"]", "[\"a\"]"),
    ("topics", "is_exactly", "[\"a\", \"b\"]", "[\"a\"]"),
    ("topics", "is_known", "true", ""),
    ("topics", "is_unknown", "", "true"),
    ("vip", "is", "true", "false"),
    ("vip", "is_known", "true", ""),
    ("vip", "is_unknown", "", "true"),
    ("hubspot_owner_id", "is", "\"dana\"", "\"luis\""),
    ("hubspot_owner_id", "is_any_of", "[\"luis\", \"DANA@acme.com\"]", "[\"luis\"]"),
    ("hubspot_owner_id", "in_team", "\"sdr\"", ""),
    ("hubspot_owner_id", "is_known", "true", ""),
    ("hubspot_owner_id", "is_unknown", "", "true"),
];

/// Operators that a blank passes with `or_unknown`.
const NEGATIVE: [&str; 4] = ["is_not", "is_none_of", "does_not_contain", "contains_none_of"];

/// Each operator with an operand of the form that it takes.
#[rustfmt::skip]
const OPERATORS: [(&str, &str); 29] = [
    ("is", "\"a\""), ("is_not", "\"a\""), ("is_any_of", "[\"a\"]"), ("is_none_of", "[\"a\"]"),
    ("contains", "\"a\""), ("does_not_contain", "\"a\""), ("starts_with", "\"a\""),
    ("ends_with", "\"a\""), ("is_like", "\"a*\""), ("is_known", "true"), ("is_unknown", "true"),
    ("is_at_least", "1"), ("is_at_most", "1"), ("is_more_than", "1"), ("is_less_than", "1"),
    ("is_between", "[1, 2]"), ("is_before", "2026-11-24"), ("is_after", "2026-11-24"),
    ("is_on_or_before", "2026-11-24"), ("is_on_or_after", "2026-11-24"),
    ("is_within_last", "\"1 day\""), ("is_within_next", "\"1 day\""),
    ("is_more_than_ago", "\"1 day\""), ("is_more_than_ahead", "\"1 day\""),
    ("contains_any_of", "[\"a\"]"), ("contains_all_of", "[\"a\"]"),
    ("contains_none_of", "[\"a\"]"), ("is_exactly", "[\"a\"]"), ("in_team", "\"sdr\""),
];

/// Asks the condition of the contact, of its company and of its only deal, which all have the
/// same properties: one answer.
#[track_caller]
fn holds(property: &str, rest: &str, value: &str) -> bool {
    let mut scene = Scene::of(&[(property, value)]);
    let around = scene.around.get_or_insert_default();
    around.company.get_or_insert_default().properties = scene.contact.properties.clone();
    around.deals.push(Deal::default());
    around.deals[0].properties = scene.contact.properties.clone();
    let answers = ["property", "company", "deal"].map(|object| {
        let condition = format!("only_if = [{{ {object} = \"{property}\", {rest} }}]");
        let rule = rule("property = \"text\", changes = true", &condition);
        scene.ask(&rule.only_if[0]).holds
    });
    assert!(answers.iter().all(|it| *it == answers[0]), "{property} {rest}: {answers:?}");
    answers[0]
}

#[test]
fn operators_work_on_their_types_and_blanks_never_pass_by_accident() {
    for (property, operator, passing, failing) in WORKS {
        let known = TYPES.iter().find(|(name, _)| name == property).expect("a type").1;
        for (operand, expected) in [(passing, true), (failing, false)] {
            if operand.is_empty() {
                continue;
            }
            let asked = format!("{operator} = {operand}");
            assert_eq!(holds(property, &asked, known), expected, "{property} {asked}");
            for blank in ["", "  "] {
                let unknown = *operator == "is_unknown";
                assert_eq!(holds(property, &asked, blank), unknown, "blank {property} {asked}");
            }
            if NEGATIVE.contains(operator) {
                let asked = format!("{asked}, or_unknown = true");
                assert!(holds(property, &asked, ""), "blank {property} {asked}");
                assert_eq!(holds(property, &asked, known), expected, "{property} {asked}");
            }
        }
    }
}

#[test]
fn every_other_pair_of_operator_and_type_is_refused() {
    let works: BTreeSet<(&str, &str)> =
        WORKS.iter().map(|(property, operator, ..)| (*property, *operator)).collect();
    let mut refused = 0;
    for (property, _) in TYPES {
        for (operator, operand) in OPERATORS {
            if works.contains(&(property, operator)) {
                continue;
            }
            let condition =
                format!("only_if = [{{ property = \"{property}\", {operator} = {operand} }}]");
            let compiled = folder("property = \"text\", changes = true", &condition);
            let about: Vec<&str> = compiled
                .diagnostics
                .iter()
                .filter(|found| found.code == code::OPERATOR)
                .map(|found| found.message.as_str())
                .collect();
            let [message] = about.as_slice() else { panic!("{property} {operator}: {about:?}") };
            assert!(message.contains(operator) && message.contains(property), "{message}");
            assert!(compiled.rules.is_none(), "{property} {operator}");
            refused += 1;
        }
    }
    assert_eq!(works.len() + refused, TYPES.len() * OPERATORS.len());
    // The table has every operator there is.
    assert_eq!(OPERATORS.map(|(operator, _)| operator), crate::domain::rule::compile::OPERATORS);
}

#[test]
fn or_unknown_and_exact_case_stand_only_where_they_mean_something() {
    let check = |condition: &str, part: &str| {
        let more = format!("only_if = [{{ {condition} }}]");
        let compiled = folder("property = \"text\", changes = true", &more);
        let found = compiled.diagnostics.iter().any(|it| it.message.contains(part));
        assert!(found, "{condition}: {:#?}", compiled.diagnostics);
    };
    for (operator, operand) in OPERATORS {
        let works = |it: &&(&str, &str, &str, &str)| it.1 == operator;
        let Some((property, ..)) = WORKS.iter().find(works) else { panic!("{operator}") };
        if !NEGATIVE.contains(&operator) {
            let condition =
                format!("property = \"{property}\", {operator} = {operand}, or_unknown = true");
            check(&condition, &format!("or_unknown has no effect on {operator}"));
        }
    }
    for (property, _) in TYPES.iter().filter(|(property, _)| *property != "text") {
        let condition = format!("property = \"{property}\", is_known = true, exact_case = true");
        check(&condition, "exact_case has no effect on");
    }
}
