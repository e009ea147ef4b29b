//! A sender's `away`: whole days, by the sender's own clock.

use super::Case;
use crate::domain::rule::SenderSpec;
use crate::domain::sentence;
use crate::domain::time::Timestamp;

/// When the sender is back; `None` for who is there. Absences that follow each other without a
/// gap are one.
pub fn back(case: &Case<'_>, spec: &SenderSpec) -> Option<Timestamp> {
    let zone = spec.zone(case.zone());
    let over = |at| spec.away.iter().filter_map(|days| days.end_if_covering(at, zone)).max();
    let mut back = over(case.view.now)?;
    while let Some(later) = over(back).filter(|later| back < *later) {
        back = later;
    }
    Some(back)
}

/// Why the sender is not taken.
pub fn words(case: &Case<'_>, spec: &SenderSpec, back: Timestamp) -> String {
    let day = sentence::day(back, spec.zone(case.zone()));
    format!("{} is away and back on {day}", spec.name)
}
