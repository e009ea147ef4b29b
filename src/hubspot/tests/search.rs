//! Contact search and reads of many at once.

use serde_json::{Value, json};

use super::*;
use crate::domain::outcome::{Later, ReadFailure};
use crate::port::{Page, Search, Wanted, Window};

const WINDOW: Window =
    Window { from: Timestamp::from_unix_ms(1_000), to: Timestamp::from_unix_ms(9_000) };

#[tokio::test]
async fn a_search_asks_for_a_window_oldest_first_and_reads_pages() {
    let body = r#"{"total":3,"results":[
        {"id":"7","properties":{"lastmodifieddate":"1970-01-01T00:00:02Z"}},
        {"id":8,"properties":{},"updatedAt":"1970-01-01T00:00:03Z"}],
        "paging":{"next":{"after":"2"}}}"#;
    let server = Server::start(vec![Act::answer(200, body), Act::answer(200, r#"{"results":[]}"#)]);
    let client = client(&server, Profile::Dated202609);
    let at = Timestamp::from_unix_ms;
    let contacts = vec![(ContactId(7), at(2_000)), (ContactId(8), at(3_000))];
    let page = client.changed(WINDOW, None).await;
    assert_eq!(page, Ok(Page { contacts, after: Some("2".to_owned()) }));
    assert_eq!(client.changed(WINDOW, Some("2")).await, Ok(Page::default()));
    let asked = server.asked();
    assert_eq!(asked[0].line, "POST /crm/objects/2026-09/contacts/search");
    let sent = |index: usize| -> Value { serde_json::from_str(&asked[index].body).expect("JSON") };
    let within = json!({ "propertyName": "lastmodifieddate", "operator": "BETWEEN",
        "value": "1000", "highValue": "9000" });
    assert_eq!(sent(0)["filterGroups"], json!([{ "filters": [within] }]));
    assert_eq!(sent(0)["sorts"][0]["direction"], "ASCENDING");
    assert_eq!((&sent(0)["limit"], &sent(0)["after"]), (&json!(200), &Value::Null));
    assert_eq!(sent(1)["after"], "2");
}

#[tokio::test]
async fn many_contacts_are_read_with_their_past_and_missing_ones_left_out() {
    let body = r#"{"status":"COMPLETE","numErrors":1,"errors":[{"category":"OBJECT_NOT_FOUND"}],
        "results":[{"id":"7","properties":{"email":"a@example.com"},"propertiesWithHistory":
        {"stage":[{"value":"hot","timestamp":"1970-01-01T00:00:02Z","sourceType":"IMPORT"}]}}]}"#;
    let server = Server::start(vec![Act::answer(207, body)]);
    let wanted = Wanted { properties: vec!["email".into()], history: vec!["stage".into()] };
    let ids = [ContactId(7), ContactId(9)];
    let read = client(&server, Profile::V4).contacts(&ids, &wanted).await.expect("an answer");
    assert_eq!(read.iter().map(|it| it.id).collect::<Vec<_>>(), [ContactId(7)]);
    assert_eq!(read[0].history["stage"][0].value, "hot");
    let asked = server.asked();
    assert_eq!(asked[0].line, "POST /crm/v3/objects/contacts/batch/read");
    let sent: Value = serde_json::from_str(&asked[0].body).expect("JSON");
    assert_eq!(sent["inputs"], json!([{ "id": "7" }, { "id": "9" }]));
    assert_eq!(sent["propertiesWithHistory"], json!(["stage"]));
}

#[tokio::test]
async fn an_answer_that_cannot_be_relied_on_is_no_empty_page() {
    for (status, body) in [
        (200, "{}"),
        (200, r#"{"results":[{"id":"7","properties":{}}]}"#),
        (404, ""),
        (204, ""),
        (502, "<html>"),
    ] {
        let server = Server::start(vec![Act::answer(status, body)]);
        let failed = client(&server, Profile::default()).changed(WINDOW, None).await;
        let unreachable = matches!(failed, Err(ReadFailure::Later { why: Later::Unreachable, .. }));
        assert!(unreachable, "{status} {body}: {failed:?}");
    }
}
