//! The admin listener against strangers and against pages of other sites (T14).

use serde_json::Value;

use super::router::{Router, exchange};
use crate::harness::{Harness, LONG, Process, Setup, rule};

const TOKEN: &str = "correct-horse-battery-staple";

fn harness() -> Harness {
    Harness::prepare(Setup::with(rule("stage", "sequence intro")))
}

fn with_token(harness: &Harness) -> Router<'_> {
    Router::start(harness, |command| {
        command.env("HUBROUTE_ADMIN_TOKEN", TOKEN);
    })
}

/// Every call that the router says there is, with something in the place of ids.
fn calls(router: &Router<'_>) -> Vec<String> {
    let document = router.get("/api/v1/openapi.json");
    let paths = document["paths"].as_object().expect("paths");
    let calls = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().expect("methods").keys();
        methods.map(move |method| {
            format!("{} {}", method.to_ascii_uppercase(), path.replace("{id}", "1"))
        })
    });
    let calls: Vec<String> = calls.collect();
    assert!(25 < calls.len(), "{calls:?}");
    calls
}

#[test]
fn without_the_token_nothing_but_health_is_told() {
    let harness = harness();
    let mut router = with_token(&harness);
    router.headers = format!("Authorization: Bearer {TOKEN}\r\n");
    let calls = calls(&router);
    router.headers.clear();
    let open = ["GET /healthz", "GET /readyz"];
    let longer = format!("Authorization: Bearer {TOKEN}x\r\n");
    let shorter = format!("Authorization: Bearer {}\r\n", &TOKEN[..TOKEN.len() - 1]);
    let other = format!("Authorization: Bearer {}\r\n", TOKEN.to_uppercase());
    let basic = format!("Authorization: Basic {TOKEN}\r\n");
    let cookie = format!("Cookie: token={TOKEN}\r\n");
    for call in calls.iter().filter(|call| !open.contains(&call.as_str())) {
        for given in ["", "Authorization: Bearer \r\n", &longer, &shorter, &other, &basic, &cookie]
        {
            let answer = router.ask(call, given, "{}");
            assert_eq!(answer.status, 401, "{call} {given}: {}", answer.body);
            assert!(answer.body.len() < 300 && !answer.body.contains("diagnostics"), "{call}");
        }
    }
    for call in open {
        assert_eq!(router.ask(call, "", "").status, 200, "{call}");
    }
    let by_query = router.ask(&format!("GET /api/v1/status?token={TOKEN}"), "", "");
    assert_eq!(by_query.status, 401, "a token never stands in an address");
}

#[test]
fn the_webhook_port_has_no_call_of_the_admin_listener() {
    let harness = harness();
    let router = Router::start(&harness, |_| {});
    let calls = calls(&router);
    for call in calls.iter().filter(|call| *call != "GET /healthz") {
        let request = format!("{call} HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{{}}");
        let answer = exchange(router.process.webhook_port(), request.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 404"), "{call}");
    }
}

const PAUSE: (&str, &str) = ("POST /api/v1/pause", r#"{"who":"Mallory","note":""}"#);

fn is_paused(router: &Router<'_>) -> bool {
    let status: Value = router.get("/api/v1/status");
    status["sentence"].as_str().is_some_and(|it| it.starts_with("Paused"))
}

#[test]
fn a_page_of_another_site_changes_nothing() {
    let harness = harness();
    let mut open = Router::start(&harness, |_| {});
    check_foreign_pages(&mut open, "");
    open.process.stop();
    let mut guarded = with_token(&harness);
    check_foreign_pages(&mut guarded, &format!("Authorization: Bearer {TOKEN}\r\n"));
}

fn check_foreign_pages(router: &mut Router<'_>, authorized: &str) {
    authorized.clone_into(&mut router.headers);
    let host = format!("127.0.0.1:{}", router.process.admin_port());
    let (call, body) = PAUSE;
    for page in [
        "Origin: https://evil.example\r\n",
        "Origin: null\r\n",
        "Origin: http://127.0.0.1:1\r\n",
        "Sec-Fetch-Site: cross-site\r\n",
        "Sec-Fetch-Site: same-site\r\n",
        "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Site: same-origin\r\n",
        "Sec-Fetch-Site: cross-site\r\nOrigin: http://HOST\r\n",
    ] {
        let headers = format!("Host: {host}\r\n{}", page.replace("HOST", &host));
        let answer = router.ask(call, &headers, body);
        assert_eq!(
            (answer.status, answer.json()["error"]["code"].as_str()),
            (403, Some("cross-site")),
            "{page}"
        );
        let reload = router.ask("POST /api/v1/reload", &headers, "");
        assert_eq!(reload.status, 403, "{page}: it takes no body, so any form could send it");
    }
    // What a form of a page can send without asking first is no press either.
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
        let headers = format!("Content-Type: {kind}\r\n");
        assert_eq!(router.ask(call, &headers, body).status, 415, "{kind}");
    }
    let preflight = router.ask("OPTIONS /api/v1/pause", "Origin: https://evil.example\r\n", "");
    assert!(!preflight.head.to_ascii_lowercase().contains("access-control-"), "{}", preflight.head);
    assert!(!is_paused(router), "nothing was changed");
    let own = format!("Host: {host}\r\nOrigin: http://{host}\r\nSec-Fetch-Site: same-origin\r\n");
    assert_eq!(router.ask(call, &own, body).status, 200, "its own page may");
    assert!(is_paused(router));
    let resume = router.ask("POST /api/v1/resume", "", r#"{"who":"Ann","note":""}"#);
    assert_eq!(resume.status, 200, "and a program may");
}

#[test]
fn a_name_of_somebody_else_that_leads_here_is_not_answered() {
    let harness = harness();
    let router = Router::start(&harness, |_| {});
    let calls = calls(&router);
    let open = ["GET /healthz", "GET /readyz"];
    for call in calls.iter().filter(|call| !open.contains(&call.as_str())) {
        for host in ["evil.example", "127.0.0.1.nip.io", "localhost.evil.example:80"] {
            let answer = router.ask(call, &format!("Host: {host}\r\n"), "");
            assert_eq!(answer.status, 403, "{call} as {host}");
            assert_eq!(answer.json()["error"]["code"], "wrong-host", "{call} as {host}");
        }
    }
}

#[test]
fn others_reach_no_listener_without_a_token() {
    let harness = harness();
    let started = Process::serve_with(harness.folder(), |command| {
        command.env("HUBROUTE_ADMIN_LISTEN", "0.0.0.0:0");
    });
    let ended = started.wait(LONG);
    assert_eq!(ended.code, Some(2), "{}", ended.output);
    assert!(ended.output.contains("set HUBROUTE_ADMIN_TOKEN"), "{}", ended.output);
}
