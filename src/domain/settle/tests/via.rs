//! `via = "property:NAME"`: a workflow that starts once its property is written.

use super::*;
use crate::domain::claim::Stamp;

/// A claim on a workflow that starts once its property is written.
fn by_property(state: State, now: Timestamp) -> Case {
    let mut case = case(Channel::Workflow, state, now);
    case.claim.via =
        Some(Stamp { property: "start_nurture".into(), value: case.claim.row.to_string() });
    case
}

#[test]
fn a_written_property_is_no_enrollment_and_is_looked_for_in_the_workflows_own_time() {
    let accepted = || Outcome::Accepted { enrolled_at: None, enrollment: None };
    let first_look = |case: Case| {
        let turn = settle(case, accepted());
        assert_eq!(told(&turn), "in-doubt: wait outcome-unknown open");
        let State::InDoubt { doubt, next_check, .. } = &turn.claims[0].state else { panic!() };
        assert_eq!(*doubt, Doubt::Accepted);
        next_check.since_ms(NOW)
    };
    assert_eq!(first_look(by_property(State::Reserved, NOW)), POLICY.verify_first_ms);
    assert_eq!(first_look(case(Channel::Workflow, State::Reserved, NOW)), 0, "of a call");
}

#[test]
fn a_workflow_that_was_asked_for_by_a_property_is_a_persons_if_it_never_shows() {
    let look = |after_ms: u64, runs_at_least: bool, observation: Observation| {
        let mut case = by_property(doubt(Doubt::Accepted), NOW.plus_ms(after_ms));
        let rules = Arc::make_mut(&mut case.rules);
        let workflow = rules.workflows.get_mut("nurture-flow").expect("in the fixture");
        workflow.runs_at_least = runs_at_least.then_some(Span { count: 1, unit: Unit::Hour });
        let turn = resolve(case, observation);
        let why = match &turn.claims[0].state {
            State::NeedsReview { why, .. } => why.clone(),
            _ => String::new(),
        };
        (told(&turn), why)
    };
    let review = "the property is written, and the workflow does not show";
    for runs_at_least in [false, true] {
        let look = |after_ms, observation| look(after_ms, runs_at_least, observation);
        assert_eq!(look(0, seen()).0, "confirmed: enroll matched done");
        assert_eq!(look(899_999, Observation::Absent).0, "in-doubt");
        // Neither given up as one that was called nor taken for entered: it may start yet.
        let (told, why) = look(900_000, Observation::Absent);
        assert_eq!((told.as_str(), why.as_str()), ("needs-review: hold in-doubt open", review));
    }
}

#[test]
fn a_lost_write_of_a_property_is_repeated_only_where_a_lost_call_is() {
    for (re_enrolls, expected) in [
        (Some(false), "released: wait outcome-unknown +900000"),
        (Some(true), "needs-review: hold in-doubt open"),
        (None, "needs-review: hold in-doubt open"),
    ] {
        let mut case = by_property(doubt(Doubt::NoAnswer), NOW.plus_ms(900_000));
        let rules = Arc::make_mut(&mut case.rules);
        rules.workflows.get_mut("nurture-flow").expect("in the fixture").re_enrolls = re_enrolls;
        assert_eq!(told(&resolve(case, Observation::Absent)), expected, "{re_enrolls:?}");
    }
}

#[test]
fn who_says_that_a_property_did_nothing_has_it_written_with_another_value() {
    let state = State::NeedsReview { since: NOW, why: String::new() };
    let press = Press { what: "resolve".to_owned(), who: "Ann".to_owned(), note: String::new() };
    let turn = by_person(by_property(state, NOW), Resolution::NotEnrolled, press);
    assert_eq!(turn.items[0].denied, 1, "the stamp counts it");
}
