//! Which settings make a client.

use super::*;
use crate::hubspot::check_base_url;

fn settings(base_url: &str) -> Settings {
    Settings { base_url: base_url.to_owned(), ..Settings::new(token(TOKEN)) }
}

#[test]
fn the_base_url_is_https_save_on_loopback() {
    for (base_url, allowed) in [
        ("https://api.hubapi.com", true),
        ("https://api.hubapi.com/", true),
        ("http://127.0.0.1:8090", true),
        ("http://127.9.9.9", true),
        ("http://[::1]:8090", true),
        ("http://localhost:8090/prefix", true),
        ("http://api.hubapi.com", false),
        ("http://10.0.0.1", false),
        ("http://127.0.0.1.example.com", false),
        ("http://localhost.example.com", false),
        ("http://[::ffff:10.0.0.1]", false),
        ("ftp://127.0.0.1", false),
        ("https://user:hunter2@api.hubapi.com", false),
        ("https://api.hubapi.com?a=b", false),
        ("https://api.hubapi.com#a", false),
        ("api.hubapi.com", false),
        ("", false),
    ] {
        let built = Client::new(&settings(base_url));
        assert_eq!(built.is_ok(), allowed, "{base_url}: {built:?}");
    }
}

/// Addresses of other machines, spelled like this one or like HubSpot.
const ELSEWHERE: [&str; 40] = [
    "http://167772161",
    "http://0x0a000001",
    "http://012.0.0.1",
    "http://10.1",
    "http://0xa9.0xfe.0xa9.0xfe",
    "http://169.254.169.254",
    "http://169.254.169.254/latest/meta-data",
    "http://[::ffff:10.0.0.1]",
    "http://[::ffff:a9fe:a9fe]",
    "http://[::ffff:127.0.0.1]",
    "http://[::]",
    "http://0.0.0.0",
    "http://0",
    "http://[fe80::1]",
    "http://[fd00::1]",
    "http://[64:ff9b::a00:1]",
    "http://127.0.0.1.nip.io",
    "http://127.0.0.256",
    "http://127.0.0.1@10.0.0.1",
    "http://127.0.0.1:80@10.0.0.1",
    "http://[::1]@10.0.0.1",
    "http://localhost@10.0.0.1",
    "http://localhost:8080@evil.example/",
    "http://localhost.",
    "http://localhost.localdomain",
    "http://localhost.evil.example",
    "http://localhost%00.evil.example",
    "http://localhost%2eevil.example",
    "http://lоcalhost",
    "http://metadata.google.internal",
    "http:\\\\10.0.0.1",
    "http:10.0.0.1",
    "http:///10.0.0.1",
    "https://api.hubapi.com@10.0.0.1",
    "https://api.hubapi.com:443@10.0.0.1",
    "https://user@api.hubapi.com",
    "gopher://127.0.0.1",
    "file:///etc/passwd",
    "unix:///run/docker.sock",
    "//10.0.0.1",
];

#[test]
fn however_another_machine_is_spelled_no_client_for_it_is_made() {
    for base_url in ELSEWHERE {
        let built = Client::new(&settings(base_url));
        assert!(built.is_err(), "{base_url}: {built:?}");
        assert!(check_base_url(base_url).is_err(), "{base_url}");
    }
}

#[test]
fn a_token_that_is_none_is_refused_without_showing_it() {
    for token in ["two words", "line\nbreak", "zoë"] {
        let settings = Settings::new(self::token(token));
        let refused = Client::new(&settings).expect_err("refused");
        let told = format!("{refused} {refused:?}");
        assert!(!told.contains(token), "{told}");
    }
}

#[test]
fn a_proxy_that_is_none_is_refused_without_showing_it() {
    let proxy = Some(Secret::new("http://user:hunter2@").expect("not blank"));
    let refused = Client::new(&Settings { proxy, ..settings("https://api.hubapi.com") });
    let told = format!("{:?}", refused.expect_err("refused"));
    assert!(!told.contains("hunter2"), "{told}");
}

#[tokio::test]
async fn a_configured_proxy_is_asked() {
    let proxy = Server::start(vec![Act::answer(200, "{}")]);
    let settings = Settings {
        proxy: Some(Secret::new(&proxy.url).expect("not blank")),
        ..settings("http://127.0.0.1:9")
    };
    let client = Client::new(&settings).expect("a client");
    crate::port::HubSpot::probe(&client).await.expect("an answer");
    assert_eq!(proxy.asked()[0].line, "GET http://127.0.0.1:9/account-info/2026-03/details");
}

#[test]
fn debug_shows_no_secret() {
    let proxy = Some(Secret::new("http://user:hunter2@127.0.0.1:9").expect("not blank"));
    let settings = Settings { proxy, ..settings("https://api.hubapi.com") };
    let client = Client::new(&settings).expect("a client");
    let told = format!("{settings:?} {client:?}");
    assert!(!told.contains("pat-") && !told.contains("hunter2"), "{told}");
}
