//! What is to be done next about a leaving, from what HubSpot shows.

use super::{Case, End, Leaving, Stage};
use crate::domain::claim::{Channel, Claim, State};
use crate::domain::contact::Contact;
use crate::domain::gates::{evidence, past};
use crate::domain::id::{FlowId, PropertyName};
use crate::domain::reason::Reason;
use crate::domain::sentence;
use crate::domain::settle::Shown;
use crate::domain::time::{MINUTE_MS, Timestamp};

/// How long a read may not show yet what a call enrolled a moment ago, at most.
const LAG_MS: u64 = MINUTE_MS;

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Look again later.
    Later,
    /// Ask HubSpot to take the contact out; with the enrollment's id, where the call names it.
    Call(Option<String>),
    /// Stamp the bridge's property with the leaving's id.
    Stamp,
    /// Clear the bridge's property of a stamp that is not this leaving's.
    Wipe,
    /// Clear the bridge's property; the leaving has ended like this.
    Clear(End),
    /// It has ended.
    Over(End),
}

/// How the enrollment that is meant shows among the contact's latest-sequence properties.
enum Sight {
    /// It is the latest, and runs.
    Running,
    /// It ended then, or a later one began then.
    Over(Timestamp),
    /// It is not the latest, and no later one is shown: the properties lag, or it never was.
    Hidden,
}

/// Goes by the bridge: the contact was read a moment ago, with the bridge's property.
///
/// Nothing is stamped unless the latest sequence is the one meant, and nothing ends before the
/// stamp is gone again (CONSISTENCY.md 6.16).
pub fn by_bridge(case: &Case<'_>, property: &PropertyName, contact: &Contact) -> Verdict {
    let leaving = &case.leaving;
    let held = contact.known(property.as_str());
    let is_ours = held == Some(leaving.id.as_str());
    let over = |end: End| if is_ours { Verdict::Clear(end) } else { Verdict::Over(end) };
    if let Stage::Clearing(end) | Stage::Over(end) = &leaving.stage {
        return over(end.clone());
    }
    let stamped_at = match leaving.stage {
        Stage::Stamped { at } => Some(at),
        // A kill after the stamp, or its answer was lost.
        _ => is_ours.then_some(leaving.asked_at),
    };
    let sight = sight(case, contact);
    match (stamped_at, sight) {
        (Some(_), Sight::Over(at)) => over(End::Left { at }),
        (None, Sight::Over(_)) => over(End::Absent),
        (Some(at), _) if is_late(case, at) => over(broken(case)),
        (Some(_), _) if leaving.stage == Stage::Asked => Verdict::Stamp,
        (Some(_), _) => Verdict::Later,
        (None, Sight::Running) if held.is_some() => Verdict::Wipe,
        (None, Sight::Running) => Verdict::Stamp,
        (None, Sight::Hidden) => hidden(case),
    }
}

/// The latest sequence is not the one meant: nothing can be stamped yet, and later maybe
/// nothing need be.
fn hidden(case: &Case<'_>) -> Verdict {
    if !is_settled(case) {
        return Verdict::Later;
    }
    if case.claim().is_some_and(Claim::is_unsettled) {
        // Taken as enrolled, looked for as long as any doubt, and not there.
        return Verdict::Over(End::Absent);
    }
    if is_late(case, case.leaving.asked_at) {
        let sentence = sentence::bridge_not_asked(case.leaving.target.name.as_str());
        return Verdict::Over(End::Failed { reason: Reason::BridgeBroken, sentence });
    }
    Verdict::Later
}

/// Goes by HubSpot's own call; `shown` is what the enrollment read answered.
pub fn by_call(case: &Case<'_>, shown: &Shown) -> Verdict {
    let leaving = &case.leaving;
    if let Stage::Clearing(end) | Stage::Over(end) = &leaving.stage {
        return Verdict::Over(end.clone());
    }
    if case.claim().is_some_and(|claim| matches!(claim.state, State::Released { .. })) {
        return Verdict::Over(End::Absent);
    }
    let called_at = match leaving.stage {
        Stage::Called { at } => Some(at),
        _ => None,
    };
    match (present(case, shown), called_at) {
        (Some(Present::Yes(_)), Some(at)) if is_late(case, at) => {
            let sentence = sentence::still_enrolled(leaving.target.name.as_str());
            Verdict::Over(End::Failed { reason: Reason::NotConfirmed, sentence })
        }
        (Some(Present::Yes(enrollment)), _) => Verdict::Call(enrollment),
        // It may show late: the call it came from is still in doubt, or was a moment ago.
        (Some(Present::No), _) if !is_settled(case) => Verdict::Later,
        (Some(Present::No) | None, Some(_)) => Verdict::Over(End::Left { at: case.now }),
        (Some(Present::No), None) => Verdict::Over(End::Absent),
        (None, None) => unseen(case),
    }
}

/// Nobody can see what the contact is in. A workflow is left by the address alone; a sequence
/// needs the enrollment's id, which the answer to our own call may have told.
fn unseen(case: &Case<'_>) -> Verdict {
    let leaving = &case.leaving;
    let told = case.claim().and_then(|claim| match &claim.state {
        State::Confirmed { enrollment, .. } => enrollment.clone(),
        _ => None,
    });
    if told.is_some() || leaving.target.channel == Channel::Workflow {
        return Verdict::Call(told);
    }
    if is_late(case, leaving.asked_at) {
        let sentence = sentence::still_enrolled(leaving.target.name.as_str());
        return Verdict::Over(End::Failed { reason: Reason::NotConfirmed, sentence });
    }
    Verdict::Later
}

enum Present {
    /// With HubSpot's id of the enrollment.
    Yes(Option<String>),
    No,
}

/// Whether the enrollment shows; `None` where nobody can see.
fn present(case: &Case<'_>, shown: &Shown) -> Option<Present> {
    let leaving = &case.leaving;
    match shown {
        Shown::Nothing(_) => None,
        Shown::Workflows(flows) => {
            let is_in = flows.contains(&FlowId(leaving.target.id));
            Some(if is_in { Present::Yes(None) } else { Present::No })
        }
        Shown::Sequences(sequences) => {
            let is_meant = |at: Timestamp| past::is_about(case.claim(), at, leaving.began);
            let found = sequences.iter().find(|(sequence, at, _)| {
                sequence.0 == leaving.target.id && at.is_none_or(is_meant)
            });
            Some(found.map_or(Present::No, |(_, _, id)| Present::Yes(id.clone())))
        }
    }
}

/// What the latest-sequence properties say of the enrollment that is meant.
fn sight(case: &Case<'_>, contact: &Contact) -> Sight {
    let Leaving { target, began, .. } = &case.leaving;
    if case.claim().is_some_and(|claim| matches!(claim.state, State::Released { .. })) {
        return Sight::Over(case.now);
    }
    let Some(latest) = evidence::latest(contact) else { return Sight::Hidden };
    let same = latest.sequence.0 == target.id;
    let is_meant = same && past::is_about(case.claim(), latest.enrolled_at, *began);
    match latest.ended_at {
        Some(at) if is_meant => Sight::Over(at),
        None if is_meant => Sight::Running,
        _ if past::is_after((case.claim(), *began), same, latest.enrolled_at) => {
            Sight::Over(latest.enrolled_at)
        }
        _ => Sight::Hidden,
    }
}

/// Whether absence may count: the claim is in no doubt, or was for as long as is looked, and
/// its call is not of this moment.
fn is_settled(case: &Case<'_>) -> bool {
    let Some(claim) = case.claim() else { return true };
    let verify_for_ms = case.policy.verify_for_ms;
    match &claim.state {
        State::Reserved => false,
        State::InDoubt { since, .. } => since.plus_ms(verify_for_ms) <= case.now,
        State::Confirmed { .. } => {
            claim.last_call_at.plus_ms(verify_for_ms.min(LAG_MS)) <= case.now
        }
        State::NeedsReview { .. } | State::Released { .. } => true,
    }
}

fn is_late(case: &Case<'_>, since: Timestamp) -> bool {
    since.plus_ms(case.confirm_ms()) <= case.now
}

fn broken(case: &Case<'_>) -> End {
    let sentence = sentence::bridge_broken(case.confirm_ms());
    End::Failed { reason: Reason::BridgeBroken, sentence }
}
