//! Who holds a theme, or silences it.

use std::collections::{BTreeMap, BTreeSet};

use super::past::Stay;
use super::{Case, Notes, Passed, Stop, Wanted, exit};
use crate::domain::claim::Channel;
use crate::domain::id::ThemeName;
use crate::domain::reason::Reason;
use crate::domain::rule::{Mode, OnConflict, Theme};
use crate::domain::sentence;
use crate::domain::time::{HOUR_MS, MINUTE_MS, Timestamp};

/// When an item is looked at again that waits for a leaving, should nothing wake it before.
const LEAVING_LOOK_MS: u64 = MINUTE_MS;
/// Nobody tells us when a sequence ends: how often it is looked for, the rarer the longer.
const BUSY_LOOK_MS_MIN: u64 = 15 * MINUTE_MS;
const BUSY_LOOK_MS_MAX: u64 = 6 * HOUR_MS;

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
pub fn check(case: &Wanted<'_>, notes: &mut Notes) -> Passed {
    let theme = case.into.theme;
    let themes = &case.rules.themes;
    let blockers = blockers(themes, theme);
    if let Some(claim) = case.past.person.holder(theme, &blockers, case.view.now) {
        let stay = case.past.stays.iter().find(|stay| stay.claim.as_ref() == Some(&claim.id));
        let held = Held {
            name: claim.target.name.to_string(),
            shown: format!("{} ({})", claim.target.name, claim.state_word()),
            theme: &claim.theme,
            since: claim.span(case.view.now).map(|(began, _)| began),
            holds: if claim.theme == *theme { Holds::Same } else { Holds::Blocks },
            stay,
        };
        if !is_given_up(case, &held) {
            return Err(held.stop(case, theme, notes));
        }
    }
    let running = case.past.seen_by(case.is_dry_run()).filter(|stay| stay.ended.is_none());
    let held = running
        .filter_map(|stay| relation(themes, &stay.theme, theme).map(|holds| (holds, stay)))
        .map(|(holds, stay)| Held::by_stay(stay, holds));
    if let Some(held) = held.filter(|held| !is_given_up(case, held)).min_by_key(|it| it.holds) {
        return Err(held.stop(case, theme, notes));
    }
    if let Some(held) = somewhere(case, theme) {
        return Err(held.stop(case, theme, notes));
    }
    if let Some(leaving) = case.past.person.open_leaving()
        && leaving.holds_sequences()
        && case.into.target.channel == Channel::Sequence
    {
        let current = leaving.target.name.as_str();
        let detail = format!("{current} is being left: what ends it would end any sequence");
        return Err(notes.stop("theme", detail, being_left(case, current)));
    }
    notes.passed("theme", format!("nothing holds or silences {theme}"));
    Ok(())
}

/// What a rule that only watches would have taken the person out of before.
fn is_given_up(case: &Case<'_>, held: &Held<'_>) -> bool {
    let replaces = case.rule.on_conflict == OnConflict::Replace && held.holds == Holds::Same;
    case.is_dry_run() && held.stay.is_some_and(|stay| replaces || exit::would_be_left(case, stay))
}

/// It is known within minutes whether the theme is free.
fn being_left(case: &Wanted<'_>, current: &str) -> Stop {
    let into = case.into.target.name.as_str();
    let stop = Stop::new(Reason::ThemeBusy, sentence::waits_for_leaving(into, current));
    stop.until(Some(case.view.now.plus_ms(LEAVING_LOOK_MS)))
}

/// When an occupied theme is looked at again under `on_conflict = "wait"`: `wanted` at the
/// latest, where that is known. `None` once `wait_up_to` is over.
pub(super) fn wait_until(case: &Case<'_>, wanted: Option<Timestamp>) -> Option<Timestamp> {
    let now = case.view.now;
    let since = case.item.busy_since.unwrap_or(now);
    let deadline = case.rule.wait_up_to.after(since, case.zone());
    let look = (now.since_ms(since) / 2).clamp(BUSY_LOOK_MS_MIN, BUSY_LOOK_MS_MAX);
    let next = wanted.unwrap_or_else(|| now.plus_ms(look)).min(deadline);
    (now < deadline).then_some(next)
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
    Some(Held { shown: name.clone(), name, theme, since: None, holds, stay: None })
}

struct Held<'a> {
    name: String,
    shown: String,
    theme: &'a ThemeName,
    since: Option<Timestamp>,
    holds: Holds,
    /// What it is, where that is known.
    stay: Option<&'a Stay>,
}

impl<'a> Held<'a> {
    fn by_stay(stay: &'a Stay, holds: Holds) -> Self {
        let name = stay.name.clone();
        let since = Some(stay.began);
        Self { shown: name.clone(), name, theme: &stay.theme, since, holds, stay: Some(stay) }
    }

    /// What the occupied theme means for this rule.
    fn stop(&self, case: &Wanted<'_>, wanted: &ThemeName, notes: &mut Notes) -> Box<Stop> {
        let place = case.rules.themes.get(self.theme).map(|theme| theme.place.to_string());
        let place = place.unwrap_or_else(|| "gone from the rules".to_owned());
        let since = self.since.map_or_else(|| "an unknown day".to_owned(), |at| case.day(at));
        let (name, theme, shown) = (&self.name, self.theme.as_str(), &self.shown);
        let (step, detail, skip) = match self.holds {
            Holds::Same => {
                let detail = format!("in {shown} since {since}; theme {theme} ({place})");
                let text = sentence::already_in_theme(name, theme, &since);
                ("theme", detail, Stop::new(Reason::AlreadyInTheme, text))
            }
            Holds::Blocks => {
                let detail = format!("in {shown} since {since}; {theme} blocks {wanted} ({place})");
                let text = sentence::blocked_by_theme(name, theme, wanted.as_str());
                ("blocks", detail, Stop::new(Reason::BlockedByTheme, text))
            }
        };
        notes.stop(step, detail, self.verdict(case, skip))
    }

    /// `on_conflict`, and what is being left already.
    fn verdict(&self, case: &Wanted<'_>, skip: Stop) -> Stop {
        let into = case.into.target.name.as_str();
        if self.stay.is_some_and(|stay| exit::is_being_left(case.past.person, stay)) {
            return being_left(case, &self.name);
        }
        match case.rule.on_conflict {
            OnConflict::Wait => match wait_until(case, None) {
                Some(until) => {
                    let text = sentence::theme_busy(into, &self.name);
                    Stop::new(Reason::ThemeBusy, text).until(Some(until))
                }
                None => waited(case, &skip.sentence),
            },
            // Once is enough: what could not be left holds its theme.
            OnConflict::Replace if self.may_replace(case) => {
                let same = case.past.stays.iter().filter(|stay| stay.ended.is_none());
                let mut stop = being_left(case, &self.name);
                stop.replaces = same.filter(|stay| stay.theme == *self.theme).cloned().collect();
                stop
            }
            OnConflict::Replace | OnConflict::Skip => skip,
        }
    }

    fn may_replace(&self, case: &Case<'_>) -> bool {
        self.holds == Holds::Same
            && self.stay.is_some()
            && case.item.leaves_since.is_none()
            && case.mode == Mode::Live
    }
}

/// `wait_up_to` is over. `held` says what stands in the way.
pub(super) fn waited(case: &Wanted<'_>, held: &str) -> Stop {
    let into = case.into.target.name.as_str();
    let text = sentence::waited(into, &case.rule.wait_up_to.to_string(), held);
    Stop::new(Reason::AlreadyInTheme, text)
}
