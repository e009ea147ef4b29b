//! The compiled rule set: names resolved, defaults folded in, nothing left to look up.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::index::Index;
use super::leave::{Bridge, Enroll, Exit, OnConflict};
use super::protection::{Breaker, Cap, Limits};
pub use super::senders::{SenderChoice, SenderSpec, Team, WhenFull};
use super::span::Span;
pub use super::split::Arm;
pub use super::subscription::{HubSpotList, Require, Subscription};
use super::timing::{QuietPeriod, Timing};
use crate::domain::civil::Zone;
use crate::domain::claim::{Channel, Target};
use crate::domain::id::{
    Fingerprint, FlowId, PortalId, PropertyName, RuleId, SenderName, SequenceId, TargetName,
    TeamName, ThemeName,
};
use crate::domain::time::Timestamp;

/// Where something stands in the rules folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// File name relative to the rules folder.
    pub file: Arc<str>,
    /// Line, from 1.
    pub line: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// What a rule may do, from strictest to freest.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Nothing.
    Off,
    /// Watch only.
    #[default]
    DryRun,
    /// Ask a person.
    Approval,
    /// Act.
    Live,
}

/// A key of the "Then" stage (RULES.md): `hubroute test` judges it on the data of a test;
/// `serve` does not read what it needs, and refuses a live rule that has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThenStage {
    /// The key as written, for example `in_list`.
    pub key: String,
    /// Where it stands.
    pub place: Place,
}

/// `[portal]`.
#[derive(Clone, Debug)]
pub struct Portal {
    /// `id`: events of any other portal are refused.
    pub id: PortalId,
    /// `name`, for people.
    pub name: String,
    /// `time_zone`, with the days of `calendar`.
    pub zone: Zone,
    /// `our_domains`, lower case.
    pub our_domains: BTreeSet<String>,
    /// `ignore_own_app`.
    pub ignore_own_app: bool,
    /// `breaker`: what may open it, the defaults where it does not say; empty when it is off.
    pub breakers: Vec<Breaker>,
    /// `[portal.unenroll_bridge]`.
    pub bridge: Option<Bridge>,
}

/// `[themes.X]`.
#[derive(Clone, Debug)]
pub struct Theme {
    /// `says`.
    pub says: String,
    /// `cooldown`, from the end of an enrollment.
    pub cooldown: Span,
    /// `blocks`.
    pub blocks: BTreeSet<ThemeName>,
    /// Where it stands.
    pub place: Place,
    /// Where `cooldown` stands.
    pub cooldown_place: Place,
}

/// `[sequences.X]`.
#[derive(Clone, Debug)]
pub struct Sequence {
    /// `id`.
    pub id: SequenceId,
    /// `theme`.
    pub theme: ThemeName,
    /// `emails`: for the forecast.
    pub emails: u32,
    /// `requires`.
    pub requires: Vec<PropertyName>,
    /// `subscription`: the name in `[subscriptions]`.
    pub subscription: Option<String>,
    /// `max_length`.
    pub max_length: Span,
    /// Where it stands.
    pub place: Place,
}

/// `[workflows.X]`.
#[derive(Clone, Debug)]
pub struct Workflow {
    /// `id`: the flow id.
    pub id: FlowId,
    /// `theme`.
    pub theme: ThemeName,
    /// `requires`.
    pub requires: Vec<PropertyName>,
    /// `subscription`: the name in `[subscriptions]`.
    pub subscription: Option<String>,
    /// `holds_for`.
    pub holds_for: Span,
    /// `re_enrolls`, where said.
    pub re_enrolls: Option<bool>,
    /// `runs_at_least`, where said.
    pub runs_at_least: Option<Span>,
    /// `via = "property:NAME"`: what is written so that HubSpot's workflow enrolls the contact.
    pub via: Option<PropertyName>,
    /// `marker`: what the workflow's first action stamps with the current date and time.
    pub marker: Option<PropertyName>,
    /// Where it stands.
    pub place: Place,
}

/// `re_enroll`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReEnroll {
    /// Once in a lifetime.
    #[default]
    Never,
    /// Again once the last one is over.
    WhenFinished,
    /// Again this long after the last one began.
    After(Span),
}

/// What a rule does.
#[derive(Clone, Debug)]
pub enum Action {
    /// `enroll`.
    Enroll {
        /// Where to, with its number.
        target: Target,
        /// Its theme.
        theme: ThemeName,
        /// Who may send; empty for a workflow.
        senders: Vec<SenderChoice>,
    },
    /// `unenroll`.
    Unenroll {
        /// Out of what.
        exit: Exit,
        /// `then_enroll`.
        then: Option<Enroll>,
    },
    /// `split`: the rule's `arms` say what happens to whom.
    Split,
    /// The arm of a split that gets nothing.
    Nothing,
}

/// `[[rule]]`.
#[derive(Clone, Debug)]
pub struct Rule {
    /// `id`.
    pub id: RuleId,
    /// `was`.
    pub was: Option<RuleId>,
    /// `says`.
    pub says: String,
    /// `mode`.
    pub mode: Mode,
    /// `when`.
    pub when: super::trigger::When,
    /// `only_if`: all must hold.
    pub only_if: Vec<super::condition::Condition>,
    /// `unless`: none may hold.
    pub unless: Vec<super::condition::Condition>,
    /// `settle`, in milliseconds, 0 to one hour.
    pub settle_ms: u64,
    /// `delay`.
    pub delay: Option<Span>,
    /// `wait_for`, `window`, `starts` and `ends`.
    pub timing: Timing,
    /// What it does.
    pub action: Action,
    /// `priority`: 1 is first.
    pub priority: u16,
    /// `re_enroll`.
    pub re_enroll: ReEnroll,
    /// `limits`.
    pub limits: Limits,
    /// `breaker`, the default where it does not say; `None` when it is off.
    pub breaker: Option<Breaker>,
    /// `expires`.
    pub expires: Span,
    /// `approve_within`.
    pub approve_within: Span,
    /// `on_conflict`.
    pub on_conflict: OnConflict,
    /// `wait_up_to`.
    pub wait_up_to: Span,
    /// `if_blocked = "next"`: the next rule of the theme may try where this one is blocked.
    pub next_if_blocked: bool,
    /// `enroll_merged`: a change that a merge wrote may fire it.
    pub enroll_merged: bool,
    /// `tags`.
    pub tags: Vec<String>,
    /// `owner`.
    pub owner: Option<String>,
    /// The arms of a split, each the whole rule with what that arm does.
    pub arms: Vec<Rule>,
    /// Which arm of a split this is.
    pub arm: Option<Arm>,
    /// Keys that only `hubroute test` can judge so far, on the data of a test: `serve` does not
    /// read what they need, and refuses a live rule that has one.
    pub then_stage: Vec<ThenStage>,
    /// Where it stands.
    pub place: Place,
}

impl Rule {
    /// Every condition of `only_if` and `unless`.
    pub fn conditions(&self) -> impl Iterator<Item = &super::condition::Condition> {
        self.only_if.iter().chain(&self.unless)
    }
}

/// `[[suppress]]`.
#[derive(Clone, Debug)]
pub struct Suppression {
    /// `id`.
    pub id: String,
    /// `says`.
    pub says: String,
    /// `if`: all must hold.
    pub conditions: Vec<super::condition::Condition>,
    /// `themes`; empty means every theme.
    pub themes: BTreeSet<ThemeName>,
    /// Live unless it says dry-run.
    pub live: bool,
    /// `also_unenroll`: when it comes to hold, the person is taken out of its themes.
    pub also_unenroll: bool,
    /// `until`: the first instant after its last day in the portal's zone.
    pub ends: Option<Timestamp>,
    /// Keys that only `hubroute test` can judge so far ([`Rule::then_stage`]).
    pub then_stage: Vec<ThenStage>,
    /// Where it stands.
    pub place: Place,
}

/// A whole rules folder, compiled.
#[derive(Clone, Debug)]
pub struct RuleSet {
    /// The content hash of all rule files (tests excluded).
    pub fingerprint: Fingerprint,
    /// `[portal]`.
    pub portal: Portal,
    /// `[defaults] stale_after`, in milliseconds.
    pub stale_after_ms: u64,
    /// `[defaults] keep_history`.
    pub keep_history: Span,
    /// `[themes]`.
    pub themes: BTreeMap<ThemeName, Theme>,
    /// The theme that hand-made sequences outside the address book count as.
    pub unknown_sequences: Option<ThemeName>,
    /// `[sequences]`.
    pub sequences: BTreeMap<TargetName, Sequence>,
    /// `[workflows]`.
    pub workflows: BTreeMap<TargetName, Workflow>,
    /// `[subscriptions]`, by name.
    pub subscriptions: BTreeMap<String, Subscription>,
    /// `[hubspot_lists]`, by name.
    pub hubspot_lists: BTreeMap<String, HubSpotList>,
    /// `[senders]`.
    pub senders: BTreeMap<SenderName, SenderSpec>,
    /// `[teams]`.
    pub teams: BTreeMap<TeamName, Team>,
    /// `[[quiet_period]]`, in file order.
    pub quiet_periods: Vec<QuietPeriod>,
    /// Rules, by priority, then id. Rules with mode off are here too.
    pub rules: Vec<Rule>,
    /// Suppressions, in file order.
    pub suppressions: Vec<Suppression>,
    /// `[[cap]]`.
    pub caps: Vec<Cap>,
    /// Every property a fresh read asks for: those of triggers, conditions, `requires` and gates.
    pub read_properties: BTreeSet<PropertyName>,
    /// Who owner triggers name, by address: a fresh read looks them up, to know who an owner was.
    pub owner_emails: BTreeSet<String>,
    /// Trigger properties: read with their history.
    pub history_properties: BTreeSet<PropertyName>,
    /// Rules that start from a change of a property; indexes into `rules`.
    pub by_property: BTreeMap<PropertyName, Vec<usize>>,
    /// When rules came that are newer than the store's first set: they ignore older events
    /// (CONSISTENCY.md 6.12). Not in the files; whoever accepts the set fills it in.
    pub born: BTreeMap<RuleId, Timestamp>,
    /// Properties that a rule's `wait_for` waits for; the first such rule by priority.
    pub waited_for: BTreeMap<PropertyName, RuleId>,
    /// Suppressions with `also_unenroll` that look at a property; indexes into `suppressions`.
    pub watched: BTreeMap<PropertyName, Vec<usize>>,
    /// Rules by id and by what they listen to.
    pub index: Index,
}

impl RuleSet {
    /// The rule with this id, or the one whose `was` names it.
    pub fn rule(&self, id: &RuleId) -> Option<&Rule> {
        self.rules.get(self.index.known_as(id)?)
    }

    /// The rule with this id, whatever other rules were called before.
    pub fn named(&self, id: &RuleId) -> Option<&Rule> {
        self.rules.get(self.index.named(id)?)
    }

    /// The address book's entry of the workflow that `target` is; `None` for a sequence, and for
    /// one that is there no more.
    pub fn workflow(&self, target: &Target) -> Option<&Workflow> {
        self.workflows.get(&target.name).filter(|_| target.channel == Channel::Workflow)
    }
}
