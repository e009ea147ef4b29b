//! From the outcome of a call to the claim's next state.

use super::{After, Case, confirmed};
use crate::domain::claim::{Channel, Doubt};
use crate::domain::outcome::{Concerns, Later, Outcome};
use crate::domain::reason::{Decision, Reason};
use crate::domain::record::{InboxState, Turn};
use crate::domain::retry;
use crate::domain::sentence;
use crate::domain::time::{HOUR_MS, MINUTE_MS, Timestamp};

/// Refusals of a sender in a row after which no call leaves in its name.
const REFUSALS_MAX: u32 = 3;
/// How often our access is tried again after a refusal.
const ACCESS_RETRY_MS: u64 = MINUTE_MS;

pub(super) fn settle(case: Case, outcome: Outcome) -> Turn {
    match outcome {
        Outcome::Accepted { enrolled_at, enrollment } => accepted(case, enrolled_at, enrollment),
        Outcome::AlreadyEnrolled => {
            let into = case.target_name().to_owned();
            let state = case.in_doubt(Doubt::AlreadyEnrolled, 0, "ALREADY_ENROLLED".to_owned());
            case.turn(state, After::wait(Reason::OutcomeUnknown, sentence::accepted(&into), None))
        }
        Outcome::Refused { concerns, message } => refused(case, concerns, &message),
        Outcome::SenderFull => sender_full(case),
        Outcome::RetryAfter { why, delay_ms } => later(case, why, delay_ms),
        Outcome::Halted { message, .. } => {
            let due = Some(case.now.plus_ms(ACCESS_RETRY_MS));
            let text = sentence::access_refused(&message);
            let state = case.released(&message);
            case.turn(state, After::hold(Reason::HubspotRefusedRequest, text, due))
        }
        Outcome::Unknown { why } => lost(case, why),
    }
}

/// A sequence's answer carries the enrollment; a workflow's only says that it was asked.
fn accepted(mut case: Case, at: Option<Timestamp>, enrollment: Option<String>) -> Turn {
    let into = case.target_name().to_owned();
    if case.claim.target.channel == Channel::Workflow {
        // A workflow that starts from a property does so in its own time; so does its first action.
        let first_ms = case.claim.via.as_ref().map_or(0, |_| case.policy.verify_first_ms);
        let first_ms = if case.is_marked() { case.policy.verify_first_ms } else { first_ms };
        let state = case.in_doubt(Doubt::Accepted, first_ms, "not seen yet".to_owned());
        return case
            .turn(state, After::wait(Reason::OutcomeUnknown, sentence::accepted(&into), None));
    }
    // The slot counts from the latest moment HubSpot may have enrolled (CONSISTENCY.md 6.9).
    let enrolled_at = at.unwrap_or(case.now);
    let verified = enrollment.is_some();
    let state = confirmed(enrolled_at, verified, enrollment);
    let after = enrolled(&case);
    let inbox = reset(&mut case.inbox);
    let sender = case.claim.sender.clone();
    let mut turn = case.turn(state, after);
    turn.inboxes.extend(sender.zip(inbox).map(|(sender, state)| (sender.inbox, state)));
    turn
}

/// An enrollment: by the rule, or because a person released it.
pub(super) fn enrolled(case: &Case) -> After {
    let sender = case.claim.sender.as_ref().map(|sender| sender.name.as_str());
    let (into, rule) = (case.target_name(), &case.claim.rule);
    let (reason, text) = match &case.item {
        Some(item) => sentence::enrolled(item, into, sender, rule),
        None => (Reason::Matched, sentence::matched(into, sender, rule)),
    };
    After::end(Decision::Enroll, reason, text)
}

/// An enrollment ends a row of refusals.
fn reset(inbox: &mut InboxState) -> Option<InboxState> {
    if inbox.refusals == 0 {
        return None;
    }
    inbox.refusals = 0;
    inbox.paused = None;
    Some(inbox.clone())
}

fn refused(case: Case, concerns: Concerns, message: &str) -> Turn {
    let (reason, text) = match concerns {
        Concerns::Contact => (Reason::HubspotRefusedContact, sentence::refused_contact(message)),
        Concerns::Sender => {
            (Reason::HubspotRefusedSender, sentence::refused_sender(case.sender_name(), message))
        }
        Concerns::Request => (Reason::HubspotRefusedRequest, sentence::refused_request(message)),
    };
    let mut inbox = case.inbox.clone();
    let sender = case.claim.sender.clone().filter(|_| concerns == Concerns::Sender);
    let state = case.released(message);
    let mut turn = case.turn(state, After::end(Decision::Fail, reason, text));
    if let Some(sender) = sender {
        inbox.refusals += 1;
        if REFUSALS_MAX <= inbox.refusals {
            inbox.paused = Some(message.to_owned());
        }
        turn.inboxes.push((sender.inbox, inbox));
    }
    turn
}

/// HubSpot counts more than we do: emails of earlier enrollments. The next sender is chosen.
fn sender_full(case: Case) -> Turn {
    let mut inbox = case.inbox.clone();
    inbox.full_until = Some(case.now.plus_ms(HOUR_MS));
    let sender = case.claim.sender.clone();
    let text = sentence::sender_full(case.sender_name());
    let due = Some(case.now);
    let state = case.released("SEND_LIMIT_EXCEEDED");
    let mut turn = case.turn(state, After::wait(Reason::BudgetExhausted, text, due));
    turn.inboxes.extend(sender.map(|sender| (sender.inbox, inbox)));
    turn
}

fn later(mut case: Case, why: Later, delay_ms: Option<u64>) -> Turn {
    let attempts = case.item.as_mut().map_or(1, |item| {
        item.attempts += 1;
        item.attempts
    });
    let delay_ms = delay_ms.unwrap_or_else(|| retry::delay_ms(attempts, case.seed));
    let due = case.now.plus_ms(delay_ms);
    let zone = &case.rules.portal.zone;
    let after = match why {
        Later::Busy => {
            After::wait(Reason::HubspotBusy, sentence::hubspot_busy(due, zone), Some(due))
        }
        Later::Unreachable => {
            let text = sentence::hubspot_unreachable(attempts, due, zone);
            After::wait(Reason::HubspotUnreachable, text, Some(due))
        }
    };
    let state = case.released("nothing was done");
    case.turn(state, after)
}

/// No answer: the call may or may not have taken effect.
pub(super) fn lost(mut case: Case, why: String) -> Turn {
    case.claim.lost_answers += 1;
    if let Some(item) = &mut case.item {
        item.lost_answers = case.claim.lost_answers;
    }
    let text = sentence::no_answer(case.target_name());
    let state = case.in_doubt(Doubt::NoAnswer, case.policy.verify_first_ms, why);
    case.turn(state, After::wait(Reason::OutcomeUnknown, text, None))
}
