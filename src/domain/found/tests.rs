//! What was found is booked so that every gate sees it, and booked once.

use super::*;
use crate::domain::gates::fixture::{ANN, NOW, World, changes, claim as known, event, rule, rules};
use crate::domain::gates::fixture::{nurture, target};
use crate::domain::id::Inbox;
use crate::domain::reason::Reason;
use crate::domain::rule::ReEnroll;
use crate::domain::rule::span::Span;
use crate::domain::time::{HOUR_MS, MINUTE_MS};

/// In `intro`, so many days ago.
fn intro(days_ago: u64, ended_days_ago: Option<u64>) -> Found {
    let at = |days: u64| NOW.minus_ms(days * DAY_MS);
    let sequence = SequenceId(11);
    Found::of_sequence(
        ANN,
        &Seen { sequence, enrolled_at: at(days_ago), ended_at: ended_days_ago.map(at) },
    )
}

fn world() -> World {
    let mut rule = rule("new-mql", changes("lifecyclestage"), "intro");
    rule.re_enroll = ReEnroll::After(Span::days(90));
    World::new(vec![rule])
}

/// Books it, as the router does.
#[track_caller]
fn book(world: &mut World, found: &Found) {
    let Fate::Book(turn) = judge(&world.rules, &world.person, found, world.now) else {
        panic!("{found:?} is not booked");
    };
    world.person.apply_turn(world.person.version + 1, &turn);
    assert_eq!(judge(&world.rules, &world.person, found, world.now), Fate::Known, "booked once");
}

/// What the rule decides when its trigger fires now.
#[track_caller]
fn check(mut world: World, found: &Found, expected: Option<Reason>) {
    book(&mut world, found);
    world.settled(&event("lifecyclestage", "mql"));
    let plan = world.decide();
    assert_eq!(plan.enroll.is_none().then(|| plan.rows[0].reason), expected, "{:?}", plan.rows);
}

#[test]
fn it_holds_its_theme_makes_it_rest_and_counts_as_entered() {
    check(world(), &intro(7, None), Some(Reason::AlreadyInTheme));
    check(world(), &intro(40, Some(20)), Some(Reason::CoolingDown));
    check(world(), &intro(60, Some(40)), Some(Reason::AlreadyEnrolledOnce));
    check(world(), &intro(120, Some(100)), None);
}

#[test]
fn where_several_rules_may_have_made_it_it_counts_for_each_that_enrolls_there() {
    let mut world = world();
    let mut other = rule("other", changes("x"), "intro");
    other.priority = 900;
    world.rules = rules(vec![world.rules.rules[0].clone(), other]);
    let Fate::Book(turn) = judge(&world.rules, &world.person, &intro(60, Some(40)), NOW) else {
        panic!("it is booked");
    };
    assert_eq!(turn.claims[0].rule.as_str(), BY_NOBODY);
    check(world, &intro(60, Some(40)), Some(Reason::AlreadyEnrolledOnce));
}

#[test]
fn one_in_another_sequence_does_not_count_as_entered() {
    let world = world();
    let sequence = SequenceId(12);
    let (enrolled_at, ended_at) = (NOW.minus_ms(60 * DAY_MS), Some(NOW.minus_ms(40 * DAY_MS)));
    let revival = Found::of_sequence(ANN, &Seen { sequence, enrolled_at, ended_at });
    check(world, &revival, None);
}

#[test]
fn a_workflow_of_a_table_holds_until_holds_for_has_passed() {
    let found = |days: u64| Found {
        into: Where::Workflow(FlowId(21)),
        enrolled_at: NOW.minus_ms(days * DAY_MS),
        ..intro(1, None)
    };
    let world = || World::new(vec![nurture("again", changes("lifecyclestage"))]);
    check(world(), &found(44), Some(Reason::AlreadyInTheme));
    check(world(), &found(46), Some(Reason::CoolingDown));
    let mut told = world();
    book(&mut told, &found(44));
    // A table may name the day alone.
    let day = Found { enrolled_at: found(44).enrolled_at.plus_ms(9 * HOUR_MS), ..found(44) };
    assert_eq!(judge(&told.rules, &told.person, &day, NOW), Fate::Known);
}

#[test]
fn an_enrollment_of_ours_is_not_booked_again_and_a_later_one_ends_it() {
    let mut world = world();
    let ours = known(("sales", target(Channel::Sequence, "intro")), NOW.minus_ms(DAY_MS), None);
    world.person.claims.push(ours);
    assert_eq!(judge(&world.rules, &world.person, &intro(1, None), NOW), Fate::Known);
    let by_hand = Found { enrolled_at: NOW.minus_ms(HOUR_MS), ..intro(1, None) };
    book(&mut world, &by_hand);
    let ended = |claim: &Claim| matches!(claim.state, State::Confirmed { ended_at: Some(_), .. });
    // Its own dates may be late; a sequence that began hours after it is another.
    assert_eq!(world.person.claims.iter().filter(|it| !ended(it)).count(), 2);
    let sequence = SequenceId(12);
    let (enrolled_at, ended_at) = (NOW.minus_ms(MINUTE_MS), None);
    book(&mut world, &Found::of_sequence(ANN, &Seen { sequence, enrolled_at, ended_at }));
    assert_eq!(world.person.claims.iter().filter(|it| !ended(it)).count(), 1);
}

#[test]
fn one_outside_the_address_book_counts_as_the_theme_of_those() {
    let unknown = Found::of_sequence(
        ANN,
        &Seen { sequence: SequenceId(99), enrolled_at: NOW.minus_ms(DAY_MS), ended_at: None },
    );
    check(world(), &unknown, Some(Reason::AlreadyInTheme));
    let mut silent = world();
    silent.rules.unknown_sequences = None;
    assert_eq!(judge(&silent.rules, &silent.person, &unknown, NOW), Fate::Unnamed);
}

#[test]
fn of_somebody_who_was_erased_nothing_is_booked() {
    let mut world = world();
    world.person.erased = Some(NOW);
    assert_eq!(judge(&world.rules, &world.person, &intro(1, None), NOW), Fate::Erased);
}

#[test]
fn whose_inbox_it_is_of_is_known_by_user_and_address() {
    let rules = world().rules;
    let inbox = |user: Option<u64>, email: Option<&str>| {
        sender(&rules, user.map(UserId), email).map(|it| it.inbox)
    };
    let dana = Some(Inbox::from("dana@acme.com"));
    assert_eq!(inbox(Some(1), None), dana);
    assert_eq!(inbox(None, Some("Dana@acme.com")), dana);
    assert_eq!(inbox(Some(2), Some("dana@acme.com")), Some("luis@acme.com".into()));
    assert_eq!(inbox(Some(77), Some("stranger@acme.com")), None);
    assert!(intro(0, None).counts_for_budget(NOW));
    assert!(!intro(1, None).counts_for_budget(NOW), "24 hours are over");
}

const TABLE: &str = "\u{feff}Record ID,Workflow,Enrolled at,\"Ended at\"\r\n\
    51,nurture-flow,2026-11-20,\r\n\
    52,21,2026-11-20 08:30,2026-11-21T00:00:00Z\r\n\r\n";

#[test]
fn a_table_is_read_by_names_and_numbers_and_the_portals_clock() {
    let rules = world().rules;
    let lines = read(TABLE, &rules, NOW).expect("a table");
    let at = |text| Timestamp::parse_rfc3339(text).expect("a time");
    let told: Vec<_> = lines
        .iter()
        .map(|it| (it.line, it.found.contact.0, it.found.enrolled_at, it.found.ended_at))
        .collect();
    assert_eq!(
        told,
        [
            (2, 51, at("2026-11-20T17:00:00Z"), None),
            (3, 52, at("2026-11-20T13:30:00Z"), Some(at("2026-11-21T00:00:00Z"))),
        ]
    );
    let semicolons = TABLE.replace(',', ";");
    assert_eq!(read(&semicolons, &rules, NOW).map(|it| it.len()), Ok(2));
}

#[test]
fn every_mistake_of_a_table_is_told_with_its_line() {
    let rules = world().rules;
    let text = "contact,workflow,sequence,enrolled_at,ended_at\n\
        ann@a.test,nurture-flow,,2026-11-20,\n\
        51,nurture-flo,,2026-11-20,\n\
        51,,,2026-11-20,\n\
        51,nurture-flow,intro,2026-11-20,\n\
        51,nurture-flow,,last week,\n\
        51,nurture-flow,,2027-01-01,\n\
        51,,\"intro\",2026-11-20,2026-11-19\n\
        51,,11,2026-11-20,\n";
    let mistakes = read(text, &rules, NOW).expect_err("mistakes");
    let told: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    for (index, expected) in [
        "line 2: the contact is no contact id",
        "line 3: \"nurture-flo\" is not in [workflows], by name or by id. Did you mean \"nurture",
        "line 4: it names no workflow and no sequence",
        "line 5: it names a workflow and a sequence",
        "line 6: enrolled_at \"last week\" is no time",
        "line 7: enrolled_at is in the future",
        "line 8: ended_at is before enrolled_at",
    ]
    .iter()
    .enumerate()
    {
        assert!(told[index].starts_with(expected), "{expected}: {told:?}");
    }
    assert_eq!(told.len(), 7);
    for (text, missing) in
        [("", "contact"), ("contact,enrolled_at", "workflow"), ("a;b", "contact")]
    {
        let told = read(text, &rules, NOW).expect_err("no head")[0].to_string();
        assert!(told.starts_with(&format!("line 1: there is no column \"{missing}\"")), "{told}");
    }
}
