//! Who holds a theme, or silences it.

use std::collections::{BTreeMap, BTreeSet};

use super::past::Stay;
use super::{Case, Halt, Notes, Passed, Stop};
use crate::domain::id::ThemeName;
use crate::domain::reason::Reason;
use crate::domain::rule::Theme;
use crate::domain::sentence;
use crate::domain::time::Timestamp;

/// How an enrollment stands in the way of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holds {
    /// It is of the same theme.
    Same,
    /// Its theme blocks the other one.
    Blocks,
}

/// The themes that silence `theme`.
pub fn blockers(themes: &BTreeMap<ThemeName, Theme>, theme: &ThemeName) -> BTreeSet<ThemeName> {
    let blocking = themes.iter().filter(|(_, other)| other.blocks.contains(theme));
    blocking.map(|(name, _)| name.clone()).collect()
}

/// How an enrollment of theme `held` stands in the way of one of theme `wanted`.
fn relation(
    themes: &BTreeMap<ThemeName, Theme>,
    held: &ThemeName,
    wanted: &ThemeName,
) -> Option<Holds> {
    if held == wanted {
        return Some(Holds::Same);
    }
    themes.get(held).filter(|theme| theme.blocks.contains(wanted)).map(|_| Holds::Blocks)
}

/// Stops while the theme is held, or silenced by another: by a claim, by a sequence somebody
/// started by hand, and for a rule that only watches by a shadow.
pub fn check(case: &Case<'_>, notes: &mut Notes) -> Passed {
    let theme = case.enrollment()?.theme;
    let themes = &case.rules.themes;
    let blockers = blockers(themes, theme);
    if let Some(claim) = case.past.person.holder(theme, &blockers, case.view.now) {
        on_conflict(case)?;
        let current = format!("{} ({})", claim.target.name, claim.state_word());
        let held = Held {
            name: claim.target.name.to_string(),
            shown: current,
            theme: &claim.theme,
            since: claim.span(case.view.now).map(|(began, _)| began),
            holds: if claim.theme == *theme { Holds::Same } else { Holds::Blocks },
        };
        return Err(held.stop(case, theme, notes));
    }
    let running = case.past.seen_by(case.is_dry_run()).filter(|stay| stay.ended.is_none());
    let found = running
        .filter_map(|stay| relation(themes, &stay.theme, theme).map(|holds| (holds, stay)))
        .min_by_key(|(holds, _)| *holds);
    if let Some((holds, stay)) = found {
        on_conflict(case)?;
        return Err(Held::by_stay(stay, holds).stop(case, theme, notes));
    }
    if let Some(held) = somewhere(case, theme) {
        on_conflict(case)?;
        return Err(held.stop(case, theme, notes));
    }
    notes.passed("theme", format!("nothing holds or silences {theme}"));
    Ok(())
}

/// Where the theme is occupied or rests, `on_conflict` would decide: it is not built yet.
pub(super) fn on_conflict(case: &Case<'_>) -> Passed {
    match case.rule.unbuilt.iter().find(|unbuilt| unbuilt.key == "on_conflict") {
        Some(unbuilt) => Err(Halt::Unbuilt(unbuilt.clone())),
        None => Ok(()),
    }
}

/// HubSpot says that the contact is in a sequence and does not say which: it counts as the theme
/// of sequences that are not in the address book.
fn somewhere<'a>(case: &Case<'a>, wanted: &ThemeName) -> Option<Held<'a>> {
    let contact = case.view.contact;
    let flag = contact.known("hs_sequences_is_enrolled");
    let count = contact.known("hs_sequences_actively_enrolled_count");
    let enrolled = flag.is_some_and(|it| it.eq_ignore_ascii_case("true"))
        || count.and_then(|it| it.trim().parse().ok()).is_some_and(|count: f64| 0.0 < count);
    let theme = case.rules.unknown_sequences.as_ref()?;
    // A running sequence that is known explains it.
    let explained = case.past.stays.iter().any(|stay| stay.ended.is_none());
    if !enrolled || explained {
        return None;
    }
    let holds = relation(&case.rules.themes, theme, wanted)?;
    let name = "a sequence that HubSpot shows".to_owned();
    Some(Held { shown: name.clone(), name, theme, since: None, holds })
}

struct Held<'a> {
    name: String,
    shown: String,
    theme: &'a ThemeName,
    since: Option<Timestamp>,
    holds: Holds,
}

impl<'a> Held<'a> {
    fn by_stay(stay: &'a Stay, holds: Holds) -> Self {
        let name = stay.name.clone();
        Self { shown: name.clone(), name, theme: &stay.theme, since: Some(stay.began), holds }
    }

    fn stop(&self, case: &Case<'_>, wanted: &ThemeName, notes: &mut Notes) -> Halt {
        let place = case.rules.themes.get(self.theme).map(|theme| theme.place.to_string());
        let place = place.unwrap_or_else(|| "gone from the rules".to_owned());
        let since = self.since.map_or_else(|| "an unknown day".to_owned(), |at| case.day(at));
        let (name, theme, shown) = (&self.name, self.theme.as_str(), &self.shown);
        match self.holds {
            Holds::Same => {
                let detail = format!("in {shown} since {since}; theme {theme} ({place})");
                let text = sentence::already_in_theme(name, theme, &since);
                notes.stop("theme", detail, Stop::new(Reason::AlreadyInTheme, text))
            }
            Holds::Blocks => {
                let detail = format!("in {shown} since {since}; {theme} blocks {wanted} ({place})");
                let text = sentence::blocked_by_theme(name, theme, wanted.as_str());
                notes.stop("blocks", detail, Stop::new(Reason::BlockedByTheme, text))
            }
        }
    }
}
