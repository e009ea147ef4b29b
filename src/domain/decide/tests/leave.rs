//! Unenroll rules and `also_unenroll`: what they leave, what they end, what comes then.
//! CONSISTENCY.md 6.2.

use super::mql;
use crate::domain::claim::{Channel, Doubt, State};
use crate::domain::decide::Plan;
use crate::domain::gates::fixture::{
    World, also_unenroll, becomes, changes, claim, contact, event, is, rule, takes_out, target,
};
use crate::domain::person::{Purpose, Seen, Shadow};
use crate::domain::reason::Reason;
use crate::domain::rule::{Exit, Mode, Rule};
use crate::domain::time::{DAY_MS, Timestamp};

fn sales() -> Exit {
    Exit::Themes(["sales".into()].into())
}

fn out() -> Rule {
    takes_out("out", becomes("lifecyclestage", "mql"), sales(), false)
}

fn in_intro(world: &mut World) {
    let place = ("sales", target(Channel::Sequence, "intro"));
    world.person.claims.push(claim(place, world.now.minus_ms(DAY_MS), None));
}

/// Every record of a plan, its leavings and its enrollment, in a line.
fn told(plan: &Plan) -> String {
    let rows = plan.rows.iter().map(|row| format!("{} {}", row.decision, row.reason));
    let leavings = plan.leavings.iter().map(|it| format!("leave {}", it.target.name));
    let enroll = plan.enroll.iter().map(|it| format!("enroll {}", it.target.name));
    rows.chain(leavings).chain(enroll).collect::<Vec<_>>().join(", ")
}

#[track_caller]
fn check(rules: Vec<Rule>, prepare: impl FnOnce(&mut World), expected: &str) -> (World, Plan) {
    let mut world = World::new(rules);
    prepare(&mut world);
    world.settled(&event("lifecyclestage", "mql"));
    let plan = world.decide();
    assert_eq!(told(&plan), expected, "{:?}", plan.rows);
    (world, plan)
}

#[test]
fn a_rule_leaves_what_it_names_and_nothing_else() {
    let leaves = "wait outcome-unknown, leave intro";
    let named =
        |exit: Exit| vec![Rule { ..takes_out("out", changes("lifecyclestage"), exit, false) }];
    check(named(sales()), in_intro, leaves);
    check(named(Exit::Target("intro".into())), in_intro, leaves);
    check(named(Exit::Everything), in_intro, leaves);
    check(named(Exit::Target("revival".into())), in_intro, "skip not-enrolled");
    check(named(Exit::Themes(["nurture".into()].into())), in_intro, "skip not-enrolled");
    check(named(Exit::Everything), |_| (), "skip not-enrolled");
}

#[test]
fn a_rule_that_lost_its_then_enroll_ends_what_came_after_it() {
    let mut world = World::new(vec![out()]);
    world.settled(&event("lifecyclestage", "mql"));
    // The person is out, and meanwhile the rule was written anew.
    world.person.items[0].purpose = Purpose::Then;
    let plan = world.decide();
    assert_eq!(told(&plan), "skip withdrawn");
    let why = "Ended before it was sent: rule \"out\" enrolls into nothing any more.";
    assert_eq!(plan.rows[0].sentence, why);
    assert_eq!(plan.items, [], "nothing is left of it");
}

#[test]
fn what_somebody_started_by_hand_is_left_too() {
    let by_hand = |sequence: u64, ended: Option<u64>| {
        move |world: &mut World| {
            world.person.seen = vec![Seen {
                sequence: crate::domain::id::SequenceId(sequence),
                enrolled_at: world.now.minus_ms(DAY_MS),
                ended_at: ended.map(|ago| world.now.minus_ms(ago)),
            }];
        }
    };
    check(vec![out()], by_hand(12, None), "wait outcome-unknown, leave revival");
    // Not in the address book: it counts as the theme of `unknown_sequences`.
    check(vec![out()], by_hand(999, None), "wait outcome-unknown, leave sequence 999");
    check(vec![out()], by_hand(12, Some(1)), "skip not-enrolled");
}

#[test]
fn nothing_that_stops_an_enrollment_stops_an_unenrollment() {
    let suppressed = |world: &mut World| {
        in_intro(world);
        world.contact = contact(&[("email", "kim@acme.com"), ("hs_email_optout", "true")]);
        world.rules.suppressions = vec![also_unenroll("anybody", is("firstname", "Ann"))];
    };
    check(vec![out()], suppressed, "wait outcome-unknown, leave intro");
}

#[test]
fn a_rule_that_only_watches_says_what_it_would_leave() {
    let watches = || vec![Rule { mode: Mode::DryRun, ..out() }];
    let (_, plan) = check(watches(), in_intro, "unenroll would-unenroll");
    assert_eq!(plan.rows[0].from, ["intro".into()]);
    assert_eq!(plan.rows[0].sentence, "Dry run: would have been taken out of intro.");
    check(watches(), |_| (), "skip not-enrolled");
    // It sees what its like would have enrolled, and ends it for them.
    let shadowed = |world: &mut World| {
        world.person.shadows = vec![Shadow {
            rule: "watch".into(),
            theme: "sales".into(),
            target: "revival".into(),
            at: world.now.minus_ms(DAY_MS),
            holds_until: world.now.plus_ms(DAY_MS),
        }];
    };
    let (world, plan) = check(watches(), shadowed, "unenroll would-unenroll");
    assert_eq!(plan.shadows[0].holds_until, world.now);
}

#[test]
fn unenroll_rules_run_before_any_enrollment_of_the_same_event() {
    let rules = || vec![Rule { priority: 1, ..mql() }, Rule { priority: 900, ..out() }];
    let (mut world, plan) = check(rules(), in_intro, "wait outcome-unknown, leave intro");
    assert_eq!(plan.items.len(), 2, "the enrollment stays due");
    // What is being left still holds its theme, and the rule waits to know.
    assert_eq!(told(&world.decide()), "wait theme-busy");
    // Nothing to leave: the enrollment is decided at once.
    check(rules(), |_| (), "skip not-enrolled, enroll intro");
}

#[test]
fn then_enroll_with_nothing_to_leave_goes_on() {
    let rules = || vec![takes_out("out", changes("lifecyclestage"), sales(), true)];
    check(rules(), |_| (), "enroll nurture-flow");
    let (_, plan) = check(rules(), in_intro, "wait outcome-unknown, leave intro");
    assert_eq!(plan.enroll, None, "only after the unenrollment is confirmed");
    let watches = || vec![Rule { mode: Mode::DryRun, ..rules().remove(0) }];
    let (mut world, _) = check(watches(), in_intro, "unenroll would-unenroll, wait theme-busy");
    // Sales blocks nurture, and would have been left.
    assert_eq!(told(&world.decide()), "enroll would-enroll");
}

/// A rule's item that was decided before and waits, for sales.
fn waits(world: &mut World, state: Option<State>) {
    let mut item = {
        let mut other = World::new(vec![rule("inbound", changes("lifecyclestage"), "intro")]);
        other.now = world.now.minus_ms(DAY_MS);
        other.take(&event("lifecyclestage", "mql"));
        other.person.items.remove(0)
    };
    item.id = "0.0.inbound".into();
    item.matched = true;
    item.due = None;
    item.reason = Reason::NoSender;
    if let Some(state) = state {
        let place = ("sales", target(Channel::Sequence, "intro"));
        let mut claim = claim(place, world.now.minus_ms(DAY_MS), None);
        claim.row = item.id.clone();
        claim.state = state;
        world.person.claims.push(claim);
    }
    world.person.items.push(item);
}

/// The rule of what waits; this event does not fire it.
fn inbound() -> Rule {
    rule("inbound", changes("country"), "intro")
}

/// CONSISTENCY.md 6.2.
#[test]
fn unenroll_ends_what_waits() {
    let rules = || vec![out(), inbound()];
    let (_, plan) = check(rules(), |world| waits(world, None), "skip withdrawn, skip not-enrolled");
    assert_eq!(plan.rows[0].id.as_str(), "0.0.inbound");
    let text = "Ended before it was sent: rule \"out\" takes the contact out.";
    assert_eq!(plan.rows[0].sentence, text);
    // A rule that only watches never touches live traffic.
    let watches = vec![Rule { mode: Mode::DryRun, ..out() }, inbound()];
    let (_, plan) = check(watches, |world| waits(world, None), "skip not-enrolled");
    assert_eq!(plan.items.len(), 1);
    // Another theme's item is nobody's business.
    let other =
        takes_out("out", changes("lifecyclestage"), Exit::Themes(["nurture".into()].into()), false);
    check(vec![other, inbound()], |world| waits(world, None), "skip not-enrolled");
}

/// CONSISTENCY.md 6.2.
#[test]
fn a_claim_in_doubt_is_left_and_its_enrollment_never_repeated() {
    let since = Timestamp::from_unix_ms(1);
    let doubt = State::InDoubt {
        since,
        doubt: Doubt::NoAnswer,
        checks: 0,
        next_check: since,
        why: String::new(),
    };
    let review = State::NeedsReview { since, why: String::new() };
    for state in [doubt, review] {
        let expected = "skip withdrawn, wait outcome-unknown, leave intro";
        let (world, plan) =
            check(vec![out(), inbound()], |world| waits(world, Some(state)), expected);
        let item = plan.leavings[0].item.clone();
        assert!(plan.items.iter().all(|it| it.id == item), "nothing is left to repeat");
        // The leaving looks after the claim from now on.
        assert_eq!(world.person.doubt_due(world.now), None);
    }
}

#[test]
fn a_suppression_that_comes_to_hold_takes_the_person_out() {
    let suppressed = |live: bool, customer: &'static str| {
        move |world: &mut World| {
            in_intro(world);
            let mut rule = also_unenroll("customers", is("customer", "yes"));
            rule.live = live;
            world.rules.suppressions = vec![rule];
            world.rules.watched.insert("lifecyclestage".into(), vec![0]);
            world.contact = contact(&[("customer", customer)]);
        }
    };
    let (world, _) =
        check(Vec::new(), suppressed(true, "yes"), "wait outcome-unknown, leave intro");
    assert_eq!(world.person.items[0].purpose, Purpose::Suppress);
    let (_, plan) = check(Vec::new(), suppressed(true, "no"), "ignore no-match");
    assert_eq!(plan.rows[0].rule, None);
    let over = |world: &mut World| {
        suppressed(true, "yes")(world);
        world.rules.suppressions[0].ends = Some(world.now.plus_ms(1));
    };
    let (_, plan) = check(Vec::new(), over, "ignore no-match");
    assert!(plan.rows[0].sentence.contains("it ended on 24 Nov 2026"), "{}", plan.rows[0].sentence);
    let (_, plan) = check(Vec::new(), suppressed(false, "yes"), "unenroll would-unenroll");
    assert_eq!(plan.rows[0].by.as_deref(), Some("customers"));
    let nothing = |world: &mut World| {
        suppressed(true, "yes")(world);
        world.person.claims.clear();
    };
    check(Vec::new(), nothing, "skip not-enrolled");
    let gone = |world: &mut World| {
        suppressed(true, "yes")(world);
        world.take(&event("lifecyclestage", "lead"));
        world.rules.watched.clear();
        world.rules.suppressions.clear();
    };
    check(Vec::new(), gone, "skip rule-removed");
}
