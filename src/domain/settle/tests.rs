mod answers;
mod evidence;
mod marker;
mod via;

use super::*;
use crate::domain::claim::{Sender, Target};
use crate::domain::event::{Event, Kind};
use crate::domain::gates::fixture::World;
use crate::domain::id::{ContactId, FlowId, UserId};
use crate::domain::outcome::{Concerns, Later, Observation};
use crate::domain::record::Press;
use crate::domain::rule::Mode;
use crate::domain::rule::span::{Span, Unit};

const NOW: Timestamp = Timestamp::from_unix_ms(1_700_000_300_000);
const POLICY: Policy = Policy { verify_first_ms: 5_000, verify_for_ms: 900_000 };

fn item() -> Item {
    let event = Event {
        portal: crate::domain::id::PortalId(1),
        contact: ContactId(7),
        kind: Kind::Created,
        occurred_at: NOW,
        subscription_type: "contact.creation".to_owned(),
        source: None,
        source_id: None,
        app: None,
        event_id: None,
    };
    Item {
        matched: true,
        due: None,
        reason: Reason::OutcomeUnknown,
        ..Item::fired("1.0.rule".into(), ("rule".into(), Mode::Live), event, NOW)
    }
}

fn case(channel: Channel, state: State, now: Timestamp) -> Case {
    let sender = Sender {
        name: "dana".into(),
        inbox: "dana@acme.com".into(),
        user: UserId(71),
        alias: None,
    };
    let name = match channel {
        Channel::Sequence => "inbound-sdr",
        Channel::Workflow => "nurture-flow",
    };
    Case {
        rules: Arc::new(World::new(Vec::new()).rules),
        policy: POLICY,
        claim: Claim {
            id: "c".into(),
            contact: ContactId(7),
            theme: "sales".into(),
            rule: "rule".into(),
            row: "1.0.rule".into(),
            target: Target { channel, name: name.into(), id: 5 },
            sender: (channel == Channel::Sequence).then_some(sender),
            via: None,
            first_call_at: NOW,
            last_call_at: NOW,
            lost_answers: u32::from(state != State::Reserved),
            holds_until: Timestamp::from_unix_ms(u64::MAX),
            evidence: None,
            state,
        },
        item: Some(item()),
        trace: Vec::new(),
        inbox: InboxState::default(),
        now,
        seed: 1,
    }
}

/// A doubt that was read back twice already: the next answer is the third.
fn doubt(doubt: Doubt) -> State {
    State::InDoubt { since: NOW, doubt, checks: 2, next_check: NOW, why: String::new() }
}

/// What a record says, in one line: the claim's state, the verdict, when it is looked at again.
fn told(turn: &Turn) -> String {
    let state = turn.claims[0].state_word();
    let Some(row) = turn.rows.first() else { return state.to_owned() };
    let after = match turn.items.first() {
        Some(item) => item.due.map_or("open".to_owned(), |at| format!("+{}", at.since_ms(NOW))),
        None => "done".to_owned(),
    };
    format!("{state}: {} {} {after}", row.decision, row.reason)
}

#[track_caller]
fn check(channel: Channel, outcome: Outcome, expected: &str) -> Turn {
    let turn = settle(case(channel, State::Reserved, NOW), outcome);
    assert_eq!(told(&turn), expected);
    turn
}

fn refused(concerns: Concerns) -> Outcome {
    Outcome::Refused { concerns, message: "no".to_owned() }
}

#[test]
fn every_outcome_has_one_end() {
    let sequence = Channel::Sequence;
    let accepted =
        || Outcome::Accepted { enrolled_at: Some(NOW), enrollment: Some("9".to_owned()) };
    check(sequence, accepted(), "confirmed: enroll matched done");
    check(Channel::Workflow, accepted(), "in-doubt: wait outcome-unknown open");
    check(sequence, Outcome::AlreadyEnrolled, "in-doubt: wait outcome-unknown open");
    check(sequence, refused(Concerns::Contact), "released: fail hubspot-refused-contact done");
    check(sequence, refused(Concerns::Request), "released: fail hubspot-refused-request done");
    check(sequence, refused(Concerns::Sender), "released: fail hubspot-refused-sender done");
    check(sequence, Outcome::Unknown { why: String::new() }, "in-doubt: wait outcome-unknown open");
    let busy = Outcome::RetryAfter { why: Later::Busy, delay_ms: Some(2_000) };
    check(sequence, busy, "released: wait hubspot-busy +2000");
    let unreachable = Outcome::RetryAfter { why: Later::Unreachable, delay_ms: Some(2_000) };
    check(sequence, unreachable, "released: wait hubspot-unreachable +2000");
    let halted = Outcome::Halted { target_only: false, message: "no scope".to_owned() };
    check(sequence, halted, "released: hold hubspot-refused-request +60000");
}

#[test]
fn a_full_sender_is_left_alone_for_an_hour_and_another_is_chosen() {
    let turn = check(Channel::Sequence, Outcome::SenderFull, "released: wait budget-exhausted +0");
    assert_eq!(turn.inboxes[0].1.full_until, Some(NOW.plus_ms(3_600_000)));
}

#[test]
fn three_refusals_in_a_row_pause_a_sender() {
    let mut inbox = InboxState::default();
    for refusals in 1..=3 {
        let mut case = case(Channel::Sequence, State::Reserved, NOW);
        case.inbox = inbox;
        let turn = settle(case, refused(Concerns::Sender));
        inbox = turn.inboxes[0].1.clone();
        assert_eq!(inbox.refusals, refusals);
        assert_eq!(inbox.paused.is_some(), refusals == 3);
    }
}

#[track_caller]
fn check_read(
    (channel, state): (Channel, Doubt),
    (after_ms, lost_answers): (u64, u32),
    observation: Observation,
    expected: &str,
) {
    let mut case = case(channel, doubt(state), NOW.plus_ms(after_ms));
    case.claim.lost_answers = lost_answers;
    assert_eq!(told(&resolve(case, observation)), expected);
}

fn seen() -> Observation {
    Observation::Enrolled { enrolled_at: None, enrollment: None }
}

fn unobservable() -> Observation {
    Observation::Unobservable { why: "no such call".to_owned() }
}

#[test]
fn a_lost_answer_is_read_back_and_a_sequence_is_repeated_once() {
    let it = (Channel::Sequence, Doubt::NoAnswer);
    check_read(it, (0, 1), seen(), "confirmed: enroll matched done");
    check_read(it, (899_999, 1), Observation::Absent, "in-doubt");
    check_read(it, (900_000, 1), Observation::Absent, "released: wait outcome-unknown +900000");
    check_read(it, (900_000, 2), Observation::Absent, "needs-review: hold in-doubt open");
    check_read(it, (899_999, 1), unobservable(), "in-doubt");
    check_read(it, (900_000, 1), unobservable(), "needs-review: hold in-doubt open");
    let earlier = Observation::Elsewhere { enrolled_at: Some(NOW.minus_ms(1)) };
    check_read(it, (0, 1), earlier, "released: skip already-in-theme done");
    let later = Observation::Elsewhere { enrolled_at: Some(NOW.plus_ms(1)) };
    check_read(it, (900_000, 1), later, "needs-review: hold in-doubt open");
    let not_now = Observation::NotNow { why: Later::Busy, delay_ms: None };
    check_read(it, (9_000_000, 1), not_now, "in-doubt");
}

#[test]
fn a_workflow_that_may_have_come_and_gone_is_never_repeated_by_machine() {
    let it = (Channel::Workflow, Doubt::NoAnswer);
    check_read(it, (900_000, 1), Observation::Absent, "needs-review: hold in-doubt open");
    check_read(it, (0, 1), unobservable(), "needs-review: hold in-doubt open");
    let mut case = case(Channel::Workflow, doubt(Doubt::NoAnswer), NOW.plus_ms(900_000));
    let rules = Arc::make_mut(&mut case.rules);
    let workflow = rules.workflows.get_mut("nurture-flow").expect("in the fixture");
    workflow.re_enrolls = Some(false);
    let turn = resolve(case, Observation::Absent);
    assert_eq!(told(&turn), "released: wait outcome-unknown +900000");
}

#[test]
fn a_workflows_acceptance_is_not_an_enrollment() {
    let it = (Channel::Workflow, Doubt::Accepted);
    check_read(it, (0, 0), seen(), "confirmed: enroll matched done");
    // Nothing says that it must still run: it may be over already.
    check_read(it, (0, 0), Observation::Absent, "confirmed: enroll matched done");
    check_read(it, (0, 0), unobservable(), "confirmed: enroll matched done");
    for (after_ms, expected) in [(0, "in-doubt"), (900_000, "released: fail not-confirmed done")] {
        let mut case = case(Channel::Workflow, doubt(Doubt::Accepted), NOW.plus_ms(after_ms));
        let rules = Arc::make_mut(&mut case.rules);
        let workflow = rules.workflows.get_mut("nurture-flow").expect("in the fixture");
        workflow.runs_at_least = Some(Span { count: 1, unit: Unit::Hour });
        assert_eq!(told(&resolve(case, Observation::Absent)), expected);
    }
}

#[test]
fn already_enrolled_is_ours_or_another() {
    let it = (Channel::Sequence, Doubt::AlreadyEnrolled);
    check_read(it, (0, 0), seen(), "confirmed: enroll matched done");
    check_read(it, (0, 0), Observation::Absent, "released: skip already-in-theme done");
    let another = Observation::Elsewhere { enrolled_at: None };
    check_read(it, (0, 0), another, "released: skip already-in-theme done");
}

#[test]
fn a_person_ends_a_doubt_and_is_named() {
    for (found, expected) in [
        (Resolution::Enrolled, "confirmed: enroll matched done"),
        (Resolution::NotEnrolled, "released: wait outcome-unknown +0"),
    ] {
        let state = State::NeedsReview { since: NOW, why: String::new() };
        let press =
            Press { what: "resolve".to_owned(), who: "Ann".to_owned(), note: String::new() };
        let turn = by_person(case(Channel::Sequence, state, NOW), found, press);
        assert_eq!(told(&turn), expected);
        assert_eq!(turn.press.map(|press| press.who).as_deref(), Some("Ann"));
    }
}

#[test]
fn a_stop_while_calling_leaves_the_claim_in_doubt() {
    let turn = recovered(case(Channel::Sequence, State::Reserved, NOW));
    assert_eq!(told(&turn), "in-doubt: wait outcome-unknown open");
    assert_eq!(turn.claims[0].lost_answers, 1);
}

#[test]
fn only_an_enrollment_from_the_call_on_is_ours() {
    let claim = case(Channel::Sequence, State::Reserved, NOW).claim;
    let shown = |at| Shown::Sequences(vec![(crate::domain::id::SequenceId(5), at, None)]);
    let ours = |at: Timestamp| {
        matches!(observe(&claim, &shown(Some(at)), None), Observation::Enrolled { .. })
    };
    assert!(ours(NOW.minus_ms(CLOCK_SLACK_MS)));
    assert!(!ours(NOW.minus_ms(CLOCK_SLACK_MS + 1)));
    let flow = case(Channel::Workflow, State::Reserved, NOW).claim;
    let current = |id| observe(&flow, &Shown::Workflows(vec![FlowId(id)]), None);
    assert!(matches!(current(5), Observation::Enrolled { .. }));
    assert_eq!(current(6), Observation::Absent);
}
