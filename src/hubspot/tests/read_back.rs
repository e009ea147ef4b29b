//! What a contact is enrolled in, and when "nothing" is believed.

use super::*;
use crate::domain::id::{FlowId, SequenceId};
use crate::domain::outcome::{Later, ReadFailure};
use crate::port::{Enrollments, HubSpot, Sighting};

/// Everything was proven in an earlier run that spoke this profile.
fn proven(profile: Profile) -> ProvenReads {
    ProvenReads {
        profile: profile.name().to_owned(),
        sequences: true,
        workflows: true,
        ..ProvenReads::default()
    }
}

const PAGE: &str = "<html>not here</html>";

/// What a read-back came to.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Sequences(Vec<u64>),
    Workflows(Vec<u64>),
    Unobservable,
    NotNow,
}

async fn read(
    profile: Profile,
    channel: Channel,
    proven: &ProvenReads,
    acts: Vec<Act>,
) -> Result<Enrollments, ReadFailure> {
    let server = Server::start(acts);
    client_knowing(&server, profile, proven).enrollments(&claim(channel).target, CONTACT).await
}

#[track_caller]
fn seen(read: Result<Enrollments, ReadFailure>) -> Seen {
    match read {
        Ok(Enrollments::Sequences(shown)) => {
            Seen::Sequences(shown.into_iter().map(|sighting| sighting.sequence.0).collect())
        }
        Ok(Enrollments::Workflows(shown)) => {
            Seen::Workflows(shown.into_iter().map(|flow| flow.0).collect())
        }
        Ok(Enrollments::Unobservable(_)) => Seen::Unobservable,
        Err(ReadFailure::Later { why: Later::Unreachable, .. }) => Seen::NotNow,
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_documented_answer_is_one_enrollment() {
    let body = r#"{"id":"9","sequenceId":"311","sequenceName":"Welcome","enrolledBy":"1",
        "toEmail":"b@example.com","enrolledAt":"2026-09-15T17:17:39.791Z","updatedAt":"x"}"#;
    let acts = vec![Act::answer(200, body)];
    let read = read(Profile::V4, Channel::Sequence, &ProvenReads::default(), acts).await;
    let sighting = Sighting {
        sequence: SequenceId(311),
        enrolled_at: Timestamp::parse_rfc3339("2026-09-15T17:17:39.791Z"),
        enrollment: Some("9".to_owned()),
    };
    assert_eq!(read, Ok(Enrollments::Sequences(vec![sighting])));
}

#[tokio::test]
async fn nothing_is_believed_where_it_can_be_trusted() {
    let none = || Seen::Sequences(Vec::new());
    for (act, unproven, trusted) in [
        (
            Act::answer(200, r#"[{"sequenceId":4},{"sequenceId":"5"}]"#),
            Seen::Sequences(vec![4, 5]),
            Seen::Sequences(vec![4, 5]),
        ),
        (Act::answer(204, ""), none(), none()),
        (Act::answer(200, "[]"), none(), none()),
        (Act::answer(200, r#"{"results":[],"total":0}"#), none(), none()),
        (Act::answer(200, ""), Seen::Unobservable, none()),
        (Act::answer(200, "{}"), Seen::Unobservable, none()),
        (Act::answer(200, "null"), Seen::Unobservable, none()),
        (Act::answer(404, ERROR_404), Seen::Unobservable, none()),
        (
            Act::answer(404, r#"{"status":"error","message":"m"}"#),
            Seen::Unobservable,
            Seen::Unobservable,
        ),
        (Act::answer(404, PAGE), Seen::Unobservable, Seen::Unobservable),
        (Act::answer(404, ""), Seen::Unobservable, Seen::Unobservable),
        (Act::answer(200, PAGE), Seen::NotNow, Seen::NotNow),
        (Act::answer(200, r#"{"id":"9"}"#), Seen::NotNow, Seen::NotNow),
        (Act::answer(200, r#"[{"sequenceId":4},7]"#), Seen::NotNow, Seen::NotNow),
        (Act::answer(200, "7"), Seen::NotNow, Seen::NotNow),
        (Act::answer(500, ""), Seen::NotNow, Seen::NotNow),
    ] {
        // What another profile proved says nothing about this one's paths.
        let elsewhere = proven(Profile::Dated202609);
        let here = proven(Profile::V4);
        for (known, expected) in [(elsewhere, unproven), (here, trusted)] {
            let told = format!("{act:?} {known:?}");
            let read = read(Profile::V4, Channel::Sequence, &known, vec![act.clone()]).await;
            assert_eq!(seen(read), expected, "{told}");
        }
    }
}

#[tokio::test]
async fn a_path_is_proven_by_its_first_understood_answer() {
    let server = Server::start(vec![
        Act::answer(404, ERROR_404),
        Act::answer(200, r#"{"sequenceId":"4"}"#),
        Act::answer(404, ERROR_404),
    ]);
    let client = client(&server, Profile::default());
    let claim = claim(Channel::Sequence);
    assert_eq!(seen(client.enrollments(&claim.target, CONTACT).await), Seen::Unobservable);
    let known =
        |client: &Client| (client.proven_reads().sequences, client.proven_reads().workflows);
    assert_eq!(known(&client), (false, false));
    assert_eq!(seen(client.enrollments(&claim.target, CONTACT).await), Seen::Sequences(vec![4]));
    assert_eq!(known(&client), (true, false));
    assert_eq!(seen(client.enrollments(&claim.target, CONTACT).await), Seen::Sequences(Vec::new()));
}

#[tokio::test]
async fn the_route_map_follows_each_enrollment() {
    let list = Act::answer(200, r#"{"results":[{"id":"a/1","type":"t"},{"id":2,"type":"t"}]}"#);
    let one = |id: u64| Act::answer(200, &format!(r#"{{"id":"x","sequenceId":"{id}"}}"#));
    let acts = vec![list.clone(), one(311), one(7)];
    let server = Server::start(acts);
    let client = client(&server, Profile::RouteMap);
    let shown = seen(client.enrollments(&claim(Channel::Sequence).target, CONTACT).await);
    assert_eq!(shown, Seen::Sequences(vec![311, 7]));
    let lines: Vec<String> = server.asked().into_iter().map(|asked| asked.line).collect();
    assert_eq!(lines[1], "GET /crm/v3/objects/contacts/138017612137/sequences/a%2F1");
    assert_eq!(lines[2], "GET /crm/v3/objects/contacts/138017612137/sequences/2");

    let many = (0..21).map(|id| format!(r#"{{"id":{id}}}"#)).collect::<Vec<_>>().join(",");
    for (acts, expected) in [
        (vec![list.clone(), one(311), Act::answer(404, ERROR_404)], Seen::Unobservable),
        (vec![list.clone(), Act::answer(200, "{}")], Seen::NotNow),
        (vec![list, Act::answer(502, PAGE)], Seen::NotNow),
        (vec![Act::answer(200, &format!("[{many}]"))], Seen::Unobservable),
    ] {
        let read =
            read(Profile::RouteMap, Channel::Sequence, &proven(Profile::RouteMap), acts).await;
        assert_eq!(seen(read), expected);
    }
}

#[tokio::test]
async fn the_route_map_shows_no_workflows() {
    let read =
        read(Profile::RouteMap, Channel::Workflow, &proven(Profile::RouteMap), Vec::new()).await;
    assert_eq!(seen(read), Seen::Unobservable);
}

#[tokio::test]
async fn current_workflows_are_named_by_flow_id() {
    let other =
        || Act::answer(207, r#"{"status":"COMPLETE","results":[{"flowId":"8","workflowId":77}]}"#);
    let unmapped = || Act::answer(200, r#"{"results":[]}"#);
    let ours = || Seen::Workflows(vec![FlowId(585_051_946).0]);
    for (acts, expected) in [
        (vec![mapping(), Act::answer(200, r#"{"id":4242,"name":"n"}"#)], ours()),
        (vec![mapping(), Act::answer(200, r#"[{"workflowId":"4242"}]"#)], ours()),
        (
            vec![mapping(), Act::answer(200, r#"[{"id":4242},{"id":77}]"#), other()],
            Seen::Workflows(vec![585_051_946, 8]),
        ),
        (vec![mapping(), Act::answer(200, r#"[{"id":4242},{"id":77}]"#), unmapped()], ours()),
        (vec![mapping(), Act::answer(404, ERROR_404)], Seen::Workflows(Vec::new())),
        (vec![mapping(), Act::answer(404, PAGE)], Seen::Unobservable),
        (vec![mapping(), Act::answer(200, PAGE)], Seen::NotNow),
        (vec![mapping(), Act::answer(200, r#"{"name":"n"}"#)], Seen::NotNow),
        (vec![unmapped()], Seen::Unobservable),
        (vec![Act::answer(500, "")], Seen::NotNow),
    ] {
        let told = format!("{acts:?}");
        let read =
            read(Profile::default(), Channel::Workflow, &proven(Profile::default()), acts).await;
        assert_eq!(seen(read), expected, "{told}");
    }
    let acts = vec![mapping(), Act::answer(404, ERROR_404)];
    let read = read(Profile::default(), Channel::Workflow, &ProvenReads::default(), acts).await;
    assert_eq!(seen(read), Seen::Unobservable);
}
