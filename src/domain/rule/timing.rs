//! When a rule may act: `window`, `wait_for`, `starts`, `ends` and `[[quiet_period]]`.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;

use super::model::Place;
use super::span::Span;
use crate::domain::civil::{self, Days};
use crate::domain::id::{PropertyName, ThemeName};
use crate::domain::time::{DAY_MS, Timestamp};

/// The contact property that a window with `time_zone = "contact"` reads.
pub const CONTACT_ZONE: &str = "hs_timezone";

/// What a rule says about time, besides `delay` and `settle`.
#[derive(Clone, Debug, Default)]
pub struct Timing {
    /// `wait_for`.
    pub wait_for: Option<WaitFor>,
    /// `window`; `None` for "always".
    pub window: Option<Arc<Window>>,
    /// `starts`: the first instant at which it is in effect.
    pub starts: Option<Timestamp>,
    /// `ends`: the first instant at which it is in effect no more.
    pub ends: Option<Timestamp>,
}

/// `wait_for`: wait until a property is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitFor {
    /// Which.
    pub property: PropertyName,
    /// How long, from the change; 24 hours at most.
    pub up_to: Span,
    /// `then = "continue"`: go on without it.
    pub goes_on: bool,
    /// Where it stands.
    pub place: Place,
}

/// Whose clock a window goes by.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum WindowZone {
    /// `"sender"`: the chosen sender's; for a workflow the portal's.
    Sender,
    /// `"contact"`: that of `hs_timezone`.
    Contact,
    /// `"portal"`.
    #[default]
    Portal,
    /// An IANA name.
    Named(TimeZone),
}

/// `[windows.X]`: when a call may leave.
#[derive(Clone, Debug)]
pub struct Window {
    /// Its name.
    pub name: String,
    /// `days`.
    pub days: Vec<Weekday>,
    /// `from`, included.
    pub from: Time,
    /// `until`, excluded; on the same day, after `from`.
    pub until: Time,
    /// `time_zone`.
    pub zone: WindowZone,
    /// The days of `calendar`: closed.
    pub holidays: BTreeSet<Date>,
    /// `spread`, in milliseconds: those who waited for the opening are called within it.
    pub spread_ms: u64,
    /// `unknown_contact_zone`; else the portal's.
    pub unknown_contact_zone: Option<TimeZone>,
    /// Where it stands.
    pub place: Place,
}

/// One time that a window is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub until: Timestamp,
}

impl Window {
    /// The opening that runs at `now`, else the next one.
    pub fn opening(&self, now: Timestamp, zone: &TimeZone) -> Opening {
        // A clock that goes back over midnight shows yesterday again: begin there.
        let today = civil::local(now, zone).date();
        let mut day = today.yesterday().unwrap_or(today);
        // Each week has a day of the window; a holiday or a clock change may close it.
        for _ in 0..7 * (self.holidays.len() + 3) {
            let opening = self.of_day(day, zone);
            if let Some(opening) = opening.filter(|opening| now < opening.until) {
                return opening;
            }
            let Ok(next) = day.tomorrow() else { break };
            day = next;
        }
        // The calendar is at its end.
        Opening { from: now.plus_ms(DAY_MS), until: now.plus_ms(2 * DAY_MS) }
    }

    /// `None` where it stays closed: another weekday, a holiday, or clocks that skip it.
    fn of_day(&self, day: Date, zone: &TimeZone) -> Option<Opening> {
        if !self.days.contains(&day.weekday()) || self.holidays.contains(&day) {
            return None;
        }
        let at = |time: Time| civil::instant(day.to_datetime(time), zone);
        let opening = Opening { from: at(self.from), until: at(self.until) };
        (opening.from < opening.until).then_some(opening)
    }
}

/// `[[quiet_period]]`: days on which nobody is written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuietPeriod {
    /// `says`.
    pub says: String,
    /// `from` and `until`, in the portal's zone.
    pub days: Days,
    /// `themes`; empty means every theme.
    pub themes: BTreeSet<ThemeName>,
    /// Where it stands.
    pub place: Place,
}

impl QuietPeriod {
    /// Whether it silences `theme`.
    pub fn silences(&self, theme: &ThemeName) -> bool {
        self.themes.is_empty() || self.themes.contains(theme)
    }
}
