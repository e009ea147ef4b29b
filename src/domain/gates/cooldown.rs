//! `cooldown`: a theme rests after an enrollment of it ended, ours or one made by hand.

use super::{Case, Notes, Passed, Stop};
use crate::domain::reason::Reason;
use crate::domain::sentence;

/// Stops while the theme rests. It counts from the end.
pub fn check(case: &Case<'_>, notes: &mut Notes) -> Passed {
    let theme = case.enrollment()?.theme;
    let Some(spec) = case.rules.themes.get(theme) else { return Ok(()) };
    let stays = case.past.seen_by(case.is_dry_run()).filter(|stay| stay.theme == *theme);
    let over = stays.filter_map(|stay| stay.ended.map(|ended| (ended, stay)));
    let Some((ended, last)) = over.max_by_key(|(ended, _)| *ended) else {
        notes.passed("cooldown", format!("{theme} never ended here"));
        return Ok(());
    };
    let until = spec.cooldown.after(ended, case.zone());
    let ago = sentence::length(case.view.now.since_ms(ended));
    let detail = format!(
        "theme {theme} has cooldown \"{}\" ({}); it ended {ago} ago",
        spec.cooldown, spec.cooldown_place
    );
    if case.view.now < until {
        super::theme::on_conflict(case)?;
        let text = sentence::cooling_down(
            &last.name,
            &case.day(ended),
            theme.as_str(),
            &sentence::minute(until, case.zone()),
        );
        let stop = Stop::new(Reason::CoolingDown, text).until(Some(until));
        return Err(notes.stop("cooldown", detail, stop));
    }
    notes.passed("cooldown", detail);
    Ok(())
}
