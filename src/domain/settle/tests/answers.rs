//! What counts as absence: answers, not time.

use super::*;

/// Reads a lost answer back at these moments, and says where the claim stands after each.
#[track_caller]
fn check_reads(reads: &[(u64, Observation, &str)]) {
    let mut state = doubt(Doubt::NoAnswer);
    if let State::InDoubt { checks, .. } = &mut state {
        *checks = 0;
    }
    for (number, (after_ms, observation, expected)) in reads.iter().enumerate() {
        let case = case(Channel::Sequence, state, NOW.plus_ms(*after_ms));
        let turn = resolve(case, observation.clone());
        assert_eq!(turn.claims[0].state_word(), *expected, "read {number}");
        state = turn.claims[0].state.clone();
    }
}

/// Time passes too while HubSpot or the router is down. Absence is what HubSpot was asked for and
/// answered, several times.
#[test]
fn absence_needs_three_answers_however_much_time_has_passed() {
    let absent = || Observation::Absent;
    let not_now = || Observation::NotNow { why: Later::Unreachable, delay_ms: None };
    let hour = 3_600_000;
    check_reads(&[
        (hour, absent(), "in-doubt"),
        (hour + 10_000, absent(), "in-doubt"),
        (hour + 30_000, absent(), "released"),
    ]);
    check_reads(&[
        (5_000, not_now(), "in-doubt"),
        (600_000, not_now(), "in-doubt"),
        (hour, not_now(), "in-doubt"),
        (hour + 1, absent(), "in-doubt"),
        (hour + 10_000, not_now(), "in-doubt"),
        (hour + 20_000, absent(), "in-doubt"),
        (hour + 40_000, absent(), "released"),
    ]);
    // Nor do many answers make up for the time HubSpot is given to show it.
    check_reads(&[
        (5_000, absent(), "in-doubt"),
        (15_000, absent(), "in-doubt"),
        (35_000, absent(), "in-doubt"),
        (899_999, absent(), "in-doubt"),
        (900_000, absent(), "released"),
    ]);
    check_reads(&[(hour, absent(), "in-doubt"), (hour + 10_000, seen(), "confirmed")]);
}

/// How long is waited after a read at this moment.
#[track_caller]
fn check_wait(after_ms: u64, observation: Observation, expected_ms: u64) {
    let case = case(Channel::Sequence, doubt(Doubt::NoAnswer), NOW.plus_ms(after_ms));
    let turn = resolve(case, observation);
    let State::InDoubt { next_check, .. } = turn.claims[0].state else { panic!("{turn:?}") };
    assert_eq!(next_check, NOW.plus_ms(after_ms + expected_ms));
}

#[test]
fn while_hubspot_does_not_answer_it_is_asked_less_and_less_often() {
    let not_now = |delay_ms| Observation::NotNow { why: Later::Unreachable, delay_ms };
    check_wait(0, not_now(None), 5_000);
    check_wait(5_000, not_now(None), 5_000);
    check_wait(40_000, not_now(None), 40_000);
    check_wait(9_000_000, not_now(None), 300_000);
    check_wait(9_000_000, not_now(Some(1_000)), 1_000);
}

/// How a doubt about a workflow that surely runs for an hour ends, absent at this moment.
#[track_caller]
fn check_runs_an_hour(state: Doubt, after_ms: u64, expected: &str) {
    let mut case = case(Channel::Workflow, doubt(state), NOW.plus_ms(after_ms));
    if let State::InDoubt { since, .. } = &mut case.claim.state {
        // The router was down meanwhile, and began to look when it was back.
        *since = NOW.plus_ms(after_ms.saturating_sub(900_000));
    }
    let rules = Arc::make_mut(&mut case.rules);
    let workflow = rules.workflows.get_mut("nurture-flow").expect("in the fixture");
    workflow.runs_at_least = Some(Span { count: 1, unit: Unit::Hour });
    assert_eq!(told(&resolve(case, Observation::Absent)), expected);
}

/// Its absence is evidence only while it must still run.
#[test]
fn a_workflow_that_may_be_over_when_it_is_looked_for_is_not_taken_for_never_entered() {
    let hour = 3_600_000;
    let repeated = format!("released: wait outcome-unknown +{}", hour - 1);
    check_runs_an_hour(Doubt::NoAnswer, hour - 1, &repeated);
    check_runs_an_hour(Doubt::NoAnswer, hour, "needs-review: hold in-doubt open");
    check_runs_an_hour(Doubt::Accepted, hour - 1, "released: fail not-confirmed done");
    check_runs_an_hour(Doubt::Accepted, hour, "confirmed: enroll matched done");
}
