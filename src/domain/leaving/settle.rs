//! From a verdict and the answer of the call it asked for to the leaving's next stage.

use super::conclude::conclude;
use super::{Case, End, Leaving, Stage, Verdict};
use crate::domain::claim::{Claim, State};
use crate::domain::contact::Contact;
use crate::domain::gates::evidence;
use crate::domain::outcome::Outcome;
use crate::domain::person::Item;
use crate::domain::reason::{Decision, Reason};
use crate::domain::record::{Row, Step, Turn};
use crate::domain::retry;
use crate::domain::sentence;
use crate::domain::time::{MINUTE_MS, Timestamp};

/// Refusals after which a call is given up.
const REFUSALS_MAX: u32 = 3;
/// How often our access is tried again after a refusal.
const ACCESS_RETRY_MS: u64 = MINUTE_MS;

/// Takes a verdict into account, the answer of its call where it asked for one, and what the
/// contact showed where it was read.
pub fn settle(
    case: &Case<'_>,
    read: Option<&Contact>,
    verdict: Verdict,
    outcome: Option<Outcome>,
) -> Turn {
    let mut turn = Turn::new(Step::Settled, case.person.contact, case.now);
    turn.correlation.clone_from(&case.leaving.call);
    if let Some(contact) = read {
        let proof = evidence::read(&case.person, contact);
        turn.claims = proof.ended;
        turn.seen = (proof.seen != case.person.seen).then_some(proof.seen);
    }
    let mut leaving = case.leaving.clone();
    leaving.tries += 1;
    leaving.next = case.now.plus_ms(delay_ms(case, leaving.tries));
    match (verdict, outcome) {
        (Verdict::Over(end), _) => over(case, &mut turn, leaving, end),
        (_, Some(Outcome::Halted { message, .. })) => refused(case, &mut turn, leaving, &message),
        (_, Some(Outcome::Refused { message, .. })) if REFUSALS_MAX <= leaving.tries => {
            let sentence = sentence::refused_request(&message);
            let end = End::Failed { reason: Reason::HubspotRefusedRequest, sentence };
            over(case, &mut turn, leaving, end);
        }
        (_, Some(Outcome::RetryAfter { delay_ms, .. })) => {
            if let Some(delay_ms) = delay_ms {
                leaving.next = case.now.plus_ms(delay_ms);
            }
            turn.leavings.push(leaving);
        }
        (Verdict::Clear(end), answer) => {
            clearing(&mut leaving, end, answer.as_ref(), case.now);
            turn.leavings.push(leaving);
        }
        (Verdict::Stamp, Some(Outcome::Accepted { .. })) => {
            leaving.stage = Stage::Stamped { at: case.now };
            leaving.tries = 0;
            leaving.next = case.now.plus_ms(delay_ms(case, 0));
            turn.leavings.push(leaving);
            pending(case, &mut turn);
        }
        (Verdict::Call(_), Some(Outcome::Accepted { .. } | Outcome::Unknown { .. })) => {
            called(&mut leaving, case.now);
            turn.leavings.push(leaving);
        }
        _ => turn.leavings.push(leaving),
    }
    turn
}

/// HubSpot could not be asked, or a person has paused calls: the leaving is gone on with later.
pub fn put_off(case: &Case<'_>, delay_ms: u64) -> Turn {
    let mut leaving = case.leaving.clone();
    leaving.tries += 1;
    leaving.next = case.now.plus_ms(delay_ms);
    let mut turn = Turn::new(Step::Settled, case.person.contact, case.now);
    turn.leavings.push(leaving);
    turn
}

/// HubSpot refuses our access: it is tried again each minute, and the item says so.
pub fn refused_access(case: &Case<'_>, message: &str) -> Turn {
    let mut turn = Turn::new(Step::Settled, case.person.contact, case.now);
    refused(case, &mut turn, case.leaving.clone(), message);
    turn
}

/// How long a leaving that could not be gone on with now is left alone, by its backoff.
pub fn next_try_ms(case: &Case<'_>) -> u64 {
    delay_ms(case, case.leaving.tries + 1)
}

/// When to look or call again.
fn delay_ms(case: &Case<'_>, tries: u32) -> u64 {
    retry::check_delay_ms(tries, case.policy.verify_first_ms, case.confirm_ms())
}

fn refused(case: &Case<'_>, turn: &mut Turn, mut leaving: Leaving, message: &str) {
    leaving.next = case.now.plus_ms(ACCESS_RETRY_MS);
    turn.leavings.push(leaving);
    let text = sentence::access_refused(message);
    show(case, turn, (Decision::Hold, Reason::HubspotRefusedRequest, text));
}

/// The bridge was asked.
fn pending(case: &Case<'_>, turn: &mut Turn) {
    let since = sentence::minute(case.now, &case.rules.portal.zone);
    let text = sentence::bridge_pending(&since);
    show(case, turn, (Decision::Unenroll, Reason::BridgePending, text));
}

/// Says on the item what happens to it, once.
fn show(case: &Case<'_>, turn: &mut Turn, (decision, reason, text): (Decision, Reason, String)) {
    let item = case.person.items.iter().find(|item| item.id == case.leaving.item);
    let Some(item) = item.filter(|item| item.reason != reason) else { return };
    let why = (reason, text.clone());
    let mut row = Row::of_item(item, case.person.contact, why, case.rules.fingerprint.clone());
    row.decision = decision;
    row.from = vec![case.leaving.target.name.clone()];
    turn.rows.push(row);
    let mut item = Item { decision, sentence: text, due: None, ..item.clone() };
    item.turn_to(reason, case.now);
    turn.items.push(item);
}

/// The first read follows at once.
fn called(leaving: &mut Leaving, now: Timestamp) {
    if !matches!(leaving.stage, Stage::Called { .. }) {
        leaving.stage = Stage::Called { at: now };
        leaving.tries = 0;
        leaving.next = now;
    }
}

/// The clear is confirmed by a read, at once where HubSpot took it.
fn clearing(leaving: &mut Leaving, end: End, answer: Option<&Outcome>, now: Timestamp) {
    if !matches!(leaving.stage, Stage::Clearing(_)) {
        leaving.tries = 0;
        if matches!(answer, Some(Outcome::Accepted { .. })) {
            leaving.next = now;
        }
    }
    leaving.stage = Stage::Clearing(end);
}

fn over(case: &Case<'_>, turn: &mut Turn, mut leaving: Leaving, end: End) {
    if let Some(claim) = case.claim().and_then(|claim| ended(claim, &end, case.now)) {
        turn.claims.retain(|other| other.id != claim.id);
        turn.claims.push(claim);
    }
    leaving.stage = Stage::Over(end);
    conclude(case, turn, leaving);
}

/// The claim, ended. One in doubt is taken as enrolled until now (CONSISTENCY.md 6.2).
fn ended(claim: &Claim, end: &End, now: Timestamp) -> Option<Claim> {
    let left_at = match end {
        End::Left { at } => *at,
        End::Absent => now,
        End::Failed { .. } => return None,
    };
    let mut claim = claim.clone();
    match &mut claim.state {
        State::Confirmed { ended_at: Some(_), .. } | State::Released { .. } => return None,
        State::Confirmed { ended_at, .. } => *ended_at = Some(left_at),
        unsettled => {
            *unsettled = State::Confirmed {
                enrolled_at: claim.last_call_at,
                verified: false,
                enrollment: None,
                ended_at: Some(left_at),
            };
        }
    }
    Some(claim)
}
