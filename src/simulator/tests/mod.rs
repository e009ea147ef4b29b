//! Tests through real HTTP on loopback.

mod api;
mod bridge;
mod control;
mod counts;
mod deliveries;
mod faults;
mod people;

use serde_json::{Value, json};

use super::{Options, Simulator};

/// A running simulator with a small portal, and a client of it.
struct World {
    simulator: Simulator,
    http: reqwest::Client,
}

/// The small portal: Ann (1) and Bob (2), a rep with seat and inbox (71), one without seat (72).
fn portal() -> Value {
    json!({
        "portal": 33,
        "contacts": [
            {"id": 1, "properties": {"email": "ann+x@a.test", "lifecyclestage": "lead"}},
            {"id": 2, "properties": {"email": "bob@b.test"}},
            {"id": 3, "properties": {"firstname": "Nomail"}},
        ],
        "owners": [
            {"id": 41, "user": 71, "email": "rep@us.test"},
            {"id": 42},
            {"id": 43, "user": 73, "email": "gone@us.test", "archived": true},
        ],
        "users": [
            {"id": 71, "email": "rep@us.test", "seats": ["sales-pro"], "inboxes": ["rep@us.test"]},
            {"id": 72, "email": "noseat@us.test", "inboxes": ["noseat@us.test"]},
        ],
        "sequences": [
            {"id": 101, "name": "Intro"},
            {"id": 102, "name": "Follow-up"},
            {"id": 103, "name": "Private", "visible_to": [72]},
        ],
        "workflows": [
            {"flow": 501, "workflow": 11, "name": "Nurture"},
            {"flow": 502, "workflow": 12, "name": "Off", "enabled": false},
            {"flow": 503, "workflow": 13, "name": "Again", "re_enrolls": true},
            {"flow": 504, "workflow": 14, "name": "Instant", "re_enrolls": true, "runs_for_ms": 0},
            {"flow": 505, "workflow": 15, "name": "Short", "re_enrolls": true, "runs_for_ms": 60000},
        ],
    })
}

impl World {
    fn start() -> Self {
        let options = Options { state: Some(portal()), ..Options::default() };
        let simulator = Simulator::start(options).expect("a simulator on a free port");
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        Self { simulator, http }
    }

    /// Sends a request with a token; status and JSON, or the error of a broken answer.
    async fn send(&self, request: &str, body: Value) -> Result<(u16, Value), reqwest::Error> {
        let (method, path) = request.split_once(' ').expect("method and path");
        let url = format!("{}{path}", self.simulator.url());
        let method = method.parse().expect("a method");
        let mut builder = self.http.request(method, url).header("Authorization", "Bearer t");
        if !body.is_null() {
            builder = builder.header("Content-Type", "application/json").body(body.to_string());
        }
        let answer = builder.send().await?;
        let status = answer.status().as_u16();
        let bytes = answer.bytes().await?;
        Ok((status, serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
    }

    /// Sends a request whose answer must be whole.
    async fn ask(&self, request: &str, body: Value) -> (u16, Value) {
        self.send(request, body).await.expect("a whole answer")
    }

    /// Sends a request without a body.
    async fn get(&self, request: &str) -> (u16, Value) {
        self.ask(request, Value::Null).await
    }

    /// Enrolls a contact in a sequence as the rep.
    async fn enroll(&self, contact: u64, sequence: u64) -> (u16, Value) {
        self.ask(
            "POST /automation/sequences/2026-03/enrollments?userId=71",
            wish(contact, sequence),
        )
        .await
    }

    /// Enrolls a contact in a workflow by email.
    async fn flow(&self, workflow: u64, email: &str) -> u16 {
        let path = format!("POST /automation/v2/workflows/{workflow}/enrollments/contacts/{email}");
        self.get(&path).await.0
    }
}

/// The body of an enroll call.
fn wish(contact: u64, sequence: u64) -> Value {
    json!({
        "contactId": contact.to_string(),
        "sequenceId": sequence.to_string(),
        "senderEmail": "rep@us.test",
    })
}
