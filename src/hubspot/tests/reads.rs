//! What reads understand.

use super::*;
use crate::domain::contact::{Contact, Owner, PastValue};
use crate::domain::id::OwnerId;
use crate::domain::outcome::{Later, ReadFailure};
use crate::port::{DailyQuota, HubSpot, Wanted};

async fn contact(act: Act) -> Result<Option<Contact>, ReadFailure> {
    let server = Server::start(vec![act]);
    let wanted = Wanted {
        properties: vec!["email".into(), "age".into(), "city".into()],
        history: vec!["stage".into()],
    };
    client(&server, Profile::default()).contact(CONTACT, &wanted).await
}

#[tokio::test]
async fn a_contact_has_the_id_of_the_answer_and_only_what_was_asked_for() {
    let body = r#"{"id":"999","archived":false,"properties":{"email":"a@example.com","age":7,"city":null,
        "stage":"lead","createdate":"2026-01-01T00:00:00Z",
        "hs_merged_object_ids":"201;999; 305","hs_calculated_merged_vids":"201:1462216307945;77:1"},
        "propertiesWithHistory":{"stage":[
            {"value":null,"timestamp":"2026-09-15T17:17:39Z"},
            {"value":"lead","timestamp":"2026-09-16T17:17:39.5Z","sourceType":"CRM_UI","sourceId":"userId:7"},
            {"value":"timeless"}],
            "other":[]}}"#;
    let read = contact(Act::answer(200, body)).await.expect("an answer").expect("a contact");
    assert_eq!(read.id, ContactId(999));
    assert_eq!(read.merged, [77, 201, 305].map(ContactId));
    let properties: Vec<_> =
        read.properties.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(properties, [("age", "7"), ("email", "a@example.com"), ("stage", "lead")]);
    let at = |text| Timestamp::parse_rfc3339(text).expect("an instant");
    let stage = [
        PastValue {
            value: "lead".to_owned(),
            at: at("2026-09-16T17:17:39.5Z"),
            source: Some("CRM_UI".to_owned()),
        },
        PastValue { value: String::new(), at: at("2026-09-15T17:17:39Z"), source: None },
    ];
    assert_eq!(read.history.get("stage").map(Vec::as_slice), Some(&stage[..]));
    assert_eq!(read.history.len(), 1);
}

/// What a read came to.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Gone,
    Busy(Option<u64>),
    Unreachable,
    Halted,
    Refused,
}

#[track_caller]
fn seen(read: Result<Option<Contact>, ReadFailure>) -> Seen {
    match read {
        Ok(None) => Seen::Gone,
        Ok(Some(contact)) => panic!("{contact:?}"),
        Err(ReadFailure::Later { why: Later::Busy, delay_ms, .. }) => Seen::Busy(delay_ms),
        Err(ReadFailure::Later { why: Later::Unreachable, .. }) => Seen::Unreachable,
        Err(ReadFailure::Halted { .. }) => Seen::Halted,
        Err(ReadFailure::Refused { .. }) => Seen::Refused,
    }
}

#[tokio::test]
async fn a_contact_read_is_classified() {
    let page = "<html>not here</html>";
    for (act, expected) in [
        (Act::answer(404, ERROR_404), Seen::Gone),
        (Act::answer(404, r#"{"status":"error","message":"m"}"#), Seen::Gone),
        (Act::answer(200, r#"{"id":"1","archived":true,"properties":{}}"#), Seen::Gone),
        (Act::answer(404, page), Seen::Unreachable),
        (Act::answer(404, ""), Seen::Unreachable),
        (Act::answer(404, r#"{"category":"VALIDATION_ERROR"}"#), Seen::Refused),
        (Act::answer(200, page), Seen::Unreachable),
        (Act::answer(200, ""), Seen::Unreachable),
        (Act::answer(204, ""), Seen::Unreachable),
        (Act::answer(200, r#"{"id":"1","properties":{"#), Seen::Unreachable),
        (Act::answer(200, r#"{"properties":{}}"#), Seen::Unreachable),
        (Act::answer(200, r#"{"status":"error","id":"1","properties":{}}"#), Seen::Unreachable),
        (Act::answer(302, ""), Seen::Unreachable),
        (Act::answer(408, ""), Seen::Unreachable),
        (Act::answer(500, ERROR_404), Seen::Unreachable),
        (Act::answer(502, page), Seen::Unreachable),
        (Act::answer(526, ""), Seen::Unreachable),
        (Act::answer(401, ""), Seen::Halted),
        (Act::answer(403, page), Seen::Halted),
        (Act::answer(400, ""), Seen::Refused),
        (Act::answer(414, ""), Seen::Refused),
        (Act::answer(423, ""), Seen::Busy(Some(2_000))),
        (Act::answer_with(477, "Retry-After: 60\r\n", ""), Seen::Busy(Some(60_000))),
        (Act::answer_with(429, "Retry-After: 3\r\n", page), Seen::Busy(Some(3_000))),
        (
            Act::answer(429, r#"{"status":"error","policyName":"SECONDLY"}"#),
            Seen::Busy(Some(1_000)),
        ),
        (Act::CloseUnread, Seen::Unreachable),
        (Act::CloseRead, Seen::Unreachable),
    ] {
        let told = format!("{act:?}");
        assert_eq!(seen(contact(act).await), expected, "{told}");
    }
}

#[tokio::test]
async fn an_owner_may_lack_a_user_and_an_address() {
    let server = Server::start(vec![
        Act::answer(200, r#"{"id":"5","type":"QUEUE","archived":true}"#),
        Act::answer(
            200,
            r#"{"results":[{"id":"6","email":"other@example.com"},
                {"id":"7","email":"Ann@Example.com","userId":76023669,"archived":false}]}"#,
        ),
    ]);
    let client = client(&server, Profile::default());
    let queue = Owner { id: OwnerId(5), user: None, email: None, archived: true };
    assert_eq!(client.owner(OwnerId(5)).await, Ok(Some(queue)));
    let ann = Owner {
        id: OwnerId(7),
        user: Some(UserId(76_023_669)),
        email: Some("Ann@Example.com".to_owned()),
        archived: false,
    };
    assert_eq!(client.owner_by_email("ann@example.com").await, Ok(Some(ann)));
}

#[tokio::test]
async fn the_probe_believes_hubspot_only() {
    for (act, works) in [
        (Act::answer(200, r#"{"portalId":33}"#), true),
        (Act::answer(200, "<html>log in</html>"), false),
        (Act::answer(200, ""), false),
        (Act::answer(404, ERROR_404), false),
        (Act::answer(401, ""), false),
    ] {
        let told = format!("{act:?}");
        let server = Server::start(vec![act]);
        let probe = client(&server, Profile::default()).probe().await;
        assert_eq!(probe.is_ok(), works, "{told}");
    }
}

#[tokio::test]
async fn the_daily_quota_is_what_the_last_answer_told() {
    let head = "X-HubSpot-RateLimit-Daily: 250000\r\nX-HubSpot-RateLimit-Daily-Remaining: 9\r\n";
    let server = Server::start(vec![
        Act::answer_with(200, head, "{}"),
        Act::answer(429, r#"{"status":"error","policyName":"DAILY"}"#),
    ]);
    let client = client(&server, Profile::default());
    assert_eq!(client.daily_quota(), None);
    client.probe().await.expect("an answer");
    let quota = |remaining| Some(DailyQuota { limit: Some(250_000), remaining });
    assert_eq!(client.daily_quota(), quota(9));
    client.probe().await.expect_err("a limit");
    assert_eq!(client.daily_quota(), quota(0));
}
