//! Both streams and the fold on any disk, with small segments: what tests of the store work on.

use std::fmt::Write as _;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::deliveries::{self, Deliveries, NotKept};
use super::disk::Disk;
use super::index::{Index as _, IndexError, MemoryIndex, Pair};
use super::journal::{Journal, JournalError, Reader, Sizes};
use super::ledger::{self, Arrival, Embedded, Incoming, Judge};
use super::retention::{Keep, Published, Retention, RetentionError, Round};
use super::sweep::sweep;
use super::{Limits, StoreError};
use crate::domain::claim::{Channel, Claim, State, Target};
use crate::domain::compaction::Forgot;
use crate::domain::delivery;
use crate::domain::gates::fixture::{becomes, rule, rules};
use crate::domain::id::ContactId;
use crate::domain::intake;
use crate::domain::record::{Press, Step, Turn};
use crate::domain::secret::Secret;
use crate::domain::signature::{
    Accept, Header, Keys, PublicUrl, SignedRequest, VerifiedDelivery, Verifier,
};
use crate::domain::time::{DAY_MS, Timestamp};
use crate::port::{Ledger as _, LedgerError};

/// Segments of a few dozen records.
pub(super) const SMALL: Sizes = Sizes { first: 4 << 10, full: 16 << 10 };
const SECRET: &str = "a secret of tests";

/// See the module.
pub(super) struct Rig<D: Disk> {
    pub(super) deliveries: Deliveries<D>,
    pub(super) ledger: Embedded<D, Shown>,
    pub(super) index: Arc<MemoryIndex>,
    inbound: Reader<D>,
    retention: Retention<D, Shown>,
    runtime: tokio::runtime::Runtime,
    judge: Arc<Judge>,
}

/// An index that the test keeps a handle of.
#[derive(Debug)]
pub(super) struct Shown(Arc<MemoryIndex>);

impl super::index::Index for Shown {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        self.0.get(key)
    }

    fn range(&self, prefix: &[u8], from: &[u8], limit: usize) -> Result<Vec<Pair>, IndexError> {
        self.0.range(prefix, from, limit)
    }

    fn apply(&self, changes: &[super::index::Change]) -> Result<(), IndexError> {
        self.0.apply(changes)
    }

    fn flush(&self) -> Result<(), IndexError> {
        self.0.flush()
    }
}

impl<D: Disk> Rig<D> {
    /// Opens both streams; `index` is what an earlier one left, or a new one.
    pub(super) fn open(disk: &D, index: Arc<MemoryIndex>) -> Result<Self, StoreError> {
        let (inbound, _) = Journal::open_sized(disk, deliveries::STREAM, SMALL)?;
        let (records, _) = Journal::open_sized(disk, ledger::STREAM, SMALL)?;
        let mut reader = inbound.reader();
        let kept = Arc::new(std::sync::Mutex::new(Arc::clone(&index)));
        let fresh = || {
            let new = Arc::new(MemoryIndex::default());
            *kept.lock().expect("no panic") = Arc::clone(&new);
            Ok(Shown(new))
        };
        let opened = Embedded::open(records, Ok(Shown(index)), fresh, |_, _| {})?;
        let deliveries = Deliveries::start(inbound)?;
        // Days pass in a moment here, and nobody says what was taken.
        deliveries.limit(Limits { age_ms: u64::MAX, ..Limits::default() });
        reader.seek(opened.ledger.taken() + 1)?;
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let retention =
            Retention::new(deliveries.clone(), opened.ledger.clone(), Published::default());
        let index = Arc::clone(&kept.lock().expect("no panic"));
        let (ledger, judge) = (opened.ledger, judge());
        Ok(Self { deliveries, ledger, index, inbound: reader, retention, runtime, judge })
    }

    /// Keeps one delivery with a change of `stage`; its number.
    pub(super) fn deliver(&self, contact: u64, value: &str, at: Timestamp) -> Result<u64, NotKept> {
        let ms = at.unix_ms();
        let body = format!(
            "[{{\"eventId\":{ms},\"subscriptionId\":2,\"portalId\":7,\"appId\":3,\
             \"occurredAt\":{ms},\"subscriptionType\":\"contact.propertyChange\",\
             \"attemptNumber\":0,\"objectId\":{contact},\"propertyName\":\"stage\",\
             \"propertyValue\":\"{value}\",\"changeSource\":\"CRM_UI\"}}]"
        );
        self.runtime.block_on(self.deliveries.append(signed(body.into_bytes(), at)))
    }

    /// Judges whatever was kept; how many deliveries.
    pub(super) fn take(&mut self) -> Result<u64, LedgerError> {
        let mut batch = Vec::new();
        let unreadable = |error: JournalError| LedgerError::Unwritable(error.in_full());
        while let Some(entry) = self.inbound.advance().map_err(unreadable)? {
            let (received, body) = deliveries::decode(&entry).expect("of this version");
            let items = delivery::read(body);
            batch.push(Arrival { delivery: entry.seq, received, items });
        }
        let count = batch.len() as u64;
        if count != 0 {
            self.ledger.take_blocking(Arc::new(batch), &self.judge)?;
        }
        Ok(count)
    }

    /// Books a confirmed enrollment, and decides whatever waits.
    pub(super) fn enroll(&self, contact: u64, at: Timestamp) -> Result<(), LedgerError> {
        let contact = ContactId(contact);
        let person = self.ledger.look(contact)?.person;
        let done: Vec<_> = person.items.iter().map(|item| item.id.clone()).collect();
        let claim = claim(contact, at);
        let turn = Turn { done, claims: vec![claim], ..Turn::new(Step::Settled, contact, at) };
        self.runtime.block_on(self.ledger.settle(turn))
    }

    pub(super) fn alias(&self, from: u64, into: u64, at: Timestamp) -> Result<(), LedgerError> {
        self.runtime.block_on(self.ledger.alias(at, ContactId(from), ContactId(into)))
    }

    /// Erases a person, as `hubroute forget` does.
    pub(super) fn erase(&self, contact: u64, at: Timestamp) -> Result<(), LedgerError> {
        let press = Press { what: "forget".to_owned(), who: "ann".to_owned(), note: String::new() };
        self.runtime.block_on(self.ledger.erase(at, ContactId(contact), press))
    }

    /// A look of the sweep: `None` where nothing is left that must go.
    pub(super) fn sweep(&self, at: Timestamp) -> Result<Option<bool>, StoreError> {
        sweep(&self.deliveries, &self.ledger, at)
    }

    pub(super) fn forget(&self, at: Timestamp, day: u32) -> Result<(), LedgerError> {
        self.runtime.block_on(self.ledger.forget(Forgot { at, day }))
    }

    /// A round of retention, or its first `steps` steps.
    pub(super) fn retain(
        &mut self,
        now: Timestamp,
        keep: Keep,
        steps: usize,
    ) -> Result<Round, RetentionError> {
        let left = std::cell::Cell::new(steps);
        self.retention.round(now, keep, &|| {
            left.set(left.get().saturating_sub(1));
            left.get() != 0
        })
    }

    /// Ends both streams, and waits until their threads have: they write to the last.
    pub(super) fn close(self) -> Arc<MemoryIndex> {
        self.deliveries.close();
        let ends = [self.deliveries.failure(), self.ledger.failure()];
        let Self { index, runtime, deliveries, ledger, inbound, retention, judge } = self;
        drop((deliveries, ledger, inbound, retention, judge));
        // Whoever could tell of a failure is gone once the threads are.
        for mut end in ends {
            runtime.block_on(async { while end.changed().await.is_ok() {} });
        }
        index
    }

    /// Every row but the one about the index itself.
    pub(super) fn rows(&self) -> Vec<Pair> {
        let rows = self.index.range(&[], &[], usize::MAX).expect("it is memory");
        rows.into_iter().filter(|(key, _)| key.first() != Some(&b'M')).collect()
    }
}

/// A claim of this contact that HubSpot confirmed.
fn claim(contact: ContactId, at: Timestamp) -> Claim {
    let id = format!("{}.{}#1", at.unix_ms(), contact.0);
    Claim {
        id: id.as_str().into(),
        contact,
        theme: "sales".into(),
        rule: "on-stage".into(),
        row: id.as_str().into(),
        target: Target { channel: Channel::Sequence, name: "intro".into(), id: 1 },
        sender: None,
        via: None,
        first_call_at: at,
        last_call_at: at,
        lost_answers: 0,
        holds_until: at.plus_ms(30 * DAY_MS),
        evidence: None,
        state: State::Confirmed {
            enrolled_at: at,
            verified: true,
            enrollment: None,
            ended_at: None,
        },
    }
}

/// Judges as the router does, with one rule.
fn judge() -> Arc<Judge> {
    let rules = rules(vec![rule("on-stage", becomes("stage", "mql"), "intro")]);
    Arc::new(move |incoming: &Incoming<'_>, received: Timestamp, id: &str| match incoming {
        Incoming::Event { event, person, duplicate, fires } => {
            let duplicate = *duplicate;
            let incoming = intake::Incoming { event, received, id, duplicate, fires };
            intake::judge(&rules, person, &incoming)
        }
        Incoming::Unreadable(why) => intake::unreadable(&rules, id, why),
    })
}

/// A delivery as HubSpot signs it (v1: the secret and the body).
fn signed(body: Vec<u8>, at: Timestamp) -> VerifiedDelivery<Vec<u8>> {
    let digest = Sha256::new().chain_update(SECRET).chain_update(&body).finalize();
    let mut hex = String::new();
    for byte in digest {
        write!(hex, "{byte:02x}").expect("a text grows");
    }
    let verifier = Verifier {
        keys: Keys::new(Secret::new(SECRET).expect("not blank"), None),
        public_url: PublicUrl::parse("https://hooks.example.com/x").expect("a URL"),
        accept: Accept { v1: true, v2: false, v3: false },
    };
    let copy = body.clone();
    let request = SignedRequest {
        method: "POST",
        query: None,
        body: &copy,
        signature_v3: Header::Absent,
        timestamp: Header::Absent,
        signature: Header::Once(hex.as_bytes()),
        version: Header::Once(b"v1"),
    };
    verifier.verify(&request, body, at).expect("signed")
}
