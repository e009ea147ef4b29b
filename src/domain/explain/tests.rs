use std::sync::Arc;

use super::*;
use crate::domain::claim::Channel;
use crate::domain::gates::fixture::{
    NOW, World, becomes, claim, contact, is, nurture, place, rule, target,
};
use crate::domain::rule::span::Span;
use crate::domain::rule::{Arm, ReEnroll};
use crate::domain::time::DAY_MS;
use crate::domain::view::{Counters, Memory};

fn answers(world: &World) -> Vec<Answer> {
    let memory = Memory {
        person: world.person.clone(),
        versions: Vec::new(),
        inboxes: Arc::new(world.inboxes.clone()),
        counters: Counters::default(),
    };
    let view = View {
        now: world.now,
        contact: &world.contact,
        memory: &memory,
        owners: &world.owners,
        around: world.around.as_ref(),
    };
    explain(&world.rules, &view)
}

#[track_caller]
fn check(world: &World, decision: Decision, reason: Reason, eligible_when: &[&str]) -> Answer {
    let answer = answers(world).remove(0);
    assert_eq!((answer.decision, answer.reason), (decision, Some(reason)), "{answer:#?}");
    assert_eq!(answer.eligible_when.len(), eligible_when.len(), "{answer:#?}");
    for (found, part) in answer.eligible_when.iter().zip(eligible_when) {
        assert!(found.contains(part), "{found:?} has no {part:?}");
        // It is joined to others by a semicolon.
        assert!(!found.ends_with('.'), "{found:?} ends with a full stop");
    }
    answer
}

fn world() -> World {
    World::new(vec![rule("a", becomes("lifecyclestage", "mql"), "intro")])
}

#[test]
fn nothing_stands_in_the_way() {
    let answer = check(&world(), Decision::Enroll, Reason::Matched, &[]);
    assert!(answer.sentence.contains("intro by dana"), "{}", answer.sentence);
    assert!(answer.steps.iter().all(|step| step.passed));
}

#[test]
fn everything_that_stands_in_the_way_is_said_at_once() {
    let mut world = world();
    world.rules.rules[0].only_if =
        vec![Condition { text: "tier is a".to_owned(), ..is("tier", "a") }];
    world.contact = contact(&[("lifecyclestage", "lead"), ("tier", "b"), ("firstname", "")]);
    let ways =
        ["its trigger fires; now lifecyclestage is \"lead\"", "tier is a", "firstname is empty"];
    let answer = check(&world, Decision::Ignore, Reason::NoMatch, &ways);
    let tier = answer.steps.iter().find(|step| step.step == "only_if").expect("it is shown");
    assert!(!tier.passed && tier.detail.contains("\"b\""), "{tier:?}");
}

#[test]
fn both_dates_are_said() {
    let mut world = world();
    world.rules.rules[0].re_enroll = ReEnroll::After(Span::days(90));
    let mut past = claim(
        ("sales", target(Channel::Sequence, "intro")),
        NOW.minus_ms(20 * DAY_MS),
        Some(NOW.minus_ms(10 * DAY_MS)),
    );
    past.rule = "a".into();
    world.person.claims = vec![past];
    let ways = ["cooldown, counted from the end", "re_enroll, counted from the start"];
    let answer = check(&world, Decision::Skip, Reason::CoolingDown, &ways);
    assert!(answer.cooldown_until.is_some_and(|at| at < NOW.plus_ms(21 * DAY_MS)));
    assert!(answer.re_enroll_from.is_some_and(|at| NOW.plus_ms(69 * DAY_MS) < at));
}

#[test]
fn a_running_enrollment_names_the_latest_end_of_the_cooldown() {
    let mut world = world();
    world.person.claims =
        vec![claim(("sales", target(Channel::Sequence, "intro")), NOW.minus_ms(DAY_MS), None)];
    let answer = check(&world, Decision::Skip, Reason::AlreadyInTheme, &["that is over"]);
    // 59 days left of the sequence, 30 of the cooldown.
    let days = answer.cooldown_until.map(|at| at.since_ms(NOW) / DAY_MS);
    assert!(days.is_some_and(|days| (88..=89).contains(&days)), "{days:?}");
}

#[test]
fn rules_that_watch_or_are_off_say_so() {
    let mut world = world();
    world.rules.rules[0].mode = Mode::DryRun;
    check(&world, Decision::Enroll, Reason::WouldEnroll, &["mode = \"live\""]);
    world.rules.rules[0].mode = Mode::Off;
    assert_eq!(answers(&world)[0].sentence, "The rule is off.");
}

#[test]
fn a_delay_is_shown_as_over_and_every_rule_answers_for_itself() {
    let mut world = World::new(vec![
        rule("a", becomes("lifecyclestage", "mql"), "intro"),
        nurture("b", becomes("lifecyclestage", "mql")),
    ]);
    world.rules.rules[0].delay = Some(Span::days(2));
    let all = answers(&world);
    assert_eq!(all.len(), 2);
    assert!(all.iter().all(|it| it.reason == Some(Reason::Matched)), "{all:#?}");
    assert!(all[0].steps.iter().any(|step| step.step == "delay" && step.passed));
}

#[test]
fn the_control_arm_of_a_split_says_that_it_is_one_and_asks_no_further() {
    let mut world = world();
    let split = &mut world.rules.rules[0];
    let arm = Arm { name: "control".to_owned(), percent: 100, place: place(7) };
    split.arms = vec![Rule { action: Action::Nothing, arm: Some(arm), ..split.clone() }];
    split.action = Action::Split;
    let ways = ["the rule's split is another one"];
    let answer = check(&world, Decision::Skip, Reason::ControlGroup, &ways);
    assert_eq!(answer.sentence, "In the control arm \"control\".");
    let last = answer.steps.last().expect("it is shown");
    assert_eq!((last.step.as_str(), last.passed), ("split", false), "{:?}", answer.steps);
    assert_eq!(last.detail, "in arm \"control\", 100 percent (rules.toml:7)");
}
