//! Date and datetime operators (RULES.md 1.3; ends of ranges: section 6).
//!
//! A date is a calendar date without a zone, a datetime an instant. Where one of the two sides
//! is a date, both are compared as dates, an instant taken in the portal's zone: a bare date in
//! a rule so means the whole day.

use std::cmp::Ordering;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::span::Span;
use crate::domain::civil::Zone;
use crate::domain::time::Timestamp;

/// A date or an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// A calendar date.
    Day(Date),
    /// An instant; birthdays before 1970 are why this is not our own type.
    Instant(jiff::Timestamp),
}

/// What a date or datetime must do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimeTest {
    /// `is`.
    Is(Moment),
    /// `is_before`.
    Before(Moment),
    /// `is_after`.
    After(Moment),
    /// `is_on_or_before`.
    OnOrBefore(Moment),
    /// `is_on_or_after`.
    OnOrAfter(Moment),
    /// `is_between`, both ends included.
    Between(Moment, Moment),
    /// `is_within_last`, both ends included.
    WithinLast(Span),
    /// `is_within_next`, both ends included.
    WithinNext(Span),
    /// `is_more_than_ago`.
    MoreThanAgo(Span),
    /// `is_more_than_ahead`.
    MoreThanAhead(Span),
}

impl Moment {
    /// Reads a property value: `"2026-11-24"`, milliseconds since the epoch, or RFC 3339.
    /// A date property's instant is a midnight in UTC and means that date (`date_only`).
    pub fn parse(value: &str, date_only: bool) -> Option<Self> {
        let value = value.trim();
        let instant = match value.parse::<i64>() {
            Ok(ms) => jiff::Timestamp::from_millisecond(ms).ok()?,
            Err(_) => match value.parse::<jiff::Timestamp>() {
                Ok(instant) => instant,
                Err(_) => return value.parse().ok().map(Self::Day),
            },
        };
        Some(if date_only {
            Self::Day(instant.to_zoned(TimeZone::UTC).date())
        } else {
            Self::Instant(instant)
        })
    }

    /// Whether the two are the same instant, or, where one is a date, of the same date in `zone`.
    pub fn is_same(self, other: Self, zone: &TimeZone) -> bool {
        self.compare(other, zone).is_eq()
    }

    fn compare(self, other: Self, zone: &TimeZone) -> Ordering {
        match (self, other) {
            (Self::Instant(left), Self::Instant(right)) => left.cmp(&right),
            _ => self.day(zone).cmp(&other.day(zone)),
        }
    }

    fn day(self, zone: &TimeZone) -> Date {
        match self {
            Self::Day(day) => day,
            Self::Instant(instant) => instant.to_zoned(zone.clone()).date(),
        }
    }
}

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Day(day) => day.fmt(f),
            Self::Instant(instant) => instant.fmt(f),
        }
    }
}

impl TimeTest {
    /// Whether `value` passes at `now` in the portal's `zone`.
    pub fn holds(&self, value: Moment, now: Timestamp, zone: &Zone) -> bool {
        let against = |other: Moment| value.compare(other, zone);
        let to_now = || against(Moment::Instant(now.to_jiff()));
        let ago = |span: Span| against(Moment::Instant(span.before(now, zone).to_jiff()));
        let ahead = |span: Span| against(Moment::Instant(span.after(now, zone).to_jiff()));
        match *self {
            Self::Is(moment) => against(moment).is_eq(),
            Self::Before(moment) => against(moment).is_lt(),
            Self::After(moment) => against(moment).is_gt(),
            Self::OnOrBefore(moment) => against(moment).is_le(),
            Self::OnOrAfter(moment) => against(moment).is_ge(),
            Self::Between(first, last) => against(first).is_ge() && against(last).is_le(),
            Self::WithinLast(span) => ago(span).is_ge() && to_now().is_le(),
            Self::WithinNext(span) => to_now().is_ge() && ahead(span).is_le(),
            Self::MoreThanAgo(span) => ago(span).is_lt(),
            Self::MoreThanAhead(span) => ahead(span).is_gt(),
        }
    }

    /// What it asks, in words that follow "is" or "is not".
    pub fn words(&self) -> String {
        match self {
            Self::Is(moment) => moment.to_string(),
            Self::Before(moment) => format!("before {moment}"),
            Self::After(moment) => format!("after {moment}"),
            Self::OnOrBefore(moment) => format!("on or before {moment}"),
            Self::OnOrAfter(moment) => format!("on or after {moment}"),
            Self::Between(first, last) => format!("between {first} and {last}"),
            Self::WithinLast(span) => format!("within the last {span}"),
            Self::WithinNext(span) => format!("within the next {span}"),
            Self::MoreThanAgo(span) => format!("more than {span} ago"),
            Self::MoreThanAhead(span) => format!("more than {span} ahead"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Noon on 2026-11-24 in New York.
    const NOW: &str = "2026-11-24T12:00:00-05:00";

    #[track_caller]
    fn check(value: &str, date_only: bool, test: &TimeTest, expected: bool) {
        let zone = Zone::from(TimeZone::get("America/New_York").expect("bundled"));
        let now = Timestamp::parse_rfc3339(NOW).expect("valid");
        let moment = Moment::parse(value, date_only).expect(value);
        assert_eq!(test.holds(moment, now, &zone), expected, "{value} is {}", test.words());
    }

    fn day(text: &str) -> Moment {
        Moment::Day(text.parse().expect(text))
    }

    #[test]
    fn a_bare_date_in_a_rule_means_the_whole_day_in_the_portals_zone() {
        let is = TimeTest::Is(day("2026-11-24"));
        check("2026-11-24T05:00:00Z", false, &is, true);
        check("2026-11-25T04:59:59Z", false, &is, true);
        check("2026-11-24T04:59:59Z", false, &is, false);
        check("2026-11-25T04:59:59Z", false, &TimeTest::After(day("2026-11-24")), false);
        check("2026-11-25T05:00:00Z", false, &TimeTest::After(day("2026-11-24")), true);
        check("2026-11-24T04:59:59Z", false, &TimeTest::Before(day("2026-11-24")), true);
    }

    #[test]
    fn a_date_property_is_not_shifted_by_the_zone() {
        let is = TimeTest::Is(day("2026-11-24"));
        check("2026-11-24", true, &is, true);
        check("1795478400000", true, &is, true);
        check("1795478400000", true, &TimeTest::OnOrBefore(day("2026-11-23")), false);
        check("-86400000", true, &TimeTest::Is(day("1969-12-31")), true);
    }

    #[test]
    fn ranges_include_both_ends() {
        let between = TimeTest::Between(day("2026-11-01"), day("2026-11-24"));
        check("2026-11-01", true, &between, true);
        check("2026-11-24", true, &between, true);
        check("2026-11-25", true, &between, false);
        let last = TimeTest::WithinLast(Span::days(14));
        check("2026-11-10T17:00:00Z", false, &last, true);
        check("2026-11-10T16:59:59Z", false, &last, false);
        check("2026-11-24T17:00:00Z", false, &last, true);
        check("2026-11-24T17:00:01Z", false, &last, false);
        check("2026-11-10", true, &last, true);
        check("2026-11-09", true, &last, false);
        let next = TimeTest::WithinNext(Span::days(30));
        check("2026-12-01T09:00:00Z", false, &next, true);
        check("2026-12-25T09:00:00Z", false, &next, false);
        check("2026-11-24", true, &next, true);
        check("2026-11-23", true, &next, false);
    }

    #[test]
    fn more_than_excludes_the_line_itself() {
        check("2026-05-28", true, &TimeTest::MoreThanAgo(Span::days(180)), false);
        check("2026-05-27", true, &TimeTest::MoreThanAgo(Span::days(180)), true);
        check("2026-11-25", true, &TimeTest::MoreThanAhead(Span::days(1)), false);
        check("2026-11-26", true, &TimeTest::MoreThanAhead(Span::days(1)), true);
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in ["soon", "24.11.2026", "2026-13-01", "9999999999999999999"] {
            assert_eq!(Moment::parse(text, false), None, "{text}");
        }
    }
}
