//! Every civil-time gate over every clock change of every zone, 2024 to 2030.
//!
//! The oracle reads clocks only: the instant of a local time is the first sampled instant at
//! which the clock shows that time or a later one. It shares no code with what it judges.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time, Weekday, date, time};
use jiff::tz::TimeZone;

use super::*;
use crate::domain::rule::span::{Span, Unit};
use crate::domain::rule::timing::{Window, WindowZone};
use crate::domain::time::{MINUTE_MS, SECOND_MS};

/// Samples lie this far apart: every clock change and every time asked for lies on one.
const STEP_MS: u64 = 15 * MINUTE_MS;
/// Samples before a clock change: two days and a half.
const BEFORE: u64 = 60 * 4;
/// Samples after it: over a holiday and a weekend.
const AFTER: u64 = 5 * 24 * 4;

/// What the clocks of a zone show around one instant.
struct Clocks {
    zone: TimeZone,
    /// Instants in order, with what the clock shows.
    shown: Vec<(Timestamp, DateTime)>,
}

impl Clocks {
    fn around(change: jiff::Timestamp, zone: &TimeZone) -> Self {
        let first = Timestamp::from_jiff(change).minus_ms(BEFORE * STEP_MS);
        let at = (0..=BEFORE + AFTER).map(|index| first.plus_ms(index * STEP_MS));
        let shown = at.map(|at| (at, zone.to_datetime(at.to_jiff())));
        Self { zone: zone.clone(), shown: shown.collect() }
    }

    /// The day the clock changes.
    fn day(&self) -> Date {
        self.shown[usize::try_from(BEFORE).expect("few")].1.date()
    }

    /// The first instant at which the clock shows `at` or later.
    fn first(&self, at: DateTime) -> Timestamp {
        let day = |shown: &(Timestamp, DateTime)| shown.1.date() < at.date();
        // A clock goes back by hours at most: two days before the first of that day is safe.
        let near = self.shown.partition_point(day).saturating_sub(2 * 24 * 4);
        let found = self.shown[near..].iter().find(|(_, shown)| at <= *shown);
        found.expect("the samples reach that far").0
    }

    fn name(&self) -> &str {
        self.zone.iana_name().unwrap_or("?")
    }
}

/// Every distinct course of clocks, with the clock changes of these years; a zone without any
/// is looked at once all the same.
fn every_zone() -> Vec<(TimeZone, Vec<jiff::Timestamp>)> {
    let from: jiff::Timestamp = "2024-01-01T00:00:00Z".parse().expect("valid");
    let until: jiff::Timestamp = "2031-01-01T00:00:00Z".parse().expect("valid");
    let mut courses = BTreeMap::new();
    let mut names = 0;
    for name in jiff::tz::db().available() {
        names += 1;
        let zone = TimeZone::get(name.as_str()).expect("known");
        let following = zone.following(from).take_while(|change| change.timestamp() < until);
        let changes: Vec<_> =
            following.map(|change| (change.timestamp(), change.offset().seconds())).collect();
        let course = (zone.to_offset(from).seconds(), changes);
        courses.entry(course).or_insert(zone);
    }
    assert!(500 < names, "all of the bundled zones: {names}");
    let changes = |((_, changes), zone): ((i32, Vec<(jiff::Timestamp, i32)>), TimeZone)| {
        let at: Vec<_> = changes.into_iter().map(|(at, _)| at).collect();
        (zone, if at.is_empty() { vec![from] } else { at })
    };
    courses.into_iter().map(changes).collect()
}

/// Calls `check` at every clock change.
fn at_every_change(check: impl Fn(&Clocks)) {
    static CHANGES: LazyLock<Vec<Clocks>> = LazyLock::new(|| {
        let zones = every_zone().into_iter();
        let around = |(zone, at): (TimeZone, Vec<jiff::Timestamp>)| {
            at.into_iter().map(move |change| Clocks::around(change, &zone))
        };
        zones.flat_map(around).collect()
    });
    let changes = CHANGES.len();
    assert!(400 < changes, "every clock change: {changes}");
    CHANGES.iter().for_each(check);
}

/// The days around the clock change, and the times asked for on each.
fn days(clocks: &Clocks) -> impl Iterator<Item = Date> {
    let day = clocks.day();
    (-1..=1).map(move |offset| day.saturating_add(jiff::Span::new().days(offset)))
}

fn window(from: Time, until: Time, days: &[Weekday]) -> Window {
    Window {
        name: "w".to_owned(),
        days: days.to_vec(),
        from,
        until,
        zone: WindowZone::Portal,
        holidays: BTreeSet::new(),
        spread_ms: 0,
        unknown_contact_zone: None,
        place: crate::domain::gates::fixture::place(1),
    }
}

#[test]
fn a_local_time_is_the_first_instant_that_shows_it_or_a_later_one() {
    at_every_change(|clocks| {
        for day in days(clocks) {
            for half in 0..48_i8 {
                let at = day.at(half / 2, half % 2 * 30, 0, 0);
                assert_eq!(instant(at, &clocks.zone), clocks.first(at), "{at} {}", clocks.name());
            }
        }
    });
}

#[test]
fn windows_open_and_close_by_the_clock() {
    let shapes = [
        (time(9, 0, 0, 0), time(17, 0, 0, 0)),
        (time(0, 0, 0, 0), time(1, 0, 0, 0)),
        (time(1, 30, 0, 0), time(2, 15, 0, 0)),
        (time(2, 15, 0, 0), time(2, 45, 0, 0)),
        (time(22, 30, 0, 0), time(23, 30, 0, 0)),
    ];
    let all = [
        Weekday::Monday,
        Weekday::Tuesday,
        Weekday::Wednesday,
        Weekday::Thursday,
        Weekday::Friday,
        Weekday::Saturday,
        Weekday::Sunday,
    ];
    at_every_change(|clocks| {
        for (from, until) in shapes {
            let window = window(from, until, &all);
            let hours: Vec<(Timestamp, Timestamp)> = days(clocks)
                .map(|day| (day.to_datetime(from), day.to_datetime(until)))
                .map(|(from, until)| (clocks.first(from), clocks.first(until)))
                .filter(|(from, until)| from < until)
                .collect();
            for (opens, closes) in &hours {
                let at = |at: Timestamp| window.opening(at, &clocks.zone);
                let name = clocks.name();
                let opening = at(*opens);
                assert_eq!((opening.from, opening.until), (*opens, *closes), "{from} {name}");
                assert_eq!(at(opens.minus_ms(1)).from, *opens, "before it opens, {from} {name}");
                assert_eq!(at(closes.minus_ms(1)).from, *opens, "until it closes, {from} {name}");
                assert!(*closes < at(*closes).from, "{until} is outside, {name}");
            }
        }
    });
}

#[test]
fn whole_days_last_from_their_first_instant_to_the_next_days_first() {
    at_every_change(|clocks| {
        for day in days(clocks) {
            let days = Days { from: day, until: day };
            let next = day.tomorrow().expect("a day").at(0, 0, 0, 0);
            let (start, end) = (clocks.first(day.at(0, 0, 0, 0)), clocks.first(next));
            let over = |at| days.end_if_covering(at, &clocks.zone);
            let name = clocks.name();
            assert_eq!(over(start), Some(end), "quiet, or away: {day} {name}");
            assert_eq!(over(end.minus_ms(1)), Some(end), "{day} {name}");
            assert_eq!((over(start.minus_ms(1)), over(end)), (None, None), "{day} {name}");
            let edge = Edge::Day(day);
            let effect = (edge.begins(&clocks.zone), edge.ends(&clocks.zone));
            assert_eq!(effect, (start, end), "starts and ends: {day} {name}");
            let length = end.since_ms(start) / SECOND_MS;
            let hours = SignedDuration::from_secs(length.try_into().expect("short")).as_hours();
            assert!((22..=26).contains(&hours), "{day} {name} has {hours} hours");
        }
    });
}

#[test]
fn days_and_working_days_keep_the_clock_time() {
    at_every_change(|clocks| {
        let change = clocks.day();
        let zone = Zone::new(clocks.zone.clone(), BTreeSet::from([change]));
        let before = change.yesterday().expect("a day");
        for quarter in [0_i8, 1, 2, 5, 6, 7, 8, 9, 10, 11, 36, 90, 95] {
            let clock = time(quarter / 4, quarter % 4 * 15, 0, 0);
            let from = clocks.first(before.to_datetime(clock));
            if local(from, &zone) != before.to_datetime(clock) {
                // Skipped the day before already: the clock time is another one.
                continue;
            }
            let next = clocks.first(change.to_datetime(clock));
            assert_eq!(Span::days(1).after(from, &zone), next, "{clock} {}", clocks.name());
            let mut day = change.tomorrow().expect("a day");
            while matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) {
                day = day.tomorrow().expect("a day");
            }
            // The day of the change is a holiday here.
            let working = Span { count: 1, unit: Unit::WorkingDay }.after(from, &zone);
            let wanted = clocks.first(day.to_datetime(clock));
            assert_eq!(working, wanted, "{clock} {} to {day}", clocks.name());
        }
    });
}

#[track_caller]
fn check_hours(zone: &str, day: Date, hours_in_halves: u64) {
    let zone = TimeZone::get(zone).expect("bundled");
    let length = end_of(day, &zone).since_ms(start_of(day, &zone));
    assert_eq!(length / (30 * MINUTE_MS), hours_in_halves, "{day}");
}

#[test]
fn days_of_23_and_24_and_a_half_and_25_hours_and_a_skipped_one() {
    check_hours("America/New_York", date(2026, 3, 8), 46);
    check_hours("America/New_York", date(2026, 11, 1), 50);
    check_hours("Australia/Lord_Howe", date(2026, 4, 5), 49);
    check_hours("Australia/Lord_Howe", date(2026, 10, 4), 47);
    check_hours("America/Havana", date(2026, 3, 8), 46);
    check_hours("Africa/Cairo", date(2026, 10, 29), 50);
    check_hours("Pacific/Apia", date(2011, 12, 30), 0);
}
