//! Which settings make a client.

use super::*;

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
