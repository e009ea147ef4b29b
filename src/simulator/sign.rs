//! HubSpot's three request signatures, made as HubSpot makes them (HUBSPOT.md 2).
//!
//! Written from the document alone: it shares no line with the router's verification.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Ten minutes: outside the five that v3 allows.
const FAR_MS: i64 = 10 * 60 * 1000;

/// How a delivery is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Signature {
    /// v1 and v3 on one request, as HubSpot's webhooks come.
    #[default]
    #[serde(rename = "v1+v3")]
    V1AndV3,
    /// v3 alone.
    #[serde(rename = "v3")]
    V3,
    /// v1 alone.
    #[serde(rename = "v1")]
    V1,
    /// v2 alone.
    #[serde(rename = "v2")]
    V2,
    /// v1 and v3 made with another secret.
    #[serde(rename = "forged")]
    Forged,
    /// A right v3 signature of a time ten minutes ago.
    #[serde(rename = "stale")]
    Stale,
    /// A right v3 signature of a time ten minutes ahead.
    #[serde(rename = "future")]
    Future,
    /// No signature header at all.
    #[serde(rename = "none")]
    None,
}

/// What is signed: a POST of these bytes to this address, at this time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signed<'a> {
    pub(super) secret: &'a str,
    pub(super) method: &'a str,
    pub(super) url: &'a str,
    pub(super) body: &'a [u8],
}

impl Signed<'_> {
    /// SHA-256 of secret and body, in hexadecimal.
    pub(super) fn v1(&self) -> String {
        hex(&Sha256::new().chain_update(self.secret).chain_update(self.body).finalize())
    }

    /// SHA-256 of secret, method, URI and body, in hexadecimal.
    pub(super) fn v2(&self) -> String {
        let hash = Sha256::new().chain_update(self.secret).chain_update(self.method);
        hex(&hash.chain_update(self.url).chain_update(self.body).finalize())
    }

    /// HMAC-SHA256 of method, decoded URI, body and timestamp, in base64.
    pub(super) fn v3(&self, timestamp: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes())
            .expect("HMAC takes a key of any length");
        mac.update(self.method.as_bytes());
        mac.update(decode_uri(self.url).as_bytes());
        mac.update(self.body);
        mac.update(timestamp.as_bytes());
        STANDARD.encode(mac.finalize().into_bytes())
    }

    /// The headers of a request signed at `now_ms`.
    pub(super) fn headers(&self, kind: Signature, now_ms: i64) -> Vec<(&'static str, String)> {
        let other = format!("{}-of-somebody-else", self.secret);
        let forged = Signed { secret: &other, ..*self };
        match kind {
            Signature::None => Vec::new(),
            Signature::V1 => self.untimed("v1"),
            Signature::V2 => self.untimed("v2"),
            Signature::V3 => self.timed(now_ms),
            Signature::Stale => self.timed(now_ms - FAR_MS),
            Signature::Future => self.timed(now_ms + FAR_MS),
            Signature::V1AndV3 => [self.untimed("v1"), self.timed(now_ms)].concat(),
            Signature::Forged => [forged.untimed("v1"), forged.timed(now_ms)].concat(),
        }
    }

    fn untimed(&self, version: &str) -> Vec<(&'static str, String)> {
        let signature = if version == "v2" { self.v2() } else { self.v1() };
        vec![
            ("X-HubSpot-Signature", signature),
            ("X-HubSpot-Signature-Version", version.to_owned()),
        ]
    }

    fn timed(&self, timestamp_ms: i64) -> Vec<(&'static str, String)> {
        let timestamp = timestamp_ms.to_string();
        let signature = self.v3(&timestamp);
        vec![("X-HubSpot-Signature-v3", signature), ("X-HubSpot-Request-Timestamp", timestamp)]
    }
}

/// Decodes the twelve escapes of HubSpot's table, once, and no others (HUBSPOT.md 2.2).
fn decode_uri(uri: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(uri.len()), uri);
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let escape = rest.get(at..at + 3);
        let plain = escape.and_then(|escape| match escape.to_ascii_uppercase().as_str() {
            "%3A" => Some(':'),
            "%2F" => Some('/'),
            "%3F" => Some('?'),
            "%40" => Some('@'),
            "%21" => Some('!'),
            "%24" => Some('$'),
            "%27" => Some('\''),
            "%28" => Some('('),
            "%29" => Some(')'),
            "%2A" => Some('*'),
            "%2C" => Some(','),
            "%3B" => Some(';'),
            _ => None,
        });
        out.push(plain.unwrap_or('%'));
        rest = &rest[at + if plain.is_some() { 3 } else { 1 }..];
    }
    out.push_str(rest);
    out
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

#[cfg(test)]
#[path = "sign_tests.rs"]
mod tests;
