//! Conditions on what stands around a contact (company, deals, lists), and on what the store
//! remembers of them (themes, enrollments).

use super::condition::{Facts, Finding, Test};
use super::span::Span;
use crate::domain::gates::past::Stay;
use crate::domain::id::{TargetName, ThemeName};
use crate::domain::sentence;
use crate::domain::surroundings::{Deal, Properties, Surroundings};

/// Whose property a condition is about, where it is not the contact's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// `company`: the primary one.
    Company,
    /// `deal`.
    Deal(Which),
}

/// `which` deal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Which {
    /// At least one.
    #[default]
    Any,
    /// Every one.
    All,
    /// The newest one.
    Latest,
    /// At least one that is open.
    Open,
    /// The one whose event started the rule.
    Trigger,
}

impl About {
    /// Asks `test` of the company or the deals. Without any it is asked of a blank one.
    pub(super) fn evaluate(self, test: &Test, facts: &Facts<'_>) -> Finding {
        let Some(around) = facts.around else {
            let what = if self == Self::Company { "the company was" } else { "deals were" };
            return Finding { holds: false, detail: format!("{what} not read") };
        };
        match self {
            Self::Company => {
                let blank = Properties::new();
                let company = around.company.as_ref().map_or(&blank, |it| &it.properties);
                prefixed("company", test.evaluate(company, facts))
            }
            Self::Deal(which) => which.evaluate(test, facts, around),
        }
    }
}

impl Which {
    fn evaluate(self, test: &Test, facts: &Facts<'_>, around: &Surroundings) -> Finding {
        let deals: Vec<&Deal> = match self {
            Self::Any | Self::All => around.deals.iter().collect(),
            Self::Latest => around.latest_deal().into_iter().collect(),
            Self::Open => around.deals.iter().filter(|deal| deal.is_open()).collect(),
            Self::Trigger => around.trigger_deal().into_iter().collect(),
        };
        if deals.is_empty() {
            let holds = test.evaluate(&Properties::new(), facts).holds;
            let what = if self == Self::Open { "open deal" } else { "deal" };
            return Finding { holds, detail: format!("there is no {what}") };
        }
        let mut details = Vec::with_capacity(deals.len());
        for deal in deals {
            let finding = prefixed("deal", test.evaluate(&deal.properties, facts));
            if finding.holds != (self == Self::All) {
                return finding;
            }
            details.push(finding.detail);
        }
        Finding { holds: self == Self::All, detail: details.join("; ") }
    }
}

fn prefixed(what: &str, Finding { holds, detail }: Finding) -> Finding {
    let detail = format!("{what} {detail}");
    Finding { holds, detail }
}

/// A list that holds the person, or what they are and were in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remembered {
    /// `in_list`: a HubSpot list.
    InList(String),
    /// `in_theme`: now in a sequence or workflow of it.
    InTheme(ThemeName),
    /// `was_enrolled_in`: entered a sequence or workflow.
    WasEnrolledIn {
        /// Which.
        target: TargetName,
        /// `within`: not longer ago than this, counted from when it began.
        within: Option<Span>,
    },
}

impl Remembered {
    pub(super) fn evaluate(&self, facts: &Facts<'_>) -> Finding {
        match self {
            Self::InList(list) => {
                let Some(around) = facts.around else {
                    return Finding { holds: false, detail: "lists were not read".to_owned() };
                };
                let holds = around.lists.contains(list);
                let not = if holds { "" } else { "not " };
                Finding { holds, detail: format!("{not}on list \"{list}\"") }
            }
            Self::InTheme(theme) => in_theme(theme, facts),
            Self::WasEnrolledIn { target, within } => was_enrolled_in(target, *within, facts),
        }
    }
}

fn in_theme(theme: &ThemeName, facts: &Facts<'_>) -> Finding {
    let running = facts.past().filter(|stay| stay.ended.is_none());
    match running.filter(|stay| stay.theme == *theme).min_by_key(|stay| stay.began) {
        Some(stay) => {
            let since = sentence::day(stay.began, facts.zone);
            let detail = format!("in {} (theme {theme}) since {since}", stay.name);
            Finding { holds: true, detail }
        }
        None => Finding { holds: false, detail: format!("in nothing of theme {theme}") },
    }
}

fn was_enrolled_in(target: &TargetName, within: Option<Span>, facts: &Facts<'_>) -> Finding {
    let of_target = |stay: &&Stay| stay.name == target.as_str();
    let Some(last) = facts.past().filter(of_target).max_by_key(|stay| stay.began) else {
        return Finding { holds: false, detail: format!("never entered {target}") };
    };
    let holds = within.is_none_or(|span| span.before(facts.now, facts.zone) <= last.began);
    let within = match within {
        Some(span) if holds => format!(", within the last {span}"),
        Some(span) => format!(", not within the last {span}"),
        None => String::new(),
    };
    let on = sentence::day(last.began, facts.zone);
    Finding { holds, detail: format!("entered {target} on {on}{within}") }
}
