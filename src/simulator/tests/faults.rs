//! Each fault over a real connection: what the caller sees, and what happened.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use super::{World, wish};
use crate::simulator::{Endpoint, Options, Phase, Simulator};

const PATH: &str = "POST /automation/sequences/2026-03/enrollments?userId=71";
const LONG: Duration = Duration::from_secs(20);

/// An enroll call as bytes.
fn request() -> String {
    let body = wish(1, 101).to_string();
    let head = "POST /automation/sequences/2026-03/enrollments?userId=71 HTTP/1.1\r\n\
                host: sim\r\nauthorization: Bearer t\r\ncontent-type: application/json\r\n";
    format!("{head}content-length: {}\r\n\r\n{body}", body.len())
}

/// Sends an enroll call over a raw connection and gives every byte that came back.
fn raw(simulator: &Simulator) -> String {
    let mut stream = TcpStream::connect(simulator.address()).expect("a connection");
    stream.write_all(request().as_bytes()).expect("the request is sent");
    let mut bytes = Vec::new();
    // A reset ends the answer as a close does.
    let _end = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Puts `fault` on the enroll call and makes it over a raw connection: the bytes that came back,
/// the enrollments booked and the outcome in the log.
fn strike(world: &World, mut fault: Value) -> (String, usize, Option<String>) {
    fault["on"] = json!("enroll-sequence");
    world.simulator.put_faults(json!([fault])).expect("a fault");
    let bytes = std::thread::scope(|scope| {
        scope.spawn(|| raw(&world.simulator)).join().expect("the caller")
    });
    let counts = world.simulator.counts();
    let outcome = counts.phases.last().and_then(|entry| entry.outcome.clone());
    (bytes, counts.enrollments, outcome)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_call_answers_no_byte() {
    for (kind, effects) in [("apply-then-drop", 1), ("drop-before", 0)] {
        let world = World::start();
        let (bytes, booked, outcome) = strike(&world, json!({ "kind": kind }));
        assert_eq!((&*bytes, booked, outcome.as_deref()), ("", effects, Some("dropped")), "{kind}");
        let entry = world.simulator.counts().phases[0].clone();
        assert_eq!(entry.applied_at.is_some(), effects == 1, "{kind}");
        assert_eq!(entry.answered_at, None, "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hanging_call_answers_no_byte_and_ends_in_time() {
    for (kind, effects) in [("apply-then-hang", 1), ("hang", 0)] {
        let world = World::start();
        let (bytes, booked, outcome) = strike(&world, json!({ "kind": kind, "ms": 30 }));
        assert_eq!((&*bytes, booked, outcome.as_deref()), ("", effects, Some("hung")), "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_truncated_answer_breaks_off_in_its_body() {
    let world = World::start();
    let (bytes, booked, outcome) = strike(&world, json!({"kind": "truncated"}));
    assert!(bytes.starts_with("HTTP/1.1 200"), "{bytes}");
    let (_, body) = bytes.split_once("\r\n\r\n").expect("a whole head");
    assert!(body.starts_with('{') && !body.ends_with('}'), "{bytes}");
    assert_eq!((booked, outcome.as_deref()), (1, Some("truncated")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_answer_is_whole_in_the_end() {
    let world = World::start();
    let started = std::time::Instant::now();
    let (bytes, booked, outcome) = strike(&world, json!({"kind": "slow", "ms": 100}));
    assert!(started.elapsed() >= Duration::from_millis(90));
    assert!(bytes.ends_with('}'), "{bytes}");
    assert_eq!((booked, outcome.as_deref()), (1, Some("200")));
}

#[tokio::test]
async fn a_hanging_call_can_be_seen_and_released() {
    let world = World::start();
    world.simulator.put_faults(json!([{"on": "enroll-sequence", "kind": "hang"}])).expect("fault");
    let call = world.send(PATH, wish(1, 101));
    let watch = async {
        assert!(world.simulator.wait_for(Phase::Received(1), LONG).await);
        assert!(!world.simulator.wait_for(Phase::Applied(1), Duration::ZERO).await);
        world.simulator.release();
    };
    let (answer, ()) = tokio::join!(call, watch);
    assert!(answer.is_err(), "closed without an answer");
    assert_eq!(world.simulator.counts().enrollments, 0);
}

/// Puts a fault and checks status and members of the answer to an enroll call, and its effects.
async fn check(fault: Value, status: u16, expected: Value, effects: usize) {
    let world = World::start();
    world.simulator.put_faults(json!([fault])).expect("a fault");
    let (got, body) = world.ask(PATH, wish(1, 101)).await;
    assert_eq!(got, status, "{fault}");
    for (key, value) in expected.as_object().into_iter().flatten() {
        assert_eq!(&body[key], value, "{key} under {fault}");
    }
    if expected.is_null() {
        assert_eq!(body, Value::Null, "no JSON under {fault}");
    }
    assert_eq!(world.simulator.counts().enrollments, effects, "{fault}");
}

#[tokio::test]
async fn statuses_have_no_effect_unless_told() {
    let rate = json!({"policyName": "TEN_SECONDLY_ROLLING", "category": "RATE_LIMITS"});
    check(json!({"kind": 429}), 429, rate, 0).await;
    let daily = json!({"policyName": "DAILY"});
    check(json!({"kind": "429", "policy": "DAILY"}), 429, daily, 0).await;
    check(json!({"kind": "423"}), 423, json!({"status": "error"}), 0).await;
    check(json!({"kind": "477", "retry_after": 3}), 477, json!({"status": "error"}), 0).await;
    check(json!({"kind": "401"}), 401, json!({"category": "INVALID_AUTHENTICATION"}), 0).await;
    check(json!({"kind": "403"}), 403, json!({"category": "MISSING_SCOPES"}), 0).await;
    let blocked = json!({"errorType": "SequenceError.BLOCKED_ADDRESS", "message": "no"});
    let fault = json!({"kind": "400", "error_type": "SequenceError.BLOCKED_ADDRESS",
        "message": "no"});
    check(fault, 400, blocked, 0).await;
    for status in [500, 502, 503] {
        check(json!({ "kind": status }), status, Value::Null, 0).await;
    }
    check(json!({"kind": 502, "effect": true}), 502, Value::Null, 1).await;
    check(json!({"kind": "wrong-shape"}), 200, Value::Null, 1).await;
    check(json!({"kind": "wrong-shape", "effect": false}), 200, Value::Null, 0).await;
}

#[tokio::test]
async fn retry_after_is_a_header() {
    let world = World::start();
    world.simulator.put_faults(json!({"kind": 429, "retry_after": 7})).expect("a fault");
    let url = format!("{}/crm/v3/objects/contacts/1", world.simulator.url());
    let answer = world.http.get(&url).send().await.expect("an answer");
    assert_eq!(answer.headers()["retry-after"], "7");
}

#[tokio::test]
async fn faults_strike_where_when_and_whom_they_say() {
    let world = World::start();
    let faults = json!([
        {"on": "enroll-sequence", "kind": 503, "contact": 2, "times": 1, "after": 1},
        {"on": "read-contact", "kind": 502, "times": 2},
        {"kind": "delay", "ms": 1, "times": 1},
    ]);
    assert_eq!(world.simulator.put_faults(faults), Ok(3));
    assert_eq!(world.enroll(1, 101).await.0, 200, "another contact");
    assert_eq!(world.enroll(2, 999).await.0, 404, "lets one pass");
    assert_eq!(world.enroll(2, 101).await.0, 503, "strikes");
    assert_eq!(world.enroll(2, 101).await.0, 200, "once");
    let read = "GET /crm/objects/2026-03/contacts/1";
    assert_eq!(world.get(read).await.0, 502);
    assert_eq!(world.get(read).await.0, 502);
    assert_eq!(world.get(read).await.0, 200);
    assert_eq!(world.ask("GET /_sim/faults", Value::Null).await.1, json!([]));
}

#[tokio::test]
async fn a_fault_for_a_contact_strikes_calls_by_its_email_too() {
    let world = World::start();
    let fault = json!([{"on": "enroll-workflow", "kind": 503, "contact": 2}]);
    world.simulator.put_faults(fault).expect("a fault");
    assert_eq!(world.flow(11, "ann%2Bx%40a.test").await, 204);
    assert_eq!(world.flow(11, "bob%40b.test").await, 503);
    let phases = world.simulator.counts().phases;
    assert_eq!(phases[1].contact, Some(crate::simulator::Id::from("2")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_keep_alive_every_answer_closes_its_connection() {
    let options = Options { keep_alive: false, state: Some(super::portal()), ..Options::default() };
    let simulator = Simulator::start(options).expect("a simulator");
    // Reading to the end returns only because the simulator closes.
    let bytes =
        std::thread::scope(|scope| scope.spawn(|| raw(&simulator)).join().expect("the caller"));
    assert!(bytes.starts_with("HTTP/1.1 200") && bytes.ends_with('}'), "{bytes}");
}

#[tokio::test]
async fn a_fault_that_cannot_be_read_is_named() {
    let world = World::start();
    let error = |faults: Value| world.simulator.put_faults(faults).expect_err("unreadable");
    let unknown = error(json!([{"kind": "delay", "ms": 1}, {"kind": "explode"}]));
    assert!(unknown.starts_with("fault 2") && unknown.contains("apply-then-drop"), "{unknown}");
    let misspelt = error(json!([{"kind": "delay", "millis": 1}]));
    assert!(misspelt.contains("millis"), "{misspelt}");
    let nowhere = error(json!([{"kind": "delay", "on": "enrol"}]));
    assert!(nowhere.starts_with("fault 1"), "{nowhere}");
}

#[tokio::test]
async fn enroll_twice_is_one_duplicate() {
    let world = World::start();
    let fault = json!([{"on": "enroll-sequence", "kind": "enroll-twice", "times": 1}]);
    world.simulator.put_faults(fault).expect("a fault");
    assert_eq!(world.enroll(1, 101).await.0, 200);
    assert_eq!(world.enroll(2, 101).await.0, 200);
    let counts = world.simulator.counts();
    assert_eq!((counts.enrollments, counts.duplicates, counts.overlaps), (3, 1, 0));
}

#[tokio::test]
async fn a_withheld_connection_is_never_served() {
    let world = World::start();
    let fault = json!([{"on": "read-contact", "kind": "accept-withheld", "times": 1}]);
    world.simulator.put_faults(fault).expect("a fault");
    assert_eq!(world.get("GET /crm/objects/2026-03/contacts/1").await.0, 200);
    let call = world.send(PATH, wish(1, 101));
    let watch = async {
        assert!(world.simulator.wait_for(Phase::Withheld(1), LONG).await);
        assert!(!world.simulator.wait_for(Phase::Received(1), Duration::ZERO).await);
        world.simulator.resume_accept();
    };
    let (answer, ()) = tokio::join!(call, watch);
    assert!(answer.is_err(), "closed unserved");
    let counts = world.simulator.counts();
    assert_eq!((counts.enrollments, counts.phases.len()), (0, 0));
    assert_eq!(counts.withheld.into_iter().collect::<Vec<_>>(), [(Endpoint::EnrollSequence, 1)]);
    assert_eq!(world.enroll(1, 101).await.0, 200, "served again");
}

#[tokio::test]
async fn withholding_ends_by_itself() {
    let world = World::start();
    world.simulator.put_faults(json!({"kind": "accept-withheld", "ms": 30})).expect("a fault");
    assert!(world.send(PATH, wish(1, 101)).await.is_err());
    assert_eq!(world.enroll(1, 101).await.0, 200);
}

#[tokio::test]
async fn a_caller_who_goes_away_does_not_undo_the_effect() {
    let world = World::start();
    world.simulator.put_faults(json!({"kind": "delay", "ms": 100})).expect("a fault");
    let mut stream = TcpStream::connect(world.simulator.address()).expect("a connection");
    stream.write_all(request().as_bytes()).expect("the request is sent");
    assert!(world.simulator.wait_for(Phase::Received(1), LONG).await);
    // A reset, as a killed process leaves it behind; a mere close would not be noticed.
    stream.set_nonblocking(true).expect("a mode");
    let stream = actix_web::rt::net::TcpStream::from_std(stream).expect("a tokio stream");
    stream.set_zero_linger().expect("an option");
    drop(stream);
    assert!(world.simulator.wait_for(Phase::Applied(1), LONG).await);
    assert_eq!(world.simulator.counts().enrollments, 1);
}
