//! The router under test, whole, on one thread: its store on the simulated disk, its workers, its
//! intake, and how it starts and stops.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use arc_swap::ArcSwap;
use hubroute::app::intake::{judge, next_batch};
use hubroute::app::{births, births_after, record};
use hubroute::domain::compaction::Forgot;
use hubroute::domain::rule::{RuleFile, RuleSet, compile};
use hubroute::domain::settle::Policy;
use hubroute::domain::signature::{Accept, Header, Keys, PublicUrl, SignedRequest, Verifier};
use hubroute::domain::time::{DAY_MS, Timestamp};
use hubroute::hubspot::{Access, Client, Secret, Settings};
use hubroute::port::{Clock as _, Ledger as _};
use hubroute::router::{self, Router, Rules};
use hubroute::store::deliveries::{self, Appender, Deliveries};
use hubroute::store::journal::{Journal, Reader};
use hubroute::store::ledger::{self, Embedded};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::carrier::InProcess;
use crate::disk::{SimDisk, Stop};
use crate::index::SimIndex;
use crate::random::Random;
use crate::time::WallClock;

/// What HubSpot signs.
pub(crate) const URL: &str = "https://hooks.example.test/webhooks/hubspot";
/// The app's client secret.
pub(crate) const SECRET: &str = "the-client-secret";

pub(crate) type SimLedger = Embedded<SimDisk, SimIndex>;
pub(crate) type SimRouter = Router<SimLedger, Client, WallClock>;

/// What outlives the router: the machine.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    pub(crate) disk: SimDisk,
    pub(crate) index: SimIndex,
    pub(crate) clock: WallClock,
    pub(crate) carrier: InProcess,
    pub(crate) workers: usize,
    /// Calls in any ten seconds.
    pub(crate) calls: u32,
}

/// The router while it runs.
pub(crate) struct Node {
    pub(crate) ledger: SimLedger,
    pub(crate) router: Arc<SimRouter>,
    /// The records of the ledger, for the checker.
    pub(crate) records: Reader<SimDisk>,
    deliveries: Deliveries<SimDisk>,
    appender: Appender<SimDisk>,
    rules: Rules,
    clock: WallClock,
    verifier: Verifier,
    arrived: Arc<Notify>,
    tasks: Vec<JoinHandle<()>>,
}

impl Machine {
    /// Starts the router on what the disk holds; how many claims were under way.
    pub(crate) async fn start(&self, files: &[RuleFile]) -> (Node, usize) {
        let disk = &self.disk;
        let (inbound, _) = Journal::open(disk, deliveries::STREAM).expect("deliveries open");
        let (records, _) = Journal::open(disk, ledger::STREAM).expect("records open");
        let reader = records.reader();
        let (deliveries, appender) = Deliveries::prepare(inbound);
        let index = Ok(self.index.clone());
        let (opened, committer) =
            Embedded::prepare(records, index, || Ok(SimIndex::default()), |_, _| {})
                .expect("the ledger opens");
        assert_eq!(opened.rebuilt, None, "the index is the one the journal made");
        let ledger = opened.ledger;
        assert!(ledger.taken() <= deliveries.synced(), "a delivery that was taken is kept");
        let mut tasks = vec![tokio::spawn(committer.work())];
        let rules = self.rules(&ledger, files).await;
        let hubspot = self.client();
        hubspot.trust(&ledger.proven_reads());
        let settings = self.settings();
        let router =
            Router::new(ledger.clone(), hubspot, self.clock.clone(), Arc::clone(&rules), &settings);
        let router = Arc::new(router);
        let unsettled = ledger.unsettled().expect("the index can be read");
        let recovered = router.recover(&unsettled).await.expect("the disk takes it");
        let arrived = Arc::new(Notify::new());
        let intake = take_in(
            (deliveries.take_reader().expect("once"), deliveries.clone(), ledger.clone()),
            Arc::clone(&rules),
            Arc::clone(&arrived),
        );
        tasks.push(tokio::spawn(intake));
        tasks.push(tokio::spawn(Arc::clone(&router).run(std::future::pending())));
        let (clock, verifier) = (self.clock.clone(), verifier());
        let node = Node {
            ledger,
            router,
            records: reader,
            deliveries,
            appender,
            rules,
            clock,
            verifier,
            arrived,
            tasks,
        };
        (node, recovered)
    }

    /// The machine starts again after a stop.
    pub(crate) fn boot(&self, stop: Stop, random: &mut Random) {
        self.disk.restart(stop, random);
        self.index.restart(random);
    }

    async fn rules(&self, ledger: &SimLedger, files: &[RuleFile]) -> Rules {
        let mut set = compiled(files);
        let now = self.clock.now();
        let kept = ledger.accepted_rules().expect("the journal can be read");
        if let Some(kept) = &kept {
            set.born = births_after(kept, &set, now);
        }
        if kept.is_none_or(|kept| kept.fingerprint != set.fingerprint) {
            ledger.accept_rules(record(&set, files, now)).await.expect("the disk takes it");
        }
        Arc::new(ArcSwap::from_pointee(set))
    }

    fn client(&self) -> Client {
        let token = Secret::new("a-token").expect("it is not blank");
        let settings = Settings::new(Access::Token(token));
        Client::over(Arc::new(self.carrier.clone()), &settings).expect("the settings are right")
    }

    /// The defaults of the product, but for the nap: a loop that wakes each second of two years
    /// would do little else. Work that is due is never late for it, unless the clock jumps.
    fn settings(&self) -> router::Settings {
        router::Settings {
            workers: self.workers,
            policy: Policy { verify_first_ms: 5_000, verify_for_ms: 15 * 60_000 },
            calls_per_10_seconds: self.calls,
            daily_share_percent: 50,
            nap: Duration::from_mins(1),
        }
    }
}

fn compiled(files: &[RuleFile]) -> RuleSet {
    let compiled = compile(files);
    assert!(compiled.accepted(), "{:?}", compiled.diagnostics);
    compiled.rules.expect("accepted")
}

fn verifier() -> Verifier {
    Verifier {
        keys: Keys::new(Secret::new(SECRET).expect("it is not blank"), None),
        public_url: PublicUrl::parse(URL).expect("a url"),
        accept: Accept::default(),
    }
}

/// The intake as a future: parse, judge, record, in order.
async fn take_in(
    (mut reader, deliveries, ledger): (Reader<SimDisk>, Deliveries<SimDisk>, SimLedger),
    rules: Rules,
    arrived: Arc<Notify>,
) {
    if reader.seek(ledger.taken() + 1).is_err() {
        return;
    }
    loop {
        deliveries.taken(ledger.taken());
        let Ok(batch) = next_batch(&mut reader, 128) else { return };
        if batch.is_empty() {
            arrived.notified().await;
        } else if ledger.take(Arc::new(batch), &judge(rules.load_full())).await.is_err() {
            return;
        }
    }
}

impl Node {
    /// A POST of `body` to the webhook listener: the delivery's number, once it is kept.
    pub(crate) async fn post(
        &mut self,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
    ) -> Option<u64> {
        let header = |name: &str| {
            let mut found = headers.iter().filter(|(known, _)| *known == name);
            found.next().map_or(Header::Absent, |(_, value)| Header::Once(value.as_bytes()))
        };
        let request = SignedRequest {
            method: "POST",
            query: None,
            body: &[],
            signature_v3: header("X-HubSpot-Signature-v3"),
            timestamp: header("X-HubSpot-Request-Timestamp"),
            signature: Header::Absent,
            version: Header::Absent,
        };
        let delivery = self.verifier.verify(&request, body, self.clock.now()).ok()?;
        let mut kept = std::pin::pin!(self.deliveries.append(delivery));
        let at_once = poll_fn(|context| Poll::Ready(kept.as_mut().poll(context))).await;
        if let Poll::Ready(answer) = at_once {
            return answer.ok();
        }
        self.appender.turn();
        let kept = kept.await.ok();
        self.arrived.notify_one();
        kept
    }

    /// Another rule set, as a reload takes it: what is held is tried again.
    pub(crate) async fn reload(&self, files: &[RuleFile]) {
        let (mut set, now) = (compiled(files), self.clock.now());
        let running = self.rules.load_full();
        set.born = births(&running, &set, now);
        if self.ledger.accept_rules(record(&set, files, now)).await.is_err() {
            return;
        }
        self.rules.store(Arc::new(set));
        self.try_again(now).await;
    }

    /// Paused senders, halted targets and what is held are tried again.
    async fn try_again(&self, now: Timestamp) {
        self.router.refresh();
        if self.ledger.clear_inboxes(now).await.is_err() {
            return;
        }
        for contact in crate::people::held(&self.ledger) {
            if self.router.wake(contact).await.is_err() {
                return;
            }
        }
    }

    /// The time as the machine tells it.
    pub(crate) fn clock(&self) -> Timestamp {
        self.clock.now()
    }

    /// What housekeeping does each hour: identities are remembered a day longer than events are
    /// acted on.
    pub(crate) async fn forget(&self) {
        let kept_ms = self.rules.load().stale_after_ms.saturating_add(2 * DAY_MS);
        // By HubSpot's clock: ours may be wrong.
        let Some(at) = self.router.told_now() else { return };
        let day = u32::try_from(at.minus_ms(kept_ms).unix_ms() / DAY_MS).unwrap_or(0);
        // A disk that has stopped refuses; the next start does it.
        drop(self.ledger.forget(Forgot { at, day }).await);
    }

    /// Stops it as a kill does: nothing of it runs any more.
    pub(crate) async fn kill(self) {
        for task in &self.tasks {
            task.abort();
        }
        for task in self.tasks {
            // It was stopped, which is an error to whoever waits for it.
            drop(task.await);
        }
    }
}
