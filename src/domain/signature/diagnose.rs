//! Why a signature does not match, for the log only (CONSISTENCY.md section 7). A mismatch is
//! nearly always a wrong `public_url` or a wrong secret, and HubSpot tells nobody which.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Header, SignedRequest, Verifier, decode_hex};

/// What a rejected request shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Diagnosis {
    /// The secret is right, and this is the URL that was signed.
    PublicUrl(String),
    /// The secret is right (v1 of the same request matches), the URL is another one.
    SecretIsRight,
    /// Neither v3 over any likely URL nor v1 matches.
    Unknown,
}

/// Tries the secret on v1 of the same request and on v3 over likely URLs: http and https, with
/// and without a trailing slash, each host of `hosts` (`Host`, `X-Forwarded-Host`). `path` is
/// the request's path. Nothing found here is ever accepted.
pub fn diagnose(
    verifier: &Verifier,
    request: &SignedRequest<'_>,
    hosts: &[&str],
    path: &str,
) -> Diagnosis {
    if let (Header::Once(signature), Header::Once(timestamp)) =
        (request.signature_v3, request.timestamp)
        && let Ok(tag) = STANDARD.decode(signature)
    {
        let query = request.query.map(|query| format!("?{query}")).unwrap_or_default();
        for base in likely_urls(verifier.public_url.base(), hosts, path) {
            let uri = format!("{base}{query}");
            let parts = [request.method.as_bytes(), uri.as_bytes(), request.body, timestamp];
            if verifier.keys.hmac_matches(&parts, &tag) {
                return Diagnosis::PublicUrl(base);
            }
        }
    }
    if let (Header::Once(signature), Header::Once(b"v1")) = (request.signature, request.version)
        && let Some(digest) = decode_hex(signature)
        && verifier.keys.digest_matches(&[request.body], &digest)
    {
        return Diagnosis::SecretIsRight;
    }
    Diagnosis::Unknown
}

fn likely_urls(base: &str, hosts: &[&str], path: &str) -> Vec<String> {
    let without_scheme = base.split_once("://").map_or(base, |(_, rest)| rest);
    let mut places = vec![without_scheme.to_owned()];
    places.extend(hosts.iter().map(|host| format!("{host}{path}")));
    let mut urls = Vec::new();
    for place in places {
        let trimmed = place.trim_end_matches('/');
        for scheme in ["https", "http"] {
            urls.push(format!("{scheme}://{trimmed}"));
            urls.push(format!("{scheme}://{trimmed}/"));
        }
    }
    urls
}
