//! Who may call.

use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

use super::office::Desk;
use super::{Ask, TOKEN};
use crate::admin::access::Access;
use crate::admin::routes::{Call, Class};
use crate::admin::{Admin, Metrics};
use crate::domain::secret::Secret;

fn every_call() -> impl Iterator<Item = (Call, String)> {
    Call::ALL.iter().map(|call| {
        let path = call.spec().path;
        let id = if path.contains("/contacts/") { "51" } else { "1.0.inbound" };
        let path = path.replace("{id}", id);
        (*call, format!("{} {path}", call.method()))
    })
}

#[test]
fn without_the_token_only_health_answers() {
    for (call, path) in every_call() {
        for given in [None, Some("Bearer wrong"), Some("Basic x"), Some("Bearer"), Some(TOKEN)] {
            let mut ask = Ask::new(&path).json(r#"{"as":"enrolled","who":"Ann","note":""}"#);
            ask.headers.retain(|(name, _)| *name != "authorization");
            if let Some(given) = given {
                ask = ask.header("authorization", given);
            }
            let answer = ask.send();
            if call.class() == Class::Open {
                assert_eq!(answer.status, 200, "{path}");
            } else {
                assert_eq!(answer.status, 401, "{path} {given:?}");
                assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
                assert_eq!(answer.json()["error"]["code"], "unauthorized");
            }
        }
    }
}

#[test]
fn with_the_token_every_call_is_there() {
    for (_, path) in every_call() {
        let status = Ask::new(&path).send().status;
        assert!(![401, 403, 405].contains(&status), "{path} {status}");
    }
}

#[test]
fn two_tokens_are_none() {
    let mut ask = Ask::new("GET /api/v1/status");
    ask.headers.push(("authorization", format!("Bearer {TOKEN}")));
    ask.check(401, "/error/code", "unauthorized");
}

#[test]
fn the_scheme_is_written_as_one_likes() {
    let ask = Ask::new("GET /api/v1/status");
    ask.header("authorization", &format!("bearer {TOKEN}")).check(200, "/state", "working");
}

#[test]
fn unknown_paths_tell_strangers_nothing() {
    let mut ask = Ask::new("GET /api/v1/nothing");
    ask.headers.clear();
    ask.check(401, "/error/code", "unauthorized");
    Ask::new("GET /api/v1/nothing").check(404, "/error/code", "not-found");
    Ask::new("GET /%2e%2e/healthz").check(404, "/error/code", "not-found");
}

#[test]
fn metrics_are_open_only_where_that_is_said() {
    for (open, status) in [(true, 200), (false, 401)] {
        let mut ask = Ask::new("GET /metrics");
        ask.headers.clear();
        ask.open_metrics = open;
        assert_eq!(ask.send().status, status);
    }
}

#[test]
fn without_a_token_a_call_names_this_machine() {
    let loopback = ["localhost", "LOCALHOST:8081", "127.0.0.1:80", "127.9.9.9", "[::1]:8081"];
    let foreign = [
        "evil.example",
        "localhost.evil.example",
        "10.0.0.1",
        "127.0.0.1.nip.io:8081",
        "",
        "[::2]",
    ];
    let hosts = loopback.map(|host| (host, true)).into_iter();
    for (host, passes) in hosts.chain(foreign.map(|host| (host, false))) {
        for (call, path) in every_call().filter(|(call, _)| call.class() == Class::Read) {
            let answer = Ask::local(&path).header("host", host).send();
            assert_eq!(answer.status == 403, !passes, "{call:?} {host:?}");
        }
    }
    let mut ask = Ask::local("GET /api/v1/status");
    ask.headers.clear();
    ask.check(403, "/error/code", "wrong-host");
}

/// A body that the press at `path` takes.
fn body_of(path: &str) -> &'static str {
    if path.contains("resolve") {
        r#"{"as":"enrolled","who":"Ann","note":""}"#
    } else if path.contains("take-out") {
        r#"{"everything":true,"who":"Ann","note":""}"#
    } else if path.ends_with("reconcile") {
        r#"{"since":"2026-01-01T00:00:00Z"}"#
    } else if path.ends_with("enrollments") {
        r#"{"enrollments":[],"who":"Ann","note":""}"#
    } else {
        r#"{"who":"Ann","note":""}"#
    }
}

/// Every press with these headers passes, or none does: without a token, and with one.
#[track_caller]
fn check_presses(headers: &[(&'static str, &str)], passes: bool) {
    for (_, path) in every_call().filter(|(call, _)| call.class() == Class::Press) {
        for ask in [Ask::local(&path), Ask::new(&path).header("host", "127.0.0.1:8081")] {
            let ask = headers.iter().fold(ask, |ask, (name, value)| ask.header(name, value));
            let answer = ask.json(body_of(&path)).send();
            assert_eq!(answer.status, if passes { 200 } else { 403 }, "{path} {headers:?}");
        }
    }
}

#[test]
fn no_foreign_page_presses() {
    check_presses(&[], true);
    check_presses(&[("origin", "http://127.0.0.1:8081")], true);
    for origin in ["https://evil.example", "null", "http://127.0.0.1:99", "http://localhost:8081"] {
        check_presses(&[("origin", origin)], false);
    }
    for site in ["cross-site", "same-site", "", "Same-Origin"] {
        check_presses(&[("sec-fetch-site", site)], false);
        check_presses(&[("sec-fetch-site", site), ("origin", "http://127.0.0.1:8081")], false);
    }
    check_presses(&[("sec-fetch-site", "same-origin")], true);
    check_presses(&[("sec-fetch-site", "none")], true);
}

#[test]
fn a_foreign_page_may_link_to_what_only_reads() {
    for (call, path) in every_call().filter(|(call, _)| call.class() == Class::Read) {
        let answer = Ask::local(&path).header("sec-fetch-site", "cross-site").send();
        assert_ne!(answer.status, 403, "{call:?}");
    }
}

#[test]
fn a_listener_others_can_reach_needs_a_token() {
    let secret = Secret::new(TOKEN);
    for (address, alone) in [
        ("127.0.0.1:1", true),
        ("[::1]:1", true),
        ("127.8.8.8:1", true),
        ("0.0.0.0:1", false),
        ("[::]:1", false),
        ("192.168.0.1:1", false),
    ] {
        let address: SocketAddr = address.parse().expect("an address");
        assert!(Access::new(secret.as_ref(), false).allows(address).is_ok());
        let refused = Access::new(None, true).allows(address);
        assert_eq!(refused.is_ok(), alone, "{address}");
        if let Err(error) = refused {
            assert!(error.to_string().contains("HUBROUTE_ADMIN_TOKEN"), "{error}");
        }
    }
}

#[test]
fn the_token_is_printed_nowhere() {
    let access = Access::new(Secret::new(TOKEN).as_ref(), false);
    assert_eq!(format!("{access:?}"), "Access(with a token)");
}

#[test]
fn every_answer_forbids_storing_guessing_and_framing() {
    for call in ["GET /", "GET /api/v1/status", "GET /nothing", "POST /metrics", "GET /healthz"] {
        for authorized in [true, false] {
            let mut ask = Ask::new(call);
            if !authorized {
                ask.headers.clear();
            }
            let answer = ask.send();
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{call}");
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{call}");
            let policy = answer.header("content-security-policy").expect(call);
            assert!(policy.contains("default-src 'none'"), "{policy}");
        }
    }
}

#[test]
fn it_serves_on_a_bound_socket_until_it_is_stopped() {
    let admin = Admin {
        token: None,
        open_metrics: false,
        metrics: Metrics::default(),
        office: Arc::new(Desk::new()),
    };
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    actix_web::rt::System::new().block_on(async move {
        let server = admin.serve(listener).expect("it starts");
        let handle = server.handle();
        let task = actix_web::rt::spawn(server);
        let answer = actix_web::rt::task::spawn_blocking(move || get(address, "/healthz"));
        let answer = answer.await.expect("no panic").expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        handle.stop(true).await;
        task.await.expect("no panic").expect("it ends well");
    });
}

fn get(address: SocketAddr, path: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n")?;
    io::read_to_string(stream)
}
