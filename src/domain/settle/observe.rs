//! What HubSpot shows of a claim: the enrollment read and the latest-sequence properties of the
//! contact together (CONSISTENCY.md 6.6).

use super::earliest;
use crate::domain::claim::{Channel, Claim};
use crate::domain::contact::Contact;
use crate::domain::gates::evidence;
use crate::domain::id::{FlowId, SequenceId};
use crate::domain::outcome::Observation;
use crate::domain::time::Timestamp;

/// What the enrollment read answered, by channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Sequences: which, since when, and HubSpot's id of the enrollment.
    Sequences(Vec<(SequenceId, Option<Timestamp>, Option<String>)>),
    /// Current workflows.
    Workflows(Vec<FlowId>),
    /// Nothing that can be trusted.
    Nothing(String),
}

/// Judges what was shown.
pub fn observe(claim: &Claim, shown: &Shown, contact: Option<&Contact>) -> Observation {
    if let Some(found) = by_read(claim, shown) {
        return found;
    }
    if claim.target.channel == Channel::Sequence
        && let Some(latest) = contact.and_then(evidence::latest)
    {
        let ours = latest.sequence.0 == claim.target.id && earliest(claim) <= latest.enrolled_at;
        if ours {
            return Observation::Enrolled {
                enrolled_at: Some(latest.enrolled_at),
                enrollment: None,
            };
        }
        if earliest(claim) <= latest.enrolled_at || latest.ended_at.is_none() {
            return Observation::Elsewhere { enrolled_at: Some(latest.enrolled_at) };
        }
    }
    match shown {
        Shown::Nothing(why) => Observation::Unobservable { why: why.clone() },
        _ => Observation::Absent,
    }
}

fn by_read(claim: &Claim, shown: &Shown) -> Option<Observation> {
    match shown {
        Shown::Sequences(sequences) => {
            let is_ours = |(sequence, at, _): &&(SequenceId, Option<Timestamp>, Option<String>)| {
                sequence.0 == claim.target.id && at.is_none_or(|at| earliest(claim) <= at)
            };
            let (_, enrolled_at, enrollment) = sequences.iter().find(is_ours)?;
            let enrollment = enrollment.clone();
            Some(Observation::Enrolled { enrolled_at: *enrolled_at, enrollment })
        }
        Shown::Workflows(flows) => flows
            .contains(&FlowId(claim.target.id))
            .then_some(Observation::Enrolled { enrolled_at: None, enrollment: None }),
        Shown::Nothing(_) => None,
    }
}
