//! The extractor that proves a delivery: a handler that names [`Verified`] cannot run on bytes
//! nobody signed.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::dev::Payload;
use actix_web::http::header::HeaderMap;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};

use super::Body;
use super::body::{self, Share};
use super::respond::Refusal;
use super::server::Door;
use crate::domain::signature::{Diagnosis, Header, SignedRequest, VerifiedDelivery, diagnose};
use crate::domain::time::{SECOND_MS, Timestamp};

const SIGNATURE_V3: &str = "x-hubspot-signature-v3";
const TIMESTAMP: &str = "x-hubspot-request-timestamp";
const SIGNATURE: &str = "x-hubspot-signature";
const VERSION: &str = "x-hubspot-signature-version";

/// A delivery whose signature holds, with its share of the bytes under way.
#[derive(Debug)]
pub(super) struct Verified {
    pub(super) delivery: VerifiedDelivery<Body>,
    pub(super) _share: Share,
}

impl FromRequest for Verified {
    type Error = Refusal;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Refusal>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move {
            let door = request.app_data::<Data<Door>>().cloned().ok_or(Refusal::Busy)?;
            let outcome = verify(&request, payload, &door).await;
            if let Err((refusal, hint)) = &outcome {
                refusal.report(&door.counters, hint.as_deref());
            }
            outcome.map_err(|(refusal, _)| refusal)
        })
    }
}

async fn verify(
    request: &HttpRequest,
    payload: Payload,
    door: &Door,
) -> Result<Verified, (Refusal, Option<String>)> {
    let (body, share) =
        body::read(request, payload, &door.bounds).await.map_err(|refusal| (refusal, None))?;
    let signed = signed(request, &body);
    let now = (door.now)();
    match door.verifier.verify(&signed, body.clone(), now) {
        Ok(delivery) => Ok(Verified { delivery, _share: share }),
        Err(rejection) => {
            let hint = hint(request, &signed, door, now);
            Err((Refusal::Rejected(rejection), hint))
        }
    }
}

fn signed<'a>(request: &'a HttpRequest, body: &'a Body) -> SignedRequest<'a> {
    let query = request.query_string();
    let headers = request.headers();
    SignedRequest {
        method: request.method().as_str(),
        query: (!query.is_empty()).then_some(query),
        body,
        signature_v3: once(headers, SIGNATURE_V3),
        timestamp: once(headers, TIMESTAMP),
        signature: once(headers, SIGNATURE),
        version: once(headers, VERSION),
    }
}

fn once<'a>(headers: &'a HeaderMap, name: &str) -> Header<'a> {
    let mut values = headers.get_all(name);
    match (values.next(), values.next()) {
        (None, _) => Header::Absent,
        (Some(value), None) => Header::Once(value.as_bytes()),
        (Some(_), Some(_)) => Header::Repeated,
    }
}

/// Diagnosing costs several MACs: at most one a second.
#[derive(Debug, Default)]
pub(super) struct DiagnosedAt(AtomicU64);

impl DiagnosedAt {
    fn may_again(&self, now: Timestamp) -> bool {
        let last = self.0.load(Ordering::Relaxed);
        last.saturating_add(SECOND_MS) <= now.unix_ms()
            && self
                .0
                .compare_exchange(last, now.unix_ms(), Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }
}

/// What is probably wrong, for the log only.
fn hint(
    request: &HttpRequest,
    signed: &SignedRequest<'_>,
    door: &Door,
    now: Timestamp,
) -> Option<String> {
    if !door.diagnosed_at.may_again(now) {
        return None;
    }
    let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let hosts: Vec<&str> = ["x-forwarded-host", "host"].into_iter().filter_map(text).collect();
    match diagnose(&door.verifier, signed, &hosts, request.path()) {
        Diagnosis::PublicUrl(url) => {
            Some(format!("the secret is right, [server] public_url should be \"{url}\""))
        }
        Diagnosis::SecretIsRight => {
            Some("the secret is right, [server] public_url is not what HubSpot calls".to_owned())
        }
        Diagnosis::Unknown => None,
    }
}
