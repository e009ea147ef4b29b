//! What goes over the wire, by profile.

use serde_json::{Value, json};

use super::*;
use crate::domain::id::OwnerId;
use crate::domain::outcome::Outcome;
use crate::port::{HubSpot, Wanted};

use Profile::{Dated202603, Dated202609, RouteMap, V4};

#[track_caller]
fn same(server: &Server, index: usize, line: &str, body: &Value) {
    let asked = server.asked();
    let asked = asked.get(index).unwrap_or_else(|| panic!("no request {index}: {asked:?}"));
    assert_eq!(asked.line, line);
    let sent: Value = serde_json::from_str(&asked.body).unwrap_or(Value::Null);
    assert_eq!(&sent, body);
    let bearer = format!("authorization: Bearer {TOKEN}");
    assert!(asked.head.contains(&bearer), "{:?}", asked.head);
    let agent = concat!("user-agent: hubroute/", env!("CARGO_PKG_VERSION"));
    assert!(asked.head.iter().any(|line| line == agent), "{:?}", asked.head);
}

#[tokio::test]
async fn a_sequence_enrollment_is_asked_for_in_the_words_of_the_profile() {
    let documented = json!({
        "contactId": "138017612137", "sequenceId": "311", "senderEmail": "ann@sales.example.com",
    });
    let route_map = json!({
        "userId": "76023669", "sequenceId": "311", "senderEmail": "ann@sales.example.com",
    });
    for (profile, line, body) in [
        (
            Dated202603,
            "POST /automation/sequences/2026-03/enrollments?userId=76023669",
            &documented,
        ),
        (
            Dated202609,
            "POST /automation/sequences/2026-09/enrollments?userId=76023669",
            &documented,
        ),
        (V4, "POST /automation/v4/sequences/enrollments?userId=76023669", &documented),
        (RouteMap, "POST /crm/v3/objects/contacts/138017612137/sequences", &route_map),
    ] {
        let server = Server::start(vec![Act::answer(200, r#"{"id":"7"}"#)]);
        let client = client(&server, profile);
        let outcome =
            client.enroll_claim(&claim(Channel::Sequence), Some("b@example.com")).await.outcome;
        let expected = Outcome::Accepted { enrolled_at: None, enrollment: Some("7".to_owned()) };
        assert_eq!(outcome, expected);
        same(&server, 0, line, body);
    }
}

#[tokio::test]
async fn the_alias_is_sent_where_there_is_one() {
    let server = Server::start(vec![Act::answer(200, r#"{"id":"7"}"#)]);
    let mut claim = claim(Channel::Sequence);
    claim.sender.as_mut().expect("a sender").alias = Some("team@example.com".to_owned());
    client(&server, V4).enroll_claim(&claim, None).await;
    let sent: Value = serde_json::from_str(&server.asked()[0].body).expect("JSON");
    assert_eq!(sent["senderAliasAddress"], "team@example.com");
}

#[tokio::test]
async fn a_workflow_is_named_by_its_mapped_id_and_the_address() {
    for profile in [Dated202603, Dated202609, V4] {
        let acts = vec![mapping(), Act::answer(204, ""), Act::answer(204, "")];
        let server = Server::start(acts);
        let client = client(&server, profile);
        let claim = claim(Channel::Workflow);
        let accepted = Outcome::Accepted { enrolled_at: None, enrollment: None };
        assert_eq!(
            client.enroll_claim(&claim, Some(" b+c/d@example.com ")).await.outcome,
            accepted
        );
        assert_eq!(client.enroll_claim(&claim, Some("e@example.com")).await.outcome, accepted);
        let inputs = json!({ "inputs": [{ "type": "FLOW_ID", "flowId": "585051946" }] });
        same(&server, 0, "POST /automation/v4/workflow-id-mappings/batch/read", &inputs);
        let path = "POST /automation/v2/workflows/4242/enrollments/contacts/";
        same(&server, 1, &format!("{path}b%2Bc%2Fd%40example.com"), &Value::Null);
        // The mapping is remembered.
        same(&server, 2, &format!("{path}e%40example.com"), &Value::Null);
    }
}

#[tokio::test]
async fn the_route_map_names_a_workflow_by_its_flow_id() {
    let line = "POST /automation/v4/flows/585051946/enrollments/contacts";
    for (email, body) in [
        (Some("b@example.com"), json!({ "email": "b@example.com" })),
        (None, json!({ "contactId": "138017612137" })),
    ] {
        let server = Server::start(vec![Act::answer(200, "")]);
        let client = client(&server, RouteMap);
        let outcome = client.enroll_claim(&claim(Channel::Workflow), email).await.outcome;
        assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
        same(&server, 0, line, &body);
    }
}

#[tokio::test]
async fn a_workflow_that_a_property_starts_is_asked_for_by_writing_it() {
    let contact = r#"{"id":"138017612137","properties":{}}"#;
    for (profile, path) in [
        (Dated202603, "/crm/objects/2026-03/contacts/138017612137"),
        (Dated202609, "/crm/objects/2026-09/contacts/138017612137"),
        (V4, "/crm/v3/objects/contacts/138017612137"),
        (RouteMap, "/crm/v3/objects/contacts/138017612137"),
    ] {
        let server = Server::start(vec![Act::answer(200, contact)]);
        let client = client(&server, profile);
        let stamp = Stamp { property: "start_nurture".into(), value: "1.0.trial#2/1".to_owned() };
        let claim = Claim { via: Some(stamp), ..claim(Channel::Workflow) };
        // The id says whom: nobody without an address is left out.
        let outcome = client.enroll_claim(&claim, None).await.outcome;
        assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
        let body = json!({ "properties": { "start_nurture": "1.0.trial#2/1" } });
        same(&server, 0, &format!("PATCH {path}"), &body);
        assert_eq!(server.asked().len(), 1, "no mapping is read, nothing is enrolled");
    }
}

#[tokio::test]
async fn an_answer_to_a_written_property_that_says_nothing_is_a_doubt() {
    let stamp = Stamp { property: "start_nurture".into(), value: "1.0.trial".to_owned() };
    let claim = Claim { via: Some(stamp), ..claim(Channel::Workflow) };
    let ask = async |act: Act| {
        let server = Server::start(vec![act]);
        client(&server, V4).enroll_claim(&claim, None).await.outcome
    };
    let page = ask(Act::answer(200, "<html>")).await;
    assert!(matches!(page, Outcome::Unknown { .. }), "{page:?}");
    let broken = ask(Act::answer(502, "")).await;
    assert!(matches!(broken, Outcome::Unknown { .. }), "{broken:?}");
    let unknown_property = r#"{"status":"error","category":"VALIDATION_ERROR","message":"no"}"#;
    let refused = ask(Act::answer(400, unknown_property)).await;
    assert!(matches!(refused, Outcome::Refused { .. }), "{refused:?}");
}

#[tokio::test]
async fn reads_go_where_the_profile_says() {
    let wanted = Wanted {
        properties: vec!["email".into(), "odd name".into()],
        history: vec!["lifecyclestage".into()],
    };
    let query = "properties=email,odd%20name,hs_merged_object_ids,hs_calculated_merged_vids\
                 &propertiesWithHistory=lifecyclestage";
    let by_email = "email=a%2Bb%40example.com&limit=100&archived=false";
    for (profile, contacts, owners, probe) in [
        (
            Dated202603,
            "/crm/objects/2026-03/contacts",
            "/crm/owners/2026-03",
            "/account-info/2026-03/details",
        ),
        (
            Dated202609,
            "/crm/objects/2026-09/contacts",
            "/crm/owners/2026-09",
            "/crm/owners/2026-09?limit=1",
        ),
        (V4, "/crm/v3/objects/contacts", "/crm/v3/owners", "/crm/v3/owners?limit=1"),
        (RouteMap, "/crm/v3/objects/contacts", "/crm/v3/owners", "/crm/v3/owners?limit=1"),
    ] {
        let server = Server::start(vec![
            Act::answer(404, ERROR_404),
            Act::answer(404, ERROR_404),
            Act::answer(200, r#"{"results":[]}"#),
            Act::answer(200, r#"{"results":[]}"#),
        ]);
        let client = client(&server, profile);
        assert_eq!(client.contact(CONTACT, &wanted).await, Ok(None));
        assert_eq!(client.owner(OwnerId(5)).await, Ok(None));
        assert_eq!(client.owner_by_email("a+b@example.com").await, Ok(None));
        assert_eq!(client.probe().await, Ok(()));
        same(&server, 0, &format!("GET {contacts}/138017612137?{query}"), &Value::Null);
        same(&server, 1, &format!("GET {owners}/5?idProperty=id"), &Value::Null);
        same(&server, 2, &format!("GET {owners}?{by_email}"), &Value::Null);
        same(&server, 3, &format!("GET {probe}"), &Value::Null);
    }
}

#[tokio::test]
async fn what_hubspot_shows_is_asked_where_the_profile_says() {
    for (profile, line) in [
        (Dated202603, "GET /automation/sequences/2026-03/enrollments/contact/138017612137"),
        (Dated202609, "GET /automation/sequences/2026-09/enrollments/contact/138017612137"),
        (V4, "GET /automation/v4/sequences/enrollments/contact/138017612137"),
        (RouteMap, "GET /crm/v3/objects/contacts/138017612137/associations/sequences"),
    ] {
        let server = Server::start(vec![Act::answer(204, "")]);
        let client = client(&server, profile);
        client.enrollments(&claim(Channel::Sequence).target, CONTACT).await.expect("an answer");
        same(&server, 0, line, &Value::Null);
    }
    for profile in [Dated202603, Dated202609, V4] {
        let server = Server::start(vec![mapping(), Act::answer(200, "[]")]);
        let client = client(&server, profile);
        client.enrollments(&claim(Channel::Workflow).target, CONTACT).await.expect("an answer");
        let line = "GET /automation/v2/workflows/enrollments/contacts/138017612137";
        same(&server, 1, line, &Value::Null);
    }
}

#[tokio::test]
async fn a_path_in_the_base_url_is_kept() {
    let server = Server::start(vec![Act::answer(200, "{}")]);
    let mut settings = hasty(&server);
    settings.base_url.push_str("/proxy/");
    Client::new(&settings).expect("a client").probe().await.expect("an answer");
    same(&server, 0, "GET /proxy/account-info/2026-03/details", &Value::Null);
}
