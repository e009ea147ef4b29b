//! `cooldown`: a theme rests after an enrollment of it ended, ours or one made by hand.

use super::{Notes, Passed, Stop, Wanted, past, theme};
use crate::domain::reason::Reason;
use crate::domain::rule::OnConflict;
use crate::domain::sentence;
use crate::domain::time::Timestamp;

/// Stops while the theme rests. It counts from the end.
pub fn check(case: &Wanted<'_>, notes: &mut Notes) -> Passed {
    let name = case.into.theme;
    let Some(spec) = case.rules.themes.get(name) else { return Ok(()) };
    let stays = case.past.seen_by(case.is_dry_run()).filter(|stay| stay.theme == *name);
    // What it was taken out of for its own sake does not make it rest.
    let since = case.item.leaves_since.map(|since| since.minus_ms(past::CLOCK_SLACK_MS));
    let counts = |ended: &Timestamp| since.is_none_or(|since| *ended < since);
    let over = stays.filter_map(|stay| stay.ended.filter(counts).map(|ended| (ended, stay)));
    let Some((ended, last)) = over.max_by_key(|(ended, _)| *ended) else {
        notes.passed("cooldown", format!("{name} never ended here"));
        return Ok(());
    };
    let until = spec.cooldown.after(ended, case.zone());
    let ago = sentence::length(case.view.now.since_ms(ended));
    let detail = format!(
        "theme {name} has cooldown \"{}\" ({}); it ended {ago} ago",
        spec.cooldown, spec.cooldown_place
    );
    if case.view.now < until {
        let text = sentence::cooling_down(
            &last.name,
            &case.day(ended),
            name.as_str(),
            &sentence::minute(until, case.zone()),
        );
        let stop = match case.rule.on_conflict {
            OnConflict::Wait => match theme::wait_until(case, Some(until)) {
                Some(until) => {
                    let into = case.into.target.name.as_str();
                    let rest = format!("the rest after {}", last.name);
                    let text = sentence::theme_busy(into, &rest);
                    Stop::new(Reason::ThemeBusy, text).until(Some(until))
                }
                None => theme::waited(case, &text),
            },
            _ => Stop::new(Reason::CoolingDown, text).until(Some(until)),
        };
        return Err(notes.stop("cooldown", detail, stop));
    }
    notes.passed("cooldown", detail);
    Ok(())
}
