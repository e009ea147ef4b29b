//! What a read of the contact proves about sequences, ours and those made by hand.
//!
//! HubSpot shows only the latest one, and its properties lag: a claim ends only on evidence that
//! names it (CONSISTENCY.md 6.4), and every sighting is kept (6.5).

use super::past::CLOCK_SLACK_MS;
use crate::domain::claim::{Channel, Claim, State};
use crate::domain::contact::Contact;
use crate::domain::id::SequenceId;
use crate::domain::person::{Person, Seen};
use crate::domain::time::Timestamp;

/// The dates that end the latest sequence, whichever of them HubSpot fills.
const ENDS: [&str; 3] = [
    "hs_latest_sequence_ended_date",
    "hs_latest_sequence_finished_date",
    "hs_latest_sequence_unenrolled_date",
];

/// Every property [`read`] looks at.
pub const PROPERTIES: [&str; 5] =
    ["hs_latest_sequence_enrolled", "hs_latest_sequence_enrolled_date", ENDS[0], ENDS[1], ENDS[2]];

/// What a read proved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Claims it ended, each whole.
    pub ended: Vec<Claim>,
    /// All sequences seen, with this read's, by their beginning.
    pub seen: Vec<Seen>,
}

impl Evidence {
    /// The person with it.
    pub fn applied_to(&self, person: &Person) -> Person {
        let mut person = person.clone();
        for ended in &self.ended {
            if let Some(claim) = person.claims.iter_mut().find(|claim| claim.id == ended.id) {
                claim.clone_from(ended);
            }
        }
        person.seen.clone_from(&self.seen);
        person
    }
}

/// Reads the evidence of `contact` about `person`.
pub fn read(person: &Person, contact: &Contact) -> Evidence {
    let Some(latest) = latest(contact) else {
        return Evidence { ended: Vec::new(), seen: person.seen.clone() };
    };
    Evidence { ended: ended_by(person, &latest), seen: remember(&person.seen, latest) }
}

/// The latest sequence HubSpot shows. An end that is not after its beginning belongs to an
/// earlier one.
pub fn latest(contact: &Contact) -> Option<Seen> {
    let sequence = contact.known("hs_latest_sequence_enrolled")?.trim().parse().ok()?;
    let enrolled_at = date(contact, "hs_latest_sequence_enrolled_date")?;
    let ended_at = ENDS.iter().filter_map(|name| date(contact, name)).max();
    let ended_at = ended_at.filter(|end| enrolled_at < *end);
    Some(Seen { sequence: SequenceId(sequence), enrolled_at, ended_at })
}

/// HubSpot sends instants as RFC 3339, and as milliseconds in older payloads.
fn date(contact: &Contact, name: &str) -> Option<Timestamp> {
    let text = contact.known(name)?.trim();
    let unix_ms = || text.parse().ok().map(Timestamp::from_unix_ms);
    Timestamp::parse_rfc3339(text).or_else(unix_ms)
}

/// The claim with its end, where `latest` names it or is a later enrollment of the person.
fn end(claim: &Claim, latest: &Seen) -> Option<Claim> {
    let State::Confirmed { enrolled_at, ended_at: None, .. } = &claim.state else { return None };
    if claim.target.channel != Channel::Sequence {
        return None;
    }
    let end = if claim.target.id == latest.sequence.0 {
        let is_ours = enrolled_at.minus_ms(CLOCK_SLACK_MS) <= latest.enrolled_at;
        latest.ended_at.filter(|_| is_ours)?
    } else {
        Some(latest.enrolled_at).filter(|later| *enrolled_at < *later)?
    };
    let mut claim = claim.clone();
    if let State::Confirmed { ended_at, .. } = &mut claim.state {
        *ended_at = Some(end);
    }
    Some(claim)
}

/// The claims of `person` that a later sighting ends, each whole.
pub fn ended_by(person: &Person, latest: &Seen) -> Vec<Claim> {
    person.claims.iter().filter_map(|claim| end(claim, latest)).collect()
}

/// The list with `latest`; what is known of an end is never forgotten.
pub fn remember(seen: &[Seen], latest: Seen) -> Vec<Seen> {
    let mut seen = seen.to_vec();
    let is_same =
        |it: &Seen| it.sequence == latest.sequence && it.enrolled_at == latest.enrolled_at;
    match seen.iter_mut().find(|it| is_same(it)) {
        Some(known) => known.ended_at = latest.ended_at.or(known.ended_at),
        None => seen.push(latest),
    }
    seen.sort_by_key(|it| it.enrolled_at);
    seen
}
