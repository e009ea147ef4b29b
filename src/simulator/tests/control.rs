//! The control protocol: state in and out, what it refuses, its own description.

use serde_json::{Value, json};

use super::World;
use crate::simulator::{HELP, Options, Simulator, StartError};

#[tokio::test]
async fn the_state_that_is_read_can_be_put_again() {
    let world = World::start();
    assert_eq!(world.enroll(1, 101).await.0, 200);
    let (_, state) = world.get("GET /_sim/state").await;
    assert_eq!(world.ask("PUT /_sim/state?replace=true", state.clone()).await.0, 200);
    assert_eq!(world.get("GET /_sim/state").await.1, state);
    assert_eq!(world.simulator.counts().enrollments, 1, "effects are state");
    assert!(world.simulator.counts().phases.is_empty(), "the log is not");
}

#[tokio::test]
async fn a_put_changes_the_keys_it_names_and_settings_one_by_one() {
    let world = World::start();
    let patch = json!({"expect": [1], "settings": {"send_limit": 5}});
    assert_eq!(world.ask("PUT /_sim/state", patch).await.0, 200);
    let patch = json!({"settings": {"reads_lag_ms": 7}});
    assert_eq!(world.ask("PUT /_sim/state", patch).await.0, 200);
    let state = world.simulator.state();
    assert_eq!((state.contacts.len(), state.expect.len()), (3, 1));
    assert_eq!((state.settings.send_limit, state.settings.reads_lag_ms), (Some(5), 7));
}

/// A control call that is refused with a sentence holding `needle`, and changes nothing.
async fn check(request: &str, body: Value, needle: &str) {
    let world = World::start();
    let before = world.get("GET /_sim/state").await.1;
    let (status, answer) = world.ask(request, body).await;
    assert_eq!(status, 400, "{request}: {answer}");
    let error = answer["error"].as_str().expect("a sentence");
    assert!(error.contains(needle), "{request}: {error}");
    assert_eq!(world.get("GET /_sim/state").await.1, before);
}

#[tokio::test]
async fn what_cannot_be_read_is_named_and_changes_nothing() {
    check("PUT /_sim/state", json!({"contcts": []}), "contcts").await;
    check("PUT /_sim/state", json!({"contacts": [{"id": 1, "props": {}}]}), "props").await;
    check("PUT /_sim/state", json!([]), "object").await;
    check("PUT /_sim/faults", json!([{"kind": "x"}]), "`x`").await;
    check("POST /_sim/deliver", json!({"secret": "s"}), "target").await;
    check("POST /_sim/deliver", json!({"target": "http://127.0.0.1:1", "sing": 1}), "sing").await;
    check("POST /_sim/merge", json!({"primary": 1, "merged": [999]}), "999").await;
    check("POST /_sim/enrollments", json!({"contact": 1}), "sequence").await;
    check("POST /_sim/enrollments", json!({"contact": 999, "sequence": 101}), "999").await;
    check("DELETE /_sim/contacts/999", Value::Null, "999").await;
    check("GET /_sim/wait?phase=soon", Value::Null, "received").await;
}

#[tokio::test]
async fn contacts_come_and_go() {
    let world = World::start();
    let body = json!({"properties": {"email": "new@c.test"}, "source": "IMPORT"});
    assert_eq!(world.ask("POST /_sim/contacts/7", body).await.0, 200);
    let read = "GET /crm/objects/2026-03/contacts/new%40c.test?idProperty=email";
    assert_eq!(world.get(read).await.1["id"], "7");
    let body = json!({"properties": {"email": "newer@c.test"}});
    assert_eq!(world.ask("POST /_sim/contacts/7", body).await.0, 200);
    assert_eq!(world.get(read).await.0, 404, "the old address is nobody's");
    let read = "GET /crm/objects/2026-03/contacts/NEWER%40c.test?idProperty=email";
    assert_eq!(world.get(read).await.1["id"], "7");
    assert_eq!(world.get("DELETE /_sim/contacts/7").await.0, 200);
    assert_eq!(world.get(read).await.0, 404);
}

#[tokio::test]
async fn an_end_shows_in_the_contacts_properties() {
    let world = World::start();
    let path = "GET /crm/objects/2026-03/contacts/1?properties=hs_sequences_is_enrolled,\
                hs_latest_sequence_ended_date,hs_latest_sequence_finished_date,\
                hs_latest_sequence_unenrolled_date";
    for (how, finished, unenrolled) in [("finish", true, false), ("reply", false, true)] {
        assert_eq!(world.enroll(1, 101).await.0, 200);
        let body = json!({"contact": 1, "sequence": 101, "how": how});
        let ended = world.ask("POST /_sim/enrollments/end", body).await;
        assert_eq!(ended.1, json!({"ended": 1}));
        let properties = world.get(path).await.1["properties"].clone();
        assert_eq!(properties["hs_sequences_is_enrolled"], "false");
        assert!(properties["hs_latest_sequence_ended_date"].is_string(), "{how}");
        assert_eq!(properties["hs_latest_sequence_finished_date"].is_string(), finished, "{how}");
        let seen = properties["hs_latest_sequence_unenrolled_date"].is_string();
        assert_eq!(seen, unenrolled, "{how}");
    }
}

#[tokio::test]
async fn waiting_over_http_says_whether_the_phase_came() {
    let world = World::start();
    let wait = "GET /_sim/wait?phase=answered&n=1&ms=";
    assert_eq!(world.get(&format!("{wait}1")).await.1, json!({"reached": false}));
    assert_eq!(world.enroll(1, 101).await.0, 200);
    assert_eq!(world.get(&format!("{wait}20000")).await.1, json!({"reached": true}));
    let calls = "GET /_sim/wait?phase=calls&endpoint=enroll-sequence&n=1";
    assert_eq!(world.get(calls).await.1, json!({"reached": true}));
}

#[tokio::test]
async fn the_help_names_every_call_and_is_served() {
    let world = World::start();
    let url = format!("{}/_sim/help", world.simulator.url());
    let text = world.http.get(url).send().await.expect("an answer").text().await.expect("text");
    assert_eq!(text, HELP);
    for call in [
        "/_sim/state",
        "/_sim/faults",
        "/_sim/release",
        "/_sim/counts",
        "/_sim/deliver",
        "/_sim/deliveries",
        "/_sim/contacts/",
        "/_sim/merge",
        "/_sim/enrollments",
        "/_sim/enrollments/end",
        "/_sim/wait",
    ] {
        assert!(HELP.contains(call), "{call}");
    }
    assert_eq!(world.get("GET /_sim/nothing").await.0, 404);
}

#[tokio::test]
async fn it_starts_on_loopback_only_and_frees_its_port() {
    let listen = "0.0.0.0:0".parse().expect("an address");
    let refused = Simulator::start(Options { listen, ..Options::default() });
    assert!(matches!(refused, Err(StartError::NotLoopback(_))));
    let first = Simulator::start(Options::default()).expect("a simulator");
    let taken = Options { listen: first.address(), ..Options::default() };
    assert!(matches!(Simulator::start(taken.clone()), Err(StartError::Listen(..))));
    first.stop().await;
    Simulator::start(taken).expect("the port is free").stop().await;
}

#[actix_web::test]
async fn it_runs_inside_an_actix_runtime_too() {
    let world = World::start();
    assert_eq!(world.enroll(1, 101).await.0, 200);
    let done = world.simulator.run_until(std::future::ready(()));
    done.await;
}

#[tokio::test]
async fn every_example_of_the_help_works() {
    let world = World::start();
    // Nobody listens on port 1: a delivery is made and refused at once.
    let text = HELP.replace("127.0.0.1:8080", "127.0.0.1:1");
    let mut examples = 0;
    for example in text.split("  curl ").skip(1) {
        let method = if example.starts_with("-X PUT") { "PUT" } else { "POST" };
        let (_, rest) = example.split_once("$SIM").expect("the base URL");
        let (path, rest) = rest.split_once(" -d '").expect("a body");
        let (body, _) = rest.split_once('\'').expect("the body's end");
        let body: Value = serde_json::from_str(body).expect("JSON");
        let (status, answer) = world.simulator.control(method, path, &body).await;
        assert_eq!(status, 200, "{example}: {answer}");
        examples += 1;
    }
    assert_eq!(examples, 5);
    let counts = world.simulator.counts();
    assert_eq!((counts.lost, counts.deliveries.refused), (1, 3));
    assert_eq!(world.simulator.state().contacts.len(), 1);
}
