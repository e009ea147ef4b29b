//! The webhook endpoint and the start of the process, over real sockets (PRODUCT.md).

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::slice::from_ref;
use std::time::{Duration, Instant};

use hubroute::simulator::{Delivery, Signature};
use serde_json::json;

use crate::harness::{Ended, Harness, LONG, Process, SECRET, Setup, rule, signed};

fn setup() -> Setup {
    Setup::with(rule("stage", "sequence intro"))
}

/// Sends one event signed in this way; it is answered with `status` and kept only with a 204.
#[track_caller]
fn check_signature(harness: &Harness, signature: Signature, status: u16) {
    let before = harness.status()["events"].clone();
    let event = json!({"contact": 1, "property": "other", "value": "x"});
    let order = Delivery { events: vec![event], signature, ..harness.order() };
    let delivered = harness.send(order);
    assert_eq!(delivered[0].attempts[0].status, Some(status), "{signature:?}");
    harness.wait_until_idle(LONG);
    let kept = harness.status()["events"] != before;
    assert_eq!(kept, status == 204, "{signature:?}");
}

#[test]
fn only_a_right_v3_signature_of_now_is_acknowledged() {
    let harness = Harness::start(setup());
    check_signature(&harness, Signature::V1AndV3, 204);
    check_signature(&harness, Signature::V3, 204);
    check_signature(&harness, Signature::Forged, 401);
    check_signature(&harness, Signature::Stale, 401);
    check_signature(&harness, Signature::Future, 401);
    check_signature(&harness, Signature::V1, 401);
    check_signature(&harness, Signature::V2, 401);
    check_signature(&harness, Signature::None, 401);
}

#[test]
fn a_header_that_is_missing_or_there_twice_is_refused_without_a_word() {
    let harness = Harness::start(setup());
    let body = r#"[{"eventId":1}]"#;
    let [signature, timestamp] = signed::headers(body);
    let check = |headers: &[(&'static str, String)], expected: u16| {
        assert_eq!(harness.post(headers, body), (expected, String::new()), "{headers:?}");
    };
    check(&[signature.clone(), timestamp.clone()], 204);
    check(from_ref(&signature), 401);
    check(from_ref(&timestamp), 401);
    check(&[signature.clone(), signature.clone(), timestamp.clone()], 401);
    check(&[signature, timestamp.clone(), timestamp], 401);
}

#[test]
fn a_body_over_the_limit_is_refused_and_one_at_the_limit_is_kept() {
    let harness = Harness::start(setup().server("body_limit = \"2 KiB\""));
    for (length, expected) in [(2048, 204), (2049, 413), (100_000, 413)] {
        let body = format!("[{}]", " ".repeat(length - 2));
        assert_eq!(harness.post(&signed::headers(&body), &body).0, expected, "{length} bytes");
    }
}

/// Sends `bytes` of a body each half second, after a first byte; what is answered is 408, between
/// these seconds.
#[track_caller]
fn check_slow_body(bytes: usize, seconds: std::ops::Range<u64>) {
    let harness = Harness::start(setup());
    let body = "[{\"eventId\":1}]";
    let [(signature, signed), (timestamp, at)] = signed::headers(body);
    let mut socket =
        TcpStream::connect(("127.0.0.1", harness.router().webhook_port())).expect("it listens");
    socket.set_read_timeout(Some(Duration::from_millis(500))).expect("a timeout");
    let head = format!(
        "POST /webhooks/hubspot HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\
         {signature}: {signed}\r\n{timestamp}: {at}\r\n\r\n["
    );
    let began = Instant::now();
    socket.write_all(head.as_bytes()).expect("it reads");
    let mut answer = [0; 12];
    while socket.read_exact(&mut answer).is_err() {
        assert!(began.elapsed() < Duration::from_secs(30), "no answer");
        // It may have ended just now.
        socket.write_all(&vec![b' '; bytes]).ok();
    }
    let took = began.elapsed();
    assert_eq!(&answer, b"HTTP/1.1 408");
    assert!(seconds.contains(&took.as_secs()), "{took:?}");
    assert_eq!(harness.status()["events"]["accepted"], 0);
}

#[test]
fn a_body_that_hardly_comes_is_given_up_after_five_seconds() {
    check_slow_body(0, 4..9);
    check_slow_body(50, 4..9);
}

#[test]
fn a_body_that_comes_slowly_is_given_up_after_ten_seconds() {
    check_slow_body(1_000, 9..20);
}

#[test]
fn what_is_signed_and_not_readable_is_acknowledged_and_shown() {
    let harness = Harness::start(setup());
    for body in ["no JSON at all", "{}", "[{\"eventId\":\"100\"}]"] {
        let order = Delivery { body: Some(body.to_owned()), ..harness.order() };
        assert!(harness.send(order)[0].acknowledged, "{body}");
    }
    harness.wait_until_idle(LONG);
    let shown = harness.decisions("reason=unreadable");
    assert_eq!(shown.len(), 3, "{shown:?}");
    assert_eq!(harness.status()["events"]["unreadable"], 3);
}

#[test]
fn both_payload_forms_enroll() {
    let harness = Harness::start(setup());
    for (contact, form) in [(1, "contact"), (2, "object")] {
        let event = json!({"contact": contact, "property": "stage", "value": "hot", "form": form});
        harness.control(
            &format!("POST /_sim/contacts/{contact}"),
            &json!({"properties": {"stage": "hot"}}),
        );
        assert!(harness.send(Delivery { events: vec![event], ..harness.order() })[0].acknowledged);
        harness.wait_until_idle(LONG);
        assert_eq!(harness.verdicts(contact), ["enroll matched"], "{form}");
        assert_eq!(harness.enrolled(contact), 1, "{form}");
    }
}

#[test]
fn the_same_delivery_again_does_nothing() {
    let harness = Harness::start(setup());
    harness.control("POST /_sim/contacts/1", &json!({"properties": {"stage": "hot"}}));
    let event = json!({"contact": 1, "property": "stage", "value": "hot"});
    let order = Delivery { events: vec![event], copies: 5, at_once: true, ..harness.order() };
    assert!(harness.send(order).iter().all(|delivered| delivered.acknowledged));
    harness.wait_until_idle(LONG);
    assert_eq!(harness.enrolled(1), 1);
    let counts = harness.verdict_counts();
    assert_eq!(counts.get("ignore duplicate-event"), Some(&4), "{counts:?}");
}

/// Ended with `code`, and every one of `words` stands in the output.
#[track_caller]
fn check_end(ended: &Ended, code: i32, words: &[&str]) {
    assert_eq!(ended.code, Some(code), "{}", ended.output);
    for word in words {
        assert!(ended.output.contains(word), "{word} is missing in:\n{}", ended.output);
    }
    assert!(!ended.output.contains(SECRET), "the secret is told:\n{}", ended.output);
}

#[test]
fn a_second_process_on_the_store_ends_and_names_the_first() {
    let harness = Harness::start(setup());
    let pid = format!("pid {}", harness.router().id());
    check_end(&harness.start_refused(), 4, &["in use", &pid]);
    assert!(harness.deliver(1, "stage", "hot"), "the first goes on");
}

#[test]
fn a_port_that_is_taken_ends_the_start_and_is_named() {
    let harness = Harness::prepare(setup());
    let taken = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    for (variable, table) in
        [("HUBROUTE_SERVER_LISTEN", "[server]"), ("HUBROUTE_ADMIN_LISTEN", "[admin]")]
    {
        let started = Process::serve_with(harness.folder(), |command| {
            command.env(variable, &address);
        });
        check_end(&started.wait(LONG), 4, &[&address, table]);
    }
}

#[test]
fn a_bad_configuration_ends_the_start_with_every_problem() {
    let harness = Harness::prepare(setup());
    let text = "[server]\nbody_limt = \"1 MiB\"\n[hubspot]\nprofile = \"2026-13\"\nworkers = 0\n";
    fs::write(harness.folder().join("hubroute.toml"), text).expect("a configuration");
    check_end(&harness.start_refused(), 2, &["body_limt", "public_url", "2026-13", "workers"]);
}

#[test]
fn bad_rules_end_the_start_with_every_error() {
    let harness = Harness::prepare(Setup::with(
        rule("stage", "sequence intro").replace("\"intro\"", "\"intr0\"")
            + "[[rule]]\nid = \"two\"\nmod = \"live\"\n",
    ));
    check_end(&harness.start_refused(), 1, &["intr0", "rules.toml:", "mod"]);
}

#[test]
fn a_missing_secret_ends_the_start_and_is_named() {
    let harness = Harness::prepare(setup());
    let started = Process::serve_with(harness.folder(), |command| {
        command.env_remove("HUBROUTE_CLIENT_SECRET").env("HUBROUTE_ACCESS_TOKEN", "");
    });
    let ended = started.wait(LONG);
    check_end(&ended, 2, &["HUBROUTE_CLIENT_SECRET", "HUBROUTE_ACCESS_TOKEN"]);
}
