//! Enrollments that HubSpot shows and the store does not know: from before the router's first
//! live day, from after the backup that it came from, or made by hand meanwhile (CONSISTENCY.md
//! 6.14 and 6.18). Each is booked as a confirmed claim, so that it holds its theme, makes it rest,
//! takes up its place in the inbox's budget, and counts for `re_enroll`.

mod csv;
#[cfg(test)]
mod tests;

pub use csv::{Line, Mistake, read};

use super::claim::{Channel, Claim, Sender, State, Target};
use super::gates::{evidence, past};
use super::id::{ContactId, FlowId, RuleId, SequenceId, TargetName, ThemeName, UserId};
use super::person::{Person, Seen};
use super::record::{Step, Turn};
use super::rule::span::Span;
use super::rule::{Mode, RuleSet};
use super::time::{DAY_MS, Timestamp};

/// In the place of the rule where nobody knows which one enrolled: it counts for every rule that
/// enrolls into the same target. No rule can have this id.
pub const BY_NOBODY: &str = "(found)";

/// An enrollment that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Who.
    pub contact: ContactId,
    /// Into what.
    pub into: Where,
    /// When.
    pub enrolled_at: Timestamp,
    /// When it ended, where that is known.
    pub ended_at: Option<Timestamp>,
    /// HubSpot's id of it, where that is known.
    pub enrollment: Option<String>,
    /// In whose name, where that is known.
    pub sender: Option<Sender>,
}

/// Into what somebody was enrolled, by HubSpot's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    /// A sequence.
    Sequence(SequenceId),
    /// A workflow, by its flow id.
    Workflow(FlowId),
}

/// What becomes of one.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// It is booked.
    Book(Box<Turn>),
    /// The store knows it.
    Known,
    /// It is not in the address book, and counts as no theme.
    Unnamed,
    /// The contact was erased: nothing is kept of them.
    Erased,
}

/// How many of what was found became what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All that were found.
    pub found: u64,
    /// Those that were booked.
    pub booked: u64,
    /// Those that the store knew.
    pub known: u64,
    /// Those in no theme of the address book.
    pub unnamed: u64,
}

impl Tally {
    /// Counts one.
    pub fn count(&mut self, fate: &Fate) {
        self.found += 1;
        match fate {
            Fate::Book(_) => self.booked += 1,
            Fate::Known => self.known += 1,
            Fate::Unnamed => self.unnamed += 1,
            Fate::Erased => {}
        }
    }
}

impl Found {
    /// The latest sequence that a search or a read showed.
    pub fn of_sequence(contact: ContactId, seen: &Seen) -> Self {
        Self {
            contact,
            into: Where::Sequence(seen.sequence),
            enrolled_at: seen.enrolled_at,
            ended_at: seen.ended_at,
            enrollment: None,
            sender: None,
        }
    }

    /// Whether it takes up a place in an inbox's budget at `now` (CONSISTENCY.md 6.9).
    pub fn counts_for_budget(&self, now: Timestamp) -> bool {
        matches!(self.into, Where::Sequence(_)) && now < self.enrolled_at.plus_ms(DAY_MS)
    }

    /// Whether the store knows it of `person`, united with everybody merged into them.
    pub fn is_known(&self, person: &Person) -> bool {
        let claims = person.claims.iter().filter(|it| !matches!(it.state, State::Released { .. }));
        claims.filter(|claim| self.is_into(&claim.target)).any(|claim| match self.into {
            Where::Sequence(_) => past::is_about(Some(claim), self.enrolled_at, self.enrolled_at),
            // Whoever wrote it down may have written the day alone.
            Where::Workflow(_) => {
                let began = claim.first_call_at;
                began.since_ms(self.enrolled_at).max(self.enrolled_at.since_ms(began)) <= DAY_MS
            }
        })
    }

    fn is_into(&self, target: &Target) -> bool {
        match self.into {
            Where::Sequence(id) => target.channel == Channel::Sequence && target.id == id.0,
            Where::Workflow(id) => target.channel == Channel::Workflow && target.id == id.0,
        }
    }
}

/// What becomes of `found` where `person` is what the store knows of them.
pub fn judge(rules: &RuleSet, person: &Person, found: &Found, now: Timestamp) -> Fate {
    if person.erased.is_some() {
        return Fate::Erased;
    }
    if found.is_known(person) {
        return Fate::Known;
    }
    let mut turn = Turn::new(Step::Settled, person.contact, now);
    let seen = match found.into {
        Where::Sequence(sequence) => {
            let (enrolled_at, ended_at) = (found.enrolled_at, found.ended_at);
            let seen = Seen { sequence, enrolled_at, ended_at };
            turn.claims = evidence::ended_by(person, &seen);
            Some(seen)
        }
        Where::Workflow(_) => None,
    };
    match (target(rules, found.into), seen) {
        (Some(target), _) => turn.claims.push(claim(rules, person, found, target)),
        (None, Some(seen)) if rules.unknown_sequences.is_some() => {
            if person.seen.contains(&seen) {
                return Fate::Known;
            }
            turn.seen = Some(evidence::remember(&person.seen, seen));
        }
        (None, _) if turn.claims.is_empty() => return Fate::Unnamed,
        // What it ended is known by it, though it is none of ours.
        (None, _) => {}
    }
    Fate::Book(Box::new(turn))
}

/// A target of the address book, its theme and how long it is held.
type Known<'a> = (Target, &'a ThemeName, Span);

fn target(rules: &RuleSet, into: Where) -> Option<Known<'_>> {
    let of = |channel, name: &TargetName, id| Target { channel, name: name.clone(), id };
    match into {
        Where::Sequence(id) => {
            let (name, it) = rules.sequences.iter().find(|(_, it)| it.id == id)?;
            Some((of(Channel::Sequence, name, id.0), &it.theme, it.max_length))
        }
        Where::Workflow(id) => {
            let (name, it) = rules.workflows.iter().find(|(_, it)| it.id == id)?;
            Some((of(Channel::Workflow, name, id.0), &it.theme, it.holds_for))
        }
    }
}

fn claim(
    rules: &RuleSet,
    person: &Person,
    found: &Found,
    (target, theme, length): Known<'_>,
) -> Claim {
    let at = found.enrolled_at;
    let channel = match target.channel {
        Channel::Sequence => "sequence",
        Channel::Workflow => "workflow",
    };
    let id = format!("found.{}.{channel}.{}.{}", found.contact, target.id, at.unix_ms());
    Claim {
        id: id.as_str().into(),
        contact: person.contact,
        theme: theme.clone(),
        rule: rule(rules, &target.name),
        row: id.as_str().into(),
        target,
        sender: found.sender.clone(),
        via: None,
        first_call_at: at,
        last_call_at: at,
        lost_answers: 0,
        holds_until: length.after(at, &rules.portal.zone),
        evidence: None,
        state: State::Confirmed {
            enrolled_at: at,
            verified: true,
            enrollment: found.enrollment.clone(),
            ended_at: found.ended_at,
        },
    }
}

/// The one rule that may have enrolled into it; else nobody knows which.
fn rule(rules: &RuleSet, target: &TargetName) -> RuleId {
    let mut able =
        rules.rules.iter().filter(|it| Mode::Approval <= it.mode && it.enrolls_into(target));
    match (able.next(), able.next()) {
        (Some(rule), None) => rule.id.clone(),
        _ => BY_NOBODY.into(),
    }
}

/// Whose inbox HubSpot names as an enrollment's: by user, and of one user's inboxes by address.
pub fn sender(rules: &RuleSet, user: Option<UserId>, email: Option<&str>) -> Option<Sender> {
    let email = email.map(str::to_lowercase);
    let is_inbox = |inbox: &str| email.as_deref() == Some(inbox);
    let of_user = || rules.senders.values().filter(|it| user.is_some() && it.user == user);
    let by_user = || of_user().find(|it| is_inbox(it.inbox.as_str())).or_else(|| of_user().next());
    let by_inbox = rules.senders.values().find(|it| is_inbox(it.inbox.as_str()));
    let spec = by_user().or(by_inbox)?;
    Some(Sender {
        name: spec.name.clone(),
        inbox: spec.inbox.clone(),
        user: spec.user.or(user)?,
        alias: None,
    })
}
