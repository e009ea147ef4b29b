//! HubSpot's side of the webhooks: signed deliveries over several connections, each again until
//! it is acknowledged, some given up, some made once more. What was acknowledged is written down
//! the moment the 204 is read.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};

use super::portal::{VALUE, changes_of};
use crate::harness::signed;
use crate::mistakes::chance::Chance;

/// Events of a delivery.
const EVENTS: usize = 15;
/// Each connection makes a delivery this often; with `CONNECTIONS` of them 1,200 events a second
/// while the router answers.
const EVERY: Duration = Duration::from_millis(75);
/// Connections at once.
pub(super) const CONNECTIONS: u64 = 6;
/// One in so many deliveries is the first of somebody new.
const NEW: usize = 4;
/// One in so many is an earlier one again.
const AGAIN: usize = 8;
/// One delivery in so many that is not acknowledged is never made again.
const GIVEN_UP: usize = 8;
/// How long until it is.
const PAUSE: Duration = Duration::from_millis(25);
/// The longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the senders of one store know.
#[derive(Debug)]
pub(super) struct Post {
    /// The port the router listens on now.
    pub(super) port: AtomicU16,
    /// How often it was killed so far.
    pub(super) kills: AtomicUsize,
    /// The present round is over.
    pub(super) over: AtomicBool,
    contacts: u64,
    changed_at: u64,
    next_contact: AtomicU64,
    next_event: AtomicU64,
    next_value: AtomicU64,
    book: Mutex<Book>,
}

/// What was sent, and what was acknowledged.
#[derive(Clone, Debug, Default)]
pub(super) struct Book {
    /// Changes by contact and property that HubSpot sent at least once, and how many kills there
    /// had been then.
    pub(super) sent: BTreeMap<(u64, &'static str), usize>,
    /// Those of which one delivery was acknowledged.
    pub(super) acknowledged: BTreeSet<(u64, &'static str)>,
    /// Events sent, each counted once.
    pub(super) events: u64,
    /// Events of deliveries that were acknowledged, each counted once.
    pub(super) events_acknowledged: u64,
    /// Answers but 204.
    pub(super) refused: u64,
    /// Connections refused, cut, or never answered.
    pub(super) unanswered: u64,
}

/// One delivery.
#[derive(Clone)]
struct Letter {
    events: Vec<Value>,
    /// The changes in it that rules listen to.
    changes: Vec<(u64, &'static str)>,
    attempts: u64,
}

impl Post {
    /// For contacts 1 to `contacts`, all of which changed at `changed_at`.
    pub(super) fn new(contacts: u64, changed_at: u64) -> Self {
        Self {
            port: 0.into(),
            kills: 0.into(),
            over: false.into(),
            contacts,
            changed_at,
            next_contact: 1.into(),
            next_event: 1.into(),
            next_value: 1.into(),
            book: Mutex::default(),
        }
    }

    fn book<T>(&self, write: impl FnOnce(&mut Book) -> T) -> T {
        write(&mut self.book.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The book as it is now.
    pub(super) fn seen(&self) -> Book {
        self.book(|book| book.clone())
    }

    /// Sends until the round is over; whatever is under way then is brought to its end.
    pub(super) fn work(&self, mut chance: Chance) {
        let mut line = Line::default();
        let mut earlier: Vec<Letter> = Vec::new();
        let mut next = Instant::now();
        while !self.over.load(Ordering::Acquire) {
            thread::sleep(next.saturating_duration_since(Instant::now()));
            next = Instant::now() + EVERY;
            if !earlier.is_empty() && chance.below(AGAIN) == 0 {
                let at = chance.below(earlier.len());
                self.deliver(&mut line, &mut earlier[at], &mut chance);
                continue;
            }
            let mut letter = self.write(&mut chance);
            self.book(|book| {
                let kills = self.kills.load(Ordering::Acquire);
                book.sent.extend(letter.changes.iter().map(|change| (*change, kills)));
                book.events += letter.events.len() as u64;
            });
            if self.deliver(&mut line, &mut letter, &mut chance) {
                self.book(|book| {
                    book.acknowledged.extend(letter.changes.iter().copied());
                    book.events_acknowledged += letter.events.len() as u64;
                });
                earlier.push(letter);
            }
        }
    }

    /// A delivery: somebody new at times, and changes nobody listens to.
    fn write(&self, chance: &mut Chance) -> Letter {
        let mut letter = Letter { events: Vec::new(), changes: Vec::new(), attempts: 0 };
        if chance.below(NEW) == 0 {
            let contact = self.next_contact.fetch_add(1, Ordering::Relaxed);
            if contact <= self.contacts {
                letter.changes.extend(changes_of(contact).iter().map(|name| (contact, *name)));
            }
        }
        let changes = letter.changes.iter();
        letter.events.extend(
            changes.map(|(contact, name)| self.event((*contact, name), VALUE, self.changed_at)),
        );
        while letter.events.len() < EVENTS {
            let contact = 1 + chance.below(usize::try_from(self.contacts).expect("few")) as u64;
            let value = format!("v{}", self.next_value.fetch_add(1, Ordering::Relaxed));
            letter.events.push(self.event((contact, "noise"), &value, now_ms()));
        }
        letter
    }

    fn event(&self, (contact, property): (u64, &str), value: &str, occurred_at: u64) -> Value {
        json!({
            "eventId": self.next_event.fetch_add(1, Ordering::Relaxed),
            "subscriptionId": 1, "portalId": 33, "appId": 1, "occurredAt": occurred_at,
            "subscriptionType": "contact.propertyChange", "attemptNumber": 0,
            "objectId": contact, "propertyName": property, "propertyValue": value,
            "changeSource": "CRM_UI",
        })
    }

    /// Until it is acknowledged, or given up.
    fn deliver(&self, line: &mut Line, letter: &mut Letter, chance: &mut Chance) -> bool {
        loop {
            for event in &mut letter.events {
                event["attemptNumber"] = json!(letter.attempts);
            }
            letter.attempts += 1;
            let body = Value::Array(letter.events.clone()).to_string();
            match line.send(self.port.load(Ordering::Acquire), &body) {
                Some(204) => return true,
                Some(_) => self.book(|book| book.refused += 1),
                None => self.book(|book| book.unanswered += 1),
            }
            if chance.below(GIVEN_UP) == 0 {
                return false;
            }
            thread::sleep(PAUSE);
        }
    }
}

/// A connection that is kept while it works.
#[derive(Default)]
struct Line(Option<(u16, TcpStream)>);

impl Line {
    /// The status of the answer, where there is one.
    fn send(&mut self, port: u16, body: &str) -> Option<u16> {
        let kept = self.0.take().filter(|(to, _)| *to == port);
        let mut stream = match kept {
            Some((_, stream)) => stream,
            None => TcpStream::connect(("127.0.0.1", port)).ok()?,
        };
        stream.set_nodelay(true).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).ok()?;
        let [(signature, signed), (timestamp, at)] = signed::headers(body);
        let head = format!(
            "POST /webhooks/hubspot HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\
             {signature}: {signed}\r\n{timestamp}: {at}\r\n\r\n",
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).ok()?;
        let status = status(&mut stream)?;
        // Only a 204 has nothing behind its head.
        if status == 204 {
            self.0 = Some((port, stream));
        }
        Some(status)
    }
}

/// Reads the head of an answer.
fn status(stream: &mut TcpStream) -> Option<u16> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    std::str::from_utf8(head.get(9..12)?).ok()?.parse().ok()
}

/// Milliseconds since 1970.
pub(super) fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    u64::try_from(now.as_millis()).expect("it fits")
}
