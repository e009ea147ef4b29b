//! Reserve, call, settle. Between the reservation and the call nothing waits; after it nothing
//! is repeated without a read.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tracing::{info, warn};

use super::Router;
use super::pace::Urgency;
use super::reading::Reading;
use super::turn::{Progress, STORE_PAUSE};
use crate::domain::claim::{Channel, Claim, Stamp, State, Target};
use crate::domain::decide::Intent;
use crate::domain::gates::theme::blockers;
use crate::domain::id::{ClaimId, RowId, SenderName, TargetName};
use crate::domain::outcome::{Later, Outcome};
use crate::domain::person::Item;
use crate::domain::postpone;
use crate::domain::reason::{Decision, Reason};
use crate::domain::record::{Row, Step, TraceStep, Turn};
use crate::domain::rule::RuleSet;
use crate::domain::sentence;
use crate::domain::settle::{Case, item_of, settle};
use crate::domain::time::Timestamp;
use crate::port::{
    Answered, Booking, Clock, HubSpot, Ledger, LedgerError, Permit, Reservation, Saw,
};

/// A permit older than this is not used: the router was stopped meanwhile, or had to wait for
/// something else before the call (CONSISTENCY.md 6.17).
const PERMIT_AGE_MAX: Duration = Duration::from_secs(5);

impl<L: Ledger, H: HubSpot, C: Clock> Router<L, H, C> {
    /// Why this enrollment must not be called now, if so; its item is changed in `turn`. The
    /// time it is looked at again.
    pub(super) fn held_back(
        &self,
        rules: &RuleSet,
        intent: &Intent,
        turn: &mut Turn,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let item = turn.items.iter_mut().find(|item| item.id == intent.item)?;
        if self.keeps_back() {
            let until = now.plus_ms(self.pause.wait_of(turn.contact, &item.id));
            item.due = Some(until);
            return Some(until);
        }
        if let Some((halt, until)) = self.halts.of_target(&intent.target.name, now) {
            let held = postpone::halted(rules, item, &halt.message, (until, now));
            turn.rows.push(held);
            return Some(until);
        }
        // What takes the person out has the last of our share, and what enrolls has not.
        if let Some(delay_ms) = self.parked_ms(Urgency::Enroll) {
            let until = now.plus_ms(delay_ms);
            turn.rows.push(postpone::parked(rules, item, (until, now)));
            return Some(until);
        }
        let (part, why, until) = self.circuits.admit(parts(intent), now).err()?;
        let rests = postpone::resting(rules, item, (&part.says(), &why), (until, now));
        turn.rows.push(rests);
        Some(until)
    }

    /// `None` when something the decision saw has moved.
    pub(super) async fn reserve_and_call(
        &self,
        rules: &Arc<RuleSet>,
        intent: Intent,
        mut turn: Turn,
        (saw, reading): (Saw, &Reading),
    ) -> Result<Option<Progress>, LedgerError> {
        let (now, decided) = (turn.at, self.clock.steady());
        let trace = intent.row.trace.clone();
        let claim = claim(rules, &intent, &turn, now);
        turn.step = Step::Reserved;
        turn.rows.push(asking(&intent));
        for item in turn.items.iter_mut().filter(|item| item.id == intent.item) {
            wait_for_outcome(item, &intent, now);
        }
        turn.claims.push(claim.clone());
        let (target, sender) = parts(&intent);
        let (target, sender) = (target.clone(), sender.cloned());
        let blockers = blockers(&rules.themes, &intent.theme);
        let Intent { budget, limits, breakers, .. } = intent;
        let booking = Booking { claim, budget, limits, breakers, blockers };
        match self.ledger.reserve(turn, saw, booking).await? {
            Reservation::Moved(what) => {
                self.circuits.withdraw(&target, sender.as_ref());
                tracing::debug!(what, "a reservation was not granted, deciding again");
                Ok(None)
            }
            Reservation::Granted(permit) => {
                let answered = self.call(&permit, reading.contact.email(), decided).await;
                self.settle(rules, *permit, answered, trace).await.map(Some)
            }
        }
    }

    /// The one call a permit allows, for what was `decided` then by the clock that nobody sets and
    /// that goes on while the machine sleeps.
    async fn call(&self, permit: &Permit, email: Option<&str>, decided: Duration) -> Answered {
        let in_time = || self.clock.steady().saturating_sub(decided) <= PERMIT_AGE_MAX;
        if !in_time() {
            self.spare();
            return Outcome::RetryAfter { why: Later::Unreachable, delay_ms: Some(0) }.into();
        }
        self.heard(self.hubspot.enroll(permit, email, &in_time)).await
    }

    async fn settle(
        &self,
        rules: &Arc<RuleSet>,
        permit: Permit,
        answered: Answered,
        trace: Vec<TraceStep>,
    ) -> Result<Progress, LedgerError> {
        let claim = permit.spend();
        self.circuits.learn(&claim, &answered.outcome);
        let outcome = self.heed(rules, &claim.target, answered.outcome);
        let memory = self.ledger.look(claim.contact)?;
        let case = Case {
            rules: Arc::clone(rules),
            policy: self.policy,
            item: item_of(&memory.person.items, &claim),
            trace,
            inbox: self.ledger.inbox_state(claim.sender.as_ref().map(|sender| &sender.inbox)),
            now: self.now(),
            seed: claim.contact.0,
            claim,
        };
        let outcome = self.retried(outcome, &case);
        let mut turn = settle(case, outcome);
        turn.of_call(answered.correlation);
        report(&turn);
        let confirmed = turn.claims.iter().find(|claim| is_confirmed_sequence(claim)).cloned();
        self.keep(turn).await?;
        if let Some(claim) = confirmed {
            self.look_once(&claim).await?;
        }
        Ok(Progress::More)
    }

    /// Keeps how a call ended, however long the disk takes it: what is reserved and not settled
    /// would hold its theme and its place until a restart.
    async fn keep(&self, turn: Turn) -> Result<(), LedgerError> {
        loop {
            match self.ledger.settle(turn.clone()).await {
                Err(LedgerError::Unwritable(why)) => {
                    warn!(why, "how a call ended cannot be written, trying again");
                    tokio::time::sleep(STORE_PAUSE).await;
                }
                settled => return settled,
            }
        }
    }

    /// Reads the first enrollment back, unless an earlier run did: only a read that has worked
    /// once can show that nothing is there.
    async fn look_once(&self, claim: &Claim) -> Result<(), LedgerError> {
        if self.ledger.proven_reads().sequences || self.looked_once.swap(true, Ordering::Relaxed) {
            return Ok(());
        }
        self.ask(Urgency::Begun, 1).await;
        if self.heard(self.hubspot.enrollments(&claim.target, claim.contact)).await.is_err() {
            self.looked_once.store(false, Ordering::Relaxed);
        }
        self.keep_proofs().await
    }

    /// What an outcome means for everybody else.
    pub(super) fn heed(&self, rules: &RuleSet, target: &Target, outcome: Outcome) -> Outcome {
        match outcome {
            Outcome::Halted { target_only, message } => {
                let now = self.now();
                warn!(%message, "HubSpot refuses our access");
                if target_only {
                    self.halts.target(&target.name, now, &message);
                } else {
                    self.halts.everything(now, &message);
                }
                Outcome::Halted { target_only, message }
            }
            Outcome::RetryAfter { why, delay_ms } => {
                let delay_ms = self.slow_down(rules, why, delay_ms);
                Outcome::RetryAfter { why, delay_ms }
            }
            other => other,
        }
    }
}

/// What a call would go to, and in whose name.
fn parts(intent: &Intent) -> (&TargetName, Option<&SenderName>) {
    (&intent.target.name, intent.sender.as_ref().map(|sender| &sender.name))
}

fn is_confirmed_sequence(claim: &Claim) -> bool {
    claim.target.channel == Channel::Sequence && matches!(claim.state, State::Confirmed { .. })
}

/// The claim of an intent: numbered among the claims of the same decision.
fn claim(rules: &RuleSet, intent: &Intent, turn: &Turn, now: Timestamp) -> Claim {
    let item = turn.items.iter().find(|item| item.id == intent.item);
    let denied = item.map_or(0, |item| item.denied);
    let via = rules.workflows.get(&intent.target.name).and_then(|it| it.via.clone());
    Claim {
        id: ClaimId::from(format!("{}#{}", intent.item, now.unix_ms())),
        contact: turn.contact,
        theme: intent.theme.clone(),
        rule: intent.rule.clone(),
        row: intent.item.clone(),
        target: intent.target.clone(),
        sender: intent.sender.clone(),
        via: via.map(|property| Stamp { property, value: stamp(&intent.item, denied) }),
        first_call_at: now,
        last_call_at: now,
        lost_answers: item.map_or(0, |item| item.lost_answers),
        holds_until: intent.holds_until,
        evidence: None,
        state: State::Reserved,
    }
}

/// What a property is stamped with: the same for the same enrollment, until a person has said that
/// it did not take effect.
fn stamp(item: &RowId, denied: u32) -> String {
    if denied == 0 { item.to_string() } else { format!("{item}/{denied}") }
}

/// Until HubSpot's answer an enroll is a wait.
fn asking(intent: &Intent) -> Row {
    Row {
        decision: Decision::Wait,
        reason: Reason::OutcomeUnknown,
        sentence: sentence::asking(intent.target.name.as_str()),
        ..intent.row.clone()
    }
}

fn wait_for_outcome(item: &mut Item, intent: &Intent, now: Timestamp) {
    // The record says by which id the rule goes now, and so does the item (`was`).
    item.rule.clone_from(&intent.rule);
    item.decision = Decision::Wait;
    item.turn_to(Reason::OutcomeUnknown, now);
    item.sentence = sentence::asking(intent.target.name.as_str());
    item.due = None;
}

/// One line for the log: ids only.
pub(super) fn report(turn: &Turn) {
    for row in &turn.rows {
        info!(
            contact.id = %turn.contact,
            rule = row.rule.as_ref().map(tracing::field::display),
            decision = row.decision.code(),
            reason = row.reason.code(),
            "contact {}: {} {}", turn.contact, row.decision, row.reason,
        );
    }
}
