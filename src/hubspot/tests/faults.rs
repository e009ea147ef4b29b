//! Calls whose answer is lost, late, cut short or somewhere else.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::*;
use crate::domain::outcome::{Concerns, Later, Outcome};
use crate::hubspot::client::http;
use crate::port::HubSpot;

const NOT_SENT: Outcome = Outcome::RetryAfter { why: Later::Unreachable, delay_ms: None };

async fn enroll(channel: Channel, acts: Vec<Act>) -> (Outcome, usize) {
    let server = Server::start(acts);
    let client = Client::new(&hasty(&server)).expect("a client");
    let outcome = client.enroll_claim(&claim(channel), Some("b@example.com")).await.outcome;
    (outcome, server.asked().len())
}

#[track_caller]
fn unknown(outcome: &Outcome) {
    let Outcome::Unknown { why } = outcome else { panic!("{outcome:?}") };
    for hidden in ["example.com", TOKEN, "127.0.0.1", "http:"] {
        assert!(!why.contains(hidden), "{why}");
    }
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_never_asked_for_again() {
    let cut = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"id\":\"7\"}".as_bytes().to_vec();
    for act in [
        Act::CloseUnread,
        Act::CloseRead,
        Act::Hang,
        Act::Send(b"HTTP/1.1 20".to_vec()),
        Act::Send(b"SSH-2.0-OpenSSH_9.7\r\n".to_vec()),
        Act::Send(cut),
        Act::answer(200, r#"{"id":"7","toEmail":"#),
        Act::answer(200, "<html>welcome</html>"),
        Act::answer(200, &format!(r#"{{"id":"7","filler":"{}"}}"#, "x".repeat(1024 * 1024))),
        Act::answer(503, ""),
    ] {
        let told = format!("{act:?}").chars().take(80).collect::<String>();
        let answered = Act::answer(200, r#"{"id":"again"}"#);
        let (outcome, asked) = enroll(Channel::Sequence, vec![act, answered]).await;
        unknown(&outcome);
        assert!(asked <= 1, "{told}: asked {asked} times");
    }
}

#[tokio::test]
async fn a_kept_connection_that_breaks_is_not_opened_again_for_the_same_call() {
    let kept = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}".to_vec();
    let answered = Act::answer(200, r#"{"id":"again"}"#);
    let server = Server::start(vec![Act::SendAndDropNext(kept), answered]);
    let client = Client::new(&hasty(&server)).expect("a client");
    client.probe().await.expect("an answer");
    unknown(&client.enroll_claim(&claim(Channel::Sequence), None).await.outcome);
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn a_refused_connection_means_nothing_was_sent() {
    // A port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    for base_url in [format!("http://{port}"), "https://no-such-host.invalid".to_owned()] {
        let settings = Settings { base_url, ..Settings::new(token(TOKEN)) };
        let client = Client::new(&settings).expect("a client");
        let outcome = client.enroll_claim(&claim(Channel::Sequence), None).await.outcome;
        assert_eq!(outcome, NOT_SENT, "{}", settings.base_url);
    }
}

/// A resolver that fails, does not answer, or names a machine that refuses, in turns.
struct Flapping(Arc<AtomicUsize>);

impl Resolve for Flapping {
    fn resolve(&self, _: Name) -> Resolving {
        let turn = self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            match turn % 3 {
                0 => Err("the resolver failed".into()),
                1 => std::future::pending().await,
                _ => Ok(Box::new(std::iter::once(SocketAddr::from(([127, 0, 0, 1], 1)))) as Addrs),
            }
        })
    }
}

/// RELIABILITY.md F9: a thousand times, and nothing hangs. Time is virtual.
#[tokio::test(start_paused = true)]
async fn a_resolver_that_flaps_or_never_answers_means_nothing_was_sent() {
    let base_url = "https://hubspot.example.test".to_owned();
    let settings = Settings { base_url, ..Settings::new(token(TOKEN)) };
    let asked = Arc::new(AtomicUsize::new(0));
    let http = http(&settings).expect("settings of a client");
    let http = http.dns_resolver(Arc::new(Flapping(Arc::clone(&asked)))).build();
    let client = Client::over(Arc::new(http.expect("a client")), &settings).expect("a client");
    for round in 0..1_000 {
        let outcome = client.enroll_claim(&claim(Channel::Sequence), None).await.outcome;
        assert_eq!(outcome, NOT_SENT, "round {round}");
    }
    assert!(1_000 <= asked.load(Ordering::SeqCst), "each round asked for the name");
}

#[tokio::test]
async fn a_failed_handshake_means_nothing_was_sent() {
    let server = Server::start(vec![Act::CloseUnread]);
    let base_url = server.url.replace("http:", "https:");
    let settings = Settings { base_url, ..hasty(&server) };
    let client = Client::new(&settings).expect("a client");
    assert_eq!(client.enroll_claim(&claim(Channel::Sequence), None).await.outcome, NOT_SENT);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Server::start(vec![Act::answer(200, r#"{"id":"7"}"#)]);
    for status in [301, 302, 303, 307, 308] {
        let head = format!("Location: {}/automation\r\n", elsewhere.url);
        let (outcome, _) =
            enroll(Channel::Sequence, vec![Act::answer_with(status, &head, "")]).await;
        unknown(&outcome);
    }
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn a_failed_mapping_means_nothing_was_sent() {
    let refused =
        |text: &str| Outcome::Refused { concerns: Concerns::Request, message: text.to_owned() };
    let halted = |target_only| Outcome::Halted {
        target_only,
        message: format!(
            "HTTP {} without HubSpot's error body",
            if target_only { 403 } else { 401 }
        ),
    };
    let unmapped = refused("HubSpot knows no workflow with flow id 585051946");
    let busy = Outcome::RetryAfter { why: Later::Busy, delay_ms: Some(9_000) };
    for (act, expected) in [
        (Act::CloseRead, NOT_SENT),
        (Act::Hang, NOT_SENT),
        (Act::answer(500, ""), NOT_SENT),
        (Act::answer(200, "<html>"), NOT_SENT),
        (Act::answer(200, "{}"), NOT_SENT),
        (Act::answer_with(429, "Retry-After: 9\r\n", ""), busy),
        (Act::answer(401, ""), halted(false)),
        (Act::answer(403, ""), halted(true)),
        (Act::answer(400, ""), refused("HTTP 400 without HubSpot's error body")),
        (Act::answer(404, ERROR_404), unmapped.clone()),
        (Act::answer(207, r#"{"results":[],"numErrors":1}"#), unmapped),
    ] {
        let told = format!("{act:?}");
        let (outcome, asked) = enroll(Channel::Workflow, vec![act, Act::answer(204, "")]).await;
        assert_eq!(outcome, expected, "{told}");
        assert_eq!(asked, 1, "{told}");
    }
}

#[tokio::test]
async fn a_workflow_that_is_gone_is_mapped_anew() {
    let server = Server::start(vec![
        mapping(),
        Act::answer(404, ERROR_404),
        mapping(),
        Act::answer(204, ""),
    ]);
    let client = client(&server, Profile::default());
    let claim = claim(Channel::Workflow);
    let first = client.enroll_claim(&claim, Some("b@example.com")).await.outcome;
    assert!(matches!(first, Outcome::Refused { concerns: Concerns::Request, .. }), "{first:?}");
    let second = client.enroll_claim(&claim, Some("b@example.com")).await.outcome;
    assert!(matches!(second, Outcome::Accepted { .. }), "{second:?}");
    assert_eq!(server.asked().len(), 4);
}

#[tokio::test]
async fn what_cannot_be_worded_is_not_sent() {
    let server = Server::start(Vec::new());
    let client = Client::new(&hasty(&server)).expect("a client");
    for email in [None, Some(""), Some(".."), Some("@"), Some("a b@example.com")] {
        let outcome = client.enroll_claim(&claim(Channel::Workflow), email).await.outcome;
        assert!(
            matches!(outcome, Outcome::Refused { concerns: Concerns::Contact, .. }),
            "{email:?}"
        );
    }
    let mut nobody = claim(Channel::Sequence);
    nobody.sender = None;
    let outcome = client.enroll_claim(&nobody, None).await.outcome;
    assert!(matches!(outcome, Outcome::Refused { concerns: Concerns::Request, .. }), "{outcome:?}");
}

#[tokio::test]
async fn no_error_shows_the_token_or_an_address() {
    let body = format!(r#"{{"status":"error","message":"b@example.com and {TOKEN} are wrong"}}"#);
    for status in [400, 401, 403, 404, 500] {
        let acts = vec![mapping(), Act::answer(status, &body)];
        let told = format!("{:?}", enroll(Channel::Workflow, acts).await.0);
        assert!(!told.contains("example.com") && !told.contains("pat-"), "{told}");
    }
    for act in [Act::CloseRead, Act::Hang, Act::answer(401, &body), Act::answer(500, &body)] {
        let server = Server::start(vec![act]);
        let client = Client::new(&hasty(&server)).expect("a client");
        let told = format!("{:?}", client.owner_by_email("b@example.com").await);
        assert!(!told.contains("example.com") && !told.contains("pat-"), "{told}");
    }
}
