//! `GET /api/v1/status`: the state in one sentence and in figures.

use actix_web::web;
use serde::Serialize;

use super::api::read;
use super::office::{Office, Standing};
use super::problem::Problem;
use super::shape::{Instant, Text, instant};
use crate::domain::id::Fingerprint;
use crate::domain::query::{Counts, Totals};
use crate::domain::reason::{Decision, Reason};
use crate::domain::time::Timestamp;
use crate::port::Records as _;

/// How it goes, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Word {
    /// All is well.
    Working,
    /// Deliveries are stored; something needs a person, or calls are paused.
    Degraded,
    /// Deliveries cannot be stored.
    Stopped,
}

/// The answer. The names of its fields are the API's keys, in their order.
#[derive(Debug, Serialize)]
pub(super) struct Status {
    /// How it goes.
    pub(super) state: Word,
    /// The same for people.
    pub(super) sentence: String,
    /// What a person should look at.
    pub(super) alerts: Vec<ShownAlert>,
    events: Events,
    decisions: ByDecision,
    last_event_at: Instant,
    /// `null` while nothing is looked for.
    looking_back: Option<LookingBack>,
    rules: Rules,
    queue: Queue,
    store: Store,
    version: &'static str,
}

/// An alert.
#[derive(Debug, Serialize)]
pub(super) struct ShownAlert {
    code: &'static str,
    since: Text<Timestamp>,
    /// What is wrong and what to do.
    pub(super) sentence: String,
}

/// Events taken, each in one of four places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Events {
    /// New ones.
    pub(super) accepted: u64,
    /// Delivered before.
    pub(super) duplicate: u64,
    /// Overtaken, or too old.
    pub(super) stale: u64,
    /// Signed, but not readable.
    pub(super) unreadable: u64,
}

impl Events {
    /// Events by what became of them at the door.
    pub(super) fn of(totals: &Totals, counts: &Counts) -> Self {
        let [duplicate, stale, unreadable] =
            [Reason::DuplicateEvent, Reason::StaleEvent, Reason::Unreadable]
                .map(|reason| sum(counts, |_, _, found| found == reason.code()));
        let accepted = totals.events.saturating_sub(duplicate + stale + unreadable);
        Self { accepted, duplicate, stale, unreadable }
    }
}

/// Decision records counted by decision, the newest row of each id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct ByDecision {
    enroll: u64,
    unenroll: u64,
    wait: u64,
    hold: u64,
    skip: u64,
    ignore: u64,
    fail: u64,
}

impl ByDecision {
    /// The counts of the rules that `wanted` says.
    pub(super) fn of(counts: &Counts, wanted: impl Fn(Option<&str>) -> bool) -> Self {
        let of = |decision: Decision| {
            sum(counts, |rule, found, _| found == decision.code() && wanted(rule))
        };
        Self {
            enroll: of(Decision::Enroll),
            unenroll: of(Decision::Unenroll),
            wait: of(Decision::Wait),
            hold: of(Decision::Hold),
            skip: of(Decision::Skip),
            ignore: of(Decision::Ignore),
            fail: of(Decision::Fail),
        }
    }
}

fn sum(counts: &Counts, wanted: impl Fn(Option<&str>, &str, &str) -> bool) -> u64 {
    let wanted = counts
        .iter()
        .filter(|((rule, decision, reason), _)| wanted(rule.as_deref(), decision, reason));
    wanted.map(|(_, count)| count).sum()
}

#[derive(Debug, Serialize)]
struct Rules {
    fingerprint: Fingerprint,
    loaded_at: Text<Timestamp>,
    refused: Option<String>,
}

/// No call that enrolls leaves meanwhile.
#[derive(Debug, Serialize)]
struct LookingBack {
    /// Since when it is looked for what was enrolled.
    since: Instant,
    /// For how long already.
    seconds: u64,
}

#[derive(Debug, Serialize)]
struct Queue {
    /// Deliveries on disk whose events are not taken yet.
    journal: u64,
    waiting: u64,
    held: u64,
    in_doubt: u64,
    oldest_undecided_at: Instant,
    oldest_unsettled_at: Instant,
}

#[derive(Debug, Serialize)]
struct Store {
    kind: &'static str,
    records: u64,
    persons: u64,
    identities: u64,
    deliveries_bytes: u64,
    ledger_bytes: u64,
    history_from: Instant,
    compaction_percent: Option<u8>,
}

/// Deliveries on disk whose events are not taken yet.
pub(super) fn behind(standing: &Standing, totals: &Totals) -> u64 {
    standing.deliveries.saturating_sub(totals.taken)
}

/// The state in one sentence and in figures.
pub(super) async fn status<O: Office>(office: web::Data<O>) -> Result<web::Json<Status>, Problem> {
    look(&office).await.map(web::Json)
}

/// Reads what the status says.
pub(super) async fn look<O: Office>(office: &web::Data<O>) -> Result<Status, Problem> {
    let (counts, totals) =
        read(office, |office| Ok((office.records().counts()?, office.records().totals()))).await?;
    Ok(compose(office.standing(), &office.rules().fingerprint, &counts, &totals))
}

fn compose(standing: Standing, rules: &Fingerprint, counts: &Counts, totals: &Totals) -> Status {
    let decisions = ByDecision::of(counts, |_| true);
    let state = word(&standing);
    Status {
        state,
        sentence: sentence(state, &standing, totals, decisions.enroll),
        events: Events::of(totals, counts),
        decisions,
        last_event_at: instant(totals.last_event),
        looking_back: standing
            .looking_back
            .map(|it| LookingBack { since: instant(it.since), seconds: it.lasted.as_secs() }),
        queue: Queue {
            journal: behind(&standing, totals),
            waiting: totals.waiting,
            held: totals.held,
            in_doubt: totals.in_doubt,
            oldest_undecided_at: instant(standing.oldest_undecided),
            oldest_unsettled_at: instant(standing.oldest_unsettled),
        },
        store: Store {
            kind: standing.store,
            records: totals.records,
            persons: totals.persons,
            identities: totals.identities,
            deliveries_bytes: standing.disk.deliveries_bytes,
            ledger_bytes: standing.disk.ledger_bytes,
            history_from: instant(standing.disk.history_from),
            compaction_percent: standing.disk.compaction_percent,
        },
        rules: Rules {
            fingerprint: rules.clone(),
            loaded_at: Text(standing.rules.loaded_at),
            refused: standing.rules.refused,
        },
        alerts: standing
            .alerts
            .into_iter()
            .map(|alert| ShownAlert {
                code: alert.code,
                since: Text(alert.since),
                sentence: alert.sentence,
            })
            .collect(),
        version: env!("CARGO_PKG_VERSION"),
    }
}

fn word(standing: &Standing) -> Word {
    match &standing.ready {
        Err(_) => Word::Stopped,
        Ok(()) if standing.paused || !standing.alerts.is_empty() => Word::Degraded,
        Ok(()) => Word::Working,
    }
}

/// What a person reads first (RULES.md section 4): is it working, does it need me?
fn sentence(state: Word, standing: &Standing, totals: &Totals, enrolled: u64) -> String {
    let figures =
        format!("{enrolled} enrolled, {} waiting, {} need you", totals.waiting, totals.held);
    let trouble = standing.alerts.first().map(|alert| alert.sentence.as_str());
    match (&standing.ready, state) {
        (Err(why), _) => format!("Stopped: {why} {figures}."),
        (Ok(()), Word::Working) => format!("Working. {figures}."),
        (Ok(()), _) if standing.paused => format!("Paused: no call leaves. {figures}."),
        (Ok(()), _) => format!("Degraded: {} {figures}.", trouble.unwrap_or("see the alerts.")),
    }
}
