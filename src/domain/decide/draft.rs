//! A plan in the making: verdicts become rows and the items' states after.

use super::{Intent, Plan};
use crate::domain::claim::{Channel, Target};
use crate::domain::gates::evidence::Evidence;
use crate::domain::gates::{Notes, Stop, Wanted, breaker, enrollment, limits};
use crate::domain::id::SenderName;
use crate::domain::leaving::Leaving;
use crate::domain::person::{Item, Purpose, Shadow};
use crate::domain::reason::Reason;
use crate::domain::record::Row;
use crate::domain::rule::{Mode, Rule, RuleSet};
use crate::domain::sentence;
use crate::domain::time::Timestamp;
use crate::domain::view::View;

/// Collects what one decision changes.
pub(super) struct Draft<'a> {
    pub(super) rules: &'a RuleSet,
    pub(super) view: &'a View<'a>,
    proof: Evidence,
    /// By the person's item, `None` once it is finished; then those that this decision adds.
    pub(super) items: Vec<Option<Item>>,
    pub(super) rows: Vec<Row>,
    pub(super) shadows: Vec<Shadow>,
    pub(super) leavings: Vec<Leaving>,
    enroll: Option<Box<Intent>>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(rules: &'a RuleSet, view: &'a View<'a>, proof: Evidence) -> Self {
        let person = &view.memory.person;
        Self {
            rules,
            view,
            proof,
            items: person.items.iter().cloned().map(Some).collect(),
            rows: Vec::new(),
            shadows: person.shadows.clone(),
            leavings: Vec::new(),
            enroll: None,
        }
    }

    /// Records a verdict on the item at `index`. A rule that only watches leaves a shadow where
    /// it would have enrolled.
    pub(super) fn stop(
        &mut self,
        index: usize,
        rule: Option<(&Rule, Mode)>,
        notes: Notes,
        stop: Stop,
    ) -> Option<Shadow> {
        if !stop.replaces.is_empty() && self.enroll.is_some() {
            // One call at a time: it stays due, and is decided after the one that is planned.
            return None;
        }
        let mut item = self.items[index].take()?;
        item.sender.clone_from(&stop.sender);
        let mut row = self.row(&item, rule, (stop.reason, stop.sentence.clone()), notes);
        row.decision = stop.decision;
        row.by = stop.by;
        row.until = stop.until;
        row.from = stop.from;
        if !stop.replaces.is_empty() {
            item.leaves_since = Some(self.view.now);
            self.replace(&item, rule, &stop.replaces);
        }
        let watches = rule.filter(|_| stop.reason == Reason::WouldEnroll);
        let shadow = watches.and_then(|(rule, _)| self.shadow(rule));
        self.rows.push(row);
        self.shadows.extend(shadow.clone());
        if stop.decision.is_open() {
            Self::keep_rule(&mut item, rule);
            item.decision = stop.decision;
            item.sentence = stop.sentence;
            let due = stop.due.or(stop.until);
            self.items[index] = Some(self.waiting(item, stop.reason, (stop.until, due)));
        }
        shadow
    }

    /// Plans the enrollment of the item at `index`. Only one is made at a time: a further one
    /// stays due, and the next decision sees the claim of the first.
    pub(super) fn enroll(&mut self, index: usize, wanted: &Wanted<'_>, notes: Notes) {
        let (rule, it) = (wanted.rule, wanted.into);
        let Some(item) = self.items[index].as_mut() else { return };
        item.matched = true;
        if self.enroll.is_some() {
            return;
        }
        let chosen = notes.sender.clone();
        item.target = Some(it.target.name.clone());
        item.sender = chosen.as_ref().map(|chosen| chosen.sender.name.clone());
        let item = item.clone();
        let sender = item.sender.as_ref().map(SenderName::as_str);
        let why = sentence::enrolled(&item, it.target.name.as_str(), sender, &rule.id);
        let row = self.row(&item, Some((rule, wanted.mode)), why, notes);
        self.enroll = Some(Box::new(Intent {
            item: item.id,
            rule: rule.id.clone(),
            theme: it.theme.clone(),
            target: it.target.clone(),
            budget: chosen.as_ref().map(|chosen| chosen.budget),
            sender: chosen.map(|chosen| chosen.sender),
            limits: limits::seen(rule),
            breakers: breaker::watched(wanted),
            holds_until: self.holds_until(it.target),
            row,
        }));
    }

    pub(super) fn finish(self) -> Plan {
        Plan {
            rows: self.rows,
            items: self.items.into_iter().flatten().collect(),
            claims: self.proof.ended,
            leavings: self.leavings,
            seen: self.proof.seen,
            shadows: self.shadows,
            enroll: self.enroll,
        }
    }

    pub(super) fn row(
        &self,
        item: &Item,
        rule: Option<(&Rule, Mode)>,
        why: (Reason, String),
        notes: Notes,
    ) -> Row {
        let contact = self.view.memory.person.contact;
        let mut row = Row::of_item(item, contact, why, self.rules.fingerprint.clone());
        if let Some((rule, mode)) = rule {
            row.rule = Some(rule.id.clone());
            row.mode = Some(mode);
            let target = enrollment(rule).map(|it| it.target.name.clone());
            // What it takes the person out of is told apart from what it enrolls into then.
            row.target = target.filter(|_| rule.exit().is_none() || item.purpose == Purpose::Then);
            row.arm = rule.arm.as_ref().map(|arm| arm.name.clone());
        }
        row.trace = notes.trace;
        row
    }

    /// An item whose rule has another id now (`was`) belongs to that: its record says so too.
    pub(super) fn keep_rule(item: &mut Item, rule: Option<(&Rule, Mode)>) {
        if let Some((rule, _)) = rule {
            item.rule.clone_from(&rule.id);
        }
    }

    /// The item as it waits or is held from now on.
    fn waiting(
        &self,
        mut item: Item,
        reason: Reason,
        (until, due): (Option<Timestamp>, Option<Timestamp>),
    ) -> Item {
        if reason == Reason::ThemeBusy {
            item.busy_since.get_or_insert(self.view.now);
        }
        if let (Reason::Delayed, Some(until)) = (reason, until) {
            item.first_due = until;
            item.delayed_until = Some(until);
        }
        if reason == Reason::NeedsApproval {
            item.asked_at.get_or_insert(self.view.now);
        }
        item.matched = true;
        item.turn_to(reason, self.view.now);
        item.due = due;
        item.until = until.filter(|_| due != until);
        item
    }

    fn shadow(&self, rule: &Rule) -> Option<Shadow> {
        let it = enrollment(rule)?;
        Some(Shadow {
            rule: rule.id.clone(),
            theme: it.theme.clone(),
            target: it.target.name.clone(),
            at: self.view.now,
            holds_until: self.holds_until(it.target),
        })
    }

    /// When an enrollment that begins now is over without other evidence.
    fn holds_until(&self, target: &Target) -> Timestamp {
        let length = match target.channel {
            Channel::Sequence => self.rules.sequences.get(&target.name).map(|it| it.max_length),
            Channel::Workflow => self.rules.workflows.get(&target.name).map(|it| it.holds_for),
        };
        // A compiled rule names targets of its own set only; without one it holds nothing longer.
        length.map_or(self.view.now, |it| it.after(self.view.now, &self.rules.portal.zone))
    }
}
