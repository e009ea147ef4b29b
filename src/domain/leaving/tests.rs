//! What is done next about a leaving, from what HubSpot shows, and how it ends.

use super::*;
use crate::domain::claim::State;
use crate::domain::contact::Contact;
use crate::domain::gates::fixture::{
    ANN, NOW, World, becomes, changes, claim, contact, event, rule, takes_out, target,
};
use crate::domain::id::{FlowId, SequenceId};
use crate::domain::outcome::{Concerns, Later, Outcome};
use crate::domain::person::Seen;
use crate::domain::record::Turn;
use crate::domain::rule::{Exit, Rule};
use crate::domain::settle::{Policy, Shown};
use crate::domain::time::{DAY_MS, SECOND_MS};

const POLICY: Policy = Policy { verify_first_ms: 5_000, verify_for_ms: 900_000 };
const STAMP: &str = "unenroll_requested";

/// Ann is in `intro` (sequence 11) since yesterday, or in the nurture workflow, and a rule takes
/// her out of it.
fn world(channel: Channel) -> World {
    let exit = Exit::Everything;
    let mut world = World::new(vec![takes_out("out", changes("lifecyclestage"), exit, true)]);
    let began = world.now.minus_ms(DAY_MS);
    let place = match channel {
        Channel::Sequence => ("sales", target(Channel::Sequence, "intro")),
        Channel::Workflow => ("nurture", target(Channel::Workflow, "nurture-flow")),
    };
    world.person.claims = vec![claim(place, began, None)];
    world.settled(&event("lifecyclestage", "mql"));
    let plan = world.decide();
    assert_eq!(plan.leavings.len(), 1, "{plan:?}");
    world
}

fn case(world: &World, stage: Stage, now: Timestamp) -> Case<'_> {
    let leaving = Leaving { stage, ..world.person.leavings[0].clone() };
    Case { rules: &world.rules, policy: POLICY, person: world.person.clone(), leaving, now }
}

/// The latest sequence HubSpot shows, when it began and ended, and what the property holds.
fn shown(sequence: &str, began: Timestamp, ended: Option<Timestamp>, stamp: &str) -> Contact {
    let (began, ended) = (began.unix_ms().to_string(), ended.map(|at| at.unix_ms().to_string()));
    contact(&[
        ("hs_latest_sequence_enrolled", sequence),
        ("hs_latest_sequence_enrolled_date", &began),
        ("hs_latest_sequence_ended_date", ended.as_deref().unwrap_or("")),
        (STAMP, stamp),
    ])
}

fn yesterday() -> Timestamp {
    NOW.plus_ms(30_000).minus_ms(DAY_MS)
}

/// A verdict in a word.
fn word(verdict: &Verdict) -> String {
    let end = |end: &End| match end {
        End::Left { .. } => "left".to_owned(),
        End::Absent => "absent".to_owned(),
        End::Failed { reason, .. } => reason.to_string(),
    };
    match verdict {
        Verdict::Later => "later".to_owned(),
        Verdict::Call(_) => "call".to_owned(),
        Verdict::Stamp => "stamp".to_owned(),
        Verdict::Wipe => "wipe".to_owned(),
        Verdict::Clear(it) => format!("clear, {}", end(it)),
        Verdict::Over(it) => format!("over, {}", end(it)),
    }
}

#[track_caller]
fn check_bridge(stage: Stage, later_ms: u64, contact: &Contact, expected: &str) {
    let world = world(Channel::Sequence);
    let case = case(&world, stage, world.now.plus_ms(later_ms));
    assert_eq!(word(&by_bridge(&case, &STAMP.into(), contact)), expected);
}

fn stamped() -> Stage {
    Stage::Stamped { at: NOW.plus_ms(30_000) }
}

fn our_stamp() -> String {
    world(Channel::Sequence).person.leavings[0].id.to_string()
}

#[test]
fn the_bridge_is_stamped_only_while_what_is_meant_is_the_latest_and_runs() {
    let began = yesterday();
    check_bridge(Stage::Asked, 0, &shown("11", began, None, ""), "stamp");
    // Another began after it: that one is never left.
    check_bridge(Stage::Asked, 0, &shown("12", began.plus_ms(1), None, ""), "over, absent");
    check_bridge(Stage::Asked, 0, &shown("11", began.plus_ms(DAY_MS), None, ""), "over, absent");
    // It ended by itself.
    let ended = Some(began.plus_ms(1));
    check_bridge(Stage::Asked, 0, &shown("11", began, ended, ""), "over, absent");
    // HubSpot shows an older one: it lags.
    let old = shown("12", began.minus_ms(DAY_MS), None, "");
    check_bridge(Stage::Asked, 0, &old, "later");
    check_bridge(Stage::Asked, 300_000, &old, "over, bridge-broken");
    check_bridge(Stage::Asked, 0, &contact(&[]), "later");
}

#[test]
fn a_foreign_stamp_is_wiped_first_and_ours_is_taken_up_again() {
    let began = yesterday();
    check_bridge(Stage::Asked, 0, &shown("11", began, None, "somebody"), "wipe");
    let ours = our_stamp();
    check_bridge(Stage::Asked, 0, &shown("11", began, None, &ours), "stamp");
    let ended = Some(began.plus_ms(DAY_MS));
    check_bridge(Stage::Asked, 0, &shown("11", began, ended, &ours), "clear, left");
}

#[test]
fn a_stamp_is_waited_for_and_cleared_before_anything_follows() {
    let began = yesterday();
    let ours = our_stamp();
    let (running, over) =
        (shown("11", began, None, &ours), shown("11", began, Some(NOW.plus_ms(31_000)), &ours));
    check_bridge(stamped(), 1_000, &running, "later");
    check_bridge(stamped(), 299_999, &running, "later");
    check_bridge(stamped(), 300_000, &running, "clear, bridge-broken");
    check_bridge(stamped(), 300_000, &over, "clear, left");
    // Somebody cleared it already.
    let cleared = shown("11", began, Some(NOW.plus_ms(31_000)), "");
    check_bridge(stamped(), 1_000, &cleared, "over, left");
    let clearing = || Stage::Clearing(End::Left { at: NOW });
    check_bridge(clearing(), 1_000, &over, "clear, left");
    check_bridge(clearing(), 1_000, &cleared, "over, left");
    // A later one began meanwhile: ours is over, and the stamp must go.
    let later = shown("12", NOW.plus_ms(31_000), None, &ours);
    check_bridge(stamped(), 1_000, &later, "clear, left");
}

#[track_caller]
fn check_doubt(state: State, later_ms: u64, expected: &str) {
    let mut world = world(Channel::Sequence);
    world.person.claims[0].state = state;
    let case = case(&world, Stage::Asked, world.now.plus_ms(later_ms));
    assert_eq!(word(&by_bridge(&case, &STAMP.into(), &contact(&[]))), expected);
}

#[test]
fn a_claim_in_doubt_is_looked_for_as_long_as_any_doubt() {
    let doubt = || State::InDoubt {
        since: NOW.plus_ms(30_000),
        doubt: crate::domain::claim::Doubt::NoAnswer,
        checks: 0,
        next_check: NOW,
        why: String::new(),
    };
    check_doubt(doubt(), 899_999, "later");
    check_doubt(doubt(), 900_000, "over, absent");
    check_doubt(State::Released { at: NOW, why: String::new() }, 0, "over, absent");
}

#[track_caller]
fn check_call(channel: Channel, stage: Stage, shown: &Shown, later_ms: u64, expected: &str) {
    let world = world(channel);
    let case = case(&world, stage, world.now.plus_ms(later_ms));
    assert_eq!(word(&by_call(&case, shown)), expected);
}

#[test]
fn a_call_is_made_and_seen_to_have_worked() {
    let called = || Stage::Called { at: NOW.plus_ms(30_000) };
    let unseen = || Shown::Nothing(String::new());
    let flows = |ids: &[u64]| Shown::Workflows(ids.iter().copied().map(FlowId).collect());
    let flow = Channel::Workflow;
    check_call(flow, Stage::Asked, &unseen(), 0, "call");
    check_call(flow, called(), &flows(&[]), 0, "over, left");
    check_call(flow, called(), &flows(&[99]), 0, "over, left");
    check_call(flow, called(), &flows(&[21]), 0, "call");
    check_call(flow, called(), &flows(&[21]), 300_000, "over, not-confirmed");
    // Nobody can see: HubSpot's word is taken for it.
    check_call(flow, called(), &unseen(), 0, "over, left");
    let sequences = |id: u64, at: Timestamp| {
        Shown::Sequences(vec![(SequenceId(id), Some(at), Some("9".to_owned()))])
    };
    let (sequence, none) = (Channel::Sequence, Shown::Sequences(Vec::new()));
    check_call(sequence, Stage::Asked, &sequences(11, yesterday()), 0, "call");
    check_call(sequence, called(), &sequences(11, yesterday()), 0, "call");
    check_call(sequence, called(), &none, 0, "over, left");
    check_call(sequence, Stage::Asked, &none, 0, "over, absent");
    // The same sequence anew is another enrollment.
    check_call(sequence, called(), &sequences(11, NOW), 0, "over, left");
    check_call(sequence, Stage::Asked, &unseen(), 0, "later");
    check_call(sequence, Stage::Asked, &unseen(), 300_000, "over, not-confirmed");
}

/// What a record says: stage, claim's end, verdict, what follows.
fn told(turn: &Turn) -> String {
    let leaving = turn.leavings.first();
    let mut said = vec![leaving.map_or("gone", |it| it.stage_word()).to_owned()];
    said.extend(turn.claims.iter().map(|claim| match &claim.state {
        State::Confirmed { ended_at: Some(_), .. } => "ended".to_owned(),
        _ => claim.state_word().to_owned(),
    }));
    said.extend(turn.rows.iter().map(|row| format!("{} {}", row.decision, row.reason)));
    said.join(", ")
}

#[track_caller]
fn check_settle(stage: Stage, verdict: Verdict, outcome: Option<Outcome>, expected: &str) -> Turn {
    let world = world(Channel::Sequence);
    let turn = settle(&case(&world, stage, world.now), None, verdict, outcome);
    assert_eq!(told(&turn), expected);
    turn
}

fn accepted() -> Outcome {
    Outcome::Accepted { enrolled_at: None, enrollment: None }
}

fn unknown() -> Outcome {
    Outcome::Unknown { why: String::new() }
}

#[test]
fn every_answer_has_one_next_stage() {
    let call = || Verdict::Call(None);
    check_settle(Stage::Asked, call(), Some(accepted()), "called");
    check_settle(Stage::Asked, call(), Some(unknown()), "called");
    check_settle(
        Stage::Asked,
        Verdict::Stamp,
        Some(accepted()),
        "stamped, unenroll bridge-pending",
    );
    check_settle(Stage::Asked, Verdict::Stamp, Some(unknown()), "asked");
    check_settle(Stage::Asked, Verdict::Wipe, Some(accepted()), "asked");
    check_settle(stamped(), Verdict::Later, None, "stamped");
    let clear = || Verdict::Clear(End::Left { at: NOW });
    check_settle(stamped(), clear(), Some(accepted()), "clearing");
    check_settle(stamped(), clear(), Some(unknown()), "clearing");
    let busy = Outcome::RetryAfter { why: Later::Busy, delay_ms: Some(7_000) };
    let turn = check_settle(Stage::Asked, Verdict::Stamp, Some(busy), "asked");
    assert_eq!(turn.leavings[0].next, NOW.plus_ms(30_000 + 7_000));
    let halted = Outcome::Halted { target_only: true, message: "no scope".to_owned() };
    let expected = "asked, hold hubspot-refused-request";
    check_settle(Stage::Asked, call(), Some(halted), expected);
}

#[test]
fn a_call_that_is_refused_three_times_is_given_up() {
    let refused = || Outcome::Refused { concerns: Concerns::Request, message: "no".to_owned() };
    let mut world = world(Channel::Sequence);
    for (tries, expected) in [(0, "asked"), (1, "asked"), (2, "gone, fail hubspot-refused-request")]
    {
        world.person.leavings[0].tries = tries;
        let case = case(&world, Stage::Asked, world.now);
        assert_eq!(told(&settle(&case, None, Verdict::Stamp, Some(refused()))), expected);
    }
}

#[test]
fn the_claim_ends_when_it_is_left_and_then_enroll_follows() {
    let end = Verdict::Over(End::Left { at: NOW });
    let expected = "gone, ended, unenroll matched, wait theme-busy";
    let turn = check_settle(Stage::Clearing(End::Absent), end, None, expected);
    assert_eq!(turn.rows[0].sentence, "Taken out of intro: rule \"out\".");
    assert_eq!(turn.rows[0].from, ["intro".into()]);
    let then = &turn.items[0];
    assert_eq!(then.id.as_str(), "1.0.out.then");
    assert_eq!(then.due, Some(NOW.plus_ms(30_000)));
    let absent = Verdict::Over(End::Absent);
    check_settle(Stage::Asked, absent, None, "gone, ended, skip not-enrolled, wait theme-busy");
}

#[test]
fn what_could_not_be_left_holds_its_theme_and_nothing_is_enrolled_then() {
    let end =
        End::Failed { reason: Reason::BridgeBroken, sentence: sentence::bridge_broken(300_000) };
    let turn = check_settle(stamped(), Verdict::Over(end), None, "gone, fail bridge-broken");
    assert_eq!(
        turn.rows[0].sentence,
        "The unenroll bridge did not act within 5 minutes. Is the workflow on?"
    );
    assert!(turn.items.is_empty());
}

#[test]
fn an_item_waits_for_everything_it_leaves() {
    let mut world = World::new(vec![
        takes_out("out", changes("lifecyclestage"), Exit::Everything, false),
        Rule { priority: 900, ..rule("in", becomes("lifecyclestage", "mql"), "revival") },
    ]);
    let began = world.now.minus_ms(DAY_MS);
    world.person.claims =
        vec![claim(("nurture", target(Channel::Workflow, "nurture-flow")), began, None)];
    let sequence = SequenceId(12);
    world.person.seen = vec![Seen { sequence, enrolled_at: began, ended_at: None }];
    world.settled(&event("lifecyclestage", "mql"));
    let plan = world.decide();
    let names: Vec<_> = plan.leavings.iter().map(|it| it.target.name.as_str()).collect();
    assert_eq!(names, ["nurture-flow", "revival"], "the one by hand too");
    for (expected, at) in [("over, ended", 0), ("gone, unenroll matched", 1)] {
        let leaving = world.person.open_leaving().cloned().expect("one is open");
        assert_eq!(leaving.id, plan.leavings[at].id, "one after the other");
        let case = Case { leaving, ..case(&world, Stage::Asked, world.now) };
        let turn = settle(&case, None, Verdict::Over(End::Left { at: NOW }), None);
        assert_eq!(told(&turn), expected);
        world.person.apply_turn(world.person.version + 1, &turn);
    }
    assert!(world.person.leavings.is_empty());
    assert_eq!(world.person.contact, ANN);
}

#[test]
fn a_claim_in_doubt_that_is_left_was_enrolled() {
    let mut world = world(Channel::Workflow);
    world.person.claims[0].state = State::NeedsReview { since: NOW, why: String::new() };
    let case = case(&world, Stage::Called { at: NOW }, world.now);
    let turn = settle(&case, None, Verdict::Over(End::Left { at: NOW.plus_ms(SECOND_MS) }), None);
    assert_eq!(told(&turn), "gone, ended, unenroll matched, wait theme-busy");
}
