//! What a person is and was in: our claims, sequences seen on the contact, and for rules that
//! only watch, shadows.

use crate::domain::claim::{Channel, Claim, State, Target};
use crate::domain::id::{ClaimId, RuleId, ThemeName};
use crate::domain::person::{Person, Seen, Shadow};
use crate::domain::rule::RuleSet;
use crate::domain::rule::span::Span;
use crate::domain::time::{MINUTE_MS, Timestamp};

/// How long a hand-made sequence outside the address book lasts at most.
const UNKNOWN_LENGTH: Span = Span::days(60);
/// How much earlier than ours HubSpot's clock may date an enrollment of ours (CONSISTENCY.md 6.4).
pub const CLOCK_SLACK_MS: u64 = 2 * MINUTE_MS;
/// How much later than our last call HubSpot may date an enrollment of ours: `verify_for`.
const LATE_MS: u64 = 15 * MINUTE_MS;

/// One enrollment, running or over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stay {
    /// Under which theme.
    pub theme: ThemeName,
    /// What it is called for people.
    pub name: String,
    /// By which rule, where one of ours did it.
    pub rule: Option<RuleId>,
    /// The claim that speaks for it; `None` for a sighting and for a shadow.
    pub claim: Option<ClaimId>,
    /// What it is; `None` for a shadow.
    pub target: Option<Target>,
    /// When it began.
    pub began: Timestamp,
    /// When it ended; `None` while it runs.
    pub ended: Option<Timestamp>,
}

/// Everything known of what a person is and was in.
#[derive(Clone, Debug)]
pub struct Past<'a> {
    /// The person, with what this read showed.
    pub person: &'a Person,
    /// Real ones: claims and sightings.
    pub stays: Vec<Stay>,
    /// What dry-run rules would have done; only they look here (CONSISTENCY.md 6.1).
    pub shadows: Vec<Stay>,
}

impl<'a> Past<'a> {
    /// Gathers it as of `now`.
    pub fn of(rules: &RuleSet, person: &'a Person, now: Timestamp) -> Self {
        let claims = person.claims.iter().filter_map(|claim| of_claim(claim, now));
        let by_hand = person.seen.iter().enumerate();
        let by_hand = by_hand.filter(|(_, seen)| !is_ours(&person.claims, seen));
        let seen = by_hand.filter_map(|(index, seen)| {
            let later = person.seen.get(index + 1).map(|next| next.enrolled_at);
            of_seen(rules, seen, later, now)
        });
        let mut past = Self { person, stays: claims.chain(seen).collect(), shadows: Vec::new() };
        person.shadows.iter().for_each(|shadow| past.add_shadow(shadow, now));
        past
    }

    /// Remembers a would-enroll of this decision for the dry-run rules after it.
    pub fn add_shadow(&mut self, shadow: &Shadow, now: Timestamp) {
        self.shadows.push(Stay {
            theme: shadow.theme.clone(),
            name: shadow.target.to_string(),
            rule: Some(shadow.rule.clone()),
            claim: None,
            target: None,
            began: shadow.at,
            ended: (shadow.holds_until <= now).then_some(shadow.holds_until),
        });
    }

    /// What a rule sees: shadows too where it only watches.
    pub fn seen_by(&self, dry_run: bool) -> impl Iterator<Item = &Stay> {
        let shadows: &[Stay] = if dry_run { &self.shadows } else { &[] };
        self.stays.iter().chain(shadows)
    }
}

fn of_claim(claim: &Claim, now: Timestamp) -> Option<Stay> {
    let (began, ended) = claim.span(now)?;
    Some(Stay {
        theme: claim.theme.clone(),
        name: claim.target.name.to_string(),
        rule: Some(claim.rule.clone()),
        claim: Some(claim.id.clone()),
        target: Some(claim.target.clone()),
        began,
        ended,
    })
}

/// Whether a sighting is an enrollment of ours: one of the claims speaks for it.
pub fn is_ours(claims: &[Claim], seen: &Seen) -> bool {
    claims.iter().any(|claim| {
        claim.target.channel == Channel::Sequence
            && claim.target.id == seen.sequence.0
            && may_date(claim)
                .is_some_and(|(from, to)| from <= seen.enrolled_at && seen.enrolled_at <= to)
    })
}

/// The earliest and the latest moment at which HubSpot may date the enrollment of a claim.
fn may_date(claim: &Claim) -> Option<(Timestamp, Timestamp)> {
    let enrolled_at = match claim.state {
        State::Released { .. } => return None,
        State::Confirmed { enrolled_at, .. } => enrolled_at,
        _ => claim.last_call_at,
    };
    let earliest = claim.first_call_at.min(enrolled_at).minus_ms(CLOCK_SLACK_MS);
    Some((earliest, enrolled_at.max(claim.last_call_at).plus_ms(LATE_MS)))
}

/// Whether an enrollment that began at `at` is the claim's, or without a claim the one that was
/// seen to begin at `began`.
pub fn is_about(claim: Option<&Claim>, at: Timestamp, began: Timestamp) -> bool {
    let (from, to) = range(claim, began);
    from <= at && at <= to
}

/// Whether an enrollment that began at `at` came after it. One in the same sequence may be the
/// claim's own, dated late.
pub fn is_after(
    (claim, began): (Option<&Claim>, Timestamp),
    same_sequence: bool,
    at: Timestamp,
) -> bool {
    let enrolled_at = claim.map_or(began, |claim| match claim.state {
        State::Confirmed { enrolled_at, .. } => enrolled_at,
        _ => claim.last_call_at,
    });
    let latest = if same_sequence { range(claim, began).1 } else { enrolled_at };
    latest < at
}

fn range(claim: Option<&Claim>, began: Timestamp) -> (Timestamp, Timestamp) {
    let seen = || (began.minus_ms(CLOCK_SLACK_MS), began.plus_ms(CLOCK_SLACK_MS));
    claim.and_then(may_date).unwrap_or_else(seen)
}

/// A sighting without a known end is over when a later one began, or after the longest time.
fn of_seen(rules: &RuleSet, seen: &Seen, later: Option<Timestamp>, now: Timestamp) -> Option<Stay> {
    let known = rules.sequences.iter().find(|(_, sequence)| sequence.id == seen.sequence);
    let (theme, name, length) = if let Some((name, it)) = known {
        (it.theme.clone(), name.to_string(), it.max_length)
    } else {
        let theme = rules.unknown_sequences.clone()?;
        (theme, format!("sequence {}", seen.sequence), UNKNOWN_LENGTH)
    };
    let over = length.after(seen.enrolled_at, &rules.portal.zone);
    let ended = seen.ended_at.or(later).unwrap_or(over).min(over);
    let ended = (ended <= now).then_some(ended);
    let target =
        Target { channel: Channel::Sequence, name: name.as_str().into(), id: seen.sequence.0 };
    Some(Stay {
        theme,
        name,
        rule: None,
        claim: None,
        target: Some(target),
        began: seen.enrolled_at,
        ended,
    })
}
