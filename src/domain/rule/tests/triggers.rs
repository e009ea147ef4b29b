//! Every trigger on the moves it waits for and those it does not.

use super::rule;
use crate::domain::event::{Event, Kind};
use crate::domain::id::{ContactId, PortalId};
use crate::domain::rule::trigger::When;
use crate::domain::time::Timestamp;

fn when(trigger: &str) -> When {
    rule(trigger, "").when
}

/// One move; `None` is an old value that nobody knows.
#[track_caller]
fn check(trigger: &str, old: Option<&str>, new: &str, expected: bool) {
    let found = when(trigger).moved(old, new);
    assert_eq!(found.is_ok(), expected, "{trigger}: {old:?} -> {new:?}: {found:?}");
}

#[test]
fn becomes_needs_a_real_move_from_not_matching_to_matching() {
    let mql = "property = \"stage\", becomes = \"mql\"";
    check(mql, Some("lead"), "mql", true);
    check(mql, Some(""), "mql", true);
    check(mql, None, "mql", true);
    check(mql, Some("mql"), "mql", false);
    check(mql, Some("mql"), "lead", false);
    check(mql, None, "lead", false);
    check(mql, Some("lead"), "", false);
    let any = "property = \"text\", becomes_any_of = [\"a\", \"@emea\"]";
    check(any, Some("x"), "DE", true);
    check(any, Some("a"), "de", false);
    check("property = \"score\", becomes = 80", Some("79"), "8e1", true);
    check("property = \"score\", becomes = 80", Some("80.0"), "80", false);
    check("property = \"vip\", becomes = true", Some("false"), "true", true);
    check("property = \"vip\", becomes = false", Some(""), "false", true);
}

#[test]
fn becomes_on_a_multi_checkbox_means_now_contains() {
    let topic = "property = \"topics\", becomes = \"reporting\"";
    check(topic, Some("automation"), "automation;reporting", true);
    check(topic, None, "reporting", true);
    check(topic, Some("reporting"), "automation;reporting", false);
    check(topic, Some("reporting"), "automation", false);
}

#[test]
fn known_and_blank_are_moves_too() {
    let known = "property = \"text\", becomes_known = true";
    check(known, Some(""), "x", true);
    check(known, None, "x", true);
    check(known, Some("x"), "y", false);
    check(known, Some("x"), " ", false);
    let blank = "property = \"text\", becomes_blank = true";
    check(blank, Some("x"), "", true);
    check(blank, None, " ", true);
    check(blank, Some(" "), "", false);
    check(blank, Some(""), "x", false);
}

#[test]
fn changes_fires_on_clearing_but_not_on_case_or_blanks_alone() {
    let changes = "property = \"text\", changes = true";
    check(changes, Some("a"), "b", true);
    check(changes, Some("a"), "", true);
    check(changes, Some(""), "a", true);
    check(changes, None, "a", true);
    check(changes, None, "", true);
    check(changes, Some("Acme"), " acme ", false);
    check(changes, Some(""), " ", false);
}

#[test]
fn lines_are_crossed_only_in_their_direction() {
    let rises = "property = \"score\", rises_to = 80";
    check(rises, Some("79"), "80", true);
    check(rises, Some("79.5"), "101", true);
    check(rises, Some("85"), "90", false);
    check(rises, Some("90"), "70", false);
    check(rises, None, "95", true);
    check(rises, Some(""), "95", true);
    check(rises, Some("95"), "", false);
    check(rises, Some("70"), "high", false);
    let falls = "property = \"score\", falls_to = 20";
    check(falls, Some("21"), "20.0", true);
    check(falls, None, "-1", true);
    check(falls, Some("20"), "10", false);
    check(falls, Some("10"), "30", false);
    check(falls, Some("30"), "", false);
}

#[track_caller]
fn check_held(trigger: &str, current: &str, expected: bool) {
    let found = when(trigger).still_holds(current, None);
    assert_eq!(found.is_ok(), expected, "{trigger} on {current:?}: {found:?}");
}

#[test]
fn after_a_wait_the_value_must_still_be_the_one_waited_for() {
    check_held("property = \"stage\", becomes = \"mql\"", "mql", true);
    check_held("property = \"stage\", becomes = \"mql\"", "customer", false);
    check_held("property = \"score\", rises_to = 80", "95", true);
    check_held("property = \"score\", rises_to = 80", "79", false);
    check_held("property = \"score\", falls_to = 20", "", false);
    check_held("property = \"text\", becomes_known = true", "", false);
    check_held("property = \"text\", becomes_blank = true", "", true);
    check_held("property = \"text\", changes = true", "", true);
    check_held("event = \"contact-created\"", "", true);
}

#[track_caller]
fn check_event(trigger: &str, kind: Kind, source: Option<&str>, expected: Result<(), &str>) {
    let event = Event {
        portal: PortalId(1),
        contact: ContactId(1),
        kind,
        occurred_at: Timestamp::from_unix_ms(1),
        subscription_type: String::new(),
        source: source.map(str::to_owned),
        source_id: None,
        app: None,
        event_id: None,
    };
    let found = when(trigger).may_fire(&event, Some("b"));
    assert_eq!(found, expected.map_err(str::to_owned), "{trigger} from {source:?}");
}

fn set(name: &str, value: &str) -> Kind {
    Kind::Property { name: name.into(), value: value.to_owned() }
}

#[test]
fn an_event_must_be_of_the_subject_and_from_a_wanted_source() {
    let changes = "property = \"text\", changes = true";
    check_event(changes, set("text", "a"), None, Ok(()));
    check_event(changes, set("text", "B"), None, Err("text was \"b\" before"));
    check_event(changes, set("stage", "a"), None, Err("text did not change"));
    check_event(changes, Kind::Created, None, Err("text did not change"));
    check_event("event = \"contact-created\"", Kind::Created, None, Ok(()));
    check_event("event = \"contact-created\"", Kind::Restored, None, Err("no contact was created"));
    check_event("event = \"contact-restored\"", Kind::Restored, None, Ok(()));
    let from = format!("{changes}, from_sources = [\"FORM\", \"import\"]");
    check_event(&from, set("text", "a"), Some("IMPORT"), Ok(()));
    let crm = Err("the change came from CRM_UI, not from FORM, IMPORT");
    check_event(&from, set("text", "a"), Some("CRM_UI"), crm);
    let nowhere = Err("the change came from an unknown source, not from FORM, IMPORT");
    check_event(&from, set("text", "a"), None, nowhere);
    let not_from = format!("{changes}, not_from_sources = [\"IMPORT\"]");
    check_event(&not_from, set("text", "a"), Some("FORM"), Ok(()));
    check_event(&not_from, set("text", "a"), None, Ok(()));
    let import = Err("the change came from IMPORT, which not_from_sources names");
    check_event(&not_from, set("text", "a"), Some("IMPORT"), import);
    check_event(
        "event = \"contact-created\", not_from_sources = [\"IMPORT\"]",
        Kind::Created,
        Some("IMPORT"),
        import,
    );
}

#[test]
fn the_reason_names_the_value() {
    let moved = when("property = \"stage\", becomes = \"mql\"").moved(None, "lead");
    assert_eq!(moved, Err("stage is \"lead\", not \"mql\"".to_owned()));
    let moved = when("property = \"score\", rises_to = 80").moved(Some("85"), "90");
    assert_eq!(moved, Err("score was \"85\" before".to_owned()));
    let moved = when("property = \"score\", rises_to = 80").moved(Some("85"), "");
    assert_eq!(moved, Err("score is unknown".to_owned()));
    let moved = when("property = \"score\", falls_to = 20").moved(None, "low");
    assert_eq!(moved, Err("score is \"low\", which is not a number".to_owned()));
}
