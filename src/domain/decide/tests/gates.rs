//! What each gate after the ranking answers.

use std::sync::Arc;

use super::{check, skips};
use crate::domain::claim::Channel;
use crate::domain::gates::fixture::{
    NOW, SETTLE_MS, World, becomes, claim, contact, event, is, place, rule, target,
};
use crate::domain::id::{ContactId, OwnerId, SequenceId};
use crate::domain::person::{Item, Seen};
use crate::domain::reason::{Decision, Reason};
use crate::domain::rule::span::Span;
use crate::domain::rule::{
    Action, Mode, ReEnroll, Rule, SenderChoice, Suppression, ThenStage, WhenFull,
};
use crate::domain::surroundings::Surroundings;
use crate::domain::time::{DAY_MS, HOUR_MS, Timestamp};
use crate::domain::view::BUDGET_MS;

#[test]
fn built_in_suppressions_cannot_be_passed() {
    let suppressed = |properties: &'static [(&str, &str)], by: &str| {
        let row = skips(|world| world.contact = contact(properties), Reason::Suppressed);
        assert_eq!(row.by.as_deref(), Some(by));
    };
    suppressed(&[("email", "")], "no-email");
    suppressed(&[("hs_email_optout", "true")], "opted-out");
    suppressed(&[("hs_email_hard_bounce_reason_enum", "UNKNOWN_USER")], "bounced");
    suppressed(&[("email", "kim@mail.ACME.com")], "own-domain");
}

fn suppression(live: bool, themes: &[&str]) -> Suppression {
    Suppression {
        id: "customers".to_owned(),
        says: "Customers are left alone".to_owned(),
        conditions: vec![is("customer", "yes")],
        themes: themes.iter().map(|name| (*name).into()).collect(),
        live,
        also_unenroll: false,
        ends: None,
        then_stage: Vec::new(),
        place: place(9),
    }
}

#[test]
fn a_suppression_holds_for_its_themes_unless_it_only_watches() {
    let with = |suppression: Suppression| {
        move |world: &mut World| {
            world.contact = contact(&[("customer", "yes")]);
            world.rules.suppressions = vec![suppression];
        }
    };
    let row = skips(with(suppression(true, &[])), Reason::Suppressed);
    assert_eq!(row.sentence, "Suppressed by \"customers\": Customers are left alone.");
    skips(with(suppression(true, &["sales"])), Reason::Suppressed);
    check(with(suppression(true, &["nurture"])), Decision::Enroll, Reason::Matched);
    check(with(suppression(false, &[])), Decision::Enroll, Reason::Matched);
}

#[test]
fn a_suppression_holds_to_the_end_of_its_last_day() {
    let ends = |at: Timestamp| {
        move |world: &mut World| {
            world.contact = contact(&[("customer", "yes")]);
            world.rules.suppressions =
                vec![Suppression { ends: Some(at), ..suppression(true, &[]) }];
        }
    };
    let decided = NOW.plus_ms(SETTLE_MS);
    skips(ends(decided.plus_ms(1)), Reason::Suppressed);
    check(ends(decided), Decision::Enroll, Reason::Matched);
}

#[test]
fn a_blank_that_the_template_needs_stops_it() {
    let row = skips(|world| world.contact = contact(&[("firstname", " ")]), Reason::MissingData);
    assert_eq!(row.sentence, "firstname is empty and intro needs it.");
}

#[test]
fn a_theme_is_held_by_either_channel_and_by_hand_made_sequences() {
    let held = |theme: &'static str, name: &'static str, channel: Channel| {
        move |world: &mut World| {
            let began = world.now.minus_ms(DAY_MS);
            world.person.claims = vec![claim((theme, target(channel, name)), began, None)];
        }
    };
    skips(held("sales", "revival", Channel::Sequence), Reason::AlreadyInTheme);
    skips(held("sales", "some-flow", Channel::Workflow), Reason::AlreadyInTheme);
    check(held("nurture", "nurture-flow", Channel::Workflow), Decision::Enroll, Reason::Matched);
    let latest = |id: &'static str, ended: &'static str| {
        move |world: &mut World| {
            world.contact = contact(&[
                ("hs_latest_sequence_enrolled", id),
                ("hs_latest_sequence_enrolled_date", "2026-11-20T10:00:00Z"),
                ("hs_latest_sequence_ended_date", ended),
            ]);
        }
    };
    skips(latest("12", ""), Reason::AlreadyInTheme);
    let unknown = skips(latest("999", ""), Reason::AlreadyInTheme);
    assert!(unknown.sentence.contains("sequence 999 (sales)"), "{}", unknown.sentence);
    // Last month's end date says nothing about this month's enrollment.
    skips(latest("12", "2026-10-20T10:00:00Z"), Reason::AlreadyInTheme);
    skips(latest("12", "2026-11-22T10:00:00Z"), Reason::CoolingDown);
    skips(
        |world| world.contact = contact(&[("hs_sequences_is_enrolled", "true")]),
        Reason::AlreadyInTheme,
    );
}

#[test]
fn a_theme_rests_from_the_end_of_the_last_one() {
    let ended = |days_ago: u64| {
        move |world: &mut World| {
            let end = world.now.minus_ms(days_ago * DAY_MS);
            let began = end.minus_ms(5 * DAY_MS);
            let target = target(Channel::Sequence, "revival");
            world.person.claims = vec![claim(("sales", target), began, Some(end))];
        }
    };
    let row = skips(ended(14), Reason::CoolingDown);
    let step = row.trace.last().expect("a step");
    assert_eq!(
        step.detail,
        "theme sales has cooldown \"30 days\" (rules.toml:2); it ended 14 days ago"
    );
    check(ended(31), Decision::Enroll, Reason::Matched);
    // Without a known end a sequence is over after its longest time.
    skips(
        |world| {
            let began = world.now.minus_ms(70 * DAY_MS);
            let seen = Seen { sequence: SequenceId(12), enrolled_at: began, ended_at: None };
            world.person.seen = vec![seen];
        },
        Reason::CoolingDown,
    );
}

#[test]
fn re_enroll_looks_at_the_rules_own_enrollments() {
    let entered = |days_ago: u64, again: ReEnroll, was: bool| {
        move |world: &mut World| {
            let began = world.now.minus_ms(days_ago * DAY_MS);
            let end = Some(began.plus_ms(DAY_MS));
            let target = target(Channel::Workflow, "nurture-flow");
            let mut own = claim(("nurture", target), began, end);
            own.rule = if was { "older".into() } else { "inbound".into() };
            world.person.claims = vec![own];
            world.rules.rules[0].was = was.then(|| "older".into());
            world.rules.rules[0].re_enroll = again;
        }
    };
    let row = skips(entered(100, ReEnroll::Never, false), Reason::AlreadyEnrolledOnce);
    assert!(row.sentence.ends_with("it may enter only once."), "{}", row.sentence);
    skips(entered(100, ReEnroll::Never, true), Reason::AlreadyEnrolledOnce);
    skips(entered(100, ReEnroll::After(Span::days(180)), false), Reason::AlreadyEnrolledOnce);
    let after = entered(100, ReEnroll::After(Span::days(90)), false);
    check(after, Decision::Enroll, Reason::Matched);
    check(entered(100, ReEnroll::WhenFinished, false), Decision::Enroll, Reason::Matched);
}

#[test]
fn a_full_owner_gives_way_to_the_team_and_a_full_team_waits() {
    let full = |names: &'static [&str]| {
        move |world: &mut World| names.iter().for_each(|name| world.used(name, 2))
    };
    let row = check(full(&["dana"]), Decision::Enroll, Reason::Matched);
    assert_eq!(row.sender, Some("luis".into()));
    let row = check(full(&["dana", "luis"]), Decision::Wait, Reason::BudgetExhausted);
    let free = NOW.minus_ms(HOUR_MS).plus_ms(BUDGET_MS);
    assert_eq!(row.until, Some(free), "the next place is free 24 hours after the oldest");
    let waits = |world: &mut World| {
        world.used("dana", 2);
        let dana = world.rules.senders.get_mut("dana").expect("dana");
        dana.when_full = WhenFull::Wait;
    };
    check(waits, Decision::Wait, Reason::BudgetExhausted);
}

/// Somebody else waits for dana: due then, and first due this long before the usual item.
fn waits_for_dana(world: &mut World, earlier_ms: u64, due: Timestamp) {
    let first_due = NOW.plus_ms(SETTLE_MS).minus_ms(earlier_ms);
    let of_rule = ("inbound".into(), Mode::Live);
    let change = event("lifecyclestage", "mql");
    let other = Item {
        first_due,
        due: Some(due),
        reason: Reason::BudgetExhausted,
        sender: Some("dana".into()),
        ..Item::fired("0.0.inbound".into(), of_rule, change, NOW)
    };
    world.queues.change(ContactId(52), &[], &[other]);
}

#[test]
fn whoever_waits_keeps_their_place_before_those_who_came_later() {
    let decided = NOW.plus_ms(SETTLE_MS);
    let only_dana = |world: &mut World, used: u32| {
        let dana = world.rules.senders.get_mut("dana").expect("dana");
        dana.when_full = WhenFull::Wait;
        world.used("dana", used);
    };
    // One place is left, and somebody who was due earlier takes it.
    let taken = |world: &mut World| {
        only_dana(world, 1);
        waits_for_dana(world, HOUR_MS, decided);
    };
    let row = check(taken, Decision::Wait, Reason::BudgetExhausted);
    assert_eq!(row.sender, Some("dana".into()));
    let free = NOW.minus_ms(HOUR_MS).plus_ms(BUDGET_MS);
    assert_eq!(row.until, Some(free), "the place after");
    let of_two = |world: &mut World| {
        only_dana(world, 0);
        waits_for_dana(world, HOUR_MS, decided);
    };
    check(of_two, Decision::Enroll, Reason::Matched);
    let is_later = |world: &mut World| {
        only_dana(world, 1);
        waits_for_dana(world, HOUR_MS, decided.plus_ms(1));
    };
    check(is_later, Decision::Enroll, Reason::Matched);
    // Both places are taken: the next one is for whoever waits, the one after for this person.
    let full = |world: &mut World| {
        only_dana(world, 2);
        let inbox = world.inboxes.get_mut("dana@acme.com").expect("dana's");
        Arc::make_mut(&mut inbox.settled)[1] = NOW;
        waits_for_dana(world, HOUR_MS, free);
    };
    let row = check(full, Decision::Wait, Reason::BudgetExhausted);
    assert_eq!(row.until, Some(NOW.plus_ms(BUDGET_MS)));
}

#[test]
fn a_team_takes_turns_by_weight() {
    let by_team = |turns: [u32; 2], weighted: bool| {
        move |world: &mut World| {
            let Action::Enroll { senders, .. } = &mut world.rules.rules[0].action else { return };
            *senders = vec![SenderChoice::Team("sdr".into())];
            world.rules.senders.values_mut().for_each(|spec| spec.daily_budget = 99);
            world.rules.senders.get_mut("luis").expect("luis").weight = 2;
            world.rules.teams.get_mut("sdr").expect("sdr").weighted = weighted;
            world.used("dana", turns[0]);
            world.used("luis", turns[1]);
        }
    };
    let takes = |turns, weighted, name: &str| {
        let row = check(by_team(turns, weighted), Decision::Enroll, Reason::Matched);
        assert_eq!(row.sender, Some(name.into()), "{turns:?}");
    };
    takes([0, 0], false, "dana");
    takes([1, 0], false, "luis");
    takes([3, 3], false, "dana");
    takes([3, 5], true, "luis");
    takes([3, 6], true, "dana");
}

#[test]
fn nobody_usable_is_held_and_says_who_was_tried() {
    let only_owner = |world: &mut World| {
        let Action::Enroll { senders, .. } = &mut world.rules.rules[0].action else { return };
        *senders = vec![SenderChoice::ContactOwner];
    };
    let row = check(
        |world| {
            only_owner(world);
            world.contact = contact(&[("hubspot_owner_id", "92")]);
            let mut stranger = world.owners[&OwnerId(91)].clone();
            stranger.email = Some("eve@acme.com".to_owned());
            world.owners.insert(OwnerId(92), stranger);
        },
        Decision::Hold,
        Reason::NoSender,
    );
    assert_eq!(row.sentence, "No usable sender: owner 92 is not in [senders].");
    check(
        |world| {
            only_owner(world);
            world.used("dana", 0);
            let inbox = world.inboxes.values_mut().next().expect("dana's");
            inbox.paused = Some("INBOX_DISCONNECTED".to_owned());
        },
        Decision::Hold,
        Reason::SenderPaused,
    );
}

#[test]
fn a_dry_run_rule_answers_at_once_and_names_the_sender() {
    let row = check(
        |world| world.rules.rules[0].mode = Mode::DryRun,
        Decision::Enroll,
        Reason::WouldEnroll,
    );
    assert_eq!(row.sentence, "Dry run: would have been enrolled in intro by dana.");
}

#[test]
fn a_rule_that_only_watches_judges_nothing_that_was_not_read() {
    let decided = |around: Option<Surroundings>| {
        let when = becomes("lifecyclestage", "mql");
        let unread = ThenStage { key: "company".to_owned(), place: place(9) };
        let rule = Rule { mode: Mode::DryRun, ..rule("inbound", when, "intro") };
        let mut world = World::new(vec![Rule { then_stage: vec![unread], ..rule }]);
        world.around = around;
        world.settled(&event("lifecyclestage", "mql"));
        world.decide().rows.remove(0)
    };
    let row = decided(None);
    assert_eq!(row.reason, Reason::NoMatch);
    assert!(row.sentence.contains("what company needs is not read yet"), "{}", row.sentence);
    assert_eq!(decided(Some(Surroundings::default())).reason, Reason::WouldEnroll);
}
