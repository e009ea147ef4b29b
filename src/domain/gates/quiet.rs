//! `[[quiet_period]]`: days on which nobody is written to.

use super::{Notes, Passed, Stop, Wanted};
use crate::domain::civil::Zone;
use crate::domain::id::ThemeName;
use crate::domain::reason::Reason;
use crate::domain::rule::timing::QuietPeriod;
use crate::domain::sentence;
use crate::domain::time::Timestamp;

/// Stops while a quiet period of the theme runs, until it and what follows it without a gap is
/// over. This time does not count for `expires`.
pub fn check(case: &Wanted<'_>, notes: &mut Notes) -> Passed {
    let theme = case.into.theme;
    let periods = &case.rules.quiet_periods;
    let Some((period, mut until)) = running(periods, theme, case.view.now, case.zone()) else {
        if periods.iter().any(|period| period.silences(theme)) {
            notes.passed("quiet_period", "none runs");
        }
        return Ok(());
    };
    while let Some((_, later)) = running(periods, theme, until, case.zone()) {
        until = later;
    }
    let ends = sentence::minute(until, case.zone());
    let detail = format!("quiet until {ends} ({})", period.place);
    let text = sentence::quiet_period(&period.says, &ends);
    let stop = Stop::new(Reason::QuietPeriod, text).until(Some(until));
    Err(notes.stop("quiet_period", detail, stop))
}

/// The period that runs at `at` and ends last, and its end.
fn running<'a>(
    periods: &'a [QuietPeriod],
    theme: &ThemeName,
    at: Timestamp,
    zone: &Zone,
) -> Option<(&'a QuietPeriod, Timestamp)> {
    let silencing = periods.iter().filter(|period| period.silences(theme));
    let running =
        silencing.filter_map(|period| Some((period, period.days.end_if_covering(at, zone)?)));
    // Never the end of the calendar: the loop above must come to rest.
    running.filter(|(_, until)| at < *until).max_by_key(|(_, until)| *until)
}
