//! The account and its users (HUBSPOT.md 5 and 6).

use serde_json::{Value, json};

use super::super::call::{Answer, Call, not_found};
use super::super::hub::Hub;
use super::super::state::User;
use super::Reply;

/// `GET …/account-info/…/details`.
pub(super) fn details(hub: &Hub) -> Answer {
    let body = json!({
        "portalId": hub.state.portal,
        "accountType": "DEVELOPER_TEST",
        "timeZone": "UTC",
        "companyCurrency": "USD",
        "utcOffset": "+00:00",
        "utcOffsetMilliseconds": 0,
        "uiDomain": "app.hubspot.com",
        "dataHostingLocation": "na1",
    });
    Answer::json(200, &body)
}

/// `GET …/settings/users/…/{userId}`, by id or with `idProperty=EMAIL`.
pub(super) fn user(hub: &Hub, call: &Call) -> Reply {
    let asked = call.part("user");
    let by_email = call.query("idProperty").is_some_and(|name| name.eq_ignore_ascii_case("email"));
    let found = hub.state.users.iter().find(|user| {
        if by_email { user.email.eq_ignore_ascii_case(asked) } else { user.id.as_str() == asked }
    });
    found.map(|user| Answer::json(200, &show(user))).ok_or_else(|| not_found("User not found"))
}

/// `GET …/settings/users/…`.
pub(super) fn users(hub: &Hub) -> Answer {
    let results: Vec<Value> = hub.state.users.iter().map(show).collect();
    Answer::json(200, &json!({ "results": results }))
}

fn show(user: &User) -> Value {
    json!({
        "id": user.id,
        "email": user.email,
        "roleIds": [],
        "superAdmin": false,
        "seatNames": user.seats,
    })
}
