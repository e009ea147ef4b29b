//! The listener as a client sees it: a table of calls, and what each is answered.

mod access;
mod answers;
mod explain;
mod office;
mod presses;
mod standing;

use std::sync::atomic::Ordering;

use actix_web::http::Method;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web;
use serde_json::Value;

use self::office::{Desk, NOW};
use super::access::Access;
use super::metrics::{Counted, Metrics};
use crate::domain::claim::{Evidence, Showed};
use crate::domain::secret::Secret;

/// The token of a listener that has one.
pub(super) const TOKEN: &str = "correct horse battery staple";

/// A call, and the listener it is made to.
#[derive(Debug)]
struct Ask {
    desk: Desk,
    token: bool,
    open_metrics: bool,
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

/// What came back.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

impl Ask {
    /// A call with the token, to a listener that has one.
    fn new(call: &str) -> Self {
        let (method, path) = call.split_once(' ').expect("METHOD PATH");
        Self {
            desk: Desk::new(),
            token: true,
            open_metrics: false,
            method: method.parse().expect("a method"),
            path: path.to_owned(),
            headers: Vec::new(),
            body: String::new(),
        }
        .header("authorization", &format!("Bearer {TOKEN}"))
    }

    /// A call from this machine, to a listener without a token.
    fn local(call: &str) -> Self {
        let mut ask = Self::new(call);
        ask.token = false;
        ask.headers.clear();
        ask.header("host", "127.0.0.1:8081")
    }

    fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    fn json(mut self, body: &str) -> Self {
        body.clone_into(&mut self.body);
        self.header("content-type", "application/json")
    }

    /// Makes the call.
    fn send(self) -> Answer {
        let desk = web::Data::new(self.desk);
        let secret = Secret::new(TOKEN).filter(|_| self.token);
        let access = web::Data::new(Access::new(secret.as_ref(), self.open_metrics));
        let metrics = Metrics::default();
        metrics.counter(Counted::WebhookAnswers, "204").fetch_add(9, Ordering::Relaxed);
        metrics.counter(Counted::WebhookRejections, "too-old");
        let metrics = web::Data::new(metrics);
        let mut request = TestRequest::with_uri(&self.path).method(self.method);
        for (name, value) in self.headers {
            request = request.append_header((name, value));
        }
        let request = request.set_payload(self.body).to_request();
        actix_web::rt::System::new().block_on(async move {
            let service = init_service(super::app(access, metrics, desk)).await;
            let answer = call_service(&service, request).await;
            let status = answer.status().as_u16();
            let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
            let headers = answer.headers().iter();
            let headers = headers.map(|(name, value)| (name.to_string(), text(value.as_bytes())));
            let headers = headers.collect();
            let text = text(&read_body(answer).await);
            Answer { status, headers, text }
        })
    }

    /// Makes the call, and compares the status and one value of the answer.
    #[track_caller]
    fn check(self, status: u16, pointer: &str, value: impl Into<Value>) {
        let what = format!("{} {}", self.method, self.path);
        let answer = self.send();
        assert_eq!(answer.status, status, "{what}: {}", answer.text);
        let json = answer.json();
        let found = json.pointer(pointer).cloned();
        assert_eq!(found, Some(value.into()), "{what} {pointer}: {}", answer.text);
    }
}

/// What three looks for a call showed.
fn looked() -> Evidence {
    Evidence {
        looks: 3,
        first: Some(NOW),
        last: Some(NOW),
        showed: Some(Showed::Nothing),
        call: Some("c-9".to_owned()),
        ..Evidence::default()
    }
}
