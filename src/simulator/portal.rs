//! The simulator without a server: HubSpot's API as a call within one process, on the clock that
//! its owner keeps. Faults, limits, effects and counts are those of the server.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::call::Call;
use super::clock::{Clock, http_date};
use super::control;
use super::counts::Counts;
use super::faults::Fault;
use super::hub::PropertyChange;
use super::id::Id;
use super::serve::Turn;
use super::server::{StartError, client};
use super::shared::Shared;
use super::sign::{Signature, Signed};
use super::state::State;

/// A request of HubSpot's API.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Such as `GET`.
    pub method: String,
    /// Path and query, percent-encoded.
    pub target: String,
    /// The token behind `Bearer`.
    pub token: Option<String>,
    /// The body; empty for none.
    pub body: Vec<u8>,
}

/// What HubSpot said.
#[derive(Clone, Debug)]
pub struct Said {
    /// The status.
    pub status: u16,
    /// The headers, without the type of the body.
    pub headers: Vec<(&'static str, String)>,
    /// The type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
    /// Whether the answer broke off in the middle of the body.
    pub broke_off: bool,
}

/// See the module. Cloning gives another handle to the same portal.
#[derive(Clone, Debug)]
pub struct Portal {
    shared: Arc<Shared>,
}

impl Portal {
    /// A portal in this state (as `PUT /_sim/state` takes it) whose time, in milliseconds since
    /// 1970, is `now_ms`.
    ///
    /// # Errors
    /// See [`StartError`]: the state cannot be read.
    pub fn new(
        state: Value,
        now_ms: impl Fn() -> i64 + Send + Sync + 'static,
    ) -> Result<Self, StartError> {
        let shared = Shared::new(client()?, Clock::Owned(Arc::new(now_ms)));
        shared.put_state(state, true).map_err(StartError::State)?;
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Takes a call from its arrival to its end; `fault` strikes it where no fault that was put
    /// does. `None`: the connection closed without an answer. What HubSpot began goes on when
    /// the caller goes away. Needs a tokio runtime.
    pub async fn ask(&self, asked: Asked, fault: Option<Fault>) -> Option<Said> {
        let Asked { method, target, token, body } = asked;
        let call = Call::new(&method, &target, token, body);
        let turn = Turn::new(Arc::clone(&self.shared), None, call).take(fault);
        let end = tokio::spawn(turn).await.ok()?;
        let broke_off = match end.outcome {
            None => false,
            Some("truncated") => true,
            Some(_) => return None,
        };
        let mut answer = end.answer;
        if broke_off {
            answer.body.truncate(answer.body.len() / 2);
        }
        let status = answer.status;
        let mut headers = answer.headers;
        // As a server's own.
        headers.push(("date", http_date(self.shared.now_ms())));
        Some(Said {
            status,
            headers,
            content_type: answer.content_type,
            body: answer.body,
            broke_off,
        })
    }

    /// Changes properties of a contact, made when unknown; HubSpot's events about what really
    /// changed.
    pub fn change(
        &self,
        contact: u64,
        properties: BTreeMap<String, String>,
        source: &str,
    ) -> Vec<Value> {
        let id = Id::from(contact);
        let (values, at) = (properties.clone(), self.shared.now_ms());
        let change =
            PropertyChange { properties, source: source.to_owned(), source_id: None, at: Some(at) };
        let changed = self.shared.world().hub.set_properties(&id, change);
        let events = changed.iter().map(|name| {
            json!({
                "contact": id, "property": name, "value": values[name],
                "source": source, "occurred": at,
            })
        });
        self.shared.write_out(events.collect()).unwrap_or_default()
    }

    /// Events in HubSpot's words, from the short form of `POST /_sim/deliver`.
    ///
    /// # Errors
    /// A sentence that names the key of a short form that cannot be read.
    pub fn events(&self, short: Vec<Value>) -> Result<Vec<Value>, String> {
        self.shared.write_out(short)
    }

    /// The headers that sign `body`, sent to `url` now, with the app's secret.
    pub fn sign(&self, secret: &str, url: &str, body: &[u8]) -> Vec<(&'static str, String)> {
        let signed = Signed { secret, method: "POST", url, body };
        signed.headers(Signature::V3, self.shared.now_ms())
    }

    /// Any control call, as over HTTP: status and body.
    pub async fn control(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = body.to_string();
        let answer = control::answer(&self.shared, method, path, body.as_bytes()).await;
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or(Value::Null))
    }

    /// Looks at the state without copying it.
    pub fn look<T>(&self, at: impl FnOnce(&State) -> T) -> T {
        let mut world = self.shared.world();
        world.hub.run_bridge();
        at(&world.hub.state)
    }

    /// Changes settings: the given keys of `state.settings`.
    ///
    /// # Errors
    /// A sentence that names the key; nothing is changed then.
    pub fn set(&self, settings: &Value) -> Result<(), String> {
        self.shared.world().hub.set(settings)
    }

    /// The counts now.
    pub fn counts(&self) -> Counts {
        self.shared.counts()
    }
}
