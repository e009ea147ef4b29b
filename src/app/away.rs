//! What a start does about the time when the router was away (CONSISTENCY.md 6.14).

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tracing::{info, warn};

use super::SystemClock;
use super::alerts::Alerts;
use super::office::{Office, RESTORED};
use super::reconcile::REDELIVERY_MS;
use super::serve::RunError;
use crate::domain::recall::Remembering;
use crate::domain::record::{Paused, Press};
use crate::domain::time::Timestamp;
use crate::port::{Clock as _, Ledger as _, Records as _};
use crate::store::backup::Restored;
use crate::store::{OpenStore, StoreError};

/// What was to be looked for and could not be.
const OWED: &str = "not-looked-back";
/// When it is looked for again.
const AGAIN: Duration = Duration::from_mins(5);

/// Takes in where the store came from, durably, and says since when enrollments and changes are
/// to be looked for; `None` after a short silence. A store that came from a backup is paused until
/// a person resumes.
pub(super) async fn since(
    store: &OpenStore,
    alerts: &Alerts,
) -> Result<Option<Timestamp>, RunError> {
    let last = store.ledger.totals().records;
    let last = store.ledger.recorded_at(last).map_err(StoreError::Journal)?;
    // Before the first rules were accepted nobody was here to be away.
    let last = last.filter(|_| store.ledger.portal().is_some());
    let now = SystemClock.now();
    let (mark, recall) = (store.restored(), store.ledger.recall());
    let taken = mark.as_ref().map(|mark| mark.taken_at);
    // Before anything else is recorded: a kill from here on hides no silence.
    let owed = recall.owed_at_start(last, taken, now);
    if let Some(owed) = owed.filter(|owed| recall.owed != Some(*owed)) {
        store.ledger.remember(now, Remembering::Owes(owed), None).await?;
    }
    if let Some(mark) = mark {
        take_in(store, &mark, now).await?;
        let taken = mark.taken_at;
        let sentence = format!(
            "This store is a backup of {taken}: what was enrolled after it is being looked for, \
             and no call leaves. Look at `waiting` and `held`, then `hubroute resume`; workflows \
             that re-enroll go on asking a person."
        );
        warn!(%taken, "the store came from a backup; calls are paused until a person resumes");
        alerts.raise(RESTORED, mark.restored_at, sentence);
    }
    Ok(owed)
}

/// What a restore means for the store, each part once.
async fn take_in(store: &OpenStore, mark: &Restored, now: Timestamp) -> Result<(), RunError> {
    // Whoever was erased after the backup does not come back with it.
    let mut forgotten = 0_u64;
    for contact in store.ledger.not_erased(&mark.erased) {
        let press = Press {
            what: "forget".to_owned(),
            who: "restore".to_owned(),
            note: "erased after the backup".to_owned(),
        };
        store.ledger.erase(now, contact, press).await?;
        forgotten += 1;
    }
    if forgotten != 0 {
        info!(forgotten, "who was erased after the backup is erased again");
    }
    if !store.ledger.is_paused() {
        store.ledger.pause(Paused { at: now, paused: true }).await?;
    }
    if store.ledger.recall().restored != Some(mark.restored_at) {
        let restored = Remembering::Restored(mark.restored_at);
        store.ledger.remember(now, restored, None).await?;
    }
    Ok(())
}

/// Looks for what is owed since then until it was found, and says so while it cannot. The first
/// look was claimed already. No call that enrolls leaves before the enrollments were looked for
/// once.
pub(super) async fn pay(office: Arc<Office>, since: Timestamp) {
    // Shorter than that HubSpot tells again of everybody who was deleted or merged.
    let long = REDELIVERY_MS < SystemClock.now().since_ms(since);
    let whole = long || office.store.restored().is_some();
    loop {
        let ended = office.reconciler.conclude(since, whole).await;
        office.router.look_back(false);
        let Err(why) = ended else { break };
        let sentence = format!(
            "What was enrolled and changed since {since} could not be looked for ({why}); it is \
             tried again every five minutes."
        );
        office.alerts.raise(OWED, SystemClock.now(), sentence);
        sleep(AGAIN).await;
        while office.reconciler.claim(since).is_err() {
            sleep(AGAIN).await;
        }
    }
    office.alerts.clear(OWED);
    let paid = office.store.ledger.remember(SystemClock.now(), Remembering::Paid, None).await;
    if let Err(error) = paid {
        warn!(%error, "it is not kept that everything was looked for; the next start looks again");
    }
}
