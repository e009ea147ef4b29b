//! The account and its users (HUBSPOT.md 5 and 6).

use serde_json::{Value, json};

use super::super::call::{Answer, Call, invalid, not_found};
use super::super::clock::iso;
use super::super::hub::Hub;
use super::super::state::User;
use super::Reply;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// The day's limit shown when none is set: that of an Enterprise account (HUBSPOT.md 7.1).
const DAILY_UNLIMITED: u32 = 1_000_000;

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

/// `GET …/account-info/…/api-usage/daily/private-apps`.
pub(super) fn usage(hub: &Hub) -> Answer {
    let now = hub.now();
    let midnight = now - now.rem_euclid(DAY_MS) + DAY_MS;
    let limit = hub.state.settings.calls_per_day.unwrap_or(DAILY_UNLIMITED);
    let entry = json!({
        "name": "private-apps-api-calls-daily",
        "usageLimit": limit,
        "currentUsage": hub.calls_today,
        "resetsAt": iso(midnight),
        "collectedAt": iso(now),
        "fetchStatus": "SUCCESS",
    });
    Answer::json(200, &json!({ "results": [entry] }))
}

/// `POST /oauth/…/token` with a refresh token in its form-encoded body: a fresh access token,
/// accepted from now on.
pub(super) fn token(hub: &mut Hub, call: &Call) -> Reply {
    let form = String::from_utf8_lossy(&call.body).into_owned();
    let form = Call::new("", &format!("?{form}"), None, Vec::new());
    let refreshes = form.query("grant_type") == Some("refresh_token");
    let Some(refresh) = form.query("refresh_token").filter(|_| refreshes) else {
        return Err(invalid("missing or unknown grant_type or refresh_token"));
    };
    let access = format!("sim-access-{}", hub.next_id());
    if !hub.state.tokens.is_empty() {
        hub.state.tokens.push(access.clone());
    }
    let body = json!({
        "access_token": access,
        "refresh_token": refresh,
        "expires_in": 1800,
        "token_type": "bearer",
        "token_use": "access_token",
        "hub_id": hub.state.portal,
    });
    Ok(Answer::json(200, &body))
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
