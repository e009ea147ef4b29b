//! Secrets that change, and signatures that should not count any more (T2, T23).

use serde_json::json;

use super::router::Router;
use crate::harness::{Harness, SECRET, Setup, rule};
use hubroute::simulator::{Delivery, Signature};

const NEW: &str = "the-next-client-secret";

fn harness() -> Harness {
    Harness::prepare(Setup::with(rule("stage", "sequence intro")))
}

/// Whether the router keeps a delivery about this contact, signed so.
fn is_kept(router: &Router<'_>, contact: u64, secret: &str, signature: Signature) -> bool {
    let event = json!({"contact": contact, "property": "stage", "value": "hot"});
    let order = Delivery { events: vec![event], signature, ..router.order(secret) };
    router.harness.send(order)[0].acknowledged
}

#[test]
fn while_rotating_both_secrets_count_and_afterwards_the_new_one_alone() {
    let harness = harness();
    let router = Router::start(&harness, |command| {
        command.env("HUBROUTE_CLIENT_SECRET", NEW).env("HUBROUTE_CLIENT_SECRET_PREVIOUS", SECRET);
    });
    for contact in 1..=5 {
        assert!(is_kept(&router, contact, SECRET, Signature::V3), "the previous one");
        assert!(is_kept(&router, contact, NEW, Signature::V3), "the new one");
    }
    assert!(!is_kept(&router, 1, "another", Signature::V3));
    router.process.stop();
    let router = Router::start(&harness, |command| {
        command.env("HUBROUTE_CLIENT_SECRET", NEW);
    });
    assert!(is_kept(&router, 6, NEW, Signature::V3));
    assert!(!is_kept(&router, 6, SECRET, Signature::V3), "it is rotated away");
}

#[test]
fn signatures_without_a_time_count_only_where_that_is_said_and_then_it_is_shown() {
    let harness = harness();
    let router = Router::start(&harness, |_| {});
    assert!(!is_kept(&router, 1, SECRET, Signature::V1));
    assert!(!is_kept(&router, 1, SECRET, Signature::V2));
    assert_eq!(router.get("/api/v1/status")["alerts"], json!([]));
    router.process.stop();
    let router = Router::start(&harness, |command| {
        command.env("HUBROUTE_SIGNATURE_ACCEPT", "v3,v1");
    });
    assert!(is_kept(&router, 1, SECRET, Signature::V1));
    assert!(!is_kept(&router, 1, SECRET, Signature::V2));
    let alerts = router.get("/api/v1/status")["alerts"].clone();
    assert_eq!(alerts[0]["code"], "weak-signatures", "{alerts}");
    assert!(harness.log().contains("whoever recorded one can replay it"), "{}", harness.log());
}
