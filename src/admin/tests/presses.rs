//! What changes something.

use serde_json::json;

use super::Ask;
use super::office::Desk;

const RESOLVE: &str = "POST /api/v1/in-doubt/1.0.inbound/resolve";

#[test]
fn a_claim_in_doubt_is_resolved() {
    for found in ["enrolled", "not-enrolled"] {
        let body = json!({ "as": found, "who": "Ann", "note": "seen in HubSpot" }).to_string();
        Ask::new(RESOLVE).json(&body).check(200, "/as", found);
        Ask::local(RESOLVE).json(&body).check(200, "/id", "1.0.inbound");
        let nobody = "POST /api/v1/in-doubt/nobody/resolve";
        Ask::new(nobody).json(&body).check(404, "/error/code", "not-found");
        let busy = "POST /api/v1/in-doubt/busy/resolve";
        Ask::new(busy).json(&body).check(409, "/error/message", "A call is under way.");
    }
}

#[test]
fn what_is_held_is_released_or_discarded() {
    let body = r#"{"who":"Ann","note":"meant"}"#;
    for pressed in ["release", "discard"] {
        let of = |id: &str| format!("POST /api/v1/held/{id}/{pressed}");
        Ask::new(&of("1.0.inbound")).json(body).check(200, "/pressed", pressed);
        Ask::local(&of("1.0.inbound")).json(body).check(200, "/id", "1.0.inbound");
        Ask::new(&of("nobody")).json(body).check(404, "/error/code", "not-found");
        Ask::new(&of("busy")).json(body).check(409, "/error/message", "It moved.");
        let nameless = r#"{"who":" ","note":""}"#;
        Ask::new(&of("1.0.inbound")).json(nameless).check(400, "/error/code", "bad-body");
    }
}

#[test]
fn a_contact_is_taken_out_barred_allowed_again_and_erased() {
    let signed = r#"{"who":"Ann","note":"asked for it"}"#;
    for pressed in ["never-contact-again", "allow-again", "forget"] {
        let call = format!("POST /api/v1/contacts/51/{pressed}");
        Ask::new(&call).json(signed).check(200, "/pressed", pressed);
        Ask::local(&call).json(signed).check(200, "/contact", "51");
        let nobody = format!("POST /api/v1/contacts/ann/{pressed}");
        Ask::new(&nobody).json(signed).check(404, "/error/code", "not-found");
    }
    let take_out = |contact: u64, body: &str, status: u16, at: &str, value: &str| {
        let call = format!("POST /api/v1/contacts/{contact}/take-out");
        Ask::new(&call).json(body).check(status, at, value);
    };
    let themes = r#"{"themes":["sales"],"who":"Ann","note":""}"#;
    take_out(51, themes, 200, "/pressed", "take-out");
    take_out(51, r#"{"everything":true,"who":"Ann","note":""}"#, 200, "/contact", "51");
    take_out(409, themes, 409, "/error/message", "A call is under way.");
    take_out(51, signed, 400, "/error/message", "It says neither themes nor everything.");
    let unknown = r#"{"themes":["sale"],"who":"Ann","note":""}"#;
    take_out(51, unknown, 400, "/error/message", "There is no theme \"sale\".");
    let both = r#"{"themes":["sales"],"everything":true,"who":"Ann","note":""}"#;
    take_out(51, both, 400, "/error/message", "It says themes and everything.");
}

#[test]
fn the_store_is_seeded_or_a_person_says_that_it_need_not_be() {
    let body = r#"{"who":"Ann","note":"day one"}"#;
    Ask::new("POST /api/v1/seed").json(body).check(200, "/percent", 40);
    let skip = r#"{"skip":true,"who":"Ann","note":"new account"}"#;
    Ask::local("POST /api/v1/seed").json(skip).check(200, "/running", true);
    Ask::new("GET /api/v1/seeded").check(200, "/booked", 0);
    let rows = |enrollment: &str, status: u16, at: &str, value: serde_json::Value| {
        let body = format!(r#"{{"enrollments":[{enrollment}],"who":"Ann","note":""}}"#);
        Ask::new("POST /api/v1/seed/enrollments").json(&body).check(status, at, value);
    };
    let at = r#""enrolled_at":"2026-11-20T08:00:00Z""#;
    rows(&format!(r#"{{"contact":51,"sequence":10,{at}}}"#), 200, "/booked", json!(1));
    let unnamed = "An enrollment names no workflow and no sequence of portal.toml.";
    rows(&format!(r#"{{"contact":51,"sequence":99,{at}}}"#), 400, "/error/message", json!(unnamed));
    rows(&format!(r#"{{"contact":51,{at}}}"#), 400, "/error/message", json!(unnamed));
    let future = r#"{"contact":51,"sequence":10,"enrolled_at":"2027-01-01T00:00:00Z"}"#;
    let late = "An enrollment has no time, or one in the future.";
    rows(future, 400, "/error/message", json!(late));
}

#[test]
fn calls_are_paused_and_resumed() {
    let body = r#"{"who":"Ann","note":"fire drill"}"#;
    Ask::new("POST /api/v1/pause").json(body).check(200, "/paused", true);
    Ask::new("POST /api/v1/resume").json(body).check(200, "/paused", false);
}

#[test]
fn a_press_arrives_with_who_and_why() {
    let desk = actix_web::web::Data::new(Desk::new());
    let access = actix_web::web::Data::new(crate::admin::Access::new(None, false));
    let metrics = actix_web::web::Data::new(crate::admin::Metrics::default());
    let request = actix_web::test::TestRequest::post()
        .uri("/api/v1/pause")
        .insert_header(("host", "localhost"))
        .set_json(json!({ "who": "Ann", "note": "fire drill" }))
        .to_request();
    actix_web::rt::System::new().block_on(async {
        let service =
            actix_web::test::init_service(crate::admin::app(access, metrics, desk.clone())).await;
        actix_web::test::call_service(&service, request).await;
    });
    let pressed = desk.pressed.lock().expect("nobody panicked");
    let [(what, press)] = &pressed[..] else { panic!("{pressed:?}") };
    assert_eq!(what, "paused true");
    assert_eq!((&*press.what, &*press.who, &*press.note), ("pause", "Ann", "fire drill"));
}

#[test]
fn rules_are_loaded_or_refused_with_everything_that_is_wrong() {
    Ask::new("POST /api/v1/reload").check(200, "/changed", true);
    for (pointer, value) in [
        ("/error/code", json!("rules-refused")),
        ("/error/message", json!("1 error.")),
        ("/diagnostics/0/code", json!("HR001")),
    ] {
        let mut ask = Ask::new("POST /api/v1/reload");
        ask.desk.refuses = true;
        ask.check(422, pointer, value);
    }
}

#[test]
fn a_body_that_is_not_understood_changes_nothing() {
    let long = format!(r#"{{"who":"{}","note":""}}"#, "a".repeat(201));
    let huge = format!(r#"{{"who":"Ann","note":"{}"}}"#, "a".repeat(70_000));
    for (body, status, code) in [
        ("", 400, "bad-body"),
        ("{", 400, "bad-body"),
        (r#"{"who":"Ann"}"#, 400, "bad-body"),
        (r#"{"who":"  ","note":""}"#, 400, "bad-body"),
        (r#"{"who":"Ann","note":"","x":1}"#, 400, "bad-body"),
        (&long, 400, "bad-body"),
        (&huge, 413, "too-large"),
    ] {
        Ask::new("POST /api/v1/pause").json(body).check(status, "/error/code", code);
    }
    let body = r#"{"as":"maybe","who":"Ann","note":""}"#;
    Ask::new(RESOLVE).json(body).check(400, "/error/code", "bad-body");
}

#[test]
fn a_form_of_a_foreign_page_is_no_press() {
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
        let ask = Ask::local("POST /api/v1/pause").json(r#"{"who":"Ann","note":""}"#);
        ask.header("content-type", kind).check(415, "/error/code", "unsupported-media-type");
    }
}
