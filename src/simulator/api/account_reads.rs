//! What only an administrator asks: token, property definitions, lists, subscription types,
//! webhook subscriptions (HUBSPOT.md 5, 6 and 6.1).

use serde_json::{Value, json};

use super::super::call::{Answer, Call, envelope, not_found};
use super::super::clock::iso;
use super::super::event::APP_ID;
use super::super::hub::Hub;
use super::Reply;

/// What a token has where the state does not say: everything a router may need.
const ALL_SCOPES: [&str; 10] = [
    "oauth",
    "automation",
    "automation.sequences.enrollments.write",
    "automation.sequences.read",
    "communication_preferences.read",
    "crm.lists.read",
    "crm.objects.contacts.read",
    "crm.objects.contacts.write",
    "crm.objects.owners.read",
    "settings.users.read",
];

/// `POST …/private-apps/get/access-token-info` with `tokenKey`, or `POST /oauth/…/introspect`.
pub(super) fn token(hub: &Hub, call: &Call) -> Answer {
    let scopes = match &hub.state.scopes {
        Some(scopes) => json!(scopes),
        None => json!(ALL_SCOPES),
    };
    let body = if call.dialect == "v2" {
        json!({ "userId": 1, "hubId": hub.state.portal, "appId": APP_ID, "scopes": scopes })
    } else {
        json!({
            "active": true,
            "token_use": "access_token",
            "token_type": "bearer",
            "hub_id": hub.state.portal,
            "app_id": APP_ID,
            "scopes": scopes,
        })
    };
    Answer::json(200, &body)
}

/// `GET …/properties/…/{objectType}`: all of them at once.
pub(super) fn properties(hub: &Hub, call: &Call) -> Reply {
    let asked = match call.part("object") {
        "0-1" | "contact" => "contacts",
        "0-2" | "company" => "companies",
        "0-3" | "deal" => "deals",
        other => other,
    };
    if !["contacts", "companies", "deals"].contains(&asked) {
        return Err(not_found(&format!("Unable to infer object type from: {asked}")));
    }
    let defined = hub.state.properties.iter().filter(|property| property.object == asked);
    let results: Vec<Value> = defined
        .map(|property| {
            let options = property.options.iter().enumerate().map(|(order, option)| {
                json!({
                    "value": option.value,
                    "label": option.label,
                    "displayOrder": order,
                    "hidden": false,
                })
            });
            json!({
                "name": property.name,
                "label": property.label,
                "type": property.kind,
                "fieldType": property.field,
                "groupName": "contactinformation",
                "description": "",
                "options": options.collect::<Vec<_>>(),
                "archived": false,
                "hidden": false,
            })
        })
        .collect();
    Ok(Answer::json(200, &json!({ "results": results })))
}

/// `GET …/lists/…/{listId}`.
pub(super) fn list(hub: &Hub, call: &Call) -> Reply {
    let asked = call.part("list");
    let list = hub.state.lists.iter().find(|list| list.id.as_str() == asked);
    let list = list.ok_or_else(|| not_found(&format!("List does not exist with ID {asked}.")))?;
    let body = json!({ "list": {
        "listId": list.id,
        "name": list.name,
        "objectTypeId": "0-1",
        "processingType": "MANUAL",
        "processingStatus": "COMPLETE",
        "listVersion": 1,
    } });
    Ok(Answer::json(200, &body))
}

/// `GET …/communication-preferences/…/definitions`.
pub(super) fn consents(hub: &Hub) -> Answer {
    let types = hub.state.subscription_types.iter();
    let results: Vec<Value> = types
        .map(|it| json!({ "id": it.id, "name": it.name, "isActive": true, "description": "" }))
        .collect();
    let now = iso(hub.now());
    let body =
        json!({ "status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now });
    Answer::json(200, &body)
}

/// `GET …/{appId}/subscriptions`: of legacy public apps only.
pub(super) fn webhooks(hub: &Hub, call: &Call) -> Reply {
    let Some(webhooks) = &hub.state.webhooks else {
        let message = "This app does not support webhook subscriptions by API";
        return Err(envelope(403, "FORBIDDEN", message, &Value::Null));
    };
    if call.part("app") != APP_ID.to_string() {
        return Err(not_found("App not found"));
    }
    let shown = webhooks.iter().zip(1..).map(|(webhook, id)| {
        let mut entry = json!({
            "id": id.to_string(),
            "eventType": webhook.event,
            "active": webhook.active,
            "createdAt": iso(0),
            "updatedAt": iso(0),
        });
        if let Some(property) = &webhook.property {
            entry["propertyName"] = json!(property);
        }
        entry
    });
    Ok(Answer::json(200, &json!({ "results": shown.collect::<Vec<_>>() })))
}
