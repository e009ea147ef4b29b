//! The keys about time: what they compile to, and what is wrong with them.

use super::*;
use crate::domain::civil::Days;
use crate::domain::rule::span::{Span, Unit};
use crate::domain::rule::timing::WindowZone;
use crate::domain::time::Timestamp;

const DECEMBER: &str = "2026-12-31";

fn day(text: &str) -> Date {
    text.parse().expect(text)
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).expect(text)
}

fn days(from: &str, until: &str) -> Days {
    Days { from: from.parse().expect(from), until: until.parse().expect(until) }
}

/// The book with `more`, and a rule with `keys`.
fn set(more: &str, keys: &str) -> RuleSet {
    let files = [file("portal.toml", format!("{BOOK}{more}")), file("r.toml", rule(keys))];
    let compiled = compile(&files);
    compiled.rules.unwrap_or_else(|| panic!("{:#?}", compiled.diagnostics))
}

/// What a finding says, its hint behind it, with the line where it begins.
#[track_caller]
fn check(more: &str, keys: &str, code: &str, line: u32, part: &str) {
    let files = [file("portal.toml", format!("{BOOK}{more}")), file("r.toml", rule(keys))];
    let compiled = compile_on(&files, Some(day(DECEMBER)));
    let found = compiled.diagnostics.iter().find(|found| found.code == code);
    let Some(found) = found else { panic!("{keys}{more}: {:#?}", compiled.diagnostics) };
    let shown = format!("{} {}", found.message, found.hint.as_deref().unwrap_or(""));
    assert!(shown.contains(part), "{shown}");
    // A line of the book counts from where `more` begins.
    let book = u32::try_from(BOOK.lines().count()).expect("few");
    let in_rule = &*found.file == "r.toml";
    assert_eq!(found.line, if in_rule { line } else { book + line }, "{shown}");
}

#[test]
fn a_window_is_resolved_with_its_calendar_and_the_defaults() {
    let more = "[defaults]\nwindow = \"early\"\n[calendars.us]\nholidays = [2026-11-26]\n\
                [windows.early]\ndays = [\"sat\"]\nfrom = \"06:15\"\nuntil = \"07:00\"\n\
                time_zone = \"contact\"\ncalendar = \"us\"\nspread = \"5 minutes\"\n";
    let early = set(more, "");
    let window = early.rules[0].timing.window.as_ref().expect("the default");
    assert_eq!((window.name.as_str(), &window.zone), ("early", &WindowZone::Contact));
    assert_eq!((window.spread_ms, window.holidays.len()), (300_000, 1));
    assert!(early.read_properties.contains("hs_timezone"), "the contact's clock is read");
    let own = set(more, "window = \"office-hours\"");
    let window = own.rules[0].timing.window.as_ref().expect("its own");
    assert_eq!((window.zone.clone(), window.spread_ms), (WindowZone::Portal, 600_000));
    assert!(!own.read_properties.contains("hs_timezone"));
    assert!(set(more, "window = \"always\"").rules[0].timing.window.is_none());
}

#[test]
fn wait_for_is_read_and_watched() {
    let set = set("", "wait_for = { property = \"owner\", up_to = \"30 minutes\" }");
    let wait_for = set.rules[0].timing.wait_for.as_ref().expect("there");
    assert_eq!(wait_for.up_to, Span { count: 30, unit: Unit::Minute });
    assert!(!wait_for.goes_on, "skip is the default");
    assert!(set.read_properties.contains("owner"));
    assert_eq!(set.waited_for["owner"].as_str(), "r");
}

#[test]
fn starts_and_ends_are_both_included_in_the_portals_zone() {
    let effect = |keys: &str| {
        let set = set("", keys);
        (set.rules[0].timing.starts, set.rules[0].timing.ends)
    };
    let whole_days = effect("starts = 2026-10-01\nends = 2026-11-01\n");
    let wanted = (at("2026-10-01T00:00:00-04:00"), at("2026-11-02T00:00:00-05:00"));
    assert_eq!(whole_days, (Some(wanted.0), Some(wanted.1)));
    let moments = effect("starts = 2026-10-01T09:00:00\nends = 2026-10-02T09:00:00+02:00\n");
    let wanted = (at("2026-10-01T09:00:00-04:00"), at("2026-10-02T09:00:00.001+02:00"));
    assert_eq!(moments, (Some(wanted.0), Some(wanted.1)));
}

#[test]
fn absences_pace_and_quiet_periods_are_read() {
    let more = "[senders.mia]\nemail = \"mia@acme.com\"\npace = \"2 minutes\"\n\
                time_zone = \"Europe/Berlin\"\n\
                away = [{ from = 2026-12-21, until = 2027-01-03 }]\n\
                [[quiet_period]]\nsays = \"Year end\"\nfrom = 2026-12-21\nuntil = 2027-01-03\n\
                themes = [\"sales\"]\n";
    let set = set(more, "");
    let mia = &set.senders["mia"];
    assert_eq!(
        (mia.pace_ms(), mia.away.as_slice()),
        (120_000, &[days("2026-12-21", "2027-01-03")][..])
    );
    assert_eq!(mia.zone(&set.portal.zone).iana_name(), Some("Europe/Berlin"));
    assert_eq!(set.senders["dana"].zone(&set.portal.zone).iana_name(), Some("America/New_York"));
    let [quiet] = set.quiet_periods.as_slice() else { panic!("one") };
    assert_eq!(quiet.days, days("2026-12-21", "2027-01-03"));
    assert!(quiet.silences(&"sales".into()) && !quiet.silences(&"nurture".into()));
}

#[test]
fn the_portals_calendar_is_what_working_days_mean() {
    let files = [
        file("portal.toml", BOOK.replace("id = 1\n", "id = 1\ncalendar = \"us\"\n")),
        file("r.toml", format!("[calendars.us]\nholidays = [2026-11-26]\n{}", rule(""))),
    ];
    let set = compile(&files).rules.expect("accepted");
    assert!(!set.portal.zone.is_working_day("2026-11-26".parse().expect("a day")));
    assert!(set.portal.zone.is_working_day("2026-11-27".parse().expect("a day")));
}

#[test]
fn mistakes_in_a_rules_timing_have_their_place() {
    let wrong = |keys: &str, code: &str, line: u32, part: &str| check("", keys, code, line, part);
    wrong("window = \"office\"", "HR008", 6, "Defined: office-hours");
    wrong(
        "starts = 2026-02-01\nends = 2026-01-01",
        "HR019",
        7,
        "ends is before starts (2026-02-01)",
    );
    wrong("starts = \"2026-02-01\"", "HR004", 6, "without quotes");
    wrong("wait_for = { property = \"p\" }", "HR003", 6, "up_to = \"30 minutes\"");
    wrong("wait_for = { property = \"p\", up_to = \"2 days\" }", "HR007", 6, "at most 24 hours");
    let then = "wait_for = { property = \"p\", up_to = \"1 hour\", then = \"stop\" }";
    wrong(then, "HR005", 6, "Use \"skip\" or \"continue\"");
}

#[test]
fn mistakes_in_the_books_times_have_their_place() {
    let wrong = |more: &str, code: &str, line: u32, part: &str| check(more, "", code, line, part);
    let window = "[windows.w]\ndays = [\"mon\"]\nfrom = \"09:00\"\nuntil = \"17:00\"\n";
    let late = window.replace("17:00", "09:00");
    wrong(&late, "HR019", 4, "write two windows");
    wrong(&window.replace("[\"mon\"]", "[]"), "HR005", 2, "days is an empty list");
    wrong(&format!("{window}time_zone = \"EST\"\n"), "HR005", 5, "America/New_York");
    wrong(&format!("{window}calendar = \"us\"\n"), "HR008", 5, "calendar \"us\" is not defined");
    wrong(&format!("{window}spread = \"2 days\"\n"), "HR007", 5, "longer than a window");
    let away = "[senders.mia]\nemail = \"mia@acme.com\"\n";
    let back = "away = [{ from = 2026-12-21, until = 2026-12-20 }]\n";
    wrong(&format!("{away}{back}"), "HR019", 3, "until is before 2026-12-21");
    wrong(&format!("{away}pace = \"2 days\"\n"), "HR007", 3, "longer than a day");
}

#[test]
fn what_time_has_overtaken_is_a_lint_where_the_day_is_known() {
    let wrong = |more: &str, keys: &str, code: &str, line: u32, part: &str| {
        check(more, keys, code, line, part);
    };
    let ended = "ends = 2026-11-21\n";
    wrong("", ended, code::LINT_ENDED, 6, "rule \"r\" ended 40 days ago. Delete it or set mode");
    let calendar = "[calendars.us]\nholidays = [2026-12-25, 2027-01-01]\n";
    wrong(calendar, "", code::LINT_CALENDAR_OVER, 2, "has no dates after 2027-01-01");
    wrong(
        "[calendars.us]\nholidays = []\n",
        "",
        code::LINT_CALENDAR_OVER,
        2,
        "calendar \"us\" has no dates",
    );
    let quiet = |more: &str, keys: &str| {
        let files = [file("portal.toml", format!("{BOOK}{more}")), file("r.toml", rule(keys))];
        let dated = |today| compile_on(&files, today).diagnostics;
        let found = dated(Some(day("2026-12-21")));
        let lints = found
            .iter()
            .filter(|it| it.code == code::LINT_CALENDAR_OVER || it.code == code::LINT_ENDED);
        assert_eq!(lints.count(), 0, "{found:?}");
        assert!(
            dated(None)
                .iter()
                .all(|it| it.code != code::LINT_CALENDAR_OVER && it.code != code::LINT_ENDED)
        );
    };
    quiet("", ended);
    quiet("", "mode = \"off\"\nends = 2026-01-01\n");
    quiet("[calendars.us]\nholidays = [2027-01-20]\n", "");
}
