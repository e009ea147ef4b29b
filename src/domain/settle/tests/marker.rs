//! The marker of a workflow that may be over before anybody looks: what its stamps say, and how a
//! doubt ends by them.

use super::*;
use crate::domain::contact::{Contact, PastValue};
use crate::domain::outcome::Silence;
use crate::domain::time::{DAY_MS, MINUTE_MS};

use Silence::{NeverSeen, NotRun, Unclear};

const PROPERTY: &str = "last_run";

fn claim() -> Claim {
    case(Channel::Workflow, State::Reserved, NOW).claim
}

/// The contact with these versions of the marker: value, when, by what.
fn contact(stamps: &[(&str, Timestamp, &str)]) -> Contact {
    let version = |(value, at, source): &(&str, Timestamp, &str)| PastValue {
        value: (*value).to_owned(),
        at: *at,
        source: Some((*source).to_owned()),
    };
    Contact {
        id: ContactId(7),
        properties: [].into(),
        history: [(PROPERTY.into(), stamps.iter().map(version).collect())].into(),
        merged: Vec::new(),
    }
}

#[track_caller]
fn check_mark(stamps: &[(&str, Timestamp, &str)], expected: Mark) {
    assert_eq!(marked(&claim(), &[], &contact(stamps), &PROPERTY.into()), expected);
}

#[test]
fn a_stamp_from_the_call_on_is_this_claims() {
    let earliest = NOW.minus_ms(CLOCK_SLACK_MS);
    let by = "AUTOMATION_PLATFORM";
    check_mark(&[], Mark::Missing);
    check_mark(&[("2023-11-14T22:18:20Z", NOW, by)], Mark::Stamped(NOW));
    check_mark(&[("x", earliest, by)], Mark::Stamped(earliest));
    check_mark(&[("x", earliest.minus_ms(1), by)], Mark::Missing);
    // The first one counts, however HubSpot orders them; clearing is no stamp.
    check_mark(&[("y", NOW.plus_ms(9), by), ("x", NOW, by)], Mark::Stamped(NOW));
    check_mark(&[(" ", NOW, by), ("x", earliest.minus_ms(1), by)], Mark::Missing);
}

#[test]
fn what_a_merge_wrote_shows_nothing_and_neither_does_its_absence() {
    check_mark(&[("x", NOW, "MERGE_CONTACTS")], Mark::Unclear);
    let both = [("x", NOW, "MERGE_CONTACTS"), ("y", NOW.plus_ms(1), "CRM_UI")];
    check_mark(&both, Mark::Stamped(NOW.plus_ms(1)));
    check_mark(&[("x", NOW.minus_ms(DAY_MS), "MERGE_CONTACTS")], Mark::Missing);
}

#[test]
fn a_date_that_was_stamped_the_same_day_hides_a_second_run() {
    let earlier = NOW.minus_ms(10 * MINUTE_MS);
    let by = "AUTOMATION_PLATFORM";
    let midnight = NOW.unix_ms() / DAY_MS * DAY_MS;
    check_mark(&[("2023-11-14", earlier, by)], Mark::Unclear);
    check_mark(&[(&midnight.to_string(), earlier, by)], Mark::Unclear);
    check_mark(&[("2023-11-12", earlier.minus_ms(2 * DAY_MS), by)], Mark::Missing);
    check_mark(&[("2023-11-14T22:00:00Z", earlier, by)], Mark::Missing);
    check_mark(&[("2023-11-14", NOW, by)], Mark::Stamped(NOW));
}

#[test]
fn an_answer_without_any_history_is_no_missing_stamp() {
    let mark = |history: &[(&str, Vec<PastValue>)]| {
        let history = history.iter().map(|(name, past)| ((*name).into(), past.clone())).collect();
        marked(&claim(), &[], &Contact { history, ..contact(&[]) }, &PROPERTY.into())
    };
    let past = || PastValue { value: "x".to_owned(), at: NOW, source: None };
    assert_eq!(mark(&[]), Mark::Untold);
    assert_eq!(mark(&[("email", vec![])]), Mark::Untold);
    assert_eq!(mark(&[("email", vec![past()])]), Mark::Missing);
    assert_eq!(mark(&[(PROPERTY, vec![])]), Mark::Missing);
}

#[test]
fn a_stamp_speaks_for_one_claim() {
    let stamps = contact(&[("x", NOW, "AUTOMATION_PLATFORM")]);
    let confirmed = |id: &str, at: Timestamp| Claim {
        id: id.into(),
        state: State::Confirmed {
            enrolled_at: at,
            verified: true,
            enrollment: None,
            ended_at: None,
        },
        ..claim()
    };
    let mark = |others: &[Claim]| marked(&claim(), others, &stamps, &PROPERTY.into());
    assert_eq!(mark(&[confirmed("before", NOW)]), Mark::Missing);
    assert_eq!(mark(&[confirmed("before", NOW.minus_ms(1))]), Mark::Stamped(NOW));
    assert_eq!(mark(&[confirmed("c", NOW)]), Mark::Stamped(NOW), "its own");
}

#[test]
fn what_was_not_stamped_counts_only_where_the_marker_is_known_to_work() {
    let why = || Observation::Unobservable { why: String::new() };
    let of = |silence, absent| Observation::Unstamped { silence, absent };
    for (mark, is_proven, shown, expected) in [
        (Mark::Missing, true, Observation::Absent, of(NotRun, true)),
        (Mark::Missing, true, why(), of(NotRun, false)),
        (Mark::Missing, false, Observation::Absent, of(NeverSeen, true)),
        (Mark::Unclear, true, why(), of(Unclear, false)),
        (Mark::Untold, true, why(), of(Silence::Untold, false)),
        (Mark::Missing, true, seen(), seen()),
    ] {
        assert_eq!(unstamped(mark, is_proven, shown), expected);
    }
}

/// A doubt about a workflow that stamps a marker, re-enrolls and may be over at once, looked at so
/// long after the call.
fn look(
    (state, after_ms, lost_answers): (Doubt, u64, u32),
    observation: Observation,
    (re_enrolls, runs_an_hour): (bool, bool),
) -> String {
    let mut case = case(Channel::Workflow, doubt(state), NOW.plus_ms(after_ms));
    case.claim.lost_answers = lost_answers;
    let rules = Arc::make_mut(&mut case.rules);
    let workflow = rules.workflows.get_mut("nurture-flow").expect("in the fixture");
    workflow.re_enrolls = Some(re_enrolls);
    workflow.runs_at_least = runs_an_hour.then_some(Span { count: 1, unit: Unit::Hour });
    workflow.marker = Some(PROPERTY.into());
    told(&resolve(case, observation))
}

#[track_caller]
fn check_look(at: (Doubt, u64, u32), observation: Observation, expected: &str) {
    assert_eq!(look(at, observation, (true, false)), expected);
}

const OVER: u64 = 900_000;
const CONFIRMED: &str = "confirmed: enroll matched done";
const REPEATED: &str = "released: wait outcome-unknown +900000";
const HELD: &str = "needs-review: hold in-doubt open";
const FAILED: &str = "released: fail not-confirmed done";

#[test]
fn a_lost_answer_of_a_marked_workflow_is_confirmed_or_repeated_once() {
    let stamped = || Observation::Stamped { at: NOW };
    let of = |silence, absent| Observation::Unstamped { silence, absent };
    let lost = |after_ms| (Doubt::NoAnswer, after_ms, 1);
    check_look(lost(0), stamped(), CONFIRMED);
    check_look((Doubt::NoAnswer, 0, 2), stamped(), CONFIRMED);
    check_look(lost(OVER - 1), of(NotRun, true), "in-doubt");
    for absent in [true, false] {
        check_look(lost(OVER), of(NotRun, absent), REPEATED);
        check_look((Doubt::NoAnswer, OVER, 2), of(NotRun, absent), HELD);
        for silence in [NeverSeen, Unclear, Silence::Untold] {
            check_look(lost(OVER - 1), of(silence, absent), "in-doubt");
            check_look(lost(OVER), of(silence, absent), HELD);
        }
    }
    // What was safe without a marker still is.
    assert_eq!(look(lost(OVER), of(NeverSeen, true), (false, false)), REPEATED);
    assert_eq!(look(lost(OVER), of(NeverSeen, true), (true, true)), REPEATED);
}

#[test]
fn an_accepted_call_of_a_marked_workflow_is_verified_or_did_nothing() {
    let of = |silence, absent| Observation::Unstamped { silence, absent };
    let accepted = |after_ms| (Doubt::Accepted, after_ms, 0);
    check_look(accepted(0), Observation::Stamped { at: NOW }, CONFIRMED);
    for absent in [true, false] {
        check_look(accepted(OVER - 1), of(NotRun, absent), "in-doubt");
        check_look(accepted(OVER), of(NotRun, absent), FAILED);
        // Unverified, as without a marker.
        check_look(accepted(OVER - 1), of(NeverSeen, absent), "in-doubt");
        check_look(accepted(OVER), of(NeverSeen, absent), CONFIRMED);
    }
    // Where it must still run the list of current workflows says it, marker or not.
    assert_eq!(look(accepted(OVER), of(NeverSeen, true), (true, true)), FAILED);
}

#[test]
fn absence_of_a_stamp_needs_three_answers_as_any_absence() {
    let mut case = case(Channel::Workflow, doubt(Doubt::NoAnswer), NOW.plus_ms(OVER));
    if let State::InDoubt { checks, .. } = &mut case.claim.state {
        *checks = 1;
    }
    let turn = resolve(case, Observation::Unstamped { silence: NotRun, absent: true });
    assert_eq!(told(&turn), "in-doubt");
}

#[test]
fn a_stamp_dates_the_enrollment_and_verifies_it() {
    let stamped = NOW.plus_ms(3_000);
    let case = case(Channel::Workflow, doubt(Doubt::Accepted), NOW.plus_ms(5_000));
    let turn = resolve(case, Observation::Stamped { at: stamped });
    let State::Confirmed { enrolled_at, verified, .. } = &turn.claims[0].state else { panic!() };
    assert_eq!((*enrolled_at, *verified), (stamped, true));
}

#[test]
fn the_first_action_is_given_its_time() {
    for (marker, expected_ms) in [(None, 0), (Some(PROPERTY.into()), POLICY.verify_first_ms)] {
        let mut case = case(Channel::Workflow, State::Reserved, NOW);
        let rules = Arc::make_mut(&mut case.rules);
        rules.workflows.get_mut("nurture-flow").expect("in the fixture").marker = marker;
        let turn = settle(case, Outcome::Accepted { enrolled_at: None, enrollment: None });
        let State::InDoubt { next_check, .. } = turn.claims[0].state else { panic!() };
        assert_eq!(next_check.since_ms(NOW), expected_ms);
    }
}
