//! Deliveries to a listener that answers as told and keeps what it got.

use std::sync::{Arc, Mutex};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::{Value, json};

use super::World;
use crate::simulator::sign::Signed;
use crate::simulator::{Change, Delivery, Id, Signature};

/// One request that the listener got.
#[derive(Clone, Debug)]
struct Got {
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Got {
    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    fn events(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }
}

/// What the listener shares: the statuses it still has to give, and the requests it got.
#[derive(Default)]
struct Hook {
    statuses: Mutex<Vec<u16>>,
    got: Mutex<Vec<Got>>,
}

/// Starts a listener that gives `statuses` in turn, then 204; its URL.
fn listen(statuses: &[u16]) -> (String, Arc<Hook>) {
    let turned = statuses.iter().rev().copied().collect();
    let hook = Arc::new(Hook { statuses: Mutex::new(turned), got: Mutex::default() });
    let data = web::Data::from(Arc::clone(&hook));
    let server =
        HttpServer::new(move || App::new().app_data(data.clone()).default_service(web::to(keep)))
            .workers(1)
            .disable_signals()
            .bind(("127.0.0.1", 0))
            .expect("a free port");
    let url = format!("http://{}/webhooks/hubspot", server.addrs()[0]);
    tokio::spawn(server.run());
    (url, hook)
}

async fn keep(request: HttpRequest, body: web::Bytes, hook: web::Data<Hook>) -> HttpResponse {
    let headers = request.headers().iter().map(|(name, value)| {
        (name.to_string(), value.to_str().expect("an ASCII header").to_owned())
    });
    let got = Got { headers: headers.collect(), body: body.to_vec() };
    hook.got.lock().expect("no panic before").push(got);
    let status = hook.statuses.lock().expect("no panic before").pop().unwrap_or(204);
    HttpResponse::build(status.try_into().expect("a status")).finish()
}

fn order(target: &str) -> Delivery {
    Delivery {
        target: target.to_owned(),
        secret: "s".to_owned(),
        events: vec![json!({"contact": 1, "property": "stage", "value": "won"})],
        retry_ms: 1,
        ..Delivery::default()
    }
}

#[tokio::test]
async fn a_delivery_looks_and_is_signed_as_hubspots() {
    let (world, (target, hook)) = (World::start(), listen(&[]));
    let public = "https://hooks.example.com/webhooks/hubspot";
    let order = Delivery { public_url: Some(public.to_owned()), ..order(&target) };
    let done = world.simulator.deliver(order).await.expect("a delivery");
    assert!(done[0].acknowledged);
    assert_eq!(done[0].contacts, [1]);
    let got = hook.got.lock().expect("no panic before")[0].clone();
    let signed = Signed { secret: "s", method: "POST", url: public, body: &got.body };
    let timestamp = got.header("X-HubSpot-Request-Timestamp").expect("a timestamp");
    assert_eq!(timestamp.len(), 13);
    assert_eq!(got.header("X-HubSpot-Signature-v3"), Some(&*signed.v3(timestamp)));
    assert_eq!(got.header("X-HubSpot-Signature"), Some(&*signed.v1()));
    assert_eq!(got.header("X-HubSpot-Signature-Version"), Some("v1"));
    assert_eq!(got.header("X-HubSpot-Timeout-Millis"), Some("10000"));
    assert_eq!(got.header("Content-Type"), Some("application/json"));
    let event = &got.events()[0];
    assert_eq!(event["portalId"], 33);
    assert_eq!(event["subscriptionType"], "contact.propertyChange");
    assert_eq!(event["attemptNumber"], 0);
}

/// The signature headers a kind sends, and whether its v3 fits the request.
async fn check(kind: Signature, headers: &[&str], v3_fits: bool) {
    let (world, (target, hook)) = (World::start(), listen(&[]));
    let order = Delivery { signature: kind, ..order(&target) };
    world.simulator.deliver(order).await.expect("a delivery");
    let got = hook.got.lock().expect("no panic before")[0].clone();
    let known = [
        "X-HubSpot-Signature",
        "X-HubSpot-Signature-Version",
        "X-HubSpot-Signature-v3",
        "X-HubSpot-Request-Timestamp",
    ];
    let sent: Vec<&str> = known.into_iter().filter(|name| got.header(name).is_some()).collect();
    assert_eq!(sent, headers, "{kind:?}");
    let signed = Signed { secret: "s", method: "POST", url: &target, body: &got.body };
    let timestamp = got.header("X-HubSpot-Request-Timestamp").unwrap_or_default();
    let fits = got.header("X-HubSpot-Signature-v3") == Some(&*signed.v3(timestamp));
    assert_eq!(fits, v3_fits, "{kind:?}");
}

#[tokio::test]
async fn every_kind_of_signature_can_be_sent() {
    let old = ["X-HubSpot-Signature", "X-HubSpot-Signature-Version"];
    let new = ["X-HubSpot-Signature-v3", "X-HubSpot-Request-Timestamp"];
    let both = [old[0], old[1], new[0], new[1]];
    check(Signature::V1, &old, false).await;
    check(Signature::V2, &old, false).await;
    check(Signature::V3, &new, true).await;
    check(Signature::Stale, &new, true).await;
    check(Signature::Future, &new, true).await;
    check(Signature::V1AndV3, &both, true).await;
    check(Signature::Forged, &both, false).await;
    check(Signature::None, &[], false).await;
}

#[tokio::test]
async fn a_refused_delivery_comes_again_with_a_higher_attempt_number() {
    let (world, (target, hook)) = (World::start(), listen(&[503, 401]));
    let order = Delivery { attempts: 5, ..order(&target) };
    let done = world.simulator.deliver(order).await.expect("a delivery");
    let statuses: Vec<_> = done[0].attempts.iter().map(|attempt| attempt.status).collect();
    assert_eq!(statuses, [Some(503), Some(401), Some(204)]);
    let got = hook.got.lock().expect("no panic before").clone();
    let numbers: Vec<_> = got.iter().map(|got| got.events()[0]["attemptNumber"].clone()).collect();
    assert_eq!(numbers, [0, 1, 2]);
    let ids: Vec<_> = got.iter().map(|got| got.events()[0]["eventId"].clone()).collect();
    assert!(ids.windows(2).all(|pair| pair[0] == pair[1]), "a retry repeats its event");
}

#[tokio::test]
async fn acknowledged_and_refused_deliveries_are_remembered() {
    let (world, (target, _hook)) = (World::start(), listen(&[204, 500]));
    let order = Delivery { copies: 3, ..order(&target) };
    world.simulator.deliver(order).await.expect("deliveries");
    let nowhere = Delivery { target: "http://127.0.0.1:1/".to_owned(), ..Delivery::default() };
    let done = world.simulator.deliver(nowhere).await.expect("a delivery");
    assert_eq!(done[0].attempts[0].status, None);
    let counts = world.simulator.counts().deliveries;
    assert_eq!((counts.sent, counts.acknowledged, counts.refused), (4, 2, 2));
    let acknowledged: Vec<_> =
        world.simulator.deliveries().iter().map(|delivered| delivered.acknowledged).collect();
    assert_eq!(acknowledged, [true, false, true, false]);
}

#[tokio::test]
async fn copies_can_be_sent_at_once_and_are_one_event() {
    let (world, (target, hook)) = (World::start(), listen(&[]));
    let order = Delivery { copies: 8, at_once: true, ..order(&target) };
    let done = world.simulator.deliver(order).await.expect("deliveries");
    assert_eq!(
        done.iter().map(|delivered| delivered.n).collect::<Vec<_>>(),
        [1, 2, 3, 4, 5, 6, 7, 8]
    );
    let bodies: Vec<_> =
        hook.got.lock().expect("no panic before").iter().map(|got| got.body.clone()).collect();
    assert_eq!(bodies.len(), 8);
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]));
}

#[tokio::test]
async fn any_bytes_can_be_delivered() {
    let (world, (target, hook)) = (World::start(), listen(&[]));
    let order = Delivery { body: Some("not JSON".to_owned()), ..order(&target) };
    world.simulator.deliver(order).await.expect("a delivery");
    assert_eq!(hook.got.lock().expect("no panic before")[0].body, b"not JSON");
}

#[tokio::test]
async fn a_change_delivers_what_really_changed() {
    let (world, (target, hook)) = (World::start(), listen(&[]));
    let pairs = [("lifecyclestage", "lead"), ("stage", "won")];
    let change = Change {
        properties: pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        source: Some("FORM".to_owned()),
        deliver: Some(Delivery { events: Vec::new(), ..order(&target) }),
        ..Change::default()
    };
    let done = world.simulator.change_contact(Id::from(1), change.clone()).await.expect("a change");
    assert_eq!(done["changed"], json!(["stage"]));
    let events = hook.got.lock().expect("no panic before")[0].events();
    assert_eq!(events.as_array().map(Vec::len), Some(1));
    assert_eq!(events[0]["propertyValue"], "won");
    assert_eq!(events[0]["changeSource"], "FORM");
    let again = world.simulator.change_contact(Id::from(1), change).await.expect("a change");
    assert_eq!(again["deliveries"], json!([]), "nothing changed, nothing sent");
    let history = &world.simulator.state().contacts[&Id::from(1)].history["stage"];
    assert_eq!((history.len(), &*history[0].source), (1, "FORM"));
    assert_eq!(events[0]["occurredAt"], history[0].at, "one time for both");
}
