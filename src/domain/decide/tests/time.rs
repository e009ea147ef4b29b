//! What each time gate answers: window, quiet period, `wait_for`, `delay`, `starts` and `ends`.

use std::sync::Arc;

use jiff::civil::{Weekday, time};
use jiff::tz::TimeZone;

use super::{check, mql, skips, verdict, world};
use crate::domain::civil::Days;
use crate::domain::claim::Channel;
use crate::domain::gates::fixture::{NOW, World, claim, contact, event, nurture, place, target};
use crate::domain::reason::{Decision, Reason};
use crate::domain::rule::span::{Span, Unit};
use crate::domain::rule::timing::{QuietPeriod, WaitFor, Window, WindowZone};
use crate::domain::rule::{Mode, Rule};
use crate::domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, Timestamp};

pub(super) fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).expect(text)
}

pub(super) fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).expect(name)
}

pub(super) fn minutes(count: u32) -> Span {
    Span { count, unit: Unit::Minute }
}

pub(super) fn days(from: &str, until: &str) -> Days {
    Days { from: from.parse().expect(from), until: until.parse().expect(until) }
}

/// Monday to Friday, 08:30 to 17:00, closed on Thanksgiving.
fn office(zone: WindowZone) -> Window {
    let days =
        [Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday];
    Window {
        name: "office-hours".to_owned(),
        days: days.to_vec(),
        from: time(8, 30, 0, 0),
        until: time(17, 0, 0, 0),
        zone,
        holidays: ["2026-11-26".parse().expect("a day")].into(),
        spread_ms: 0,
        unknown_contact_zone: None,
        place: place(20),
    }
}

/// The window of `zone` at `now`: open, or when it opens.
#[track_caller]
fn opens(zone: WindowZone, now: &str, opening: Option<&str>, prepare: impl FnOnce(&mut World)) {
    let mut world = world();
    world.rules.rules[0].timing.window = Some(Arc::new(office(zone)));
    prepare(&mut world);
    world.now = at(now);
    let mut mql = event("lifecyclestage", "mql");
    mql.occurred_at = world.now;
    world.rules.rules[0].settle_ms = 0;
    world.settled(&mql);
    let row = verdict(&mut world);
    match opening {
        None => assert_eq!(row.reason, Reason::Matched, "{now}: {}", row.sentence),
        Some(opening) => {
            assert_eq!(
                (row.reason, row.until),
                (Reason::OutsideWindow, Some(at(opening))),
                "{now}"
            );
            assert_eq!(row.decision, Decision::Wait);
        }
    }
}

#[test]
fn a_read_that_came_ends_the_row_of_those_that_did_not() {
    let mut world = world();
    world.rules.rules[0].delay = Some(minutes(10));
    world.settled(&event("lifecyclestage", "mql"));
    world.person.items[0].attempts = 4;
    let plan = world.decide();
    assert_eq!(plan.items[0].reason, Reason::Delayed);
    assert_eq!(plan.items[0].attempts, 0, "the next failure is the first one again");
}

#[test]
fn a_window_includes_from_and_excludes_until_and_rests_on_weekends_and_holidays() {
    let portal = |now: &str, opening| opens(WindowZone::Portal, now, opening, |_| ());
    portal("2026-11-24T10:00:00-05:00", None);
    portal("2026-11-24T08:29:00-05:00", Some("2026-11-24T08:30:00-05:00"));
    portal("2026-11-24T17:00:00-05:00", Some("2026-11-25T08:30:00-05:00"));
    portal("2026-11-28T11:00:00-05:00", Some("2026-11-30T08:30:00-05:00"));
    portal("2026-11-25T18:00:00-05:00", Some("2026-11-27T08:30:00-05:00"));
}

#[test]
fn a_window_goes_by_the_senders_the_contacts_or_a_named_clock() {
    // 10:00 in New York is 16:00 in Berlin and 07:00 in Los Angeles.
    let (now, east, west) = ("2026-11-24T10:00:00-05:00", "Europe/Berlin", "America/Los_Angeles");
    let tomorrow = Some("2026-11-25T08:30:00+01:00");
    let morning = Some("2026-11-24T08:30:00-08:00");
    opens(WindowZone::Named(zone(west)), now, morning, |_| ());
    opens(WindowZone::Named(zone(east)), "2026-11-24T11:30:00-05:00", tomorrow, |_| ());
    let dana = |name: &'static str| {
        move |world: &mut World| {
            world.rules.senders.get_mut("dana").expect("dana").time_zone = Some(zone(name));
        }
    };
    opens(WindowZone::Sender, now, morning, dana(west));
    opens(WindowZone::Sender, now, None, dana(east));
    opens(WindowZone::Sender, now, None, |_| ());
    let of = |written: &'static str| {
        move |world: &mut World| world.contact = contact(&[("hs_timezone", written)])
    };
    opens(WindowZone::Contact, now, morning, of("america_slash_los_angeles"));
    opens(WindowZone::Contact, now, morning, of("America/Los_Angeles"));
    opens(WindowZone::Contact, now, None, of("america_slash_port_hyphen_au_hyphen_prince"));
    opens(WindowZone::Contact, now, None, of("somewhere"));
    opens(WindowZone::Contact, now, morning, |world| {
        let window =
            Window { unknown_contact_zone: Some(zone(west)), ..office(WindowZone::Contact) };
        world.rules.rules[0].timing.window = Some(Arc::new(window));
    });
}

#[test]
fn a_workflow_has_no_sender_so_its_window_goes_by_the_portal() {
    let mut world = World::new(vec![nurture("soft", mql().when)]);
    world.rules.rules[0].timing.window = Some(Arc::new(office(WindowZone::Sender)));
    world.now = NOW.plus_ms(8 * HOUR_MS);
    world.settled(&event("lifecyclestage", "mql"));
    let row = verdict(&mut world);
    assert_eq!(row.sentence, "Outside office-hours; next opening 25 Nov 2026 08:30.");
}

#[test]
fn spread_only_delays_the_look_and_is_the_same_for_a_person_each_time() {
    let due = |person: u64, spread_ms: u64| {
        let mut world = world();
        let window = Window { spread_ms, ..office(WindowZone::Portal) };
        world.rules.rules[0].timing.window = Some(Arc::new(window));
        world.contact.id = crate::domain::id::ContactId(person);
        world.now = NOW.plus_ms(8 * HOUR_MS);
        world.settled(&event("lifecyclestage", "mql"));
        let row = verdict(&mut world);
        let opening = at("2026-11-25T08:30:00-05:00");
        assert_eq!(row.until, Some(opening), "until is the opening");
        let [item] = world.person.items.as_slice() else { panic!("one item") };
        assert!(item.is_shown_by(&row), "the record stands for the item");
        let due = item.due.expect("it comes back");
        assert!(opening <= due);
        due.since_ms(opening)
    };
    let delays: Vec<u64> = (1..40).map(|person| due(person, 10 * MINUTE_MS)).collect();
    assert!(delays.iter().all(|delay| *delay <= 10 * MINUTE_MS), "{delays:?}");
    assert!(delays.iter().any(|delay| *delay < 3 * MINUTE_MS), "{delays:?}");
    assert!(delays.iter().any(|delay| 7 * MINUTE_MS < *delay), "{delays:?}");
    assert_eq!(due(7, 10 * MINUTE_MS), delays[6], "nobody draws again");
    assert_eq!(due(7, 0), 0);
    assert!((1..40).all(|person| due(person, DAY_MS) < 510 * MINUTE_MS), "never past the closing");
}

/// A quiet period of these days and themes.
fn quiet(from: &str, until: &str, themes: &[&str]) -> QuietPeriod {
    QuietPeriod {
        says: "Year end".to_owned(),
        days: days(from, until),
        themes: themes.iter().map(|name| (*name).into()).collect(),
        place: place(21),
    }
}

#[test]
fn a_quiet_period_is_whole_days_of_its_themes_and_counts_what_follows_without_a_gap() {
    let with =
        |periods: Vec<QuietPeriod>| move |world: &mut World| world.rules.quiet_periods = periods;
    let waits = |periods: Vec<QuietPeriod>, until: &str| {
        let row = check(with(periods), Decision::Wait, Reason::QuietPeriod);
        assert_eq!(row.until, Some(at(until)));
        row
    };
    let row = waits(vec![quiet("2026-11-24", "2026-11-24", &[])], "2026-11-25T00:00:00-05:00");
    assert_eq!(row.sentence, "Quiet period \"Year end\" until 25 Nov 2026 00:00.");
    let days =
        [("2026-11-01", "2026-11-24"), ("2026-11-25", "2026-11-27"), ("2026-11-29", "2026-11-30")];
    let periods = days.map(|(from, until)| quiet(from, until, &["sales"]));
    waits(periods.to_vec(), "2026-11-28T00:00:00-05:00");
    let passes = |periods| check(with(periods), Decision::Enroll, Reason::Matched);
    passes(vec![quiet("2026-11-25", "2026-11-30", &[])]);
    passes(vec![quiet("2026-11-01", "2026-11-23", &[])]);
    passes(vec![quiet("2026-11-24", "2026-11-24", &["nurture"])]);
}

#[test]
fn a_dry_run_rule_answers_before_quiet_period_and_window() {
    let row = check(
        |world| {
            world.rules.quiet_periods = vec![quiet("2026-11-24", "2026-11-24", &[])];
            let closed = Window { days: vec![Weekday::Sunday], ..office(WindowZone::Portal) };
            world.rules.rules[0].timing.window = Some(Arc::new(closed));
            world.rules.rules[0].mode = Mode::DryRun;
        },
        Decision::Enroll,
        Reason::WouldEnroll,
    );
    assert_eq!(row.sender, Some("dana".into()));
}

#[test]
fn expires_does_not_count_time_in_a_quiet_period() {
    let after = |quiet_days: &str, days_later: u64| {
        let mut world = world();
        world.rules.quiet_periods = vec![quiet("2026-11-24", quiet_days, &[])];
        world.settled(&event("lifecyclestage", "mql"));
        assert_eq!(verdict(&mut world).reason, Reason::QuietPeriod);
        world.now = world.now.plus_ms(days_later * DAY_MS);
        world.person.items[0].due = Some(world.now);
        verdict(&mut world).reason
    };
    assert_eq!(after("2026-12-20", 20), Reason::QuietPeriod, "20 days in it are not too old");
    assert_eq!(after("2026-12-20", 30), Reason::Matched, "nor is the end of it");
    // What came before it counts, and what comes after.
    let mut world = world();
    let period = |from: &str| vec![quiet(from, "2026-12-20", &[])];
    let closed = Window { days: vec![Weekday::Sunday], ..office(WindowZone::Portal) };
    world.rules.rules[0].timing.window = Some(Arc::new(closed));
    world.settled(&event("lifecyclestage", "mql"));
    for (now, reason) in [
        (NOW, Reason::OutsideWindow),
        (NOW.plus_ms(4 * DAY_MS), Reason::QuietPeriod),
        (at("2026-12-21T00:00:00-05:00"), Reason::OutsideWindow),
        (at("2026-12-24T00:01:00-05:00"), Reason::Expired),
    ] {
        world.now = now.max(world.now);
        world.person.items[0].due = Some(world.now);
        world.rules.quiet_periods = period("2026-11-28");
        let row = verdict(&mut world);
        assert_eq!(row.reason, reason, "{} {:?}", world.now, row.trace);
    }
}

/// Waits half an hour for `phone`.
fn waiting(goes_on: bool) -> World {
    let mut world = World::new(vec![Rule {
        timing: crate::domain::rule::timing::Timing {
            wait_for: Some(WaitFor {
                property: "phone".into(),
                up_to: minutes(30),
                goes_on,
                place: place(22),
            }),
            ..Default::default()
        },
        ..mql()
    }]);
    world.settled(&event("lifecyclestage", "mql"));
    world
}

#[test]
fn wait_for_waits_until_the_property_is_known() {
    let mut world = waiting(false);
    let row = verdict(&mut world);
    let end = NOW.plus_ms(30 * MINUTE_MS);
    assert_eq!((row.decision, row.reason), (Decision::Wait, Reason::WaitingForProperty));
    assert_eq!(row.until, Some(end));
    assert_eq!(row.sentence, "Waiting until \"phone\" is known, at most until 24 Nov 2026 10:30.");
    // Its change wakes the item before that; a blank and another property do not.
    world.now = NOW.plus_ms(10 * MINUTE_MS);
    let change = |world: &mut World, property: &str, value: &str| {
        let mut change = event(property, value);
        change.occurred_at = world.now;
        world.take(&change).rows[0].reason
    };
    assert_eq!(change(&mut world, "fax", "5"), Reason::NotWatched);
    assert_eq!(change(&mut world, "phone", ""), Reason::NoMatch);
    assert_eq!(world.person.items[0].due, Some(end));
    world.now = world.now.plus_ms(1);
    assert_eq!(change(&mut world, "phone", "555"), Reason::NoMatch, "it is watched");
    assert_eq!(world.person.items[0].due, Some(world.now));
    assert!(world.person.items[0].is_shown_by(&row), "the record stands until the next one");
    // HubSpot may be slow to show it: it waits on. Known, it goes.
    assert_eq!(verdict(&mut world).reason, Reason::WaitingForProperty);
    assert_eq!(world.person.items[0].due, Some(end));
    change(&mut world, "phone", "556");
    world.contact = contact(&[("phone", "555")]);
    assert_eq!(verdict(&mut world).reason, Reason::Matched);
}

#[test]
fn wait_for_that_is_over_skips_or_goes_on() {
    let over = |goes_on| {
        let mut world = waiting(goes_on);
        verdict(&mut world);
        world.now = NOW.plus_ms(30 * MINUTE_MS);
        verdict(&mut world)
    };
    let row = over(false);
    assert_eq!((row.decision, row.reason), (Decision::Skip, Reason::MissingData));
    assert_eq!(
        row.sentence,
        "phone is still empty 30 minutes after the change, and the rule waits for it."
    );
    assert_eq!(over(true).reason, Reason::Matched);
}

#[test]
fn a_delay_of_working_days_goes_by_the_portals_calendar() {
    let holidays = ["2026-11-26", "2026-11-27"].map(|day| day.parse().expect(day));
    let row = check(
        |world| {
            let zone = TimeZone::clone(&world.rules.portal.zone);
            world.rules.portal.zone = crate::domain::civil::Zone::new(zone, holidays.into());
            world.rules.rules[0].delay = Some(Span { count: 3, unit: Unit::WorkingDay });
        },
        Decision::Wait,
        Reason::Delayed,
    );
    assert_eq!(row.until, Some(at("2026-12-01T10:00:00-05:00")));
}

#[test]
fn a_rule_acts_between_starts_and_ends_only() {
    let dated = |starts: Option<u64>, ends: Option<u64>| {
        let mut world = world();
        let timing = &mut world.rules.rules[0].timing;
        timing.starts = starts.map(|ms| NOW.minus_ms(5_000).plus_ms(ms));
        timing.ends = ends.map(|ms| NOW.minus_ms(5_000).plus_ms(ms));
        world
    };
    let fires = |mut world: World| {
        let taken = world.take(&event("lifecyclestage", "mql"));
        (taken.rows[0].reason, taken.rows[0].sentence.clone())
    };
    assert_eq!(fires(dated(Some(5_000), None)).0, Reason::Settling, "starts is included");
    let (reason, text) = fires(dated(Some(5_001), None));
    assert_eq!(reason, Reason::NoMatch);
    assert!(text.ends_with("\"inbound\": the rule starts on 24 Nov 2026."), "{text}");
    assert_eq!(fires(dated(None, Some(5_001))).0, Reason::Settling);
    let (reason, text) = fires(dated(None, Some(5_000)));
    assert_eq!(reason, Reason::NoMatch);
    assert!(text.ends_with("the rule ended on 24 Nov 2026."), "{text}");
    // What settles or waits when it ends is not sent any more.
    let mut settling = dated(None, Some(30_000));
    settling.settled(&event("lifecyclestage", "mql"));
    assert_eq!(verdict(&mut settling).reason, Reason::NoMatch);
    let mut waiting = dated(None, Some(DAY_MS));
    waiting.rules.rules[0].delay = Some(Span::days(2));
    waiting.settled(&event("lifecyclestage", "mql"));
    assert_eq!(verdict(&mut waiting).reason, Reason::Delayed);
    waiting.now = NOW.plus_ms(2 * DAY_MS);
    let row = verdict(&mut waiting);
    assert_eq!(row.reason, Reason::NoLongerMatches);
    assert_eq!(row.sentence, "Matched on 24 Nov 2026, no longer: the rule ended on 25 Nov 2026.");
}

#[test]
fn everything_runs_again_when_the_window_opens() {
    let mut world = world();
    world.rules.rules[0].timing.window = Some(Arc::new(office(WindowZone::Portal)));
    world.now = NOW.plus_ms(8 * HOUR_MS);
    world.settled(&event("lifecyclestage", "mql"));
    assert_eq!(verdict(&mut world).reason, Reason::OutsideWindow);
    world.now = at("2026-11-25T08:30:00-05:00");
    let began = world.now.minus_ms(HOUR_MS);
    world.person.claims = vec![claim(("sales", target(Channel::Sequence, "revival")), began, None)];
    assert_eq!(verdict(&mut world).reason, Reason::AlreadyInTheme);
    skips(|world| world.contact = contact(&[("email", "")]), Reason::Suppressed);
}
