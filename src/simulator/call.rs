//! One API call and its answer, free of the web server.

use std::cell::Cell;
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::id::Id;
use super::routes::{Endpoint, Route};

/// One API call as it arrived, with the endpoint it means.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) endpoint: Endpoint,
    /// The profile whose path it used, such as `2026-03` or `route-map`.
    pub(super) dialect: String,
    /// The parts of the path named in the route table, percent-decoded.
    pub(super) parts: BTreeMap<&'static str, String>,
    /// The query parameters, decoded; the first of each name counts.
    pub(super) query: BTreeMap<String, String>,
    /// The token behind `Bearer`.
    pub(super) token: Option<String>,
    pub(super) body: Vec<u8>,
}

impl Call {
    /// Reads a request line, its token and its body.
    pub(super) fn new(method: &str, target: &str, token: Option<String>, body: Vec<u8>) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let Route { endpoint, dialect, parts } = Route::find(method, path);
        let mut pairs = BTreeMap::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decode(&value.replace('+', " "));
            pairs.entry(decode(name)).or_insert(value);
        }
        Self { endpoint, dialect, parts, query: pairs, token, body }
    }

    /// A part of the path; empty when the route has none of that name.
    pub(super) fn part(&self, name: &str) -> &str {
        self.parts.get(name).map_or("", String::as_str)
    }

    /// A query parameter.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// A comma-separated query parameter as a list.
    pub(super) fn query_list(&self, name: &str) -> Vec<String> {
        self.query(name)
            .map(|text| text.split(',').filter(|n| !n.is_empty()).map(str::to_owned).collect())
            .unwrap_or_default()
    }

    /// The body as a JSON object, or the refusal HubSpot gives for anything else.
    pub(super) fn json(&self) -> Result<Value, Answer> {
        match serde_json::from_slice(&self.body) {
            Ok(value @ Value::Object(_)) => Ok(value),
            _ => Err(invalid("Invalid input JSON: expected an object")),
        }
    }

    /// The contact this call names in its path or its body, for faults and the phase log.
    pub(super) fn contact(&self) -> Option<Id> {
        let path = [self.part("contact"), self.part("email")];
        if let Some(name) = path.into_iter().find(|part| !part.is_empty()) {
            return Some(Id::from(name));
        }
        let body: Value = serde_json::from_slice(&self.body).ok()?;
        text(&body, "contactId").or_else(|| text(&body, "email")).map(|name| Id::from(&*name))
    }
}

/// A string or integer member of a JSON object, as text.
pub(super) fn text(object: &Value, key: &str) -> Option<String> {
    match object.get(key)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Decodes `%XX`; anything that is not an escape stands for itself.
pub(super) fn decode(text: &str) -> String {
    let (bytes, mut out, mut at) = (text.as_bytes(), Vec::with_capacity(text.len()), 0);
    while at < bytes.len() {
        let escape = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        if let Some(byte) = escape.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            out.push(byte);
            at += 3;
        } else {
            out.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// An answer of the API.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) content_type: &'static str,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// A JSON answer.
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            headers: Vec::new(),
            content_type: "application/json;charset=utf-8",
            body: body.to_string().into_bytes(),
        }
    }

    /// 204.
    pub(super) fn nothing() -> Self {
        Self { body: Vec::new(), ..Self::json(204, &Value::Null) }
    }

    /// An HTML page, as gateways in front of HubSpot answer (HUBSPOT.md 7.4).
    pub(super) fn page(status: u16) -> Self {
        let body =
            format!("<html><head><title>{status}</title></head><body>{status}</body></html>");
        Self { status, headers: Vec::new(), content_type: "text/html", body: body.into_bytes() }
    }

    /// The same answer with one more header.
    pub(super) fn with(mut self, name: &'static str, value: &impl ToString) -> Self {
        self.headers.push((name, value.to_string()));
        self
    }
}

/// HubSpot's error envelope (HUBSPOT.md 7.4), with `more` members beside the required ones.
pub(super) fn envelope(status: u16, category: &str, message: &str, more: &Value) -> Answer {
    let mut body = json!({
        "status": "error",
        "message": message,
        "correlationId": correlation_id(),
        "category": category,
    });
    if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
        body.extend(more.clone());
    }
    Answer::json(status, &body)
}

/// 400 `VALIDATION_ERROR`.
pub(super) fn invalid(message: &str) -> Answer {
    envelope(400, "VALIDATION_ERROR", message, &Value::Null)
}

/// 404 `OBJECT_NOT_FOUND`.
pub(super) fn not_found(message: &str) -> Answer {
    envelope(404, "OBJECT_NOT_FOUND", message, &Value::Null)
}

thread_local! {
    /// The last number given to a correlation id by the simulator that answers on this thread now.
    static GIVEN: Cell<u64> = const { Cell::new(0) };
}

/// Makes an answer whose correlation id goes on from `last`: counted within each simulator, so
/// that a run can be repeated.
pub(super) fn correlated<T>(last: &mut u64, answer: impl FnOnce() -> T) -> T {
    GIVEN.set(*last);
    let answer = answer();
    *last = GIVEN.get();
    answer
}

/// A correlation id, shaped like HubSpot's.
fn correlation_id() -> String {
    let number = GIVEN.get() + 1;
    GIVEN.set(number);
    format!("51c0ffee-0000-4000-8000-{number:012x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_and_paths_are_decoded_once() {
        let call = Call::new(
            "POST",
            "/automation/v2/workflows/7/enrollments/contacts/a%2Bb%40x.test?a=1%2C2&b=c+d&b=e",
            None,
            Vec::new(),
        );
        assert_eq!(call.endpoint, Endpoint::EnrollWorkflow);
        assert_eq!(call.part("email"), "a+b@x.test");
        assert_eq!(call.query_list("a"), ["1", "2"]);
        assert_eq!(call.query("b"), Some("c d"));
    }

    #[test]
    fn what_is_no_escape_stands_for_itself() {
        assert_eq!(decode("100%"), "100%");
        assert_eq!(decode("%zz%4"), "%zz%4");
        assert_eq!(decode("%253A"), "%3A");
        assert_eq!(decode("%é"), "%é");
    }
}
