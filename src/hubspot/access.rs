//! Our access to the account: an app's access token, or one that a refresh token buys
//! (HUBSPOT.md 6). A bought token is renewed before it expires, by one call for everybody.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Request};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::client::BuildError;
use super::profile::encode;
use super::wire::{Lost, Reply, Wire};
use crate::domain::secret::Secret;

/// How the account is entered.
#[derive(Clone, Debug)]
pub enum Access {
    /// The access token of an app that the account made for itself: it does not expire.
    Token(Secret),
    /// OAuth: access tokens of half an hour, bought with a refresh token.
    Refresh(Refresh),
}

/// What buys access tokens.
#[derive(Clone, Debug)]
pub struct Refresh {
    /// The app's client id, which is no secret.
    pub client_id: String,
    /// The app's client secret.
    pub client_secret: Secret,
    /// The refresh token of this account's installation.
    pub refresh_token: Secret,
}

/// The access as the client uses it.
#[derive(Debug)]
pub(super) enum Bearer {
    Fixed(HeaderValue),
    Bought { refresh: Refresh, path: &'static str, token: Mutex<Option<Bought>> },
}

/// An access token, and when it is renewed.
#[derive(Clone, Debug)]
pub(super) struct Bought {
    header: HeaderValue,
    renew_at: Instant,
    /// HubSpot may hand out another refresh token with each access token.
    refresh_token: Secret,
}

impl Bearer {
    /// `path` is where tokens are bought.
    pub(super) fn new(access: &Access, path: &'static str) -> Result<Self, BuildError> {
        Ok(match access {
            Access::Token(token) => Self::Fixed(header(token)?),
            Access::Refresh(refresh) => {
                Self::Bought { refresh: refresh.clone(), path, token: Mutex::new(None) }
            }
        })
    }

    /// The header of the next call. A refusal of the refresh token is an answer like a refusal
    /// of the access token.
    pub(super) async fn header(&self, wire: &Wire) -> Result<HeaderValue, Entry> {
        let (refresh, path, token) = match self {
            Self::Fixed(header) => return Ok(header.clone()),
            Self::Bought { refresh, path, token } => (refresh, path, token),
        };
        let mut token = token.lock().await;
        if let Some(bought) = token.as_ref().filter(|it| Instant::now() < it.renew_at) {
            return Ok(bought.header.clone());
        }
        let newest = token.as_ref().map_or(&refresh.refresh_token, |it| &it.refresh_token);
        let bought = buy(wire, refresh, newest, path).await?;
        let header = bought.header.clone();
        *token = Some(bought);
        Ok(header)
    }

    /// HubSpot refused a call made with `used`: whether another token may help. Only the first
    /// to notice lets it expire.
    pub(super) async fn expire(&self, used: &HeaderValue) -> bool {
        let Self::Bought { token, .. } = self else { return false };
        if let Some(bought) = token.lock().await.as_mut().filter(|it| it.header == *used) {
            bought.renew_at = Instant::now();
        }
        true
    }
}

/// Why there is no token.
#[derive(Debug)]
pub(super) enum Entry {
    /// There is no answer, and nothing else was sent.
    Lost(Lost),
    /// HubSpot does not sell one.
    Refused(Box<Reply>),
}

/// One call to the token endpoint.
async fn buy(
    wire: &Wire,
    refresh: &Refresh,
    refresh_token: &Secret,
    path: &str,
) -> Result<Bought, Entry> {
    let not_sent = |why: &str| Entry::Lost(Lost::NotSent(format!("no access token: {why}")));
    let request = request(wire, refresh, refresh_token, path);
    let reply = wire.exchange(request).await.map_err(|lost| match lost {
        Lost::NotSent(why) | Lost::NoAnswer(why) => not_sent(&why),
    })?;
    if matches!(reply.status, 400..=407 | 409..=428) {
        return Err(Entry::Refused(Box::new(refused(&reply))));
    }
    let sold = reply.body().ok().filter(|_| reply.status == 200);
    let sold = sold.and_then(|body| serde_json::from_slice::<Value>(body).ok());
    let sold = sold.ok_or_else(|| not_sent("HubSpot's token endpoint gave no token"))?;
    let text = |name: &str| sold.get(name).and_then(Value::as_str).and_then(Secret::new);
    let header = text("access_token").and_then(|token| header(&token).ok());
    let header = header.ok_or_else(|| not_sent("HubSpot's token endpoint gave no token"))?;
    let seconds = sold.get("expires_in").and_then(Value::as_u64).unwrap_or(1_800);
    Ok(Bought {
        header,
        // At four fifths of its life.
        renew_at: Instant::now() + Duration::from_secs(seconds) * 4 / 5,
        refresh_token: text("refresh_token").unwrap_or_else(|| refresh_token.clone()),
    })
}

/// The call itself was not made; to everybody else this is a 401.
fn refused(reply: &Reply) -> Reply {
    let said = reply.body().ok().and_then(|body| serde_json::from_slice::<Value>(body).ok());
    let said = said.as_ref().and_then(|body| body.get("message")).and_then(Value::as_str);
    let message = format!(
        "the refresh token was refused ({}); give the one of this account's installation",
        said.unwrap_or("without a reason"),
    );
    let body = json!({ "status": "error", "category": "BAD_REFRESH_TOKEN", "message": message });
    Reply::instead(401, &body)
}

fn request(wire: &Wire, refresh: &Refresh, refresh_token: &Secret, path: &str) -> Request {
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", refresh.client_id.as_str()),
        ("client_secret", refresh.client_secret.reveal()),
        ("refresh_token", refresh_token.reveal()),
    ];
    form(wire, path, &fields)
}

/// A form-encoded POST: secrets stand in the body, never in the address (HUBSPOT.md 6).
pub(super) fn form(wire: &Wire, path: &str, fields: &[(&str, &str)]) -> Request {
    let fields: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    let mut request = Request::new(Method::POST, wire.url(path, ""));
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    let head: &mut HeaderMap = request.headers_mut();
    head.insert(CONTENT_TYPE, form);
    *request.body_mut() = Some(fields.join("&").into());
    request
}

fn header(token: &Secret) -> Result<HeaderValue, BuildError> {
    let token = token.reveal();
    if token.is_empty() || token.contains(|letter: char| !letter.is_ascii_graphic()) {
        return Err(BuildError::AccessToken);
    }
    let mut bearer =
        HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| BuildError::AccessToken)?;
    bearer.set_sensitive(true);
    Ok(bearer)
}
