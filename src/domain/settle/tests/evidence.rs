//! Every end of a doubt says what it rests on.

use super::*;
use crate::domain::claim::{Evidence, Showed};
use crate::domain::outcome::Silence;

/// A doubt that was looked at twice before, once without an answer.
fn looked_at(channel: Channel, state: Doubt, after_ms: u64) -> Case {
    let mut case = case(channel, doubt(state), NOW.plus_ms(after_ms));
    case.claim.lost_answers = 1;
    case.claim.evidence = Some(Box::new(Evidence {
        looks: 2,
        unanswered: 1,
        first: Some(NOW),
        last: Some(NOW.plus_ms(5)),
        showed: Some(Showed::Nothing),
        call: Some("c-9".to_owned()),
        by: None,
    }));
    case
}

/// How it ends, what the claim says it rests on, and what the record says of it.
#[track_caller]
fn check(turn: &Turn, state: &str, last: Timestamp, showed: Showed) {
    let claim = &turn.claims[0];
    assert_eq!(claim.state_word(), state);
    let evidence = claim.evidence.as_deref().expect("evidence");
    assert_eq!((evidence.looks, evidence.unanswered), (3, 1), "{state}");
    assert_eq!((evidence.first, evidence.last), (Some(NOW), Some(last)));
    assert_eq!(evidence.showed, Some(showed));
    assert_eq!(evidence.call.as_deref(), Some("c-9"));
    assert_eq!(turn.correlation.as_deref(), Some("c-9"), "the record names the call");
    let step = turn.rows[0].trace.last().expect("a step");
    assert_eq!((step.step.as_str(), step.passed), ("evidence", state == "confirmed"));
    assert!(step.detail.starts_with("looked 3 times, 14 Nov 2023"), "{}", step.detail);
    assert!(step.detail.ends_with("once HubSpot gave no answer; HubSpot's id of the call: c-9"));
}

#[test]
fn each_class_of_end_keeps_how_often_and_when_was_looked_and_what_was_shown() {
    let over = NOW.plus_ms(900_000);
    let silence = Silence::NotRun;
    let since = Some(NOW.minus_ms(1));
    for (channel, state, observation, expected, showed) in [
        (Channel::Sequence, Doubt::NoAnswer, seen(), "confirmed", Showed::Enrolled { at: None }),
        (Channel::Sequence, Doubt::NoAnswer, Observation::Absent, "released", Showed::Nothing),
        (
            Channel::Sequence,
            Doubt::NoAnswer,
            Observation::Elsewhere { enrolled_at: since },
            "released",
            Showed::Another { at: since },
        ),
        (
            Channel::Sequence,
            Doubt::AlreadyEnrolled,
            seen(),
            "confirmed",
            Showed::Enrolled { at: None },
        ),
        (
            Channel::Sequence,
            Doubt::AlreadyEnrolled,
            Observation::Absent,
            "released",
            Showed::Nothing,
        ),
        (Channel::Sequence, Doubt::NoAnswer, unobservable(), "needs-review", Showed::Unreadable),
        (Channel::Workflow, Doubt::Accepted, seen(), "confirmed", Showed::Enrolled { at: None }),
        (Channel::Workflow, Doubt::Accepted, unobservable(), "confirmed", Showed::Unreadable),
        (Channel::Workflow, Doubt::NoAnswer, Observation::Absent, "needs-review", Showed::Nothing),
        (
            Channel::Workflow,
            Doubt::NoAnswer,
            Observation::Stamped { at: NOW },
            "confirmed",
            Showed::Stamped { at: NOW },
        ),
        (
            Channel::Workflow,
            Doubt::NoAnswer,
            Observation::Unstamped { silence, absent: true },
            "released",
            Showed::Unstamped { silence },
        ),
        (
            Channel::Workflow,
            Doubt::Accepted,
            Observation::Unstamped { silence, absent: true },
            "released",
            Showed::Unstamped { silence },
        ),
    ] {
        let turn = resolve(looked_at(channel, state, 900_000), observation);
        check(&turn, expected, over, showed);
    }
}

#[test]
fn a_look_without_an_answer_is_counted_and_shows_nothing() {
    let case = looked_at(Channel::Sequence, Doubt::NoAnswer, 10);
    let turn = resolve(case, Observation::NotNow { why: Later::Unreachable, delay_ms: None });
    let evidence = turn.claims[0].evidence.as_deref().expect("evidence");
    assert_eq!((evidence.looks, evidence.unanswered), (2, 2));
    assert_eq!((evidence.last, evidence.showed), (Some(NOW.plus_ms(5)), Some(Showed::Nothing)));
}

#[test]
fn what_a_person_says_is_kept_with_who_they_are_beside_what_was_seen() {
    for found in [Resolution::Enrolled, Resolution::NotEnrolled] {
        let mut case = looked_at(Channel::Sequence, Doubt::NoAnswer, 10);
        case.claim.state = State::NeedsReview { since: NOW, why: String::new() };
        let press =
            Press { what: "resolve".to_owned(), who: "Ann".to_owned(), note: String::new() };
        let turn = by_person(case, found, press);
        let evidence = turn.claims[0].evidence.as_deref().expect("evidence");
        assert_eq!((evidence.looks, evidence.by.as_deref()), (2, Some("Ann")));
        let said = &turn.rows[0].trace.last().expect("a step").detail;
        assert!(said.ends_with("Ann looked in HubSpot and said so"), "{said}");
    }
}

#[test]
fn hubspots_id_of_a_call_stays_with_what_it_leaves_in_doubt() {
    let lost = || Outcome::Unknown { why: String::new() };
    let accepted =
        || Outcome::Accepted { enrolled_at: Some(NOW), enrollment: Some("9".to_owned()) };
    for (outcome, id, kept) in
        [(lost(), Some("c-1"), Some("c-1")), (lost(), None, None), (accepted(), Some("c-1"), None)]
    {
        let mut turn = settle(case(Channel::Sequence, State::Reserved, NOW), outcome);
        turn.of_call(id.map(str::to_owned));
        assert_eq!(turn.correlation.as_deref(), id);
        let evidence = turn.claims[0].evidence.as_deref();
        assert_eq!(evidence.and_then(|it| it.call.as_deref()), kept);
    }
}

#[test]
fn hubspot_is_not_said_to_have_said_what_it_did_not() {
    let why = |doubt: Doubt, observation: Observation| {
        let turn = resolve(looked_at(Channel::Sequence, doubt, 10), observation);
        let State::Released { why, .. } = turn.claims[0].state.clone() else { panic!() };
        why
    };
    let earlier = || Observation::Elsewhere { enrolled_at: Some(NOW.minus_ms(1)) };
    let lost = why(Doubt::NoAnswer, earlier());
    assert_eq!(lost, "HubSpot shows another sequence, from before the call");
    let refused = why(Doubt::AlreadyEnrolled, earlier());
    assert_eq!(refused, "HubSpot said ALREADY_ENROLLED, and shows another sequence");
    let unseen = why(Doubt::AlreadyEnrolled, Observation::Absent);
    assert_eq!(unseen, "HubSpot said ALREADY_ENROLLED, and does not show ours");
}
