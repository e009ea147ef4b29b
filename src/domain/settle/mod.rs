//! How a reserved claim ends: the outcome of its call, what a read-back shows, what a person
//! says. Each step consumes the claim and gives the record of its end, so it is settled once.

mod marker;
mod observe;
mod outcome;
mod resolve;
#[cfg(test)]
mod tests;

pub use marker::{CONTROLS, Mark, marked, unstamped};
pub use observe::{Shown, observe};
pub use resolve::{Resolution, by_person, resolve, unasked_ms};

use std::sync::Arc;

use super::claim::{Channel, Claim, Doubt, State};
use super::gates::past::CLOCK_SLACK_MS;
use super::outcome::Outcome;
use super::person::Item;
use super::reason::{Decision, Reason};
use super::record::{InboxState, Row, Step, TraceStep, Turn};
use super::rule::RuleSet;
use super::rule::model::Workflow;
use super::sentence;
use super::time::Timestamp;

/// An enrollment that has not ended.
fn confirmed(enrolled_at: Timestamp, verified: bool, enrollment: Option<String>) -> State {
    State::Confirmed { enrolled_at, verified, enrollment, ended_at: None }
}

/// How claims in doubt are treated (`[hubspot] verify_first`, `verify_for`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Milliseconds until a lost answer is first read back.
    pub verify_first_ms: u64,
    /// Milliseconds until absence counts.
    pub verify_for_ms: u64,
}

/// A claim with everything its end needs.
#[derive(Clone, Debug)]
pub struct Case {
    /// The rules of the moment.
    pub rules: Arc<RuleSet>,
    /// How claims in doubt are treated.
    pub policy: Policy,
    /// The claim, reserved or in doubt.
    pub claim: Claim,
    /// The item it settles; gone where a person took it away meanwhile.
    pub item: Option<Item>,
    /// The trace of the decision, where it is still at hand.
    pub trace: Vec<TraceStep>,
    /// What HubSpot told us of the sender's inbox.
    pub inbox: InboxState,
    /// The time now.
    pub now: Timestamp,
    /// Spreads retries.
    pub seed: u64,
}

/// How the item goes on.
struct After {
    decision: Decision,
    reason: Reason,
    sentence: String,
    /// When it is looked at again; `None` while the claim or a person decides.
    due: Option<Timestamp>,
}

impl After {
    fn wait(reason: Reason, sentence: String, due: Option<Timestamp>) -> Self {
        Self { decision: Decision::Wait, reason, sentence, due }
    }

    fn hold(reason: Reason, sentence: String, due: Option<Timestamp>) -> Self {
        Self { decision: Decision::Hold, reason, sentence, due }
    }

    fn end(decision: Decision, reason: Reason, sentence: String) -> Self {
        Self { decision, reason, sentence, due: None }
    }
}

/// Takes the outcome of the call into account.
pub fn settle(case: Case, outcome: Outcome) -> Turn {
    outcome::settle(case, outcome)
}

impl Case {
    /// The record: the claim in its new state, and the item as it goes on.
    fn turn(mut self, state: State, after: After) -> Turn {
        self.claim.state = state;
        let mut turn = Turn::new(Step::Settled, self.claim.contact, self.now);
        turn.correlation = self.claim.evidence.as_ref().and_then(|evidence| evidence.call.clone());
        if let Some(item) = self.item.take() {
            turn.rows.push(self.row(&item, &after));
            if after.decision.is_open() {
                turn.items.push(continued(item, after, self.now));
            } else {
                turn.done.push(item.id);
            }
        }
        turn.claims.push(self.claim);
        turn
    }

    /// The same without a row: nothing changed for people.
    fn silently(mut self, state: State) -> Turn {
        self.claim.state = state;
        let mut turn = Turn::new(Step::Settled, self.claim.contact, self.now);
        turn.claims.push(self.claim);
        turn
    }

    fn row(&self, item: &Item, after: &After) -> Row {
        let why = (after.reason, after.sentence.clone());
        let fingerprint = self.rules.fingerprint.clone();
        let mut row = Row::of_item(item, self.claim.contact, why, fingerprint);
        row.decision = after.decision;
        row.until = after.due;
        row.target = Some(self.claim.target.name.clone());
        row.sender = self.claim.sender.as_ref().map(|sender| sender.name.clone());
        row.trace.clone_from(&self.trace);
        row.trace.extend(self.evidence(after.decision));
        row
    }

    /// What the end of a doubt rests on, as a step of its record.
    fn evidence(&self, decision: Decision) -> Option<TraceStep> {
        let evidence = self.claim.evidence.as_deref()?;
        let detail = sentence::evidence(evidence, &self.rules.portal.zone);
        Some(TraceStep {
            step: "evidence".to_owned(),
            passed: decision == Decision::Enroll,
            detail,
        })
    }

    fn released(&self, why: &str) -> State {
        State::Released { at: self.now, why: why.to_owned() }
    }

    fn in_doubt(&self, doubt: Doubt, delay_ms: u64, why: String) -> State {
        let next_check = self.now.plus_ms(delay_ms);
        State::InDoubt { since: self.now, doubt, checks: 0, next_check, why }
    }

    fn target_name(&self) -> &str {
        self.claim.target.name.as_str()
    }

    fn sender_name(&self) -> &str {
        self.claim.sender.as_ref().map_or("the sender", |sender| sender.name.as_str())
    }

    /// The workflow's entry in the address book.
    fn workflow(&self) -> Option<&Workflow> {
        self.rules.workflow(&self.claim.target)
    }

    /// Whether the workflow's first action stamps a marker.
    fn is_marked(&self) -> bool {
        self.workflow().is_some_and(|workflow| workflow.marker.is_some())
    }

    /// The shortest time the workflow surely runs, where the address book says so.
    fn runs_at_least_ms(&self) -> Option<u64> {
        Some(self.workflow()?.runs_at_least?.approximate_ms())
    }

    /// Whether a second call after a lost answer and a long absence can do no harm: a sequence
    /// still active would have shown; a workflow that does not re-enroll ignores a repeat; one
    /// that must still run would have shown.
    fn may_repeat(&self) -> bool {
        match self.claim.target.channel {
            Channel::Sequence => true,
            Channel::Workflow => {
                self.workflow().is_some_and(|workflow| workflow.re_enrolls == Some(false))
                    || !self.may_be_over()
            }
        }
    }

    /// Whether the workflow may have run to its end since the call: then its absence says nothing,
    /// however long we looked. The router may have been down for hours.
    fn may_be_over(&self) -> bool {
        self.runs_at_least_ms()
            .is_none_or(|runs_ms| self.claim.first_call_at.plus_ms(runs_ms) <= self.now)
    }
}

/// The item as it goes on.
fn continued(mut item: Item, after: After, now: Timestamp) -> Item {
    item.decision = after.decision;
    item.turn_to(after.reason, now);
    item.sentence = after.sentence;
    item.due = after.due;
    item
}

/// The oldest an enrollment may be to be this claim's: HubSpot's clock is not ours.
fn earliest(claim: &Claim) -> Timestamp {
    claim.first_call_at.minus_ms(CLOCK_SLACK_MS)
}

/// The item of a claim among a person's.
pub fn item_of(items: &[Item], claim: &Claim) -> Option<Item> {
    items.iter().find(|item| item.id == claim.row).cloned()
}

/// A claim whose call was under way when the router stopped: it may have been sent.
pub fn recovered(case: Case) -> Turn {
    let why = "the router stopped while the call was under way".to_owned();
    outcome::lost(case, why)
}
