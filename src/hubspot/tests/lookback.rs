//! Who was in a sequence, in whose name, and who was deleted.

use serde_json::{Value, json};

use super::*;
use crate::domain::id::{SequenceId, UserId};
use crate::domain::person::Seen;
use crate::port::{Lookback, Window};

const WINDOW: Window =
    Window { from: Timestamp::from_unix_ms(1_000), to: Timestamp::from_unix_ms(9_000) };

fn at(ms: u64) -> Timestamp {
    Timestamp::from_unix_ms(ms)
}

#[tokio::test]
async fn latest_sequences_are_found_by_their_beginning() {
    let body = r#"{"total":3,"results":[
        {"id":"7","properties":{"hs_latest_sequence_enrolled":"101",
         "hs_latest_sequence_enrolled_date":"1970-01-01T00:00:02Z",
         "hs_latest_sequence_ended_date":"1970-01-01T00:00:05Z"}},
        {"id":"8","properties":{"hs_latest_sequence_enrolled":null,
         "hs_latest_sequence_enrolled_date":"1970-01-01T00:00:03Z"}}],
        "paging":{"next":{"after":"2"}}}"#;
    let server = Server::start(vec![Act::answer(200, body)]);
    let page = client(&server, Profile::Dated202603).sequenced(WINDOW, None).await.expect("a page");
    let seen =
        Seen { sequence: SequenceId(101), enrolled_at: at(2_000), ended_at: Some(at(5_000)) };
    assert_eq!(page.contacts, [(ContactId(7), seen)]);
    let more = (page.last, page.after.as_deref(), page.total);
    assert_eq!(more, (Some(at(3_000)), Some("2"), Some(3)));
    let sent: Value = serde_json::from_str(&server.asked()[0].body).expect("JSON");
    let by = &sent["filterGroups"][0]["filters"][0]["propertyName"];
    assert_eq!((by, &sent["limit"]), (&json!("hs_latest_sequence_enrolled_date"), &json!(200)));
}

#[tokio::test]
async fn an_enrollment_names_its_user() {
    let body = r#"{"id":"e1","sequenceId":"101","enrolledAt":"1970-01-01T00:00:02Z",
        "enrolledBy":"71","enrolledByEmail":"Rep@us.test"}"#;
    let server = Server::start(vec![Act::answer(200, body)]);
    let client = client(&server, Profile::Dated202603);
    let found = client.enrolled(ContactId(7)).await.expect("an answer");
    let of = (found[0].user, found[0].email.as_deref(), found[0].sighting.sequence);
    assert_eq!(of, (Some(UserId(71)), Some("Rep@us.test"), SequenceId(101)));
}

#[tokio::test]
async fn only_who_is_said_to_be_deleted_counts_as_deleted() {
    let body = r#"{"results":[
        {"id":"7","archived":true,"archivedAt":"1970-01-01T00:00:02Z"},
        {"id":"8","archived":false},{"id":"9","archived":true}]}"#;
    let server = Server::start(vec![Act::answer(200, body)]);
    let ids = [ContactId(7), ContactId(8), ContactId(9)];
    let found = client(&server, Profile::Dated202603).deleted(&ids).await;
    assert_eq!(found, Ok(vec![(ContactId(7), at(2_000))]));
    let line = "POST /crm/objects/2026-03/contacts/batch/read?archived=true";
    assert_eq!(server.asked()[0].line, line);
}
