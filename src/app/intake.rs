//! The intake: deliveries from the journal are parsed and judged, in their order, on a thread of
//! its own. An acknowledgement never waits for it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tracing::{error, warn};

use crate::domain::intake;
use crate::domain::record::TakenEvent;
use crate::domain::rule::RuleSet;
use crate::domain::time::Timestamp;
use crate::domain::{delivery, event::Event};
use crate::port::LedgerError;
use crate::router::Rules;
use crate::store::deliveries::{self, Deliveries};
use crate::store::disk::Folder;
use crate::store::journal::{JournalError, Reader};
use crate::store::ledger::{Arrival, Incoming, Judge};
use crate::store::{DiskLedger, yield_to_intake};

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
/// How long it waits when the store cannot write.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// The running intake.
#[derive(Debug)]
pub(super) struct Intake {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Intake {
    /// Starts after the last delivery that was taken.
    pub(super) fn start(
        deliveries: Deliveries<Folder>,
        ledger: DiskLedger,
        rules: Rules,
    ) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::Builder::new().name("intake".to_owned()).spawn(move || {
            yield_to_intake();
            let worker = Worker { deliveries, ledger, rules, stop: stopped };
            if let Err(error) = worker.run() {
                error!(error = error.in_full(), "deliveries cannot be read back");
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

struct Worker {
    deliveries: Deliveries<Folder>,
    ledger: DiskLedger,
    rules: Rules,
    stop: Arc<AtomicBool>,
}

impl Worker {
    fn run(&self) -> Result<(), JournalError> {
        let Some(mut reader) = self.deliveries.take_reader() else { return Ok(()) };
        let mut last = self.ledger.taken();
        self.deliveries.taken(last);
        // Also where nothing is new yet: a reader that was never placed begins at the beginning.
        reader.seek(last + 1)?;
        while !self.stop.load(Ordering::Acquire) {
            let batch = next_batch(&mut reader, self.make_way())?;
            let Some(newest) = batch.last().map(|arrival| arrival.delivery) else {
                self.deliveries.wait_beyond(last, NAP);
                continue;
            };
            if !self.take(batch) {
                return Ok(());
            }
            last = newest;
            self.deliveries.taken(last);
        }
        Ok(())
    }

    /// How much to take in the next step. Where somebody waits for an acknowledgement at every
    /// look, there is a burst: it comes first, and what it brings is in the journal.
    fn make_way(&self) -> usize {
        for _ in 0..PAUSES_MAX {
            if !self.deliveries.is_waited_for() {
                return EVENTS_MAX;
            }
            thread::sleep(PAUSE);
        }
        EVENTS_FEW
    }

    /// Whether it goes on. What the disk refuses is tried again: it is in the journal.
    fn take(&self, batch: Vec<Arrival>) -> bool {
        let judge = judge(self.rules.load_full());
        let batch = Arc::new(batch);
        loop {
            match self.ledger.take_blocking(Arc::clone(&batch), &judge) {
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

fn next_batch(
    reader: &mut Reader<Folder>,
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
fn judge(rules: Arc<RuleSet>) -> Arc<Judge> {
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
