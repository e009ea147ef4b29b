//! Each endpoint in each profile, and HubSpot's refusals.

use serde_json::{Value, json};

use super::{World, wish};

/// One request and its status; the members of `expected` must be in the answer.
#[track_caller]
fn check(got: &(u16, Value), status: u16, expected: &Value) {
    assert_eq!(got.0, status, "{}", got.1);
    let Value::Object(expected) = expected else { return };
    for (key, value) in expected {
        assert_eq!(&got.1[key], value, "{key} of {}", got.1);
    }
}

#[tokio::test]
async fn contacts_are_read_by_id_and_email_in_every_profile() {
    let world = World::start();
    for base in [
        "/crm/objects/2026-03/contacts",
        "/crm/objects/2026-09/contacts",
        "/crm/objects/2026-09/0-1",
        "/crm/v3/objects/contacts",
    ] {
        let path = format!("GET {base}/1?properties=email,nothing&propertiesWithHistory=email");
        let got = world.get(&path).await;
        check(&got, 200, &json!({"id": "1", "archived": false}));
        assert_eq!(got.1["properties"]["email"], "ann+x@a.test");
        assert_eq!(got.1["properties"]["nothing"], Value::Null);
        assert_eq!(got.1["propertiesWithHistory"]["email"][0]["sourceType"], "CRM_UI");
        let by_email = world.get(&format!("GET {base}/ann%2Bx%40a.test?idProperty=email")).await;
        check(&by_email, 200, &json!({"id": "1"}));
        let missing = world.get(&format!("GET {base}/999")).await;
        check(&missing, 404, &json!({"status": "error", "category": "OBJECT_NOT_FOUND"}));
        assert!(missing.1["correlationId"].is_string());
    }
}

#[tokio::test]
async fn batch_reads_name_what_is_missing() {
    let world = World::start();
    let body = json!({"inputs": [{"id": "1"}, {"id": "2"}], "properties": ["email"],
        "propertiesWithHistory": []});
    let got = world.ask("POST /crm/objects/2026-03/contacts/batch/read", body.clone()).await;
    check(&got, 200, &json!({"status": "COMPLETE"}));
    assert_eq!(got.1["results"].as_array().map(Vec::len), Some(2));
    let mut body = body;
    body["inputs"] = json!([{"id": "1"}, {"id": "999"}]);
    let got = world.ask("POST /crm/v3/objects/contacts/batch/read", body.clone()).await;
    check(&got, 207, &json!({"numErrors": 1}));
    assert_eq!(got.1["errors"][0]["context"]["ids"], json!(["999"]));
    body["inputs"] = json!(vec![json!({"id": "1"}); 101]);
    check(&world.ask("POST /crm/v3/objects/contacts/batch/read", body).await, 400, &Value::Null);
}

#[tokio::test]
async fn a_write_adds_history_and_a_search_finds_it() {
    let world = World::start();
    let body = json!({"properties": {"stage": "won"}});
    let got = world.ask("PATCH /crm/objects/2026-03/contacts/2", body).await;
    check(&got, 200, &json!({"id": "2"}));
    let got = world.get("GET /crm/v3/objects/contacts/2?propertiesWithHistory=stage").await;
    assert_eq!(got.1["propertiesWithHistory"]["stage"][0]["value"], "won");
    let filter = json!({"propertyName": "stage", "operator": "EQ", "value": "won"});
    let body = json!({"filterGroups": [{"filters": [filter]}], "properties": ["email"]});
    let got = world.ask("POST /crm/objects/2026-03/contacts/search", body).await;
    check(&got, 200, &json!({"total": 1}));
    assert_eq!(got.1["results"][0]["properties"]["email"], "bob@b.test");
    let since = json!({"propertyName": "lastmodifieddate", "operator": "GTE", "value": "2020-01-01T00:00:00Z"});
    let body = json!({"filterGroups": [{"filters": [since]}], "limit": 2});
    let got = world.ask("POST /crm/v3/objects/contacts/search", body).await;
    check(&got, 200, &json!({"total": 3, "paging": {"next": {"after": "2"}}}));
}

#[tokio::test]
async fn a_merged_id_reads_as_the_contact_it_became() {
    let world = World::start();
    let merge = json!({"primary": 2, "merged": [1], "new_id": 9});
    let got = world.ask("POST /_sim/merge", merge).await;
    check(&got, 200, &json!({"contact": "9"}));
    assert_eq!(got.1["events"][0]["newObjectId"], 9);
    for id in [1, 2, 9] {
        let path =
            format!("GET /crm/objects/2026-03/contacts/{id}?properties=hs_merged_object_ids");
        let got = world.get(&path).await;
        check(&got, 200, &json!({"id": "9"}));
        assert_eq!(got.1["properties"]["hs_merged_object_ids"], "2;1");
    }
    assert_eq!(world.enroll(1, 101).await.0, 200);
    assert_eq!(world.enroll(2, 101).await.0, 400);
}

#[tokio::test]
async fn owners_users_and_the_account_are_read() {
    let world = World::start();
    for base in ["/crm/owners/2026-03", "/crm/owners/2026-09", "/crm/v3/owners"] {
        let rep = json!({"id": "41", "userId": 71, "email": "rep@us.test", "type": "PERSON"});
        check(&world.get(&format!("GET {base}/41")).await, 200, &rep);
        check(&world.get(&format!("GET {base}/71?idProperty=userId")).await, 200, &rep);
        check(&world.get(&format!("GET {base}/71")).await, 404, &Value::Null);
        check(&world.get(&format!("GET {base}/42")).await, 200, &json!({"type": "QUEUE"}));
        check(&world.get(&format!("GET {base}/43")).await, 404, &Value::Null);
        check(&world.get(&format!("GET {base}/43?archived=true")).await, 200, &Value::Null);
        let by_email = world.get(&format!("GET {base}?email=rep%40us.test&limit=1")).await;
        assert_eq!(by_email.1["results"][0]["id"], "41");
        assert_eq!(by_email.1["results"].as_array().map(Vec::len), Some(1));
    }
    let user = world.get("GET /settings/users/2026-03/71").await;
    check(&user, 200, &json!({"seatNames": ["sales-pro"]}));
    check(&world.get("GET /settings/users/2026-03/79").await, 404, &Value::Null);
    let account = world.get("GET /account-info/2026-03/details").await;
    check(&account, 200, &json!({"portalId": 33}));
    let usage = world.get("GET /account-info/2026-03/api-usage/daily/private-apps").await;
    assert!(usage.1["results"][0]["currentUsage"].as_u64().is_some_and(|calls| calls > 20));
}

#[tokio::test]
async fn a_refresh_token_buys_an_access_token_that_is_accepted() {
    let world = World::start();
    world.simulator.put_state(json!({"tokens": ["first"]})).expect("tokens");
    let url = format!("{}/oauth/2026-03/token", world.simulator.url());
    let form = "grant_type=refresh_token&refresh_token=r%2B1&client_id=i&client_secret=s";
    let answer = world.http.post(&url).body(form).send().await.expect("an answer");
    let body: Value = serde_json::from_slice(&answer.bytes().await.expect("bytes")).expect("JSON");
    assert_eq!(body["refresh_token"], "r+1", "{body}");
    assert_eq!(body["expires_in"], 1800);
    let contact = format!("{}/crm/v3/objects/contacts/1", world.simulator.url());
    let token = format!("Bearer {}", body["access_token"].as_str().expect("a token"));
    let read = world.http.get(contact).header("Authorization", token).send().await;
    assert_eq!(read.expect("an answer").status(), 200);
    let none = world.http.post(&url).body("grant_type=password").send().await.expect("an answer");
    assert_eq!(none.status(), 400);
}

#[tokio::test]
async fn a_sequence_enrolls_and_reads_back_in_every_profile() {
    for (enroll, read) in [
        (
            "POST /automation/sequences/2026-03/enrollments?userId=71",
            "GET /automation/sequences/2026-03/enrollments/contact/1",
        ),
        (
            "POST /automation/sequences/2026-09/enrollments?userId=71",
            "GET /automation/sequences/2026-09/enrollments/contact/1",
        ),
        (
            "POST /automation/v4/sequences/enrollments?userId=71",
            "GET /automation/v4/sequences/enrollments/contact/1",
        ),
    ] {
        let world = World::start();
        check(&world.get(read).await, 404, &json!({"category": "OBJECT_NOT_FOUND"}));
        let made = world.ask(enroll, wish(1, 101)).await;
        check(&made, 200, &json!({"toEmail": "ann+x@a.test"}));
        let seen = json!({"id": made.1["id"], "sequenceId": "101", "sequenceName": "Intro",
            "enrolledBy": "71", "enrolledByEmail": "rep@us.test"});
        check(&world.get(read).await, 200, &seen);
        let contact = "GET /crm/v3/objects/contacts/1?properties=hs_sequences_is_enrolled,\
                       hs_latest_sequence_enrolled";
        let properties = world.get(contact).await.1["properties"].clone();
        assert_eq!(properties["hs_sequences_is_enrolled"], "true");
        assert_eq!(properties["hs_latest_sequence_enrolled"], "101");
    }
}

#[tokio::test]
async fn the_route_map_enrolls_lists_follows_and_unenrolls() {
    let world = World::start();
    let base = "/crm/v3/objects/contacts/1";
    let body = json!({"sequenceId": "101", "userId": "71"});
    let made = world.ask(&format!("POST {base}/sequences"), body).await;
    check(&made, 200, &json!({"toEmail": "ann+x@a.test"}));
    let id = made.1["id"].as_str().expect("an id").to_owned();
    let list = world.get(&format!("GET {base}/associations/sequences")).await;
    assert_eq!(list.1["results"][0]["id"], *id);
    let one = world.get(&format!("GET {base}/sequences/{id}")).await;
    check(&one, 200, &json!({"sequenceId": "101"}));
    check(&world.get(&format!("DELETE {base}/sequences/{id}")).await, 204, &Value::Null);
    check(&world.get(&format!("DELETE {base}/sequences/{id}")).await, 404, &Value::Null);
    let list = world.get(&format!("GET {base}/associations/sequences")).await;
    assert_eq!(list.1["results"], json!([]));
    for body in [json!({"email": "ann+x@a.test"}), json!({"contactId": "2"})] {
        let got = world.ask("POST /automation/v4/flows/501/enrollments/contacts", body).await;
        check(&got, 204, &Value::Null);
    }
    assert_eq!(world.simulator.counts().enrollments, 3);
}

#[tokio::test]
async fn sequences_are_listed_for_who_may_see_them() {
    let world = World::start();
    let rep = world.get("GET /automation/sequences/2026-03?userId=71&limit=1").await;
    check(&rep, 200, &json!({"total": 2, "paging": {"next": {"after": "1"}}}));
    let other = world.get("GET /automation/v4/sequences?userId=72").await;
    check(&other, 200, &json!({"total": 3}));
    let one = world.get("GET /automation/sequences/2026-09/101?userId=71").await;
    check(&one, 200, &json!({"name": "Intro"}));
    check(&world.get("GET /automation/sequences/2026-03").await, 400, &Value::Null);
    let hidden = world.get("GET /automation/sequences/2026-03/103?userId=71").await;
    check(&hidden, 404, &Value::Null);
}

#[tokio::test]
async fn an_enroll_is_refused_as_hubspot_would() {
    let world = World::start();
    let path = "POST /automation/sequences/2026-03/enrollments?userId=71";
    let noseat = "POST /automation/sequences/2026-03/enrollments?userId=72";
    let nobody = "POST /automation/sequences/2026-03/enrollments";
    let refused = |code: &str| json!({"errorType": format!("SequenceError.{code}")});
    check(&world.ask(path, wish(1, 999)).await, 404, &Value::Null);
    check(&world.ask(path, wish(1, 103)).await, 404, &Value::Null);
    check(&world.ask(path, wish(999, 101)).await, 404, &json!({"category": "OBJECT_NOT_FOUND"}));
    check(&world.ask(path, wish(3, 101)).await, 400, &Value::Null);
    check(&world.ask(nobody, wish(1, 101)).await, 400, &Value::Null);
    check(&world.ask(path, json!({"contactId": "1"})).await, 400, &Value::Null);
    check(&world.ask(noseat, wish(1, 101)).await, 400, &refused("NO_SEAT"));
    let mut other = wish(1, 101);
    other["senderEmail"] = json!("else@us.test");
    check(&world.ask(path, other).await, 400, &refused("INBOX_NOT_CONNECTED"));
    check(&world.ask(path, wish(1, 101)).await, 200, &Value::Null);
    check(&world.ask(path, wish(1, 102)).await, 400, &refused("ALREADY_ENROLLED"));
    world.simulator.put_state(json!({"settings": {"send_limit": 1}})).expect("a setting");
    check(&world.ask(path, wish(2, 101)).await, 400, &refused("SEND_LIMIT_EXCEEDED"));
    let later = json!({"settings": {"clock_offset_ms": 24 * 60 * 60 * 1000 + 1000}});
    world.simulator.put_state(later).expect("a setting");
    check(&world.ask(path, wish(2, 101)).await, 200, &Value::Null);
    assert_eq!(world.simulator.counts().enrollments, 2);
}

#[tokio::test]
async fn what_the_documents_leave_open_is_a_setting() {
    let world = World::start();
    let set = |value: Value| {
        world.simulator.put_state(json!({ "settings": value })).expect("a setting");
    };
    let read = "GET /automation/sequences/2026-03/enrollments/contact/1";
    set(json!({"no_enrollment": "no-content"}));
    check(&world.get(read).await, 204, &Value::Null);
    set(json!({"no_enrollment": "empty"}));
    assert_eq!(world.get(read).await, (200, json!({})));
    let first = world.enroll(1, 101).await.1["id"].clone();
    set(json!({"already_enrolled": "same-id"}));
    check(&world.enroll(1, 101).await, 200, &json!({"id": first}));
    set(json!({"already_enrolled_status": 409}));
    check(&world.enroll(1, 102).await, 409, &Value::Null);
    set(json!({"reads_lag_ms": 60_000, "properties_lag_ms": 60_000}));
    assert_eq!(world.get(read).await, (200, json!({})));
    let contact = "GET /crm/v3/objects/contacts/1?properties=hs_sequences_is_enrolled";
    assert_eq!(world.get(contact).await.1["properties"]["hs_sequences_is_enrolled"], Value::Null);
    set(json!({"clock_offset_ms": 61_000}));
    check(&world.get(read).await, 200, &json!({"id": first}));
    assert_eq!(world.get(contact).await.1["properties"]["hs_sequences_is_enrolled"], "true");
}

#[tokio::test]
async fn workflows_enroll_by_email_and_say_little() {
    let world = World::start();
    let current = "GET /automation/v2/workflows/enrollments/contacts/1";
    assert_eq!(world.flow(11, "ann%2Bx%40a.test").await, 204);
    let now = world.get(current).await;
    assert_eq!(now.1[0]["id"], 11);
    assert_eq!(world.flow(12, "ann%2Bx%40a.test").await, 204, "off: accepted without effect");
    assert_eq!(world.flow(14, "ann%2Bx%40a.test").await, 204, "over at once: not in the list");
    assert_eq!(world.get(current).await.1.as_array().map(Vec::len), Some(1));
    assert_eq!(world.flow(11, "ann%2Bx%40a.test").await, 204, "no re-enrollment: no effect");
    assert_eq!(world.flow(99, "ann%2Bx%40a.test").await, 404);
    assert_eq!(world.flow(11, "nobody%40a.test").await, 404);
    assert_eq!(world.simulator.counts().enrollments, 2);
    let gone = "DELETE /automation/v2/workflows/11/enrollments/contacts/ann%2Bx%40a.test";
    check(&world.get(gone).await, 204, &Value::Null);
    assert_eq!(world.get(current).await, (200, json!([])));
}

#[tokio::test]
async fn flow_ids_map_to_workflow_ids_and_flows_are_read() {
    let world = World::start();
    let path = "POST /automation/v4/workflow-id-mappings/batch/read";
    let inputs = json!([{"type": "FLOW_ID", "flowId": "501"},
        {"type": "WORKFLOW_ID", "workflowId": "12"}]);
    let got = world.ask(path, json!({ "inputs": inputs })).await;
    let pairs = json!([{"flowId": 501, "workflowId": 11}, {"flowId": 502, "workflowId": 12}]);
    check(&got, 200, &json!({ "results": pairs }));
    let inputs = json!([{"type": "FLOW_ID", "flowId": "999"}]);
    check(&world.ask(path, json!({ "inputs": inputs })).await, 207, &json!({"results": []}));
    let flow = world.get("GET /automation/v4/flows/502").await;
    check(&flow, 200, &json!({"isEnabled": false, "objectTypeId": "0-1"}));
    assert_eq!(flow.1["enrollmentCriteria"]["shouldReEnroll"], false);
    let all = world.get("GET /automation/v4/flows").await;
    assert_eq!(all.1["results"].as_array().map(Vec::len), Some(5));
}

#[tokio::test]
async fn tokens_paths_and_limits_are_refused_with_their_own_answers() {
    let world = World::start();
    let url = format!("{}/crm/v3/objects/contacts/1", world.simulator.url());
    let without = world.http.get(&url).send().await.expect("an answer");
    assert_eq!(without.status(), 401);
    world.simulator.put_state(json!({"tokens": ["other"]})).expect("tokens");
    let got = world.get("GET /crm/v3/objects/contacts/1").await;
    check(&got, 401, &json!({"category": "INVALID_AUTHENTICATION"}));
    world.simulator.put_state(json!({"tokens": []})).expect("tokens");
    assert_eq!(world.get("GET /crm/v9/nothing").await, (404, Value::Null));
    let tight = json!({"settings": {"calls_per_10_seconds": 1, "clock_offset_ms": 20_000}});
    world.simulator.put_state(tight).expect("a setting");
    check(&world.get("GET /crm/v3/objects/contacts/1").await, 200, &Value::Null);
    let got = world.get("GET /crm/v3/objects/contacts/1").await;
    check(&got, 429, &json!({"policyName": "TEN_SECONDLY_ROLLING", "errorType": "RATE_LIMIT"}));
}
