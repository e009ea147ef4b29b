//! Two routers with a store each on one account (F16): nothing can keep them from enrolling beside
//! each other, so both say that they are not alone.

use serde_json::json;

use crate::harness::{Harness, LONG, SECRET, Setup, rule};
use crate::security::router::Router;
use hubroute::simulator::Delivery;

fn rules() -> String {
    rule("stage", "sequence intro") + &rule("score", "sequence intro")
}

#[test]
fn a_second_router_with_a_store_of_its_own_is_noticed() {
    let harness = Harness::start(Setup::with(rules()));
    let other = Harness::prepare(Setup::with(rules()));
    let config = harness.folder().join("hubroute.toml");
    std::fs::copy(config, other.folder().join("hubroute.toml")).expect("of the same account");
    let second = Router::start(&other, |_| {});
    for contact in 1..=3 {
        // A form changes two properties at once; each event goes to another of the two.
        assert!(harness.deliver(contact, "stage", "hot"));
        harness.wait_until_idle(LONG);
        assert_eq!(harness.enrolled(contact), 1);
        assert!(second.get("/api/v1/status")["alerts"] == json!([]), "nobody is accused early");
        harness.control(
            &format!("POST /_sim/contacts/{contact}"),
            &json!({"properties": {"score": "9"}}),
        );
        let event = json!({"contact": contact, "property": "score", "value": "9"});
        let order = Delivery { events: vec![event], ..second.order(SECRET) };
        assert!(harness.send(order)[0].acknowledged);
        second.wait_for(|status| {
            status["queue"]["journal"] == json!(0) && status["queue"]["waiting"] == json!(0)
        });
    }
    let alerts = second.get("/api/v1/status")["alerts"].clone();
    assert_eq!(alerts[0]["code"], "not-alone", "{alerts}");
    assert_eq!(harness.status()["alerts"], json!([]), "the one that was first knows nothing");
    let doctor = other.command(&["doctor"]);
    let found = "! 3 contacts were put into sequences of the address book";
    assert!(doctor.output.contains(found), "{}", doctor.output);
    assert!(!harness.command(&["doctor"]).output.contains("were put into"), "its own are its own");
}
