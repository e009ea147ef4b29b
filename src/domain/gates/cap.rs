//! `[cap]`: how many enrollments one person bears in a while, over all rules, those that reps
//! made by hand among them.

use super::{Notes, Passed, Stop, Wanted};
use crate::domain::reason::Reason;
use crate::domain::rule::Cap;
use crate::domain::sentence;
use crate::domain::time::Timestamp;

/// Stops who has had enough. A rule that only watches counts its like too.
pub fn check(case: &Wanted<'_>, notes: &mut Notes) -> Passed {
    let theme = case.into.theme;
    let concerns = |cap: &&Cap| cap.themes.is_empty() || cap.themes.contains(theme);
    for cap in case.rules.caps.iter().filter(concerns) {
        let from = cap.within.before(case.view.now, case.zone());
        let stays = case.past.seen_by(case.is_dry_run());
        let counted =
            stays.filter(|stay| cap.themes.is_empty() || cap.themes.contains(&stay.theme));
        let mut began: Vec<Timestamp> =
            counted.map(|stay| stay.began).filter(|began| from < *began).collect();
        let (count, max) = (began.len(), cap.max);
        let within = cap.within.to_string();
        let detail = format!("{count} enrollments in {within}, cap {max} ({})", cap.place);
        let Some(excess) = count.checked_sub(max as usize) else {
            notes.passed("cap", detail);
            continue;
        };
        began.sort_unstable();
        let until = began.get(excess).map(|began| cap.within.after(*began, case.zone()));
        let text = sentence::over_cap(count, &within, max);
        return Err(notes.stop("cap", detail, Stop::new(Reason::OverCap, text).until(until)));
    }
    Ok(())
}
