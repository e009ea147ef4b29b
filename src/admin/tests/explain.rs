//! `GET /api/v1/contacts/{id}/explain`: read now, from the store, or from nowhere.

use serde_json::json;

use super::Ask;

#[test]
fn a_contact_is_read_now_and_each_rule_answers() {
    for (pointer, value) in [
        ("/contact", json!("2")),
        ("/seen/from", json!("hubspot")),
        ("/rules/0/id", json!("inbound")),
        ("/rules/0/mode", json!("live")),
        ("/rules/0/decision", json!("hold")),
        ("/rules/0/reason", json!("no-sender")),
        ("/rules/0/steps/1/passed", json!(true)),
        ("/calls", json!([])),
    ] {
        Ask::new("GET /api/v1/contacts/2/explain").check(200, pointer, value);
    }
}

#[test]
fn where_hubspot_is_not_read_the_newest_stored_read_counts() {
    for (pointer, value) in [
        ("/seen/from", json!("store")),
        ("/seen/at", json!("2026-11-23T15:00:00.000Z")),
        ("/seen/note", json!("HubSpot was not read: no access")),
        ("/rules/0/decision", json!("skip")),
        ("/rules/0/reason", json!("cooling-down")),
        ("/rules/0/cooldown_until", json!("2026-12-01T15:00:00.000Z")),
        ("/calls/0/correlation", json!("c-9")),
        ("/claims/0/state", json!("confirmed")),
        ("/waiting/0/reason", json!("settling")),
    ] {
        Ask::new("GET /api/v1/contacts/1/explain").check(200, pointer, value);
    }
}

#[test]
fn of_nobody_nothing_is_said() {
    let gone = json!("HubSpot has no such contact");
    Ask::new("GET /api/v1/contacts/404/explain").check(200, "/seen/note", gone);
    Ask::new("GET /api/v1/contacts/3/explain").check(200, "/seen/from", "nowhere");
    Ask::new("GET /api/v1/contacts/3/explain").check(200, "/rules", json!([]));
    Ask::new("GET /api/v1/contacts/ann/explain").check(404, "/error/code", "not-found");
}
