//! The parts of rules that take people out, and what an occupied theme means.

use std::collections::BTreeSet;

use super::model::{Action, Rule, SenderChoice, Suppression};
use crate::domain::claim::Target;
use crate::domain::id::{PropertyName, TargetName, ThemeName};

/// `[portal.unenroll_bridge]`: how a sequence is left where HubSpot has no call for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bridge {
    /// `property`: this router stamps it, so its changes are our own.
    pub property: PropertyName,
    /// `confirm_within`, in milliseconds, 5 minutes by default.
    pub confirm_within_ms: u64,
}

/// Where an enrollment goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enroll {
    /// Where to, with its number.
    pub target: Target,
    /// Its theme.
    pub theme: ThemeName,
    /// Who may send; empty for a workflow.
    pub senders: Vec<SenderChoice>,
}

/// What `unenroll` takes the person out of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exit {
    /// `themes`.
    Themes(BTreeSet<ThemeName>),
    /// `sequence` or `workflow`.
    Target(TargetName),
    /// `everything = true`.
    Everything,
}

impl Exit {
    /// Whether it names an enrollment of this theme into this target.
    pub fn names(&self, theme: &ThemeName, target: &str) -> bool {
        match self {
            Self::Themes(themes) => themes.contains(theme),
            Self::Target(name) => name.as_str() == target,
            Self::Everything => true,
        }
    }
}

/// `on_conflict`: what an occupied theme means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnConflict {
    /// A final no.
    #[default]
    Skip,
    /// Wait until it is free and rested, for `wait_up_to` at most.
    Wait,
    /// Take the person out of what holds it.
    Replace,
}

impl Rule {
    /// What it takes the person out of.
    pub fn exit(&self) -> Option<&Exit> {
        match &self.action {
            Action::Unenroll { exit, .. } => Some(exit),
            _ => None,
        }
    }
}

impl Suppression {
    /// What `also_unenroll` takes the person out of.
    pub fn exit(&self) -> Exit {
        if self.themes.is_empty() { Exit::Everything } else { Exit::Themes(self.themes.clone()) }
    }
}
