//! Every trigger on every type of property it works on, of the contact, a deal and the company:
//! from an unknown old value, from one that already matched, and from one that did not.

use super::{folder, owners, rule};
use crate::domain::rule::code;
use crate::domain::rule::compile::CHANGES;
use crate::domain::rule::trigger::When;

/// A property, a trigger, a value that arrives, another one that matches too, and one that does
/// not match.
#[rustfmt::skip]
const MOVES: &[(&str, &str, &str, &str, &str)] = &[
    ("text", "becomes = \"a\"", "a", " A ", "b"),
    ("text", "becomes_any_of = [\"a\", \"@emea\"]", "a", "de", "b"),
    ("score", "becomes = 80", "80", "8e1", "79"),
    ("score", "becomes_any_of = [1, 2]", "1", "2.0", "3"),
    ("stage", "becomes = \"mql\"", "mql", " mql ", "MQL"),
    ("stage", "becomes_any_of = [\"mql\", \"sql\"]", "mql", "sql", "lead"),
    ("topics", "becomes = \"a\"", "a;b", "a", "b"),
    ("topics", "becomes_any_of = [\"a\", \"b\"]", "a;x", "b", "x"),
    ("vip", "becomes = true", "true", "TRUE", "false"),
    ("vip", "becomes = false", "false", "False", "true"),
    ("born", "becomes = 2026-11-24", "2026-11-24", "1795478400000", "2026-11-25"),
    ("born", "becomes_any_of = [2026-11-24, 2026-11-25]", "2026-11-24", "2026-11-25", "2026-11-26"),
    ("seen", "becomes_any_of = [2026-11-24, 2026-11-27]", "2026-11-24T15:00:00Z", "2026-11-27T15:00:00Z", "2026-11-25T15:00:00Z"),
    ("vip", "becomes_any_of = [true]", "true", "TRUE", "false"),
    ("seen", "becomes = 2026-11-24", "2026-11-24T15:00:00Z", "2026-11-25T04:59:59Z", "2026-11-25T05:00:00Z"),
    ("hubspot_owner_id", "becomes = \"dana\"", "91", " 91 ", "92"),
    ("hubspot_owner_id", "becomes_any_of = [\"dana\", \"luis@acme.com\"]", "91", "92", "93"),
    ("text", "becomes_known = true", "x", "y", ""),
    ("score", "becomes_known = true", "1", "2", " "),
    ("stage", "becomes_known = true", "lead", "mql", ""),
    ("topics", "becomes_known = true", "a", "b", ""),
    ("vip", "becomes_known = true", "true", "false", ""),
    ("seen", "becomes_known = true", "2026-11-24", "2026-11-25", ""),
    ("hubspot_owner_id", "becomes_known = true", "91", "92", ""),
    ("born", "becomes_known = true", "2026-11-24", "2026-11-25", ""),
    ("text", "becomes_blank = true", "", "  ", "x"),
    ("score", "becomes_blank = true", "", " ", "0"),
    ("stage", "becomes_blank = true", "", " ", "mql"),
    ("topics", "becomes_blank = true", "", " ", "a"),
    ("born", "becomes_blank = true", "", " ", "2026-11-24"),
    ("seen", "becomes_blank = true", "", " ", "2026-11-24"),
    ("vip", "becomes_blank = true", "", " ", "false"),
    ("hubspot_owner_id", "becomes_blank = true", "", " ", "91"),
    ("score", "rises_to = 80", "80", "101", "79.9"),
    ("score", "falls_to = 20", "20", "-1", "20.1"),
];

/// The trigger of a contact's property, of a deal's and of the company's.
fn whens(property: &str, trigger: &str) -> [When; 3] {
    [
        format!("property = \"{property}\", {trigger}"),
        format!("deal = \"{property}\", {trigger}, contacts = \"all\""),
        format!("company = \"{property}\", {trigger}, contacts = \"primary\""),
    ]
    .map(|when| rule(&when, "").when)
}

/// At the fresh read, where owners are known.
#[track_caller]
fn check(property: &str, trigger: &str, old: Option<&str>, new: &str, expected: bool) {
    let owners = owners();
    for when in whens(property, trigger) {
        let found = when.moved_among(old, new, Some(&owners));
        let subject = &when.subject;
        assert_eq!(found.is_ok(), expected, "{subject:?} {trigger}: {old:?} -> {new:?}: {found:?}");
        // What fires at the fresh read was never held back before it.
        assert!(
            !expected || when.moved(old, new).is_ok(),
            "{subject:?} {trigger}: {old:?} -> {new:?}"
        );
    }
}

#[test]
fn a_trigger_fires_on_a_move_and_from_an_unknown_old_value() {
    for (property, trigger, arrived, matching, other) in MOVES {
        check(property, trigger, None, arrived, true);
        check(property, trigger, Some(other), arrived, true);
        check(property, trigger, Some(matching), arrived, false);
        check(property, trigger, None, other, false);
        check(property, trigger, Some(arrived), other, false);
    }
}

#[test]
fn changes_fires_on_any_other_value_of_any_type() {
    for (property, old, new) in [
        ("text", "a", "b"),
        ("score", "1", "2"),
        ("stage", "lead", "mql"),
        ("topics", "a", "a;b"),
        ("vip", "true", "false"),
        ("born", "2026-11-24", "2026-11-25"),
        ("seen", "2026-11-24", "2026-11-25"),
        ("hubspot_owner_id", "91", "92"),
    ] {
        check(property, "changes = true", Some(old), new, true);
        check(property, "changes = true", None, new, true);
        check(property, "changes = true", Some(old), "", true);
        check(property, "changes = true", Some(""), new, true);
        check(property, "changes = true", Some(new), new, false);
        check(property, "changes = true", Some(""), " ", false);
    }
}

/// Types that the tables above and below go through.
const TYPES: [&str; 8] =
    ["text", "score", "stage", "topics", "vip", "born", "seen", "hubspot_owner_id"];

#[test]
fn the_table_has_every_trigger_on_every_type_that_it_works_on() {
    for word in CHANGES.into_iter().filter(|word| *word != "changes") {
        for property in TYPES {
            let is_it = |row: &&(&str, &str, &str, &str, &str)| {
                row.0 == property && row.1.split(' ').next() == Some(word)
            };
            // A line needs a number; that others are refused is asked below.
            let works = !word.ends_with("_to") || property == "score";
            assert_eq!(MOVES.iter().any(|row| is_it(&row)), works, "{property} {word}");
        }
    }
}

#[test]
fn a_line_needs_a_number() {
    for property in ["text", "born", "seen", "stage", "topics", "vip", "hubspot_owner_id"] {
        for trigger in ["rises_to = 80", "falls_to = 80"] {
            let compiled = folder(&format!("property = \"{property}\", {trigger}"), "");
            let found = compiled.diagnostics.iter().any(|it| it.code == code::OPERATOR);
            assert!(found && compiled.rules.is_none(), "{property} {trigger}");
        }
    }
}

#[test]
fn who_an_owner_is_nobody_knows_before_the_fresh_read() {
    let when = rule("property = \"hubspot_owner_id\", becomes = \"dana\"", "").when;
    assert!(when.moved(Some("91"), "92").is_ok(), "may be a name nobody resolved yet");
    assert!(when.moved(Some("92"), "92").is_err(), "the same owner as before");
    assert!(when.moved(Some("92"), "").is_err(), "nobody");
    assert!(when.moved_among(Some("92"), "404", Some(&owners())).is_err(), "unknown to HubSpot");
}
