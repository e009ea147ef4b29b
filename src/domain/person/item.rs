//! What waits or is held for a person: triggers that fired and are not finally decided.

use serde::{Deserialize, Serialize};

use super::Purpose;
use crate::domain::breaker::Open;
use crate::domain::event::Event;
use crate::domain::id::{RowId, RuleId, SenderName, TargetName};
use crate::domain::reason::{Decision, Reason};
use crate::domain::record::Row;
use crate::domain::rule::Mode;
use crate::domain::sentence;
use crate::domain::time::Timestamp;

/// A trigger that fired and is not finally decided: settling, waiting or held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The decision record it belongs to.
    pub id: RowId,
    /// The rule whose trigger fired.
    pub rule: RuleId,
    /// The rule's mode when it fired; the stricter of then and now counts (CONSISTENCY.md 6.12).
    pub mode: Mode,
    /// The event that fired it; within `settle`, the last one.
    pub event: Event,
    /// The value before the first event of the burst, where the store knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// When the first change of the burst happened, by HubSpot's clock: the old value is the
    /// one before it.
    pub began: Timestamp,
    /// When the trigger fired.
    pub fired_at: Timestamp,
    /// The conditions held at a fresh read; from now on "still matches" is asked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub matched: bool,
    /// When it was first due; `expires` counts from here.
    pub first_due: Timestamp,
    /// When its `delay` ends, once it began to wait for it: a reload does not move it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delayed_until: Option<Timestamp>,
    /// When it is looked at next; `None` while a person must act.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// Wait or hold.
    pub decision: Decision,
    /// Why it waits.
    pub reason: Reason,
    /// The same for people.
    pub sentence: String,
    /// Since when it waits for this reason.
    pub since: Timestamp,
    /// Time it spent in waits that `expires` does not count, before the one that runs.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub uncounted_ms: u64,
    /// What its record says of when it comes back, where it is looked at at another time: a
    /// window's spread, or a property that became known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Where it would go, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<TargetName>,
    /// In whose name, once known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<SenderName>,
    /// When a person was first asked to approve it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<Timestamp>,
    /// What a person released it from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub released: Vec<Released>,
    /// Reads or calls that had to be put off, in a row.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub attempts: u32,
    /// Calls for it whose outcome nobody knew, so far.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lost_answers: u32,
    /// How often a person said that it did not take effect: HubSpot is then asked anew.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub denied: u32,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Purpose::is_usual")]
    pub purpose: Purpose,
    /// Its rule takes people out, as it was when the trigger fired.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub exits: bool,
    /// Since when it has the person taken out of something for its own sake: what ended from
    /// then on does not make it rest, and it is not done twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaves_since: Option<Timestamp>,
    /// Since when `on_conflict = "wait"` makes it wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busy_since: Option<Timestamp>,
}

/// What holds an item for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holder {
    /// A breaker, the rule's or the portal's.
    Breaker,
    /// `mode = "approval"`.
    Approval,
    /// Anything else: no sender, a refusal.
    Other,
}

/// A person let an item go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Released {
    /// From what. It does not hold the item again.
    pub from: Holder,
    /// Who did.
    pub by: String,
}

fn is_zero<T: Default + PartialEq>(count: &T) -> bool {
    *count == T::default()
}

impl Item {
    /// What `event` fired `at` for a rule of this id and mode: due at once, and nothing known of
    /// it yet.
    pub fn fired(id: RowId, (rule, mode): (RuleId, Mode), event: Event, at: Timestamp) -> Self {
        Self {
            id,
            rule,
            mode,
            event,
            from: None,
            began: at,
            fired_at: at,
            matched: false,
            first_due: at,
            delayed_until: None,
            due: Some(at),
            decision: Decision::Wait,
            reason: Reason::Settling,
            sentence: String::new(),
            since: at,
            uncounted_ms: 0,
            until: None,
            target: None,
            sender: None,
            asked_at: None,
            released: Vec::new(),
            attempts: 0,
            lost_answers: 0,
            denied: 0,
            purpose: Purpose::Rule,
            exits: false,
            leaves_since: None,
            busy_since: None,
        }
    }

    /// Whether it takes the person out of something, and so goes before whatever enrolls. One that
    /// only watches goes before nobody (CONSISTENCY.md 6.1).
    pub fn takes_out(&self) -> bool {
        let asked = match self.purpose {
            Purpose::Suppress | Purpose::Press => true,
            Purpose::Rule => self.exits,
            Purpose::Then | Purpose::Replace => false,
        };
        asked && Mode::Approval <= self.mode
    }

    /// Whether a person released it from this.
    pub fn is_released_from(&self, holder: Holder) -> bool {
        self.released.iter().any(|released| released.from == holder)
    }

    /// An open breaker holds it until a person decides.
    pub fn hold(&mut self, open: &Open, now: Timestamp) {
        self.turn_to(Reason::BreakerOpen, now);
        self.decision = Decision::Hold;
        self.sentence = sentence::breaker_open(&self.rule, open);
        self.due = None;
    }

    /// Who released it last, and from what: a breaker or an approval.
    pub fn released(&self) -> Option<&Released> {
        self.released.iter().rfind(|released| released.from != Holder::Other)
    }

    /// Waits or is held for `reason` from `now` on; where it did before, `since` stays.
    pub fn turn_to(&mut self, reason: Reason, now: Timestamp) {
        if self.reason != reason {
            self.uncounted_ms = self.uncounted_ms(now);
            self.since = now;
            self.reason = reason;
        }
        self.until = None;
    }

    /// Time spent until `now` in waits that `expires` does not count: for a theme that is
    /// occupied, and for a quiet period (RULES.md section 6).
    pub fn uncounted_ms(&self, now: Timestamp) -> u64 {
        let runs = matches!(self.reason, Reason::ThemeBusy | Reason::QuietPeriod);
        self.uncounted_ms + if runs { now.since_ms(self.since) } else { 0 }
    }

    /// When it comes back, as its record says.
    fn comes_back(&self) -> Option<Timestamp> {
        self.until.or(self.due)
    }

    /// Looks at it `at` already, where it would wait longer.
    pub fn wake(&mut self, at: Timestamp) {
        if self.due.is_some_and(|due| at < due) {
            self.until = self.comes_back();
            self.due = Some(at);
        }
    }

    /// Whether `row` says how this item stands now; a later row has taken the place of others.
    pub fn is_shown_by(&self, row: &Row) -> bool {
        self.id == row.id
            && self.decision == row.decision
            && self.reason == row.reason
            && row.until.is_none_or(|until| self.comes_back().is_none_or(|at| at == until))
    }

    /// Whether it comes back by itself: it waits, or its unenrollment is under way.
    pub fn is_waiting(&self) -> bool {
        matches!(self.decision, Decision::Wait | Decision::Unenroll)
    }

    /// The rule its records name; a suppression is none, and neither is a press.
    pub fn of_rule(&self) -> Option<&RuleId> {
        let by_rule = !matches!(self.purpose, Purpose::Suppress | Purpose::Press);
        by_rule.then_some(&self.rule)
    }
}
