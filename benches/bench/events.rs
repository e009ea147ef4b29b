//! Signed deliveries, made in place: one buffer a connection, where only ids, times and the
//! signature change. Every event is about a contact of its own, so none is a duplicate.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The client secret of these runs.
pub(crate) const SECRET: &str = "a-client-secret-for-benchmarks-only";
/// What is signed; the servers are called under other addresses.
pub(crate) const PUBLIC_URL: &str = "https://bench.example.com/webhooks/hubspot";
/// The portal of these runs.
pub(crate) const PORTAL: u64 = 33;
/// A property that no rule watches.
pub(crate) const UNWATCHED: &str = "hs_analytics_num_page_views";
/// The property that the rules watch.
pub(crate) const WATCHED: &str = "lifecyclestage";
/// A value that fires no rule.
pub(crate) const OTHER_VALUE: &str = "subscriber";
/// The value that fires the rule.
pub(crate) const FIRING_VALUE: &str = "lead";

const ID_HOLE: &str = "1111111111";
const TIME_HOLE: &str = "2222222222222";
const SIGNATURE_HOLE: &str = "ssssssssssssssssssssssssssssssssssssssssssss";
/// Contact ids run from here, over this many.
const ID_FIRST: u64 = 1_000_000_000;
const ID_COUNT: u64 = 9_000_000_000;
/// No common factor with `ID_COUNT`: ids are spread as HubSpot's are, and none comes twice.
const ID_STEP: u64 = 7_919_000_033;

static TAKEN: AtomicU64 = AtomicU64::new(0);

/// Takes `count` numbers of events that nobody else has; the first one.
pub(crate) fn take(count: u64) -> u64 {
    TAKEN.fetch_add(count, Ordering::Relaxed)
}

/// The contact of event number `n`.
pub(crate) fn contact(n: u64) -> u64 {
    ID_FIRST + n.wrapping_mul(ID_STEP) % ID_COUNT
}

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// One kind of delivery.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// Events in one delivery.
    pub(crate) batch: u64,
    /// The property that changed.
    pub(crate) property: &'static str,
    /// Its new value.
    pub(crate) value: &'static str,
}

/// Writes requests of one kind.
pub(crate) struct Writer {
    bytes: Vec<u8>,
    body_at: usize,
    signature_at: usize,
    timestamp_at: usize,
    times: Vec<usize>,
    /// Two for each event: `eventId` and `objectId`.
    ids: Vec<usize>,
    signed: Hmac<Sha256>,
    batch: u64,
}

impl Writer {
    /// A writer of deliveries of this kind.
    pub(crate) fn new(kind: Kind) -> Self {
        let event = format!(
            r#"{{"eventId":{ID_HOLE},"subscriptionId":2431587,"portalId":{PORTAL},"appId":1160452,"occurredAt":{TIME_HOLE},"subscriptionType":"contact.propertyChange","attemptNumber":0,"objectId":{ID_HOLE},"propertyName":"{}","propertyValue":"{}","changeSource":"CRM_UI","sourceId":"userId:76023669"}}"#,
            kind.property, kind.value
        );
        let events = vec![event; usize::try_from(kind.batch).unwrap_or(1)];
        let body = format!("[{}]", events.join(","));
        let head = format!(
            "POST /webhooks/hubspot HTTP/1.1\r\nHost: bench.example.com\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\
             X-HubSpot-Request-Timestamp: {TIME_HOLE}\r\n\
             X-HubSpot-Signature-v3: {SIGNATURE_HOLE}\r\n\r\n",
            body.len()
        );
        let find = |text: &str, hole: &str| -> Vec<usize> {
            text.match_indices(hole).map(|(at, _)| at).collect()
        };
        let shift = |holes: Vec<usize>| holes.into_iter().map(|at| at + head.len()).collect();
        let signed = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes())
            .expect("HMAC takes a key of any length")
            .chain_update("POST")
            .chain_update(PUBLIC_URL);
        Self {
            body_at: head.len(),
            signature_at: find(&head, SIGNATURE_HOLE)[0],
            timestamp_at: find(&head, TIME_HOLE)[0],
            times: shift(find(&body, TIME_HOLE)),
            ids: shift(find(&body, ID_HOLE)),
            bytes: [head, body].concat().into_bytes(),
            signed,
            batch: kind.batch,
        }
    }

    /// A request with events of its own, signed now.
    pub(crate) fn fresh(&mut self) -> &[u8] {
        let first = take(self.batch);
        self.write(first)
    }

    /// A request with the events from number `first` on, signed now.
    pub(crate) fn write(&mut self, first: u64) -> &[u8] {
        let now = now_ms();
        put(&mut self.bytes[self.timestamp_at..][..TIME_HOLE.len()], now);
        for at in &self.times {
            put(&mut self.bytes[*at..][..TIME_HOLE.len()], now);
        }
        for (n, pair) in (first..).zip(self.ids.chunks_exact(2)) {
            for at in pair {
                put(&mut self.bytes[*at..][..ID_HOLE.len()], contact(n));
            }
        }
        let timestamp = &self.bytes[self.timestamp_at..][..TIME_HOLE.len()];
        let signed = self.signed.clone().chain_update(&self.bytes[self.body_at..]);
        let tag = signed.chain_update(timestamp).finalize().into_bytes();
        let place = &mut self.bytes[self.signature_at..][..SIGNATURE_HOLE.len()];
        STANDARD.encode_slice(tag, place).expect("44 characters hold 32 bytes");
        &self.bytes
    }
}

/// Writes a number over a place of its own width.
fn put(place: &mut [u8], mut number: u64) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
    }
}
