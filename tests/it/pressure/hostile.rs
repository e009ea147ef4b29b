//! Hostile clients: bodies of a gibibyte that are announced, connections that are given away.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::harness::{Harness, LONG, Setup, evidence, rule, signed};

const PARALLEL: usize = 1_000;
/// What memory may grow by meanwhile.
const GROWTH_KIB: u64 = 16 << 10;

/// A figure of a process's status, in KiB.
fn memory_kib(process: u32, key: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix(key)).expect("the figure");
    line.split_whitespace().next().and_then(|word| word.parse().ok()).expect("a number")
}

fn connect(harness: &Harness) -> TcpStream {
    let stream =
        TcpStream::connect(("127.0.0.1", harness.router().webhook_port())).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
    stream
}

#[test]
fn a_thousand_announced_gibibytes_are_refused_and_cost_no_memory() {
    let setup = Setup::with(rule("stage", "sequence intro")).server("connections_max = 2000");
    let harness = Harness::start(setup);
    let body = "[{\"eventId\":1}]";
    assert_eq!(harness.post(&signed::headers(body), body).0, 204, "it is warm");
    let process = harness.router().id();
    let before = memory_kib(process, "VmRSS:");
    let mut streams: Vec<_> = (0..PARALLEL).map(|_| connect(&harness)).collect();
    let head = b"POST /webhooks/hubspot HTTP/1.1\r\nHost: h\r\nContent-Length: 1073741824\r\n\r\n";
    for stream in &mut streams {
        stream.write_all(&[&head[..], &[b'x'; 4096]].concat()).expect("it reads");
    }
    for mut stream in streams {
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).expect("an answer");
        assert_eq!(&answer, b"HTTP/1.1 413");
    }
    let grown = memory_kib(process, "VmHWM:").saturating_sub(before);
    evidence(format_args!(
        "{PARALLEL} parallel declarations of 1 GiB: every one 413, memory grew by {grown} KiB"
    ));
    assert!(grown <= GROWTH_KIB, "it grew by {grown} KiB");
}

#[test]
fn only_who_signs_keeps_a_connection() {
    let harness = Harness::start(Setup::with(rule("stage", "sequence intro")));
    let body = "[{\"eventId\":1}]";
    let [(signature, signed), (timestamp, at)] = signed::headers(body);
    let request = |first: &str, more: &str| {
        let length = body.len();
        format!("{first} HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n{more}\r\n{body}")
    };
    let webhook = "POST /webhooks/hubspot";
    let good = request(webhook, &format!("{signature}: {signed}\r\n{timestamp}: {at}\r\n"));
    let check = |first: &str, status: &str, stays: bool| {
        let mut stream = connect(&harness);
        // The second one is answered only where the connection was kept.
        stream.write_all(first.as_bytes()).expect("it reads");
        let mut answer = String::new();
        let mut bytes = [0; 1024];
        while !answer.contains("\r\n\r\n") {
            let read = stream.read(&mut bytes).expect("an answer");
            assert_ne!(read, 0, "it ended within the head: {answer}");
            answer.push_str(&String::from_utf8_lossy(&bytes[..read]));
        }
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
        let again = stream.write_all(good.as_bytes()).and_then(|()| stream.read(&mut bytes));
        let kept = again.is_ok_and(|read| bytes[..read].starts_with(b"HTTP/1.1 204"));
        assert_eq!(kept, stays, "{status}");
    };
    check(&good, "204", true);
    check(&request(webhook, ""), "401", false);
    check(&request("POST /elsewhere", ""), "404", false);
    check(&request("PUT /webhooks/hubspot", ""), "405", false);
    check("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n", "200", false);
}

/// Deliveries of a backlog that is full with one of them.
const ROUNDS: usize = 50;

#[test]
fn an_answer_that_asks_to_come_again_says_when() {
    let setup = Setup::with(rule("stage", "sequence intro")).server("backlog_limit = \"1 MiB\"");
    let harness = Harness::start(setup);
    // Much to take: the intake is not done with it before the next one comes.
    let event = format!("{{\"eventId\":1,\"x\":\"{}\"}}", "x".repeat(400));
    let events = vec![event; 3_000].join(",");
    let many = format!("[{events}]");
    let mut refused = Vec::new();
    for _ in 0..ROUNDS {
        let first = post(&harness, &many);
        refused.extend([first, post(&harness, "[]")]);
        refused.retain(|answer| !answer.starts_with("HTTP/1.1 204"));
        if !refused.is_empty() {
            break;
        }
    }
    assert!(!refused.is_empty(), "the backlog never filled in {ROUNDS} rounds");
    for answer in refused {
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        assert!(answer.to_ascii_lowercase().contains("\r\nretry-after: 5\r\n"), "{answer}");
    }
    let shown = harness.text("/metrics");
    assert!(shown.contains("cause=\"backlog\""), "{shown}");
    // It goes on by itself once the intake has caught up.
    harness.wait_for(LONG, |status| status["queue"]["journal"] == 0);
    assert!(post(&harness, "[]").starts_with("HTTP/1.1 204"));
}

fn post(harness: &Harness, body: &str) -> String {
    let [(signature, signed), (timestamp, at)] = signed::headers(body);
    let mut stream = connect(harness);
    let head = format!(
        "POST /webhooks/hubspot HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\
         Content-Length: {}\r\n{signature}: {signed}\r\n{timestamp}: {at}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}
