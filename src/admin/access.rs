//! Who may call (PRODUCT.md, "Admin access"; RELIABILITY.md T14).
//!
//! With a token every guarded call carries it. Without one the listener is on loopback, and a
//! browser that a foreign page sends here is told apart by the `Host` it names (DNS rebinding).
//! With and without one, nothing is changed by a call that a page of another site sends (CSRF):
//! browsers say so in `Sec-Fetch-Site`, and older ones in `Origin`.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::{DefaultHeaders, Next};
use actix_web::{Error, ResponseError, web};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use thiserror::Error;

use super::api::query::Params;
use super::problem::Problem;
use super::routes::{Call, Class};
use crate::domain::secret::Secret;

/// An admin listener that others can reach has no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "[admin] listen = \"{0}\" can be reached from other machines and there is no token; \
     set HUBROUTE_ADMIN_TOKEN (or HUBROUTE_ADMIN_TOKEN_FILE), or listen on 127.0.0.1"
)]
pub struct Exposed(SocketAddr);

/// The token, kept as a key and its own tag: a given one is compared through a keyed hash of
/// both, which takes the same time for any pair.
#[derive(Clone)]
struct Token {
    key: Hmac<Sha256>,
    tag: [u8; 32],
}

impl Token {
    fn new(secret: &Secret) -> Self {
        let bytes = secret.reveal().as_bytes();
        let key: Hmac<Sha256> =
            Hmac::new_from_slice(bytes).expect("HMAC takes a key of any length");
        let tag = key.clone().chain_update(bytes).finalize().into_bytes().into();
        Self { key, tag }
    }

    fn is(&self, given: &[u8]) -> bool {
        self.key.clone().chain_update(given).verify_slice(&self.tag).is_ok()
    }
}

/// Who may call what.
#[derive(Clone)]
pub struct Access {
    token: Option<Token>,
    open_metrics: bool,
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = if self.token.is_some() { "with a token" } else { "on loopback only" };
        write!(f, "Access({who})")
    }
}

impl Access {
    /// Access by this token, or on loopback without one.
    pub fn new(token: Option<&Secret>, open_metrics: bool) -> Self {
        Self { token: token.map(Token::new), open_metrics }
    }

    /// Whether the listener may stand at `address`. The app asks before it binds.
    pub fn allows(&self, address: SocketAddr) -> Result<(), Exposed> {
        if self.token.is_some() || address.ip().is_loopback() {
            Ok(())
        } else {
            Err(Exposed(address))
        }
    }

    /// Whether a call may pass.
    fn check(&self, class: Class, method: &Method, headers: &HeaderMap) -> Result<(), Problem> {
        match class {
            Class::Open => return Ok(()),
            Class::Metrics if self.open_metrics => return Ok(()),
            Class::Metrics | Class::Read | Class::Press => {}
        }
        match &self.token {
            Some(token) => bearer(headers)
                .filter(|given| token.is(given.as_bytes()))
                .map(|_| ())
                .ok_or_else(unauthorized)?,
            None => local(headers)?,
        }
        if method.is_safe() || !is_foreign(headers) { Ok(()) } else { Err(cross_site()) }
    }
}

/// The one `Authorization: Bearer` there is.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, given) = one(headers, &header::AUTHORIZATION)?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| given.trim())
}

/// A header that is there exactly once.
fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut values = headers.get_all(name);
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

fn unauthorized() -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "unauthorized",
        "This call needs the admin token.",
        "Send Authorization: Bearer with the value of HUBROUTE_ADMIN_TOKEN.",
    )
}

/// Without a token: the call names this machine.
fn local(headers: &HeaderMap) -> Result<(), Problem> {
    let is_here = one(headers, &header::HOST).is_some_and(is_loopback);
    is_here.then_some(()).ok_or_else(|| {
        Problem::new(
            StatusCode::FORBIDDEN,
            "wrong-host",
            "Without an admin token this listener answers under a loopback name only.",
            "Call it as 127.0.0.1 or localhost, or set HUBROUTE_ADMIN_TOKEN.",
        )
    })
}

/// What a browser says of the page that sends a call: `same-origin` for our own, `none` for what
/// a person typed. A page cannot change it.
const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// Whether a page of another origin sent the call. Programs say nothing of pages.
fn is_foreign(headers: &HeaderMap) -> bool {
    let mut sites = headers.get_all(SEC_FETCH_SITE).peekable();
    if sites.peek().is_some() {
        return sites.any(|site| !["same-origin", "none"].iter().any(|own| site == own));
    }
    let host = one(headers, &header::HOST);
    headers.get_all(header::ORIGIN).any(|origin| {
        let origin = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
        // Behind a proxy that ends TLS the scheme is another one, and the host is the same.
        origin.is_none_or(|(_, its)| Some(its) != host)
    })
}

fn cross_site() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "cross-site",
        "A page of another site sent this call.",
        "Use the page of this listener, or the command line.",
    )
}

/// Whether a `Host` names this machine: `localhost`, `127.0.0.0/8` or `[::1]`, with any port.
fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Lets a call pass, or answers it: first who calls, then what they ask for.
pub(super) async fn guard(
    access: web::Data<Access>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let call = request.match_pattern().and_then(|path| Call::at(&path));
    let class = call.map_or(Class::Read, Call::class);
    let checked = access
        .check(class, request.method(), request.headers())
        .and_then(|()| call.map_or(Ok(()), |call| Params::check(call, request.query_string())));
    match checked {
        Ok(()) => Ok(next.call(request).await?.map_into_boxed_body()),
        Err(problem) => Ok(request.into_response(problem.error_response())),
    }
}

/// Headers of every answer: nothing is stored, guessed, framed or loaded.
pub(super) fn headers() -> DefaultHeaders {
    DefaultHeaders::new()
        .add((header::CACHE_CONTROL, "no-store"))
        .add((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .add((header::X_FRAME_OPTIONS, "DENY"))
        .add((header::REFERRER_POLICY, "no-referrer"))
        .add((
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ))
}
