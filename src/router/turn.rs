//! One person's turn: claims in doubt are read back, what is being left is left, then everything
//! due is decided.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tracing::warn;

use super::Router;
use super::pace::Urgency;
use super::reading::Reading;
use super::share::until_midnight_ms;
use crate::domain::decide::{Plan, decide};
use crate::domain::id::ContactId;
use crate::domain::outcome::{Later, ReadFailure};
use crate::domain::person::Person;
use crate::domain::postpone::{self, Postponed};
use crate::domain::record::{Step, Turn};
use crate::domain::retry;
use crate::domain::rule::RuleSet;
use crate::domain::time::Timestamp;
use crate::domain::view::{Memory, View};
use crate::port::{Clock, HubSpot, Ledger, LedgerError, Recorded, Saw};

/// How often a decision is made again because something moved meanwhile.
const DECISIONS_MAX: usize = 32;
/// How long a person waits who was overtaken so often.
const OVERTAKEN_PAUSE: Duration = Duration::from_millis(50);
/// A read older than this is not acted on (CONSISTENCY.md section 2).
const READ_AGE_MS_MAX: u64 = 30_000;
/// How long a worker waits when the store cannot write.
pub(super) const STORE_PAUSE: Duration = Duration::from_secs(1);
/// Steps of one turn; whoever is still due after them comes again.
const STEPS_MAX: usize = 16;

/// Whether there is more to do for the person now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    More,
    Enough,
}

impl<L: Ledger, H: HubSpot, C: Clock> Router<L, H, C> {
    /// Works on one person until nothing is due now.
    pub(super) async fn work_on(&self, contact: ContactId) {
        for _ in 0..STEPS_MAX {
            match self.step(contact).await {
                Ok(Progress::More) => {}
                Ok(Progress::Enough) => return,
                Err(error) => {
                    warn!(contact.id = %contact, %error, "contact {contact}: not recorded, tried again");
                    tokio::time::sleep(STORE_PAUSE).await;
                    return;
                }
            }
        }
    }

    async fn step(&self, contact: ContactId) -> Result<Progress, LedgerError> {
        let memory = self.ledger.look(contact)?;
        let now = self.now();
        if let Some(claim) = memory.person.doubt_due(now) {
            return self.read_back(claim.clone(), &memory).await;
        }
        let leaving = memory.person.open_leaving().filter(|leaving| leaving.next <= now);
        if let Some(leaving) = leaving.cloned() {
            return self.leave(leaving, memory.person).await;
        }
        if is_due(&memory.person, now) {
            self.decide_due(memory).await
        } else {
            Ok(Progress::Enough)
        }
    }

    /// Pace token, fresh read, decision. One token is for the read, one for the call.
    async fn decide_due(&self, memory: Memory) -> Result<Progress, LedgerError> {
        let rules = self.rules.load_full();
        let person = &memory.person;
        if let Some(delay_ms) = self.parked_ms(Urgency::Enroll) {
            let (why, delay_ms) = (Later::Busy, Some(delay_ms));
            return self.postpone(&rules, &memory, &Postponed::Later { why, delay_ms }).await;
        }
        self.ask(Urgency::Enroll, 2).await;
        let read_at = self.now();
        let read = self.read(&rules, person.contact, Urgency::Begun).await;
        if read.is_ok() {
            self.circuits.answered();
        }
        let reading = match read {
            Ok(Some(reading)) => reading,
            Ok(None) => return self.gone(&rules, &memory).await,
            Err(failure) => return self.not_read(&rules, &memory, failure).await,
        };
        if self.is_known_as(person, &reading.contact, read_at).await? {
            self.spare();
            return Ok(Progress::Enough);
        }
        for _ in 0..DECISIONS_MAX {
            let memory = self.ledger.look(person.contact)?;
            let now = self.now();
            // Merged meanwhile: what was read is another record.
            let is_other = memory.person.contact != person.contact;
            if is_other || READ_AGE_MS_MAX < now.since_ms(read_at) || !is_due(&memory.person, now) {
                break;
            }
            if let Some(progress) = self.decide_once(&rules, &memory, &reading, now).await? {
                return Ok(progress);
            }
        }
        self.spare();
        // Whoever was overtaken this often lets the others go first.
        tokio::time::sleep(OVERTAKEN_PAUSE).await;
        Ok(Progress::Enough)
    }

    /// Decides and records; `None` when something moved meanwhile.
    async fn decide_once(
        &self,
        rules: &Arc<RuleSet>,
        memory: &Memory,
        reading: &Reading,
        now: Timestamp,
    ) -> Result<Option<Progress>, LedgerError> {
        let (contact, owners) = (&reading.contact, &reading.owners);
        let view = View { now, contact, memory, owners, around: None };
        let mut plan = decide(rules, &view);
        let saw = Saw { versions: memory.versions.clone() };
        self.beside.look(memory, &plan, now);
        let mut turn = changes(&plan, memory, reading, now);
        let Some(intent) = plan.enroll.take() else {
            self.spare();
            return Ok(match self.ledger.record(turn, saw).await? {
                Recorded::Done => Some(Progress::Enough),
                Recorded::Moved => None,
            });
        };
        if let Some(until) = self.held_back(rules, &intent, &mut turn, now) {
            self.spare();
            self.ledger.record(turn, saw).await?;
            let more = until <= now;
            return Ok(Some(if more { Progress::More } else { Progress::Enough }));
        }
        self.reserve_and_call(rules, *intent, turn, (saw, reading)).await
    }

    /// The contact is not there. HubSpot may only be slow to show a new one, so it is read
    /// three times.
    async fn gone(&self, rules: &RuleSet, memory: &Memory) -> Result<Progress, LedgerError> {
        self.spare();
        self.postpone(rules, memory, &Postponed::Gone).await
    }

    async fn not_read(
        &self,
        rules: &RuleSet,
        memory: &Memory,
        failure: ReadFailure,
    ) -> Result<Progress, LedgerError> {
        self.spare();
        let now = self.now();
        let postponed = match failure {
            ReadFailure::Later { why, delay_ms, message } => {
                let rests = self.circuits.unanswered(why, &message);
                let delay_ms = self.slow_down(rules, why, delay_ms);
                let retry = (why == Later::Unreachable && delay_ms.is_none())
                    .then(|| self.retry_ms(&memory.person, now));
                match retry {
                    // Everybody waits for HubSpot: this one says nothing of the contact.
                    Some(delay_ms) if rests => Postponed::Later { why, delay_ms: Some(delay_ms) },
                    Some(delay_ms) => Postponed::Failed { delay_ms, message },
                    None => Postponed::Later { why, delay_ms },
                }
            }
            ReadFailure::Halted { message } => {
                warn!(%message, "HubSpot refuses our access");
                self.halts.everything(now, &message);
                Postponed::Halted(message)
            }
            ReadFailure::Refused { message } => Postponed::Refused(message),
        };
        self.postpone(rules, memory, &postponed).await
    }

    /// When a person's items are tried again: by the backoff, or later where the retry budget is
    /// used up.
    fn retry_ms(&self, person: &Person, now: Timestamp) -> u64 {
        let attempts = person.due_items(now).map(|(_, item)| item.attempts + 1).max();
        let seed = person.contact.0;
        let delay_ms = retry::delay_ms(attempts.unwrap_or(1), seed);
        let mut retries = self.retries.lock().unwrap_or_else(PoisonError::into_inner);
        retries.place(now, delay_ms, seed.wrapping_add(now.unix_ms()))
    }

    /// A worker gave up on this person in a way we do not understand. What is due for them
    /// becomes a dead letter, so that they do not stop it again and again.
    pub(super) async fn bury(&self, contact: ContactId) -> Result<(), LedgerError> {
        let why = "a part of the router gave up; please report it".to_owned();
        let rules = self.rules.load_full();
        // A call may have been under way: it is read back like one that a stop cut off.
        self.recover(&[contact]).await?;
        let memory = self.ledger.look(contact)?;
        self.postpone(&rules, &memory, &Postponed::Stuck(why)).await.map(|_| ())
    }

    /// Puts off what is due for a person. What was put off must be what was looked at: where a
    /// person pressed something meanwhile, or an event came, nothing is recorded, and whatever is
    /// still due is read again.
    async fn postpone(
        &self,
        rules: &RuleSet,
        memory: &Memory,
        postponed: &Postponed,
    ) -> Result<Progress, LedgerError> {
        let (now, person) = (self.now(), &memory.person);
        let turn = postpone::turn(rules, person, postponed, (now, person.contact.0));
        let saw = Saw { versions: memory.versions.clone() };
        Ok(match self.ledger.record(turn, saw).await? {
            Recorded::Done => Progress::Enough,
            Recorded::Moved => Progress::More,
        })
    }

    /// HubSpot asked to slow down: nobody calls before that. A full day lasts until the
    /// account's midnight.
    pub(super) fn slow_down(
        &self,
        rules: &RuleSet,
        why: Later,
        delay_ms: Option<u64>,
    ) -> Option<u64> {
        if why != Later::Busy {
            return delay_ms;
        }
        let spent = self.hubspot.daily_quota().is_some_and(|quota| quota.remaining == 0);
        let delay_ms = match delay_ms {
            None if spent => Some(until_midnight_ms(self.now(), rules)),
            given => given,
        };
        if let Some(delay_ms) = delay_ms {
            self.pace.silence(Duration::from_millis(delay_ms));
        }
        delay_ms
    }
}

fn is_due(person: &Person, now: Timestamp) -> bool {
    person.due_items(now).next().is_some()
}

/// A plan as a record: what it changes, and what the decision saw.
fn changes(plan: &Plan, memory: &Memory, reading: &Reading, now: Timestamp) -> Turn {
    let before = &memory.person.items;
    let mut turn = Turn::new(Step::Decided, memory.person.contact, now);
    turn.viewed = Some(reading.contact.clone().kept());
    turn.owner = reading.contact.owner().and_then(|id| reading.owners.get(&id)).cloned();
    turn.rows.clone_from(&plan.rows);
    let called = plan.enroll.as_ref().map(|intent| &intent.item);
    let changed = plan.items.iter().filter(|it| called == Some(&it.id) || !before.contains(it));
    turn.items = changed.cloned().collect();
    turn.done = plan.done(before);
    turn.claims.clone_from(&plan.claims);
    turn.leavings.clone_from(&plan.leavings);
    turn.seen = (plan.seen != memory.person.seen).then(|| plan.seen.clone());
    turn.shadows = (plan.shadows != memory.person.shadows).then(|| plan.shadows.clone());
    turn
}
