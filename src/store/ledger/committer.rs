//! The committer: the one thread that changes durable state. It takes what waits, checks it
//! against what is staged, appends all of it as one group, syncs once, writes the index, and
//! answers. So every check sees everything before it, without a lock.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::{mpsc, oneshot};

use super::arrivals::{Arrival, Judge, take};
use super::book::Book;
use super::compact::House;
use super::merging::{People, Says, merges};
use super::shared::Shared;
use crate::domain::breaker::{Fuse, Tripped};
use crate::domain::id::Fingerprint;
use crate::domain::recall::{Recalled, Remembering};
use crate::domain::record::{
    InboxState, InboxesCleared, Paused, Press, ReadsProven, Record, RulesAccepted, Step, Taken,
    TakenEvent, Turn,
};
use crate::domain::time::Timestamp;
use crate::port::{Booking, LedgerError, Permit, Recorded, Reservation, Saw};
use crate::store::disk::Disk;
use crate::store::index::{Index, IndexError};
use crate::store::journal::{Draft, FrameKind, Journal, PAYLOAD_BYTES_MAX};

/// The version of the records' form.
pub(super) const RECORD_VERSION: u8 = 1;
/// Commands in one group.
const GROUP_COMMANDS_MAX: usize = 256;
/// Bytes in one group.
const GROUP_BYTES_MAX: usize = 4 << 20;

type Reply<T> = oneshot::Sender<Result<T, LedgerError>>;

/// What the committer is asked.
pub(super) enum Command {
    Take(Arc<Vec<Arrival>>, Arc<Judge>, Reply<()>),
    Record(Box<Turn>, Saw, Reply<Recorded>),
    Reserve(Box<Turn>, Saw, Box<Booking>, Reply<Reservation>),
    Settle(Box<Turn>, Reply<()>),
    People(People, Reply<()>),
    AcceptRules(Box<RulesAccepted>, Reply<()>),
    Pause(Paused, Reply<()>),
    Prove(ReadsProven, Reply<()>),
    Recall(Timestamp, Remembering, Option<Press>, Reply<()>),
    ClearInboxes(Timestamp, Reply<()>),
    House(House, Reply<()>),
}

impl Command {
    /// The command, where it ends something; what begins something new is refused.
    fn settles(self) -> Option<Self> {
        let why = LedgerError::Unwritable("the store's disk is almost full".to_owned());
        match self {
            Self::Take(_, _, reply) | Self::House(House::Compact(..), reply) => refuse(reply, &why),
            Self::Record(turn, _, reply) if turn.step == Step::Decided => refuse(reply, &why),
            Self::Reserve(_, _, _, reply) => refuse(reply, &why),
            command => return Some(command),
        }
        None
    }
}

/// An answer that is given once its group is on disk.
pub(super) enum Answer {
    Done(Reply<()>),
    Recorded(Reply<Recorded>),
    Granted(Reply<Reservation>, Box<Booking>),
}

/// See the module.
#[derive(Debug)]
pub struct Committer<D: Disk, I: Index> {
    pub(super) journal: Journal<D>,
    pub(super) book: Book<I>,
    pub(super) shared: Arc<Shared<D, I>>,
    pub(super) commands: mpsc::Receiver<Command>,
}

/// Nothing goes on from here: the index or the disk failed in a way only a restart mends.
pub(super) struct Fatal(pub(super) String);

impl From<IndexError> for Fatal {
    fn from(error: IndexError) -> Self {
        Self(error.to_string())
    }
}

impl<D: Disk, I: Index> Committer<D, I> {
    /// Works until nobody can ask any more, or the disk fails for good. Blocks its thread. Where
    /// it gives up, the store has failed.
    pub fn run(self) {
        let shared = Arc::clone(&self.shared);
        if catch_unwind(AssertUnwindSafe(|| self.serve())).is_err() {
            shared.fail("what writes decisions gave up; please report it with the log");
        }
    }

    fn serve(mut self) {
        while let Some(first) = self.commands.blocking_recv() {
            if self.group(first).is_break() {
                return;
            }
        }
    }

    /// The same as a future, for whoever has no thread for it: nothing else runs during a group.
    pub async fn work(mut self) {
        while let Some(first) = self.commands.recv().await {
            if self.group(first).is_break() {
                return;
            }
        }
    }

    /// Makes one group of the first command and of whatever waits behind it.
    fn group(&mut self, first: Command) -> ControlFlow<()> {
        let mut answers = Vec::new();
        let mut next = Some(first);
        let mut count = 0;
        let mut fatal = None;
        while let Some(command) = next.take() {
            count += 1;
            if let Err(error) = self.stage(command, &mut answers) {
                fatal = Some(error);
                break;
            }
            let full = GROUP_COMMANDS_MAX <= count || GROUP_BYTES_MAX <= self.journal.group_bytes();
            next = if full { None } else { self.commands.try_recv().ok() };
        }
        let ended = match fatal {
            Some(error) => Err(error),
            None => self.finish(answers),
        };
        if let Err(Fatal(error)) = ended {
            self.shared.fail(&error);
            return ControlFlow::Break(());
        }
        if self.commands.is_empty() {
            self.journal.mark();
        }
        ControlFlow::Continue(())
    }

    /// Stages one command. What it refuses is answered at once, for nothing must be on disk.
    fn stage(&mut self, command: Command, answers: &mut Vec<Answer>) -> Result<(), Fatal> {
        let command = if self.shared.is_short.load(Ordering::Relaxed) {
            let Some(command) = command.settles() else { return Ok(()) };
            command
        } else {
            command
        };
        match command {
            Command::Take(arrivals, judge, reply) => {
                for arrival in arrivals.iter() {
                    self.take(arrival, &*judge)?;
                }
                answers.push(Answer::Done(reply));
            }
            Command::Record(turn, saw, reply) => {
                if self.has_moved(&saw)? {
                    answer(reply, Recorded::Moved);
                } else {
                    self.turn(*turn)?;
                    answers.push(Answer::Recorded(reply));
                }
            }
            Command::Reserve(turn, saw, booking, reply) => {
                if let Some(what) = self.obstacle(&turn, &saw, &booking)? {
                    answer(reply, Reservation::Moved(what));
                } else {
                    self.turn(*turn)?;
                    answers.push(Answer::Granted(reply, booking));
                }
            }
            Command::Settle(turn, reply) => {
                self.turn(*turn)?;
                answers.push(Answer::Done(reply));
            }
            Command::People(change, reply) => {
                self.change(change)?;
                answers.push(Answer::Done(reply));
            }
            Command::AcceptRules(mut rules, reply) => {
                rules.previous = self.book.meta.rules;
                self.record(&Record::RulesAccepted(*rules))?;
                answers.push(Answer::Done(reply));
            }
            Command::Pause(paused, reply) => {
                self.record(&Record::Paused(paused))?;
                answers.push(Answer::Done(reply));
            }
            Command::Prove(proven, reply) => {
                self.record(&Record::ReadsProven(proven))?;
                answers.push(Answer::Done(reply));
            }
            Command::Recall(at, change, press, reply) => {
                let recall = self.book.meta.recall.after(change, at);
                self.record(&Record::Recalled(Recalled { at, recall, press }))?;
                answers.push(Answer::Done(reply));
            }
            Command::ClearInboxes(at, reply) => {
                let marked = self.book.inboxes.marked();
                let inboxes = marked.into_iter().map(|it| (it, InboxState::default())).collect();
                self.record(&Record::InboxesCleared(InboxesCleared { at, inboxes }))?;
                answers.push(Answer::Done(reply));
            }
            Command::House(house, reply) => {
                self.finish(std::mem::take(answers))?;
                self.keep_house(house)?;
                answers.push(Answer::Done(reply));
            }
        }
        Ok(())
    }

    /// Takes one delivery, with the breakers it opens and the merges it tells of.
    fn take(&mut self, arrival: &Arrival, judge: &Judge) -> Result<(), Fatal> {
        let events = arrival.items.iter().flatten();
        self.keep_whole(arrival.received, events.map(|event| event.contact))?;
        let taken = take(&mut self.book, self.journal.next_seq(), arrival, judge)?;
        let (opened, merges) = (opened(&taken), merges(&taken));
        self.append(&Record::Taken(taken))?;
        self.hold_caught(&opened)?;
        for (from, into) in merges {
            self.merge((arrival.received, from, into), Says::Event)?;
        }
        Ok(())
    }

    /// Puts the group on disk, writes the index, answers.
    pub(super) fn finish(&mut self, answers: Vec<Answer>) -> Result<(), Fatal> {
        if self.journal.group_bytes() == 0 {
            answers.into_iter().for_each(Answer::confirm);
            return Ok(());
        }
        match self.journal.commit() {
            Ok(()) => {
                self.book.write()?;
                self.shared.publish(&self.book);
                for answer in answers {
                    answer.confirm();
                }
                Ok(())
            }
            Err(error) if self.journal.is_poisoned() => Err(Fatal(error.in_full())),
            Err(error) => {
                self.book.discard()?;
                let why = LedgerError::Unwritable(error.in_full());
                for answer in answers {
                    answer.refuse(&why);
                }
                Ok(())
            }
        }
    }

    pub(super) fn record(&mut self, record: &Record) -> Result<(), Fatal> {
        self.book.apply(self.journal.next_seq(), record)?;
        self.append(record)
    }

    fn append(&mut self, record: &Record) -> Result<(), Fatal> {
        let json = serde_json::to_vec(record).expect("a record becomes JSON");
        if PAYLOAD_BYTES_MAX < json.len() {
            return Err(Fatal(format!(
                "a record of {} MiB is more than the journal takes; fewer rules that listen to one \
                 property make it smaller. Please report it",
                json.len() >> 20
            )));
        }
        let draft = Draft { kind: FrameKind::Record, version: RECORD_VERSION, parts: &[&json] };
        self.journal.put(&draft);
        Ok(())
    }

    pub(super) fn turn(&mut self, mut turn: Turn) -> Result<(), Fatal> {
        self.keep_whole(turn.at, std::iter::once(turn.contact))?;
        // Whoever was merged meanwhile is known under another id now.
        turn.contact = self.book.home(turn.contact)?;
        turn.previous = self.book.person(turn.contact)?.map_or(0, |person| person.last_row);
        self.record(&Record::Turn(Box::new(turn)))
    }

    /// What a breaker that opens catches of those who came before is held at once.
    fn hold_caught(&mut self, opened: &[(Tripped, Fingerprint)]) -> Result<(), Fatal> {
        for (tripped, rules) in opened {
            for turn in self.book.caught(tripped, rules)? {
                self.turn(turn)?;
            }
        }
        Ok(())
    }

    fn has_moved(&self, saw: &Saw) -> Result<bool, Fatal> {
        for (contact, version) in &saw.versions {
            let now = self.book.person(*contact)?.map_or(0, |person| person.version);
            if now != *version {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What stands in a reservation's way: everything the decision saw is checked again, and
    /// that no live claim holds the theme or one that must be kept apart from it. What the read
    /// proved is part of `turn`: a claim that it ended holds nothing any more.
    fn obstacle(
        &self,
        turn: &Turn,
        saw: &Saw,
        booking: &Booking,
    ) -> Result<Option<&'static str>, Fatal> {
        if self.has_moved(saw)? {
            return Ok(Some("person"));
        }
        let claim = &booking.claim;
        let (mut person, _) = self.book.union(claim.contact)?;
        for changed in turn.claims.iter().filter(|changed| changed.id != claim.id) {
            if let Some(known) = person.claims.iter_mut().find(|known| known.id == changed.id) {
                known.clone_from(changed);
            }
        }
        if person.holder(&claim.theme, &booking.blockers, claim.first_call_at).is_some() {
            return Ok(Some("theme"));
        }
        if let (Some(seen), Some(sender)) = (booking.budget, &claim.sender) {
            let inbox = self.book.inboxes.used(&sender.inbox);
            let now = claim.first_call_at;
            if seen.budget <= inbox.used(now) || inbox.paced_until(seen.pace_ms, now).is_some() {
                return Ok(Some("inbox"));
            }
        }
        Ok(self.limit_or_breaker(booking))
    }

    /// The rule's limits and the breakers, as they are now (CONSISTENCY.md 6.10 and 6.13).
    fn limit_or_breaker(&self, booking: &Booking) -> Option<&'static str> {
        let now = booking.claim.first_call_at;
        let counted = self.book.inboxes.rules();
        if booking.limits.iter().any(|seen| seen.is_reached(counted, now)) {
            return Some("limit");
        }
        let open = self.book.fires.open();
        let is_open = |fuse: &Fuse| open.get(fuse).is_some_and(|open| open.is_open(now));
        booking.breakers.iter().any(is_open).then_some("breaker")
    }
}

/// The breakers that a delivery opened, each with the rules that judged it.
fn opened(taken: &Taken) -> Vec<(Tripped, Fingerprint)> {
    let of_event = |event: &TakenEvent| {
        let rules = event.rows.first().map(|row| &row.rules);
        let opened = event.opened.iter().zip(rules.into_iter().cycle());
        opened.map(|(tripped, rules)| (tripped.clone(), rules.clone())).collect::<Vec<_>>()
    };
    taken.events.iter().flat_map(of_event).collect()
}

impl Answer {
    fn confirm(self) {
        match self {
            Self::Done(reply) => answer(reply, ()),
            Self::Recorded(reply) => answer(reply, Recorded::Done),
            Self::Granted(reply, booking) => {
                answer(reply, Reservation::Granted(Box::new(Permit::mint(booking.claim))));
            }
        }
    }

    fn refuse(self, why: &LedgerError) {
        match self {
            Self::Done(reply) => refuse(reply, why),
            Self::Recorded(reply) => refuse(reply, why),
            Self::Granted(reply, _) => refuse(reply, why),
        }
    }
}

fn answer<T>(reply: Reply<T>, value: T) {
    // Whoever asked may be gone; what was done stays done.
    drop(reply.send(Ok(value)));
}

fn refuse<T>(reply: Reply<T>, why: &LedgerError) {
    drop(reply.send(Err(why.clone())));
}

#[cfg(test)]
mod tests;
