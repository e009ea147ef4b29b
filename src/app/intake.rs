//! The intake: deliveries from the journal are parsed and judged, in their order, on a thread of
//! its own. An acknowledgement never waits for it. What the disk refuses is tried again, and told;
//! where it cannot go on the store stops, and with it the process: nothing may be acknowledged for
//! long that nobody decides about.

mod source;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tracing::{error, info, warn};

use self::source::Source;
use super::SystemClock;
use super::office::Office;
use crate::domain::intake;
use crate::domain::record::TakenEvent;
use crate::domain::rule::RuleSet;
use crate::domain::time::Timestamp;
use crate::domain::{delivery, event::Event};
use crate::port::{Clock as _, LedgerError};
use crate::store::deliveries;
use crate::store::disk::Disk;
use crate::store::journal::{JournalError, Reader};
use crate::store::ledger::{Arrival, Incoming, Judge};
use crate::store::yield_to_intake;

/// Events taken in one step: the index takes so many at once, and an acknowledgement that is due
/// meanwhile may have to wait for it.
const EVENTS_MAX: usize = 128;
/// Events taken in one step while acknowledgements are waited for.
const EVENTS_FEW: usize = 64;
/// How long it makes way then: so often, so long.
const PAUSES_MAX: usize = 16;
const PAUSE: Duration = Duration::from_millis(1);
/// How long it sleeps when nothing comes, before it looks whether it shall stop.
const NAP: Duration = Duration::from_millis(100);
/// How long it waits when the store cannot write, or the journal cannot be read.
const STORE_PAUSE: Duration = Duration::from_secs(1);
/// The alert while deliveries are kept and cannot be read back.
const UNREAD: &str = "deliveries-unread";

/// The running intake.
#[derive(Debug)]
pub(super) struct Intake {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Intake {
    /// Starts after the last delivery that was taken.
    pub(super) fn start(office: Arc<Office>) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::Builder::new().name("intake".to_owned()).spawn(move || {
            yield_to_intake();
            let ledger = office.store.ledger.clone();
            let worker = Worker { office, stop: stopped };
            if let Some(why) = ends(move || worker.run()) {
                error!(why, "deliveries are not taken any more");
                ledger.fail(&why);
            }
        })?;
        Ok(Self { stop, thread })
    }

    /// Ends it after the step under way.
    pub(super) fn stop(self) {
        self.stop.store(true, Ordering::Release);
        if self.thread.join().is_err() {
            error!("the intake gave up");
        }
    }
}

/// Why the intake ended where it must not; `None` for an end that was asked for.
fn ends(run: impl FnOnce() -> Result<(), JournalError>) -> Option<String> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error.in_full()),
        Err(_) => Some("the intake gave up; please report it with the log".to_owned()),
    }
}

struct Worker {
    office: Arc<Office>,
    stop: Arc<AtomicBool>,
}

impl Worker {
    fn run(&self) -> Result<(), JournalError> {
        let deliveries = &self.office.store.deliveries;
        let Some(reader) = deliveries.take_reader() else { return Ok(()) };
        let mut last = self.office.store.ledger.taken();
        deliveries.taken(last);
        let mut source = Source::new(reader);
        while !self.stop.load(Ordering::Acquire) {
            let tell = |refused: Option<&JournalError>| self.tell(refused);
            let Some(batch) = source.after(last, self.make_way(), tell)? else { return Ok(()) };
            let Some(newest) = batch.last().map(|arrival| arrival.delivery) else {
                deliveries.wait_beyond(last, NAP);
                continue;
            };
            if !self.take(batch) {
                return Ok(());
            }
            last = newest;
            deliveries.taken(last);
        }
        Ok(())
    }

    /// Says that the journal cannot be read, and waits; or that it can again. Whether it goes on.
    fn tell(&self, refused: Option<&JournalError>) -> bool {
        let Some(error) = refused else {
            self.office.alerts.clear(UNREAD);
            info!("deliveries can be read back again");
            return true;
        };
        let why = error.in_full();
        warn!(why, "deliveries cannot be read back, trying again");
        let sentence = format!(
            "Deliveries are kept, and cannot be read back to be decided about: {why}. It is tried \
             again each second; look at the disk of the store and at the limit of open files."
        );
        self.office.alerts.raise(UNREAD, SystemClock.now(), sentence);
        thread::sleep(STORE_PAUSE);
        !self.stop.load(Ordering::Acquire)
    }

    /// How much to take in the next step. Where somebody waits for an acknowledgement at every
    /// look, there is a burst: it comes first, and what it brings is in the journal.
    fn make_way(&self) -> usize {
        for _ in 0..PAUSES_MAX {
            if !self.office.store.deliveries.is_waited_for() {
                return EVENTS_MAX;
            }
            thread::sleep(PAUSE);
        }
        EVENTS_FEW
    }

    /// Whether it goes on. What the disk refuses is tried again: it is in the journal.
    fn take(&self, batch: Vec<Arrival>) -> bool {
        let judge = judge(self.office.rules.load_full());
        let batch = Arc::new(batch);
        loop {
            match self.office.store.ledger.take_blocking(Arc::clone(&batch), &judge) {
                Ok(()) => return true,
                Err(LedgerError::Stopped) => return false,
                Err(LedgerError::Unwritable(why)) => {
                    if self.stop.load(Ordering::Acquire) {
                        return false;
                    }
                    warn!(why, "decisions cannot be written, trying again");
                    thread::sleep(STORE_PAUSE);
                }
            }
        }
    }
}

/// The next deliveries that are in the journal, with about `events_max` events; none where none
/// came.
pub fn next_batch<D: Disk>(
    reader: &mut Reader<D>,
    events_max: usize,
) -> Result<Vec<Arrival>, JournalError> {
    let mut batch = Vec::new();
    let mut events = 0;
    while events < events_max {
        let Some(entry) = reader.advance()? else { break };
        let (received, items) = match deliveries::decode(&entry) {
            Some((received, body)) => (received, delivery::read(body)),
            None => (Timestamp::default(), vec![Err("its form is not known".to_owned())]),
        };
        events += items.len();
        batch.push(Arrival { delivery: entry.seq, received, items });
    }
    Ok(batch)
}

/// Judges with one rule set.
pub fn judge(rules: Arc<RuleSet>) -> Arc<Judge> {
    Arc::new(move |incoming: &Incoming<'_>, received: Timestamp, id: &str| -> TakenEvent {
        match incoming {
            Incoming::Event { event, person, duplicate, fires } => {
                let event: &Event = event;
                let duplicate = *duplicate;
                let incoming = intake::Incoming { event, received, id, duplicate, fires };
                // Judging changes nothing but its answer. One event that it cannot bear is shown
                // as unreadable, and those behind it go on.
                let judged = AssertUnwindSafe(|| intake::judge(&rules, person, &incoming));
                catch_unwind(judged).unwrap_or_else(|_| {
                    error!(event = id, "an event could not be judged; please report it");
                    intake::unreadable(&rules, id, "it could not be judged; please report it")
                })
            }
            Incoming::Unreadable(why) => intake::unreadable(&rules, id, why),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_intake_that_must_not_have_ended_says_why() {
        let broken = || Err(JournalError::Poisoned);
        assert_eq!(ends(|| Ok(())), None);
        assert!(ends(broken).is_some_and(|why| why.contains("the disk refused")));
        assert!(ends(|| panic!("a mistake")).is_some_and(|why| why.contains("gave up")));
    }
}
