//! Durations as rule authors write them: `"90 seconds"`, `"2 days"`, `"3 working days"`.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::suggest;
use crate::domain::civil::{self, Zone};
use crate::domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Timestamp};

/// The unit of a duration. Days and weeks keep the clock time; hours and less are exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Seconds.
    Second,
    /// Minutes.
    Minute,
    /// Hours.
    Hour,
    /// Calendar days, at the same clock time.
    Day,
    /// Days that are neither weekend nor holiday.
    WorkingDay,
    /// Seven calendar days.
    Week,
}

/// A duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// How many.
    pub count: u32,
    /// Of what.
    pub unit: Unit,
}

impl Span {
    /// `count` days.
    pub const fn days(count: u32) -> Self {
        Self { count, unit: Unit::Day }
    }

    /// Reads `"<number> <unit>"`. The error says what to write instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        let advice = advice(text);
        let trimmed = text.trim();
        let (number, unit) = trimmed
            .split_once(char::is_whitespace)
            .ok_or_else(|| format!("\"{text}\" is not a duration: {advice}"))?;
        let count: u32 =
            number.parse().map_err(|_| format!("\"{text}\" is not a duration: {advice}"))?;
        let unit = match unit.split_whitespace().collect::<Vec<_>>().join(" ").as_str() {
            "second" | "seconds" => Unit::Second,
            "minute" | "minutes" => Unit::Minute,
            "hour" | "hours" => Unit::Hour,
            "day" | "days" => Unit::Day,
            "working day" | "working days" => Unit::WorkingDay,
            "week" | "weeks" => Unit::Week,
            "month" | "months" => {
                return Err(format!(
                    "\"{text}\" is not accepted: how long is a month? Write \"{} days\"",
                    count.saturating_mul(30)
                ));
            }
            other => return Err(format!("\"{other}\" is not a unit of time: {advice}")),
        };
        Ok(Self { count, unit })
    }

    /// Milliseconds, a day counted as 24 hours: for comparisons and limits, not for calendars.
    pub const fn approximate_ms(self) -> u64 {
        let unit_ms = match self.unit {
            Unit::Second => SECOND_MS,
            Unit::Minute => MINUTE_MS,
            Unit::Hour => HOUR_MS,
            Unit::Day | Unit::WorkingDay => DAY_MS,
            Unit::Week => 7 * DAY_MS,
        };
        unit_ms.saturating_mul(self.count as u64)
    }

    /// The instant this long after `from` in `zone`: days keep the clock time, working days
    /// leave out the zone's weekends and holidays.
    pub fn after(self, from: Timestamp, zone: &Zone) -> Timestamp {
        let day = |from| self.day(from, zone, i64::from(self.count), Date::tomorrow);
        self.on_a_day(from, zone, day).unwrap_or_else(|| from.plus_ms(self.approximate_ms()))
    }

    /// The instant this long before `from` in `zone`.
    pub fn before(self, from: Timestamp, zone: &Zone) -> Timestamp {
        let day = |from| self.day(from, zone, -i64::from(self.count), Date::yesterday);
        self.on_a_day(from, zone, day).unwrap_or_else(|| from.minus_ms(self.approximate_ms()))
    }

    /// The clock time of `from` on the day that `day` finds; `None` for exact units.
    fn on_a_day(
        self,
        from: Timestamp,
        zone: &Zone,
        day: impl FnOnce(Date) -> Option<Date>,
    ) -> Option<Timestamp> {
        if self.count == 0 {
            // Not even a time that comes twice is moved.
            return Some(from);
        }
        let local = civil::local(from, zone);
        Some(civil::instant(day(local.date())?.to_datetime(local.time()), zone))
    }

    /// The day `count` of this unit away. `step` goes one day in the direction of `count`.
    fn day(
        self,
        from: Date,
        zone: &Zone,
        count: i64,
        step: fn(Date) -> Result<Date, jiff::Error>,
    ) -> Option<Date> {
        let days = match self.unit {
            Unit::Second | Unit::Minute | Unit::Hour => return None,
            Unit::WorkingDay => return zone.working_day(from, self.count, step),
            Unit::Day => count,
            Unit::Week => count * 7,
        };
        jiff::Span::new().try_days(days).and_then(|span| from.checked_add(span)).ok()
    }
}

/// What to write instead of a text that is no duration: what was meant, where that is plain.
fn advice(text: &str) -> String {
    let text = text.trim();
    let digits = text.len() - text.trim_start_matches(|letter: char| letter.is_ascii_digit()).len();
    let (number, word) = text.split_at(digits);
    let Ok(count) = number.parse::<u32>() else {
        return "write a number and a unit, for example \"30 minutes\" or \"7 days\"".to_owned();
    };
    let word = word.trim();
    if word.is_empty() {
        return format!(
            "write a unit too: \"{count} minutes\", \"{count} hours\" or \"{count} days\""
        );
    }
    match meant(count, word) {
        Some(span) => format!("write \"{span}\""),
        None => "the units are seconds, minutes, hours, days, working days and weeks".to_owned(),
    }
}

/// The duration that a misspelled or abbreviated unit stands for.
fn meant(count: u32, word: &str) -> Option<Span> {
    const UNITS: [(&str, Unit); 6] = [
        ("seconds", Unit::Second),
        ("minutes", Unit::Minute),
        ("hours", Unit::Hour),
        ("days", Unit::Day),
        ("working days", Unit::WorkingDay),
        ("weeks", Unit::Week),
    ];
    let short = match word.to_lowercase().as_str() {
        "s" | "sec" | "secs" => Some(Unit::Second),
        "min" | "mins" => Some(Unit::Minute),
        "h" | "hr" | "hrs" => Some(Unit::Hour),
        "d" => Some(Unit::Day),
        "w" | "wk" | "wks" => Some(Unit::Week),
        "business day" | "business days" | "workday" | "workdays" => Some(Unit::WorkingDay),
        "year" | "years" => return Some(Span::days(count.saturating_mul(365))),
        _ => None,
    };
    let unit = short.or_else(|| {
        let near = suggest::nearest(word, UNITS.iter().map(|(name, _)| *name))?;
        UNITS.iter().find(|(name, _)| *name == near).map(|(_, unit)| *unit)
    })?;
    Some(Span { count, unit })
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            Unit::Second => "second",
            Unit::Minute => "minute",
            Unit::Hour => "hour",
            Unit::Day => "day",
            Unit::WorkingDay => "working day",
            Unit::Week => "week",
        };
        let plural = if self.count == 1 { "" } else { "s" };
        write!(f, "{} {unit}{plural}", self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<(u32, Unit), &str>) {
        match (Span::parse(text), expected) {
            (Ok(span), Ok((count, unit))) => assert_eq!(span, Span { count, unit }),
            (Err(message), Err(part)) => assert!(message.contains(part), "{message}"),
            (got, wanted) => panic!("{text:?}: got {got:?}, wanted {wanted:?}"),
        }
    }

    #[test]
    fn durations_read_as_written() {
        check("90 seconds", Ok((90, Unit::Second)));
        check("3 working days", Ok((3, Unit::WorkingDay)));
        check(" 1  week ", Ok((1, Unit::Week)));
        check("0 days", Ok((0, Unit::Day)));
        check("3 months", Err("Write \"90 days\""));
        check("soon", Err("is not a duration"));
        check("-1 days", Err("is not a duration"));
        check("3 business days", Err("write \"3 working days\""));
        check("15min", Err("write \"15 minutes\""));
        check("14", Err("\"14 days\""));
        check("1 year", Err("write \"365 days\""));
        check("2 fortnights", Err("is not a unit of time"));
    }

    /// New York, with Thanksgiving and the day after.
    fn zone() -> Zone {
        let holidays = ["2026-11-26", "2026-11-27"].map(|day| day.parse().expect(day));
        let zone = jiff::tz::TimeZone::get("America/New_York").expect("bundled");
        Zone::new(zone, holidays.into())
    }

    /// `span` leads from one instant to the other, and for whole days back again.
    #[track_caller]
    fn leads(span: &str, from: &str, to: &str, back: bool) {
        let at = |text: &str| Timestamp::parse_rfc3339(text).expect(text);
        let span = Span::parse(span).expect(span);
        assert_eq!(span.after(at(from), &zone()), at(to), "{span} after {from}");
        if back {
            assert_eq!(span.before(at(to), &zone()), at(from), "{span} before {to}");
        }
    }

    #[test]
    fn days_keep_the_clock_time_and_hours_are_exact_over_a_clock_change() {
        leads("1 day", "2026-10-31T12:00:00-04:00", "2026-11-01T12:00:00-05:00", true);
        leads("24 hours", "2026-10-31T12:00:00-04:00", "2026-11-01T11:00:00-05:00", true);
        leads("90 days", "2026-08-20T12:00:00-04:00", "2026-11-18T12:00:00-05:00", true);
        leads("2 weeks", "2026-10-25T08:30:00-04:00", "2026-11-08T08:30:00-05:00", true);
    }

    #[test]
    fn a_skipped_clock_time_means_the_first_instant_after_and_a_double_one_the_first() {
        leads("1 day", "2026-03-07T02:30:00-05:00", "2026-03-08T03:00:00-04:00", false);
        leads("1 day", "2026-10-31T01:30:00-04:00", "2026-11-01T01:30:00-04:00", true);
        leads("0 days", "2026-11-01T01:30:00-05:00", "2026-11-01T01:30:00-05:00", true);
    }

    #[test]
    fn working_days_leave_out_weekends_and_holidays() {
        leads("3 working days", "2026-11-25T15:00:00-05:00", "2026-12-02T15:00:00-05:00", true);
        leads("1 working day", "2026-11-23T09:00:00-05:00", "2026-11-24T09:00:00-05:00", true);
        // From a day of rest the next working day is day 1.
        leads("1 working day", "2026-11-28T09:00:00-05:00", "2026-11-30T09:00:00-05:00", false);
        leads("1 working day", "2026-11-26T09:00:00-05:00", "2026-11-30T09:00:00-05:00", false);
        leads("0 working days", "2026-11-28T09:00:00-05:00", "2026-11-28T09:00:00-05:00", true);
    }

    #[test]
    fn no_span_leads_out_of_the_calendar() {
        let now = Timestamp::from_unix_ms(0);
        for unit in [Unit::Second, Unit::Day, Unit::Week, Unit::WorkingDay] {
            let longest = Span { count: u32::MAX, unit };
            assert!(now < longest.after(now, &zone()), "{longest}");
            assert_eq!(longest.before(now, &zone()), now, "{longest}");
        }
    }
}
