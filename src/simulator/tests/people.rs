//! Contacts that are merged, deleted, restored and erased.

use serde_json::{Value, json};

use super::World;

/// The subscription types of events, in their order.
fn types(answer: &Value) -> Vec<String> {
    let events = answer["events"].as_array().cloned().unwrap_or_default();
    let word = |event: &Value| event["subscriptionType"].as_str().map(str::to_owned);
    events.iter().filter_map(word).collect()
}

#[tokio::test]
async fn a_merge_keeps_the_primarys_values_and_says_what_it_wrote() {
    let world = World::start();
    for (id, properties) in [
        (1, json!({"email": "one@a.test", "city": "Bonn", "plan": "free"})),
        (2, json!({"email": "two@a.test", "plan": "pro", "city": ""})),
    ] {
        let path = format!("POST /_sim/contacts/{id}");
        assert_eq!(world.ask(&path, json!({"properties": properties})).await.0, 200);
    }
    let merge = json!({"primary": 2, "merged": [1], "new_id": 9});
    let (_, answer) = world.ask("POST /_sim/merge", merge).await;
    assert_eq!(types(&answer)[0], "contact.merge");
    let written: Vec<_> = answer["events"]
        .as_array()
        .expect("events")
        .iter()
        .filter(|event| event["propertyName"].is_string())
        .map(|event| (event["propertyName"].clone(), event["changeSource"].clone()))
        .collect();
    assert!(written.contains(&(json!("city"), json!("MERGE_OBJECTS"))), "{written:?}");
    assert!(!written.iter().any(|(name, _)| name == "plan"), "{written:?}");
    let read = "GET /crm/objects/2026-03/contacts/1?properties=city,plan,email\
                &propertiesWithHistory=city";
    let (_, contact) = world.get(read).await;
    let values = &contact["properties"];
    let values = ["city", "plan", "email"].map(|name| values[name].clone());
    assert_eq!(values, [json!("Bonn"), json!("pro"), json!("two@a.test")]);
    let newest = &contact["propertiesWithHistory"]["city"][0];
    assert_eq!(newest["sourceType"], "MERGE_OBJECTS", "{newest}");
    // The other address leads to the contact too.
    for email in ["one%40a.test", "two%40a.test"] {
        let read = format!("GET /crm/objects/2026-03/contacts/{email}?idProperty=email");
        assert_eq!(world.get(&read).await.1["id"], "9", "{email}");
    }
}

#[tokio::test]
async fn a_deleted_contact_is_restored_and_an_erased_one_never() {
    let world = World::start();
    let read = "GET /crm/objects/2026-03/contacts/1";
    let (_, gone) = world.ask("DELETE /_sim/contacts/1", Value::Null).await;
    assert_eq!(types(&gone), ["contact.deletion"]);
    assert_eq!(world.get(read).await.0, 404);
    let batch = "POST /crm/objects/2026-03/contacts/batch/read?archived=true";
    let inputs = json!({ "inputs": [{ "id": "1" }, { "id": "2" }] });
    let (status, deleted) = world.ask(batch, inputs.clone()).await;
    assert_eq!((status, &deleted["results"][0]["id"]), (207, &json!("1")), "{deleted}");
    assert!(deleted["results"][0]["archivedAt"].is_string(), "{deleted}");
    let restore = json!({"contact": 1});
    let (_, back) = world.ask("POST /_sim/restore", restore.clone()).await;
    assert_eq!(types(&back), ["contact.restore"]);
    assert_eq!(world.get(read).await.0, 200);
    let (_, erased) = world.ask("DELETE /_sim/contacts/1?privacy=true", Value::Null).await;
    assert_eq!(types(&erased), ["contact.deletion", "contact.privacyDeletion"]);
    assert_eq!(world.ask(batch, inputs).await.1["results"], json!([]), "for good");
    assert_eq!(world.get(read).await.0, 404);
    assert_eq!(world.ask("POST /_sim/restore", restore).await.0, 400);
}
