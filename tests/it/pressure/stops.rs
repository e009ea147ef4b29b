//! SIGTERM under load: what is under way ends or is in the journal, the exit code is 0, and after
//! HubSpot's redelivery nothing is missing.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::harness::{Harness, LONG, Setup, evidence, rule, signed, times};

/// Stops where the environment does not say.
const STOPS: u64 = 3;
/// A stop is over by then.
const STOPPED: Duration = Duration::from_secs(10);
const SENDERS: u64 = 8;
/// How long the router works between two stops.
const WORKS: Duration = Duration::from_millis(700);

/// What all senders saw.
#[derive(Default)]
struct Seen {
    acknowledged: AtomicU64,
    asked_to_come_again: AtomicU64,
    /// Refused or cut connections: redelivered like a 503.
    unanswered: AtomicU64,
    wrong: AtomicU64,
}

/// One delivery, again and again until it is acknowledged.
fn deliver(port: &AtomicU16, contact: u64, seen: &Seen) {
    let occurred = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let occurred = occurred.expect("after 1970").as_millis();
    let body = format!(
        "[{{\"eventId\":{contact},\"portalId\":33,\"occurredAt\":{occurred},\
         \"subscriptionType\":\"contact.propertyChange\",\"objectId\":{contact},\
         \"propertyName\":\"stage\",\"propertyValue\":\"hot\",\"attemptNumber\":0}}]"
    );
    loop {
        let counted = match send(port.load(Ordering::Acquire), &body) {
            Some(204) => {
                seen.acknowledged.fetch_add(1, Ordering::Relaxed);
                return;
            }
            Some(503) => &seen.asked_to_come_again,
            Some(_) => &seen.wrong,
            None => &seen.unanswered,
        };
        counted.fetch_add(1, Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The status of the answer, where there is one.
fn send(port: u16, body: &str) -> Option<u16> {
    let [(signature, signed), (timestamp, at)] = signed::headers(body);
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(LONG)).ok()?;
    let head = format!(
        "POST /webhooks/hubspot HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\
         {signature}: {signed}\r\n{timestamp}: {at}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).ok()?;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).ok()?;
    std::str::from_utf8(&answer[9..]).ok()?.parse().ok()
}

#[test]
fn a_stop_under_load_loses_nothing_and_is_no_failure() {
    let stops = times("HUBROUTE_TEST_STOPS", STOPS);
    let contacts = 100_000;
    let setup = Setup::with(rule("other", "sequence intro")).contacts(1);
    let mut harness = Harness::start(setup);
    let port = AtomicU16::new(harness.router().webhook_port());
    let (seen, over, next) = (Seen::default(), AtomicBool::new(false), AtomicU64::new(1));
    let longest = std::thread::scope(|scope| {
        for _ in 0..SENDERS {
            scope.spawn(|| {
                while !over.load(Ordering::Acquire) {
                    let contact = next.fetch_add(1, Ordering::Relaxed);
                    deliver(&port, contact % contacts + 1_000, &seen);
                }
            });
        }
        let mut longest = Duration::ZERO;
        for _ in 0..stops {
            std::thread::sleep(WORKS);
            let began = Instant::now();
            harness.stop();
            longest = longest.max(began.elapsed());
            harness.restart();
            port.store(harness.router().webhook_port(), Ordering::Release);
        }
        over.store(true, Ordering::Release);
        longest
    });
    harness.wait_until_idle(LONG);
    let [acknowledged, again, unanswered, wrong] =
        [seen.acknowledged, seen.asked_to_come_again, seen.unanswered, seen.wrong]
            .map(AtomicU64::into_inner);
    let events = harness.status()["events"].clone();
    let kept = events["accepted"].as_u64().expect("a count");
    evidence(format_args!(
        "{stops} stops under load: exit code 0 each, the longest took {longest:.1?}; \
         {acknowledged} deliveries acknowledged, {again} answered 503, {unanswered} not answered, \
         {wrong} answered otherwise, {kept} kept, 0 lost"
    ));
    assert!(longest <= STOPPED, "a stop took {longest:?}");
    assert_eq!(wrong, 0, "answers but 204 and 503");
    assert_eq!(kept, acknowledged, "{events}");
}

#[test]
fn a_stop_ends_calls_under_way_and_does_not_wait_for_a_slow_body() {
    let mut harness = Harness::start(Setup::with(rule("stage", "sequence intro")));
    harness.faults(json!({"on": "enroll-sequence", "kind": "delay", "ms": 1_000, "times": 1}));
    assert!(harness.deliver(1, "stage", "hot"));
    harness.wait_for(LONG, |_| !harness.claims(1).is_empty());
    let mut slow = TcpStream::connect(("127.0.0.1", harness.router().webhook_port())).expect("up");
    slow.write_all(b"POST /webhooks/hubspot HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n[")
        .expect("it reads");
    let began = Instant::now();
    harness.stop();
    assert!(began.elapsed() <= STOPPED, "{:?}", began.elapsed());
    harness.restart();
    harness.wait_until_idle(LONG);
    assert_eq!(harness.verdicts(1), ["enroll matched"], "{}", harness.log());
    assert_eq!((harness.enrolled(1), harness.counts().phases.len()), (1, 1), "called once");
}
