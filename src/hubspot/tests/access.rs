//! Access tokens that a refresh token buys.

use super::*;
use crate::domain::outcome::{Later, ReadFailure};
use crate::hubspot::Refresh;
use crate::port::HubSpot;

const DETAILS: &str = r#"{"portalId":1}"#;

fn sold(token: &str, seconds: u64) -> Act {
    let body = format!(
        r#"{{"access_token":"{token}","refresh_token":"next","expires_in":{seconds},"token_type":"bearer"}}"#
    );
    Act::answer(200, &body)
}

fn expired() -> Act {
    let body = r#"{"status":"error","category":"EXPIRED_AUTHENTICATION","message":"expired"}"#;
    Act::answer(401, body)
}

fn client(server: &Server) -> Client {
    let secret = |text: &str| Secret::new(text).expect("not blank");
    let refresh = Refresh {
        client_id: "id".to_owned(),
        client_secret: secret("s/1"),
        refresh_token: secret("r+1"),
    };
    let settings =
        Settings { base_url: server.url.clone(), ..Settings::new(Access::Refresh(refresh)) };
    Client::new(&settings).expect("loopback is allowed")
}

/// Probes so often, then compares the calls: paths, tokens used and tokens sold.
#[track_caller]
fn check(server: &Server, expected: &[&str]) {
    let told = |asked: server::Asked| {
        let bearer = asked.head.iter().find_map(|line| line.strip_prefix("authorization: Bearer "));
        let path = asked.line.rsplit('/').next().unwrap_or_default().to_owned();
        let bought = asked.body.rsplit("refresh_token=").next().unwrap_or_default().to_owned();
        format!("{path} {}{bought}", bearer.unwrap_or_default())
    };
    let asked: Vec<_> = server.asked().into_iter().map(told).collect();
    assert_eq!(asked, expected);
}

#[tokio::test]
async fn a_token_is_bought_once_and_used_until_it_is_due() {
    let server =
        Server::start(vec![sold("a", 1_800), Act::answer(200, DETAILS), Act::answer(200, DETAILS)]);
    let client = client(&server);
    for _ in 0..2 {
        client.probe().await.expect("an answer");
    }
    check(&server, &["token r%2B1", "details a", "details a"]);
    assert_eq!(
        server.asked()[0].body,
        "grant_type=refresh_token&client_id=id&client_secret=s%2F1&refresh_token=r%2B1"
    );
}

#[tokio::test]
async fn at_four_fifths_of_its_life_another_is_bought_with_the_newest_refresh_token() {
    let server = Server::start(vec![
        sold("a", 0),
        Act::answer(200, DETAILS),
        sold("b", 1_800),
        Act::answer(200, DETAILS),
    ]);
    let client = client(&server);
    for _ in 0..2 {
        client.probe().await.expect("an answer");
    }
    check(&server, &["token r%2B1", "details a", "token next", "details b"]);
}

#[tokio::test]
async fn a_refused_token_is_renewed_and_the_call_made_once_more() {
    let server = Server::start(vec![
        sold("a", 1_800),
        expired(),
        sold("b", 1_800),
        Act::answer(200, DETAILS),
    ]);
    client(&server).probe().await.expect("an answer");
    check(&server, &["token r%2B1", "details a", "token next", "details b"]);
}

#[tokio::test]
async fn refused_twice_the_access_is_halted() {
    let server = Server::start(vec![sold("a", 1_800), expired(), sold("b", 1_800), expired()]);
    let refused = client(&server).probe().await.expect_err("refused");
    assert!(matches!(refused, ReadFailure::Halted { .. }), "{refused:?}");
    check(&server, &["token r%2B1", "details a", "token next", "details b"]);
}

#[tokio::test]
async fn a_refused_refresh_token_halts_and_no_call_is_made() {
    let body = r#"{"status":"BAD_REFRESH_TOKEN","message":"missing or invalid refresh token"}"#;
    let server = Server::start(vec![Act::answer(400, body)]);
    let refused = client(&server).probe().await.expect_err("refused");
    let ReadFailure::Halted { message } = refused else { panic!("{refused:?}") };
    assert!(message.contains("missing or invalid refresh token"), "{message}");
    check(&server, &["token r%2B1"]);
}

#[tokio::test]
async fn a_token_endpoint_that_is_away_is_tried_again_later() {
    for act in [Act::CloseRead, Act::answer(503, ""), Act::answer(200, "{}"), Act::answer(429, "")]
    {
        let told = format!("{act:?}");
        let server = Server::start(vec![act]);
        let failed = client(&server).probe().await.expect_err("no token");
        let later = matches!(failed, ReadFailure::Later { why: Later::Unreachable, .. });
        assert!(later, "{told}: {failed:?}");
        assert_eq!(server.asked().len(), 1, "{told}");
    }
}
