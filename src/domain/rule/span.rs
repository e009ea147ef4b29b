//! Durations as rule authors write them: `"90 seconds"`, `"2 days"`, `"3 working days"`.

use std::fmt;

use serde::{Deserialize, Serialize};

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
        let advice = "write a number and a unit, for example \"30 minutes\" or \"2 days\"";
        let trimmed = text.trim();
        let (number, unit) = trimmed
            .split_once(char::is_whitespace)
            .ok_or_else(|| format!("\"{text}\" is not a duration: {advice}"))?;
        let count: u32 =
            number.parse().map_err(|_| format!("\"{number}\" is not a whole number: {advice}"))?;
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

    /// The instant this long after `from` in `zone`. Working days without a calendar are
    /// counted as days; calendars are resolved before (`delay`).
    pub fn after(self, from: Timestamp, zone: &jiff::tz::TimeZone) -> Timestamp {
        self.shift(from, zone, 1)
    }

    /// The instant this long before `from` in `zone`.
    pub fn before(self, from: Timestamp, zone: &jiff::tz::TimeZone) -> Timestamp {
        self.shift(from, zone, -1)
    }

    fn shift(self, from: Timestamp, zone: &jiff::tz::TimeZone, sign: i64) -> Timestamp {
        let days = match self.unit {
            Unit::Day | Unit::WorkingDay => i64::from(self.count),
            Unit::Week => i64::from(self.count) * 7,
            _ if 0 < sign => return from.plus_ms(self.approximate_ms()),
            _ => return from.minus_ms(self.approximate_ms()),
        };
        let span = jiff::Span::new().try_days(days * sign);
        let moved = span.and_then(|span| from.to_jiff().to_zoned(zone.clone()).checked_add(span));
        match moved {
            Ok(zoned) => Timestamp::from_jiff(zoned.timestamp()),
            Err(_) if 0 < sign => from.plus_ms(self.approximate_ms()),
            Err(_) => from.minus_ms(self.approximate_ms()),
        }
    }
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
        check("-1 days", Err("is not a whole number"));
        check("2 fortnights", Err("is not a unit of time"));
    }

    #[test]
    fn days_keep_the_clock_time_over_a_clock_change() {
        let zone = jiff::tz::TimeZone::get("America/New_York").expect("bundled");
        let noon = Timestamp::parse_rfc3339("2026-10-31T12:00:00-04:00").expect("valid");
        let next = Timestamp::parse_rfc3339("2026-11-01T12:00:00-05:00").expect("valid");
        assert_eq!(Span::days(1).after(noon, &zone), next);
        assert_eq!(Span::days(1).before(next, &zone), noon);
    }
}
