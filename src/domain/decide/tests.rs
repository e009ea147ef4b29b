//! The order of the gates, every reason at least once, and CONSISTENCY.md 6.1, 6.3, 6.4.

use crate::domain::claim::{Channel, State};
use crate::domain::contact::PastValue;
use crate::domain::gates::fixture::{
    World, becomes, changes, claim, contact, event, is, nurture, place, rule, target,
};
use crate::domain::id::{RuleId, SequenceId};
use crate::domain::person::{Seen, Shadow};
use crate::domain::reason::{Decision, Reason};
use crate::domain::record::Row;
use crate::domain::rule::span::{Span, Unit};
use crate::domain::rule::{
    Action, Gate, Mode, ReEnroll, Rule, SenderChoice, Suppression, Unbuilt, WhenFull,
};
use crate::domain::time::{DAY_MS, HOUR_MS, MINUTE_MS};

fn mql() -> Rule {
    rule("inbound", becomes("lifecyclestage", "mql"), "intro")
}

fn world() -> World {
    World::new(vec![mql()])
}

/// The one record of a decision: what was verdict, or the enrollment to be reserved.
#[track_caller]
fn verdict(world: &mut World) -> Row {
    let plan = world.decide();
    let mut rows = plan.rows;
    rows.extend(plan.enroll.map(|intent| intent.row));
    assert_eq!(rows.len(), 1, "one record: {rows:?}");
    rows.remove(0)
}

/// Ann becomes an MQL in this world, and the decision is this one.
#[track_caller]
fn check(prepare: impl FnOnce(&mut World), decision: Decision, reason: Reason) -> Row {
    let mut world = world();
    prepare(&mut world);
    world.settled(&event("lifecyclestage", "mql"));
    let row = verdict(&mut world);
    assert_eq!((row.decision, row.reason), (decision, reason), "{} {:?}", row.sentence, row.trace);
    row
}

#[track_caller]
fn skips(prepare: impl FnOnce(&mut World), reason: Reason) -> Row {
    check(prepare, Decision::Skip, reason)
}

#[test]
fn who_passes_every_gate_is_enrolled_by_the_owner() {
    let row = check(|_| (), Decision::Enroll, Reason::Matched);
    assert_eq!(row.sentence, "Enrolled in intro by dana: rule \"inbound\" matched.");
    let steps: Vec<&str> = row.trace.iter().map(|step| step.step.as_str()).collect();
    assert_eq!(
        steps,
        [
            "expires",
            "when",
            "suppress",
            "requires",
            "theme",
            "cooldown",
            "re_enroll",
            "mode",
            "sender"
        ]
    );
}

#[test]
fn an_enrollment_is_planned_whole() {
    let mut world = world();
    world.used("dana", 1);
    world.settled(&event("lifecyclestage", "mql"));
    let plan = world.decide();
    let intent = plan.enroll.expect("an enrollment");
    assert_eq!(plan.items.len(), 1, "the item stays until the call is settled");
    assert_eq!(plan.items[0].id, intent.item);
    assert_eq!(intent.sender.map(|it| it.user.0), Some(1));
    assert_eq!(intent.budget.map(|it| (it.used, it.budget)), Some((1, 2)));
    assert_eq!(intent.holds_until, world.now.plus_ms(60 * DAY_MS));
}

#[test]
fn a_rule_that_is_gone_or_off_does_nothing() {
    skips(
        |world| {
            world.settled(&event("lifecyclestage", "mql"));
            world.rules.rules[0].mode = Mode::Off;
            world.person.newest.clear();
        },
        Reason::RuleRemoved,
    );
    let mut gone = world();
    gone.settled(&event("lifecyclestage", "mql"));
    gone.rules.rules[0].id = "renamed".into();
    let mut kept = world();
    kept.settled(&event("lifecyclestage", "mql"));
    kept.rules.rules[0].id = "renamed".into();
    kept.rules.rules[0].was = Some("inbound".into());
    assert_eq!(verdict(&mut gone).reason, Reason::RuleRemoved);
    assert_eq!(verdict(&mut kept).reason, Reason::Matched, "was keeps what waits");
}

#[test]
fn the_stricter_of_the_mode_then_and_now_counts() {
    let mut world = world();
    world.rules.rules[0].mode = Mode::DryRun;
    world.settled(&event("lifecyclestage", "mql"));
    world.rules.rules[0].mode = Mode::Live;
    assert_eq!(verdict(&mut world).reason, Reason::WouldEnroll);
}

#[test]
fn what_waited_too_long_expires_from_when_it_was_first_due() {
    let mut late = world();
    late.settled(&event("lifecyclestage", "mql"));
    late.now = late.now.plus_ms(7 * DAY_MS);
    assert_eq!(verdict(&mut late).reason, Reason::Matched, "exactly seven days is not too old");
    late.now = late.now.plus_ms(1);
    late.person.items[0].due = Some(late.now);
    assert_eq!(verdict(&mut late).reason, Reason::Expired);
}

#[test]
fn hubspots_own_history_tells_whether_it_really_moved() {
    let was = |value: &str, world: &World| PastValue {
        value: value.to_owned(),
        at: world.now.minus_ms(DAY_MS),
        source: None,
    };
    let history = |value: &'static str| {
        move |world: &mut World| {
            let past = vec![was(value, world)];
            world.contact.history.insert("lifecyclestage".into(), past);
        }
    };
    check(history("lead"), Decision::Enroll, Reason::Matched);
    check(history("mql"), Decision::Ignore, Reason::NoMatch);
    // The change itself, dated a little before its event, is not the value before it.
    let skewed = |world: &mut World| {
        let at = |ms: u64| world.now.minus_ms(ms);
        let past = [("mql", at(5)), ("lead", at(DAY_MS))];
        let past = past.map(|(value, at)| PastValue { value: value.to_owned(), at, source: None });
        world.contact.history.insert("lifecyclestage".into(), past.to_vec());
    };
    check(skewed, Decision::Enroll, Reason::Matched);
}

#[test]
fn what_was_taken_back_no_longer_matches() {
    let row = skips(
        |world| world.contact = contact(&[("lifecyclestage", "lead")]),
        Reason::NoLongerMatches,
    );
    assert!(row.sentence.contains("lifecyclestage is \"lead\""), "{}", row.sentence);
}

#[test]
fn there_and_back_within_settle_is_no_change() {
    let mut world = World::new(vec![rule("any", changes("plan"), "intro")]);
    for (value, second) in [("basic", 0), ("pro", 5), ("basic", 10)] {
        world.now = crate::domain::gates::fixture::NOW.plus_ms(DAY_MS + second * 1_000);
        let mut change = event("plan", value);
        change.occurred_at = world.now;
        world.take(&change);
        if value == "basic" && second == 0 {
            // The value before the burst was seen earlier, and is decided.
            world.person.items.clear();
            world.person.settling = None;
        }
    }
    world.contact = contact(&[("plan", "basic")]);
    world.now = world.now.plus_ms(MINUTE_MS);
    assert_eq!(verdict(&mut world).reason, Reason::NoLongerMatches);
}

#[test]
fn conditions_hold_all_and_unless_none() {
    let us = |world: &mut World| world.rules.rules[0].only_if = vec![is("country", "US")];
    let row = check(us, Decision::Ignore, Reason::NoMatch);
    assert_eq!(row.sentence, "No rule matched; closest was \"inbound\": country is unknown.");
    let not_us = |world: &mut World| {
        world.rules.rules[0].unless = vec![is("country", "US")];
        world.contact = contact(&[("country", "US")]);
    };
    check(not_us, Decision::Ignore, Reason::NoMatch);
}

#[test]
fn a_delay_counts_from_the_change_and_asks_everything_again() {
    let delayed = |world: &mut World| {
        world.rules.rules[0].delay = Some(Span { count: 2, unit: Unit::Hour });
        world.rules.rules[0].only_if = vec![is("country", "US")];
        world.contact = contact(&[("country", "US")]);
    };
    let mut waiting = world();
    delayed(&mut waiting);
    waiting.settled(&event("lifecyclestage", "mql"));
    let row = verdict(&mut waiting);
    let due = crate::domain::gates::fixture::NOW.plus_ms(2 * HOUR_MS);
    assert_eq!((row.reason, row.until), (Reason::Delayed, Some(due)));
    assert_eq!(waiting.person.items[0].first_due, due, "expires counts from here");
    waiting.now = due;
    waiting.contact = contact(&[("country", "FR")]);
    assert_eq!(verdict(&mut waiting).reason, Reason::NoLongerMatches);
}

#[test]
fn the_best_priority_of_a_theme_wins_and_the_others_say_by_whom() {
    let mut world = World::new(vec![
        Rule { priority: 100, ..mql() },
        rule("b-late", becomes("lifecyclestage", "mql"), "revival"),
    ]);
    world.settled(&event("lifecyclestage", "mql"));
    let plan = world.decide();
    assert_eq!(plan.rows.len(), 1);
    assert_eq!(plan.rows[0].reason, Reason::Outranked);
    assert_eq!(plan.rows[0].by.as_deref(), Some("inbound"));
    assert_eq!(plan.rows[0].sentence, "Rule \"inbound\" (priority 100) came first.");
    assert_eq!(plan.enroll.map(|it| it.rule), Some(RuleId::from("inbound")));
}

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
        unbuilt: Vec::new(),
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
        "theme sales has cooldown \"30 days\" (rules.toml:2); revival ended 14 days ago"
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
    let free = crate::domain::gates::fixture::NOW.minus_ms(HOUR_MS).plus_ms(DAY_MS);
    assert_eq!(row.until, Some(free), "the next place is free 24 hours after the oldest");
    let waits = |world: &mut World| {
        world.used("dana", 2);
        let dana = world.rules.senders.get_mut("dana").expect("dana");
        dana.when_full = WhenFull::Wait;
    };
    check(waits, Decision::Wait, Reason::BudgetExhausted);
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
            let mut stranger = world.owners[&crate::domain::id::OwnerId(91)].clone();
            stranger.email = Some("eve@acme.com".to_owned());
            world.owners.insert(crate::domain::id::OwnerId(92), stranger);
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

/// CONSISTENCY.md 6.1.
#[test]
fn a_dry_run_rule_never_touches_live_traffic() {
    let mut world = World::new(vec![
        Rule {
            priority: 1,
            mode: Mode::DryRun,
            ..rule("watch", changes("lifecyclestage"), "revival")
        },
        Rule {
            priority: 2,
            mode: Mode::DryRun,
            ..rule("watch-2", changes("lifecyclestage"), "intro")
        },
        mql(),
    ]);
    world.settled(&event("lifecyclestage", "mql"));
    let plan = world.decide();
    let reasons: Vec<(&str, Reason)> = plan
        .rows
        .iter()
        .map(|row| (row.rule.as_ref().expect("a rule").as_str(), row.reason))
        .collect();
    assert_eq!(reasons, [("watch-2", Reason::Outranked), ("watch", Reason::WouldEnroll)]);
    assert_eq!(plan.enroll.map(|it| it.rule), Some(RuleId::from("inbound")));
    assert_eq!(plan.shadows.len(), 1);
}

/// CONSISTENCY.md 6.1.
#[test]
fn a_shadow_holds_the_theme_for_dry_run_rules_only() {
    let shadowed = |mode: Mode| {
        move |world: &mut World| {
            world.rules.rules[0].mode = mode;
            world.person.shadows = vec![Shadow {
                rule: "watch".into(),
                theme: "sales".into(),
                target: "revival".into(),
                at: world.now.minus_ms(DAY_MS),
                holds_until: world.now.plus_ms(DAY_MS),
            }];
        }
    };
    skips(shadowed(Mode::DryRun), Reason::AlreadyInTheme);
    check(shadowed(Mode::Live), Decision::Enroll, Reason::Matched);
}

/// CONSISTENCY.md 6.3.
#[test]
fn of_two_themes_due_together_the_blocking_one_goes_first() {
    let mut world = World::new(vec![
        Rule { priority: 1, ..nurture("soft", changes("lifecyclestage")) },
        Rule { priority: 900, ..mql() },
    ]);
    world.settled(&event("lifecyclestage", "mql"));
    let plan = world.decide();
    let intent = plan.enroll.expect("one enrollment");
    assert_eq!(intent.rule, RuleId::from("inbound"));
    assert!(plan.rows.is_empty(), "the other one is decided next: {:?}", plan.rows);
    assert_eq!(world.person.items.len(), 2);
    // The first is reserved: the second decision sees it, whatever its state.
    let mut reserved = claim((intent.theme.as_str(), intent.target), world.now, None);
    reserved.state = State::Reserved;
    world.person.claims = vec![reserved];
    world.person.items.retain(|item| item.id != intent.item);
    let row = verdict(&mut world);
    assert_eq!(row.reason, Reason::BlockedByTheme);
    assert_eq!(row.sentence, "In intro; sales silences nurture.");
}

fn seen_latest(id: &str, enrolled: &str, ended: &str) -> crate::domain::contact::Contact {
    contact(&[
        ("hs_latest_sequence_enrolled", id),
        ("hs_latest_sequence_enrolled_date", enrolled),
        ("hs_latest_sequence_ended_date", ended),
        ("hs_sequences_is_enrolled", "false"),
    ])
}

/// CONSISTENCY.md 6.4.
#[test]
fn a_claim_ends_only_on_evidence_that_names_it() {
    // Ours began on 20 November at 10:00.
    let ends = |contact: crate::domain::contact::Contact, ended: Option<&str>| {
        let mut world = world();
        let began =
            crate::domain::time::Timestamp::parse_rfc3339("2026-11-20T10:00:00Z").expect("valid");
        let ours = target(Channel::Sequence, "intro");
        world.person.claims = vec![claim(("sales", ours), began, None)];
        world.contact = contact;
        let shown = format!("{:?}", world.contact.properties);
        let plan = world.decide();
        let got = plan.claims.first().map(|claim| match &claim.state {
            State::Confirmed { ended_at: Some(at), .. } => at.to_string(),
            state => format!("{state:?}"),
        });
        assert_eq!(got.as_deref(), ended, "{shown}");
    };
    // Nothing, a lagging false, and last month's dates.
    ends(contact(&[]), None);
    ends(contact(&[("hs_sequences_is_enrolled", "false")]), None);
    ends(seen_latest("11", "2026-10-01T10:00:00Z", "2026-10-08T10:00:00Z"), None);
    ends(seen_latest("11", "2026-11-20T10:00:01Z", "2026-10-08T10:00:00Z"), None);
    ends(seen_latest("11", "2026-11-20T09:57:59Z", "2026-11-22T10:00:00Z"), None);
    ends(seen_latest("12", "2026-11-19T10:00:00Z", "2026-11-22T10:00:00Z"), None);
    // Ours, within two minutes; or a later one.
    let end = Some("2026-11-22T10:00:00.000Z");
    ends(seen_latest("11", "2026-11-20T09:58:00Z", "2026-11-22T10:00:00Z"), end);
    ends(seen_latest("12", "2026-11-22T10:00:00Z", ""), end);
}

#[test]
fn every_sequence_ever_seen_is_remembered() {
    let mut world = world();
    world.contact = seen_latest("11", "2026-08-01T10:00:00Z", "");
    world.decide();
    world.contact = seen_latest("11", "2026-08-01T10:00:00Z", "2026-08-05T10:00:00Z");
    world.decide();
    world.contact = seen_latest("12", "2026-09-01T10:00:00Z", "");
    let seen = world.decide().seen;
    let known: Vec<(u64, bool)> =
        seen.iter().map(|it| (it.sequence.0, it.ended_at.is_some())).collect();
    assert_eq!(known, [(11, true), (12, false)]);
}

#[test]
fn a_key_that_is_not_built_yet_stops_only_what_reaches_it() {
    let outcome = |gate: Gate, email: &str| {
        let mut world = world();
        let unbuilt = Unbuilt { key: "window".to_owned(), gate, place: place(8) };
        world.rules.rules[0].unbuilt = vec![unbuilt];
        world.settled(&event("lifecyclestage", "mql"));
        world.contact = contact(&[("email", email)]);
        world.try_decide().map(|plan| plan.rows.len())
    };
    assert_eq!(outcome(Gate::Window, ""), Ok(1), "suppressed before the window");
    assert!(outcome(Gate::Window, "ann@bigco.example").is_err());
    assert!(outcome(Gate::Delay, "").is_err());
    let mut world = world();
    let began = world.now.minus_ms(DAY_MS);
    world.person.claims = vec![claim(("sales", target(Channel::Sequence, "intro")), began, None)];
    let key = Unbuilt { key: "on_conflict".to_owned(), gate: Gate::Theme, place: place(8) };
    world.rules.rules[0].unbuilt = vec![key];
    world.settled(&event("lifecyclestage", "mql"));
    assert!(world.try_decide().is_err(), "what a held theme means is not built yet");
}
