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
use crate::domain::recall::{Recall, Remembering};
use crate::domain::record::{Paused, Press};
use crate::domain::time::Timestamp;
use crate::port::{Clock as _, Ledger as _, LedgerError, Records as _};
use crate::store::backup::Restored;
use crate::store::{OpenStore, StoreError};

/// What was to be looked for and could not be.
const OWED: &str = "not-looked-back";
/// When it is looked for again.
const AGAIN: Duration = Duration::from_mins(5);
/// How often it is looked whether somebody else who looks is done.
const BUSY: Duration = Duration::from_secs(1);

/// Takes in where the store came from, durably, and says since when enrollments and changes are
/// to be looked for. A store that came from a backup is paused until a person resumes.
pub(super) async fn since(store: &OpenStore, alerts: &Alerts) -> Result<Away, RunError> {
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
    Ok(match (owed, last) {
        (Some(owed), _) => Away::Owed(owed),
        (None, Some(last)) => Away::Briefly(last),
        (None, None) => Away::New,
    })
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

/// What a start found out about the time before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Away {
    /// Since then it must be looked for what was enrolled and changed.
    Owed(Timestamp),
    /// By this machine's clock the newest record, from then, is not old.
    Briefly(Timestamp),
    /// Nobody was here before.
    New,
}

/// Looks back where that must be: no call that enrolls leaves before. The time here may be wrong,
/// so a short silence is measured by HubSpot's clock too.
pub(super) fn begin(office: &Arc<Office>, away: Away) {
    if away == Away::New {
        return;
    }
    office.router.look_back(true);
    let office = Arc::clone(office);
    if let Away::Owed(since) = away {
        // Nothing else runs yet that could be in the way.
        office.reconciler.claim(since).ok();
        tokio::spawn(async move { pay(&office, since).await });
    } else if let Away::Briefly(last) = away {
        tokio::spawn(async move {
            let Some(since) = longer(&office, last).await else {
                return office.router.look_back(false);
            };
            claim(&office, since).await;
            pay(&office, since).await;
        });
    }
}

/// Waits until nobody else looks, by hand.
async fn claim(office: &Office, since: Timestamp) {
    while office.reconciler.claim(since).is_err() {
        sleep(BUSY).await;
    }
}

/// Since when must be looked after all, where HubSpot's clock says that the silence was long.
async fn longer(office: &Office, last: Timestamp) -> Option<Timestamp> {
    let there = office.router.now_there().await;
    let owed = Recall::default().owed_at_start(Some(last), None, there)?;
    warn!(%last, %there, "this machine's clock hides how long the router was away");
    // Before anything is looked for or called: a kill from here on hides no silence.
    let debt = Remembering::Owes(owed);
    while let Err(error) = office.store.ledger.remember(there, debt, None).await {
        warn!(%error, "it is not kept yet since when must be looked");
        sleep(BUSY).await;
    }
    Some(owed)
}

/// Looks for what is owed since then until it was found, or a person waived it, and says so while
/// it cannot. The first look was claimed already. No call that enrolls leaves before the
/// enrollments were looked for, however often that fails.
async fn pay(office: &Office, since: Timestamp) {
    // Shorter than that HubSpot tells again of everybody who was deleted or merged.
    let long = REDELIVERY_MS < office.router.now_there().await.since_ms(since);
    let whole = long || office.store.restored().is_some();
    loop {
        let ended = office.reconciler.conclude(since, whole).await;
        let Err(why) = ended else { break };
        if is_waived(office) {
            return;
        }
        let sentence = cannot(since, &why, office.router.looks_back_for().is_some());
        office.alerts.raise(OWED, office.router.now(), sentence);
        sleep(AGAIN).await;
        if is_waived(office) {
            return;
        }
        claim(office, since).await;
    }
    office.alerts.clear(OWED);
    let paid = office.store.ledger.remember(office.router.now(), Remembering::Paid, None).await;
    if let Err(error) = paid {
        warn!(%error, "it is not kept that everything was looked for; the next start looks again");
    }
}

/// What the alert says: what stands still, and what to do about it.
fn cannot(since: Timestamp, why: &str, keeps_back: bool) -> String {
    let waits = if keeps_back { "calls that enroll wait for it, and " } else { "" };
    format!(
        "What was enrolled and changed since {since} could not be looked for ({why}); {waits}it is \
         tried again every five minutes, or at once with `hubroute reconcile --since {since}`. \
         Where HubSpot refuses it, give the app the scope crm.objects.contacts.read (`hubroute \
         doctor` names what is missing). Where that cannot be, book who was enrolled meanwhile \
         (`hubroute seed --csv FILE`) and say so: `hubroute seed --skip --who NAME --note WHY`."
    )
}

fn is_waived(office: &Office) -> bool {
    office.store.ledger.recall().owed.is_none()
}

/// A person says that the memory is right as it is: nothing is looked for any more, and calls
/// leave.
pub(super) async fn waive(office: &Office, press: Press) -> Result<(), LedgerError> {
    if is_waived(office) {
        return Ok(());
    }
    warn!(who = press.who, "a person says that nothing must be looked for; calls leave");
    let now = office.router.now();
    office.store.ledger.remember(now, Remembering::Paid, Some(press)).await?;
    office.router.look_back(false);
    office.alerts.clear(OWED);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alert_says_what_stands_still_and_what_to_do() {
        let since = Timestamp::from_unix_ms(1_795_532_400_000);
        let closed = cannot(since, "HTTP 403: no scope", true);
        for says in [
            "since 2026-11-24T15:00:00.000Z",
            "HTTP 403: no scope",
            "calls that enroll wait",
            "crm.objects.contacts.read",
            "hubroute reconcile --since 2026-11-24T15:00:00.000Z",
            "hubroute seed --skip",
        ] {
            assert!(closed.contains(says), "{says}: {closed}");
        }
        assert!(!cannot(since, "HTTP 503", false).contains("calls that enroll wait"));
    }
}
