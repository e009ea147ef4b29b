//! Civil time: dates and clock times as instants, right over every clock change.
//!
//! A local time that a clock change skips means the first instant after it; one that comes
//! twice means the first (RULES.md section 6). So `instant` of a local time is the first
//! instant at which a clock on the wall shows that time or a later one.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::ops::Deref;

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::time::Timestamp;

/// More working days than this are not counted one by one: no calendar goes that far.
const WORKING_DAYS_MAX: u32 = 10_000;

/// The first instant at which clocks in `zone` show `at` or later. Times past the end of the
/// calendar become its end.
pub fn instant(at: DateTime, zone: &TimeZone) -> Timestamp {
    let ambiguous = zone.to_ambiguous_timestamp(at);
    let found = match ambiguous.offset() {
        // Read with the offset after the gap, a skipped time lies before the clock change, and
        // the change is the next one.
        AmbiguousOffset::Gap { after, .. } => after.to_timestamp(at).ok().and_then(|before| {
            let change = zone.following(before).next();
            change.map(|change| change.timestamp())
        }),
        _ => ambiguous.compatible().ok(),
    };
    Timestamp::from_jiff(found.unwrap_or(jiff::Timestamp::MAX))
}

/// The first instant of `day`.
pub fn start_of(day: Date, zone: &TimeZone) -> Timestamp {
    instant(day.at(0, 0, 0, 0), zone)
}

/// The first instant after `day`.
pub fn end_of(day: Date, zone: &TimeZone) -> Timestamp {
    day.tomorrow().map_or(Timestamp::from_jiff(jiff::Timestamp::MAX), |next| start_of(next, zone))
}

/// The date and clock time of an instant.
pub fn local(at: Timestamp, zone: &TimeZone) -> DateTime {
    zone.to_datetime(at.to_jiff())
}

/// One end of a range, included: a whole day, or a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// The whole day.
    Day(Date),
    /// A date and clock time.
    Local(DateTime),
    /// An instant.
    Instant(Timestamp),
}

impl Edge {
    /// The first instant of a range that begins with it.
    pub fn begins(self, zone: &TimeZone) -> Timestamp {
        match self {
            Self::Day(day) => start_of(day, zone),
            Self::Local(at) => instant(at, zone),
            Self::Instant(at) => at,
        }
    }

    /// The first instant after a range that ends with it.
    pub fn ends(self, zone: &TimeZone) -> Timestamp {
        match self {
            Self::Day(day) => end_of(day, zone),
            Self::Local(at) => instant(at, zone).plus_ms(1),
            Self::Instant(at) => at.plus_ms(1),
        }
    }
}

/// Whole days in a row, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    /// The first.
    pub from: Date,
    /// The last.
    pub until: Date,
}

impl Days {
    /// The first instant after these days in `zone`, if `at` lies in one of them.
    pub fn end_if_covering(&self, at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let end = end_of(self.until, zone);
        (start_of(self.from, zone) <= at && at < end).then_some(end)
    }
}

/// A time zone with its holidays: what days and working days are counted in. It stands for its
/// time zone wherever one is asked for.
#[derive(Clone, Debug)]
pub struct Zone {
    zone: TimeZone,
    holidays: BTreeSet<Date>,
}

impl Zone {
    /// `zone`, where work rests on weekends and `holidays`.
    pub fn new(zone: TimeZone, holidays: BTreeSet<Date>) -> Self {
        Self { zone, holidays }
    }

    /// Monday to Friday, unless it is a holiday.
    pub fn is_working_day(&self, day: Date) -> bool {
        !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
            && !self.holidays.contains(&day)
    }

    /// The working day `count` working days after `day`, or before it where `step` goes back.
    /// From a day of rest the next working day is number 1. `None` past the end of the calendar,
    /// and for more than 10,000 days.
    pub fn working_day(
        &self,
        day: Date,
        count: u32,
        step: fn(Date) -> Result<Date, jiff::Error>,
    ) -> Option<Date> {
        let mut day = day;
        if WORKING_DAYS_MAX < count {
            return None;
        }
        for _ in 0..count {
            day = step(day).ok()?;
            while !self.is_working_day(day) {
                day = step(day).ok()?;
            }
        }
        Some(day)
    }
}

impl From<TimeZone> for Zone {
    /// Without holidays.
    fn from(zone: TimeZone) -> Self {
        Self::new(zone, BTreeSet::new())
    }
}

impl Deref for Zone {
    type Target = TimeZone;

    fn deref(&self) -> &TimeZone {
        &self.zone
    }
}
