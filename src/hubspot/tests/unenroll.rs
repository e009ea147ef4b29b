//! Taking a contact out, by profile, and writing the bridge's property.

use serde_json::{Value, json};

use super::*;
use crate::domain::outcome::{Concerns, Outcome};
use crate::port::{HubSpot, Named};

use Profile::{Dated202603, Dated202609, RouteMap, V4};

const ANN: Named<'_> = Named { email: Some("a+b@example.com"), enrollment: Some("77") };

fn accepted() -> Outcome {
    Outcome::Accepted { enrolled_at: None, enrollment: None }
}

#[tokio::test]
async fn a_workflow_is_left_by_its_mapped_id_and_the_address() {
    for profile in [Dated202603, Dated202609, V4] {
        let server = Server::start(vec![mapping(), Act::answer(204, "")]);
        let client = client(&server, profile);
        assert!(client.unenrolls(Channel::Workflow));
        assert!(!client.unenrolls(Channel::Sequence), "HubSpot documents no such call");
        let target = claim(Channel::Workflow).target;
        assert_eq!(client.unenroll(&target, CONTACT, ANN).await.outcome, accepted());
        let path = "/automation/v2/workflows/4242/enrollments/contacts/a%2Bb%40example.com";
        assert_eq!(server.asked()[1].line, format!("DELETE {path}"));
    }
}

#[tokio::test]
async fn under_the_route_map_a_sequence_is_left_by_its_enrollment() {
    let server = Server::start(vec![Act::answer(204, "")]);
    let client = client(&server, RouteMap);
    assert!(client.unenrolls(Channel::Sequence));
    assert!(!client.unenrolls(Channel::Workflow), "the route map has no such call");
    let target = claim(Channel::Sequence).target;
    assert_eq!(client.unenroll(&target, CONTACT, ANN).await.outcome, accepted());
    let path = "/crm/v3/objects/contacts/138017612137/sequences/77";
    assert_eq!(server.asked()[0].line, format!("DELETE {path}"));
}

#[tokio::test]
async fn what_cannot_be_named_is_refused_without_a_call() {
    let server = Server::start(Vec::new());
    let nobody = Named { email: Some(" "), enrollment: None };
    for (profile, channel, concerns) in [
        (V4, Channel::Workflow, Concerns::Contact),
        (RouteMap, Channel::Sequence, Concerns::Request),
    ] {
        let client = client(&server, profile);
        let outcome = client.unenroll(&claim(channel).target, CONTACT, nobody).await.outcome;
        let refused = matches!(&outcome, Outcome::Refused { concerns: it, .. } if *it == concerns);
        assert!(refused, "{outcome:?}");
    }
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_property_is_written_where_the_profile_says() {
    for (profile, path) in [
        (Dated202603, "/crm/objects/2026-03/contacts/138017612137"),
        (Dated202609, "/crm/objects/2026-09/contacts/138017612137"),
        (V4, "/crm/v3/objects/contacts/138017612137"),
        (RouteMap, "/crm/v3/objects/contacts/138017612137"),
    ] {
        let body = r#"{"id":"138017612137","properties":{}}"#;
        let server = Server::start(vec![Act::answer(200, body), Act::answer(200, "<html>")]);
        let client = client(&server, profile);
        let outcome = client.write(CONTACT, &"bridge".into(), "1.0.out#5.0").await.outcome;
        assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
        let asked = &server.asked()[0];
        assert_eq!(asked.line, format!("PATCH {path}"));
        let sent: Value = serde_json::from_str(&asked.body).expect("JSON");
        assert_eq!(sent, json!({ "properties": { "bridge": "1.0.out#5.0" } }));
        // A page is no contact: whether it was written is not known.
        let outcome = client.write(CONTACT, &"bridge".into(), "").await.outcome;
        assert!(matches!(outcome, Outcome::Unknown { .. }), "{outcome:?}");
    }
}
