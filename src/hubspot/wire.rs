//! One call, once: no redirect, no retry, no proxy that was not configured, bounded answers.

use std::error::Error as _;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Request, Response, Url};
use serde_json::Value;

use super::access::{Bearer, Entry};
use super::envelope::clean;
use super::quota::Quota;
use super::told::Told;
use crate::port::InTime;

/// The longest answer that is read, in bytes.
const BODY_MAX: usize = 1024 * 1024;
/// The same for the property definitions of an account, of which there may be thousands.
pub(super) const BODY_MAX_LARGE: usize = 16 * BODY_MAX;

/// A request before it has a host.
#[derive(Debug)]
pub(super) struct Call {
    method: Method,
    path: String,
    query: String,
    body: Option<Value>,
    /// The longest answer that is read, in bytes.
    answer_max: usize,
}

impl Call {
    /// `path` and `query` are percent-encoded.
    pub(super) fn get(path: String, query: String) -> Self {
        Self { method: Method::GET, path, query, body: None, answer_max: BODY_MAX }
    }

    pub(super) fn post(path: String, query: String, body: Option<Value>) -> Self {
        Self { method: Method::POST, path, query, body, answer_max: BODY_MAX }
    }

    pub(super) fn patch(path: String, body: Value) -> Self {
        Self { body: Some(body), method: Method::PATCH, ..Self::get(path, String::new()) }
    }

    pub(super) fn delete(path: String) -> Self {
        Self { method: Method::DELETE, ..Self::get(path, String::new()) }
    }

    /// The same with a longer answer.
    pub(super) fn answered_by(self, answer_max: usize) -> Self {
        Self { answer_max, ..self }
    }
}

/// There is no answer.
#[derive(Debug)]
pub enum Lost {
    /// DNS, connect or TLS failed, or it was too late: no byte of the request left.
    NotSent(String),
    /// The request may have arrived.
    NoAnswer(String),
}

/// An answer: its head, and as much of its body as can be trusted.
#[derive(Debug)]
pub struct Reply {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    body: Result<Vec<u8>, String>,
}

impl Reply {
    /// An answer; its body is an `Err` that says why where it did not come whole.
    pub fn new(status: u16, headers: HeaderMap, body: Result<Vec<u8>, String>) -> Self {
        Self { status, headers, body }
    }

    /// The whole body, or why there is none.
    pub(super) fn body(&self) -> Result<&[u8], &str> {
        self.body.as_deref().map_err(String::as_str)
    }

    /// An answer that HubSpot gave to another call, in this one's words.
    pub(super) fn instead(status: u16, body: &Value) -> Self {
        Self { status, headers: HeaderMap::new(), body: Ok(body.to_string().into_bytes()) }
    }

    /// Whether its body is a page for people: a gateway's, whatever its status says.
    pub(super) fn is_html(&self) -> bool {
        let body = self.body().unwrap_or_default().trim_ascii_start();
        let declared = self.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let html = declared.is_some_and(|kind| kind.to_ascii_lowercase().starts_with("text/html"));
        body.starts_with(b"<") || (html && !body.is_empty())
    }

    #[cfg(test)]
    pub(super) fn scripted(status: u16, head: &[(&'static str, &str)], body: &str) -> Self {
        let head = head.iter().map(|(name, value)| {
            (name.parse().expect("a header name"), value.parse().expect("a header value"))
        });
        Self { status, headers: head.collect(), body: Ok(body.as_bytes().to_vec()) }
    }

    #[cfg(test)]
    pub(super) fn broken(status: u16) -> Self {
        Self { status, headers: HeaderMap::new(), body: Err("the answer broke off".to_owned()) }
    }
}

/// The answer of one request, when it is there.
pub type Carrying<'a> = Pin<Box<dyn Future<Output = Result<Reply, Lost>> + Send + 'a>>;

/// Takes one request to HubSpot and brings its answer back: over HTTP, or in this process to
/// whoever plays HubSpot. It repeats nothing, and gives up on its own after the client's timeout.
pub trait Carrier: fmt::Debug + Send + Sync + 'static {
    /// Takes the request there, once, and reads an answer of `answer_max` bytes at most.
    fn carry(&self, request: Request, answer_max: usize) -> Carrying<'_>;
}

impl Carrier for reqwest::Client {
    fn carry(&self, request: Request, answer_max: usize) -> Carrying<'_> {
        Box::pin(async move {
            let response = self.execute(request).await.map_err(|error| {
                if error.is_connect() || error.is_dns() {
                    Lost::NotSent(explain(&error))
                } else {
                    Lost::NoAnswer(explain(&error))
                }
            })?;
            Ok(Reply {
                status: response.status().as_u16(),
                headers: response.headers().clone(),
                body: read(response, answer_max).await,
            })
        })
    }
}

/// What carries the calls, and where it talks to.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) carrier: Arc<dyn Carrier>,
    pub(super) base: Url,
    pub(super) bearer: Bearer,
    pub(super) quota: Quota,
    pub(super) told: Told,
}

/// How a request with our access ended.
enum Entered {
    /// HubSpot answered it; with the header that was used.
    Answered(Reply, HeaderValue),
    /// We have no access, and it was not made.
    Refused(Box<Reply>),
}

impl Wire {
    /// Makes the call once; a bought token that HubSpot refuses is renewed, and the call, which
    /// did nothing, is made once more.
    pub(super) async fn send(&self, call: Call) -> Result<Reply, Lost> {
        self.send_in_time(call, &|| true).await
    }

    /// The same, where each time the call is not sent once it is not `in_time` any more. The access
    /// may have been waited for.
    pub(super) async fn send_in_time(
        &self,
        call: Call,
        in_time: &InTime<'_>,
    ) -> Result<Reply, Lost> {
        let answer_max = call.answer_max;
        let request = self.request(call);
        let again = request.try_clone();
        let (reply, used) = match self.enter(request, answer_max, in_time).await? {
            Entered::Answered(reply, used) => (reply, used),
            Entered::Refused(reply) => return Ok(*reply),
        };
        let Some(again) = again.filter(|_| reply.status == 401) else { return Ok(reply) };
        if !self.bearer.expire(&used).await {
            return Ok(reply);
        }
        Ok(match self.enter(again, answer_max, in_time).await? {
            Entered::Answered(reply, _) => reply,
            Entered::Refused(reply) => *reply,
        })
    }

    /// The request with our access.
    async fn enter(
        &self,
        mut request: Request,
        answer_max: usize,
        in_time: &InTime<'_>,
    ) -> Result<Entered, Lost> {
        let used = match self.bearer.header(self).await {
            Ok(header) => header,
            Err(Entry::Lost(lost)) => return Err(lost),
            Err(Entry::Refused(reply)) => return Ok(Entered::Refused(reply)),
        };
        request.headers_mut().insert(AUTHORIZATION, used.clone());
        if !in_time() {
            return Err(Lost::NotSent("the permit ran out before the call could leave".to_owned()));
        }
        let reply = self.exchange_up_to(request, answer_max).await?;
        self.quota.observe(&reply);
        self.told.observe(&reply);
        Ok(Entered::Answered(reply, used))
    }

    /// One request, one answer.
    pub(super) async fn exchange(&self, request: Request) -> Result<Reply, Lost> {
        self.exchange_up_to(request, BODY_MAX).await
    }

    async fn exchange_up_to(&self, request: Request, answer_max: usize) -> Result<Reply, Lost> {
        self.carrier.carry(request, answer_max).await
    }

    /// `path` and `query` are percent-encoded.
    pub(super) fn url(&self, path: &str, query: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        url.set_query(Some(query).filter(|query| !query.is_empty()));
        url
    }

    fn request(&self, call: Call) -> Request {
        let mut request = Request::new(call.method, self.url(&call.path, &call.query));
        if let Some(body) = call.body {
            let json = HeaderValue::from_static("application/json");
            request.headers_mut().insert(CONTENT_TYPE, json);
            *request.body_mut() = Some(body.to_string().into());
        }
        request
    }
}

async fn read(mut response: Response, answer_max: usize) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| explain(&error))? {
        if answer_max - body.len() < chunk.len() {
            return Err(format!("the answer is longer than {answer_max} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// What went wrong, by the innermost cause: the outer ones name the URL, which may hold an
/// address.
fn explain(error: &reqwest::Error) -> String {
    let mut innermost = error.source();
    while let Some(cause) = innermost.and_then(std::error::Error::source) {
        innermost = Some(cause);
    }
    let cause = innermost.map(|cause| clean(&cause.to_string()));
    let what = match () {
        () if error.is_connect() || error.is_dns() => "HubSpot could not be reached",
        () if error.is_timeout() => "no answer in time",
        () => "the connection broke before the whole answer was there",
    };
    cause.map_or_else(|| what.to_owned(), |cause| format!("{what}: {cause}"))
}
