//! `GET /api/v1/openapi.json`, written from the table of calls.

use actix_web::{Responder, web};
use serde_json::{Map, Value, json};

use crate::admin::routes::{Call, Class, Spec};

/// This API in the words of OpenAPI 3.1.
pub(in crate::admin) async fn openapi() -> impl Responder {
    web::Json(document())
}

/// The document: every call of the table, with its parameters, body and refusals.
pub(in crate::admin) fn document() -> Value {
    let mut paths = Map::new();
    for call in Call::ALL {
        let method = call.method().to_ascii_lowercase();
        paths.insert(call.spec().path.to_owned(), json!({ method: operation(call.spec()) }));
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "hubroute admin API",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Ids are strings, times RFC 3339 in UTC. Lists have results and paging."
        },
        "paths": paths,
        "components": {
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
            "schemas": { "Error": error_schema() }
        }
    })
}

fn operation(spec: Spec) -> Value {
    let query = spec.query.iter().map(|(name, says)| parameter("query", name, says));
    let path = spec.path.contains("{id}").then(|| parameter("path", "id", "whose"));
    let parameters: Vec<Value> = path.into_iter().chain(query).collect();
    let content = |schema: Value| json!({ "application/json": { "schema": schema } });
    let refusal = content(json!({ "$ref": "#/components/schemas/Error" }));
    let mut operation = json!({
        "summary": spec.says,
        "parameters": parameters,
        "responses": {
            "200": { "description": spec.says },
            "default": { "description": "Refused, and why", "content": refusal }
        }
    });
    if spec.class != Class::Open {
        operation["security"] = json!([{ "token": [] }]);
    }
    if !spec.body.is_empty() {
        operation["requestBody"] = json!({ "required": true, "content": content(body(spec.body)) });
    }
    operation
}

fn parameter(place: &str, name: &str, says: &str) -> Value {
    json!({
        "name": name,
        "in": place,
        "required": place == "path",
        "description": says,
        "schema": { "type": "string" }
    })
}

fn body(keys: &[&str]) -> Value {
    let property = |key: &&str| {
        let name = key.trim_end_matches('?');
        let schema = match name {
            "themes" => json!({ "type": "array", "items": { "type": "string" } }),
            "everything" => json!({ "type": "boolean" }),
            _ => json!({ "type": "string" }),
        };
        (name.to_owned(), schema)
    };
    let properties: Map<String, Value> = keys.iter().map(property).collect();
    let required: Vec<&str> = keys.iter().copied().filter(|key| !key.ends_with('?')).collect();
    object(&Value::Object(properties), &required)
}

fn error_schema() -> Value {
    let error = body(&["code", "message", "hint"]);
    object(&json!({ "error": error, "diagnostics": { "type": "array" } }), &["error"])
}

fn object(properties: &Value, required: &[&str]) -> Value {
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false
    })
}
