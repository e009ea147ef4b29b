//! The gates of a decision, one file each, every one answering with a reason.
//!
//! [`BEFORE_RANK`] and [`AFTER_RANK`] are the order (CONSISTENCY.md section 5). It stands
//! nowhere else.

pub mod away;
pub mod breaker;
pub mod cap;
pub mod company_limit;
pub mod conditions;
pub mod consent;
pub mod cooldown;
pub mod dates;
pub mod delay;
pub mod evidence;
pub mod exit;
pub mod expires;
#[cfg(test)]
pub(crate) mod fixture;
pub mod limits;
pub mod merged;
pub mod mode;
pub mod moved;
pub mod pace;
pub mod past;
pub mod quiet;
pub mod rank;
pub mod re_enroll;
pub mod recover;
pub mod requires;
pub mod sender;
pub mod split;
pub mod suppress;
pub mod surroundings;
pub mod theme;
pub mod wait_for;
pub mod window;

use std::ops::Deref;

use super::civil::Zone;
use super::claim::Target;
use super::facts::Facts;
use super::id::{SenderName, TargetName, ThemeName};
use super::person::Item;
use super::reason::{Decision, Reason};
use super::record::TraceStep;
use super::rule::{Action, Enroll, Mode, Rule, RuleSet, SenderChoice};
use super::time::Timestamp;
use super::view::View;

/// One step of the order: a gate.
pub type Step = fn(&Case<'_>, &mut Notes) -> Passed;

/// One step of the order for whoever is to be enrolled.
pub type Onward = fn(&Wanted<'_>, &mut Notes) -> Passed;

/// What is asked of each due item by itself, once the person was read.
pub const BEFORE_RANK: [Step; 7] = [
    expires::check,
    dates::check,
    surroundings::check,
    merged::check,
    moved::check,
    conditions::check,
    split::check,
];

/// What is asked of a rule that takes somebody out, before any enrollment of the same decision.
/// Suppression, consent, themes, quiet periods, budgets and windows do not stand in its way.
pub const UNENROLL: [Step; 5] =
    [wait_for::check, delay::check, exit::check_stays, breaker::check, exit::check_mode];

/// What is asked of the best rule of each theme.
pub const AFTER_RANK: [Onward; 18] = [
    |wanted, notes| wait_for::check(wanted, notes),
    |wanted, notes| delay::check(wanted, notes),
    |wanted, notes| suppress::check_built_in(wanted, notes),
    suppress::check_rules,
    requires::check,
    consent::check,
    theme::check,
    cooldown::check,
    re_enroll::check,
    cap::check,
    |wanted, notes| breaker::check(wanted, notes),
    mode::check,
    recover::check,
    quiet::check,
    |wanted, notes| limits::check(wanted, notes),
    company_limit::check,
    sender::check,
    |wanted, notes| window::check(wanted, notes),
];

/// One item before the gates.
#[derive(Clone, Copy)]
pub struct Case<'a> {
    /// The rule set.
    pub rules: &'a RuleSet,
    /// What the decision may look at.
    pub view: &'a View<'a>,
    /// The person, with what this read showed.
    pub past: &'a past::Past<'a>,
    /// The item.
    pub item: &'a Item,
    /// Its rule as it is now.
    pub rule: &'a Rule,
    /// The stricter of the rule's mode then and now (CONSISTENCY.md 6.12).
    pub mode: Mode,
}

impl<'a> Case<'a> {
    /// Whether it only watches: it sees shadows, and nobody sees it (CONSISTENCY.md 6.1).
    pub fn is_dry_run(&self) -> bool {
        self.mode < Mode::Approval
    }

    /// What its conditions are evaluated on.
    pub fn facts(&self) -> Facts<'a> {
        Facts::of(self.rules, self.view, self.past, self.is_dry_run())
    }

    /// The portal's zone.
    pub fn zone(&self) -> &'a Zone {
        &self.rules.portal.zone
    }

    /// A date in the portal's zone.
    pub fn day(&self, at: Timestamp) -> String {
        super::sentence::day(at, self.zone())
    }
}

/// One item before the gates of an enrollment: it has somewhere to go.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// The item.
    pub case: Case<'a>,
    /// Where it would go, under which theme, and who may send.
    pub into: Enrollment<'a>,
}

impl<'a> Deref for Wanted<'a> {
    type Target = Case<'a>;

    fn deref(&self) -> &Case<'a> {
        &self.case
    }
}

/// What a rule enrolls into: its `enroll`, or its `then_enroll`.
#[derive(Clone, Copy)]
pub struct Enrollment<'a> {
    /// Where to.
    pub target: &'a Target,
    /// Its theme.
    pub theme: &'a ThemeName,
    /// Who may send; empty for a workflow.
    pub senders: &'a [SenderChoice],
}

/// What `rule` enrolls into; `None` for one that only takes people out, and for the arm of a
/// split that gets nothing.
pub fn enrollment(rule: &Rule) -> Option<Enrollment<'_>> {
    match &rule.action {
        Action::Enroll { target, theme, senders }
        | Action::Unenroll { then: Some(Enroll { target, theme, senders }), .. } => {
            Some(Enrollment { target, theme, senders })
        }
        Action::Unenroll { then: None, .. } | Action::Split | Action::Nothing => None,
    }
}

/// What the gates leave behind: the trace, and the sender once one is chosen.
#[derive(Default)]
pub struct Notes {
    /// Every step so far.
    pub trace: Vec<TraceStep>,
    /// The chosen sender; `None` for a workflow.
    pub sender: Option<sender::Chosen>,
}

impl Notes {
    /// Notes that a step let the person through.
    pub fn passed(&mut self, step: &str, detail: impl Into<String>) {
        self.push(step, true, detail.into());
    }

    /// Notes one step.
    pub fn push(&mut self, step: &str, passed: bool, detail: String) {
        self.trace.push(TraceStep { step: step.to_owned(), passed, detail });
    }

    /// Notes that a step stops the person, and gives the verdict back to return.
    pub fn stop(&mut self, step: &str, detail: impl Into<String>, verdict: Stop) -> Box<Stop> {
        self.push(step, false, detail.into());
        Box::new(verdict)
    }
}

/// A verdict other than going on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// What was decided.
    pub decision: Decision,
    /// Why.
    pub reason: Reason,
    /// The same for people.
    pub sentence: String,
    /// The suppression, or the rule that came first.
    pub by: Option<String>,
    /// When it comes back, or may come back.
    pub until: Option<Timestamp>,
    /// When it is looked at again, where that is not `until`.
    pub due: Option<Timestamp>,
    /// In whose name, where that is known.
    pub sender: Option<SenderName>,
    /// What the person is, or would be, taken out of.
    pub from: Vec<TargetName>,
    /// What the person is taken out of first, for its sake (`on_conflict = "replace"`).
    pub replaces: Vec<past::Stay>,
}

impl Stop {
    /// The reason's usual decision.
    pub fn new(reason: Reason, sentence: String) -> Self {
        let decision = reason.decisions()[0];
        Self {
            decision,
            reason,
            sentence,
            by: None,
            until: None,
            due: None,
            sender: None,
            from: Vec::new(),
            replaces: Vec::new(),
        }
    }

    /// Names the suppression or the rule that stands in the way.
    #[must_use]
    pub fn by(mut self, name: &str) -> Self {
        self.by = Some(name.to_owned());
        self
    }

    /// Says when it comes back, or may come back.
    #[must_use]
    pub fn until(mut self, at: Option<Timestamp>) -> Self {
        self.until = at;
        self
    }

    /// Says when it is looked at again, where that is later than it may come back.
    #[must_use]
    pub fn due(mut self, at: Timestamp) -> Self {
        self.due = Some(at);
        self
    }
}

/// What a gate answers: it lets the person through, or the verdict that stops them.
pub type Passed = Result<(), Box<Stop>>;

/// Takes one item through `steps`, until one stops it. `C` is a [`Case`] or a [`Wanted`].
pub fn run<C>(steps: &[impl Fn(&C, &mut Notes) -> Passed], case: &C, notes: &mut Notes) -> Passed {
    steps.iter().try_for_each(|step| step(case, notes))
}
