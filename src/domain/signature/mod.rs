//! The only door into the system: a request becomes a [`VerifiedDelivery`] or a [`Rejection`].
//!
//! Signatures v1, v2 and v3 as HUBSPOT.md section 2 gives them. Comparisons take the same time
//! whatever the difference; both secrets are always tried; the body is opaque bytes.

mod diagnose;
mod key;
mod uri;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

pub use diagnose::{Diagnosis, diagnose};
pub use key::Keys;
pub use uri::{BadPublicUrl, PublicUrl};

use super::time::Timestamp;

/// The oldest a request may be: HubSpot's own rule (HUBSPOT.md 2.1). Exactly this is accepted.
pub const AGE_MS_MAX: u64 = 300_000;
/// How far a request may be ahead of our clock. Exactly this is accepted.
pub const LEAD_MS_MAX: u64 = 60_000;
/// The v3 text has no separators, so the timestamp must have one length only.
const TIMESTAMP_DIGITS: usize = 13;
/// The length of an HMAC-SHA256.
const TAG_BYTES: usize = 32;

/// One header of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header<'a> {
    /// Not there.
    Absent,
    /// There once.
    Once(&'a [u8]),
    /// There more than once: refused, or an attacker chooses which one counts.
    Repeated,
}

/// A request as it came off the wire; nothing in it is trusted yet.
#[derive(Clone, Copy, Debug)]
pub struct SignedRequest<'a> {
    /// The HTTP method.
    pub method: &'a str,
    /// The query string, without its question mark.
    pub query: Option<&'a str>,
    /// Raw body bytes, exactly as received.
    pub body: &'a [u8],
    /// `X-HubSpot-Signature-v3`.
    pub signature_v3: Header<'a>,
    /// `X-HubSpot-Request-Timestamp`.
    pub timestamp: Header<'a>,
    /// `X-HubSpot-Signature`.
    pub signature: Header<'a>,
    /// `X-HubSpot-Signature-Version`.
    pub version: Header<'a>,
}

/// Which signature versions count (`[signature] accept`). v1 and v2 carry no time: whoever
/// recorded one can replay it for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accept {
    /// SHA-256 of secret and body.
    pub v1: bool,
    /// SHA-256 of secret, method, URI and body.
    pub v2: bool,
    /// HMAC-SHA256 of method, URI, body and timestamp.
    pub v3: bool,
}

impl Default for Accept {
    fn default() -> Self {
        Self { v1: false, v2: false, v3: true }
    }
}

/// Proof that a body was signed by HubSpot, recently. [`Verifier::verify`] is its only maker.
#[derive(Debug)]
pub struct VerifiedDelivery<B> {
    body: B,
    received: Timestamp,
}

impl<B: AsRef<[u8]>> VerifiedDelivery<B> {
    /// The signed bytes.
    pub fn body(&self) -> &[u8] {
        self.body.as_ref()
    }

    /// When it was received.
    pub fn received(&self) -> Timestamp {
        self.received
    }

    /// The signed bytes, to keep.
    pub fn into_body(self) -> B {
        self.body
    }
}

/// Why a request was turned away. Told to the log in full and to the caller not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Rejection {
    /// No signature of an accepted version.
    #[error("it carries no signature of an accepted version")]
    Unsigned,
    /// A signature header stands there more than once.
    #[error("a signature header stands there more than once")]
    RepeatedHeader,
    /// The timestamp is missing or not 13 digits.
    #[error("its timestamp is missing or not 13 digits")]
    BadTimestamp,
    /// Signed too long ago: a replay, or a clock that is off.
    #[error("it was signed too long ago; is this machine's clock right?")]
    TooOld,
    /// Signed in the future: a clock that is off.
    #[error("it was signed in the future; is this machine's clock right?")]
    TooNew,
    /// The signature is not canonical base64 or lower-case hex.
    #[error("its signature is not encoded as HubSpot encodes it")]
    BadEncoding,
    /// The query differs from the one in `public_url`.
    #[error("its query is not the one in public_url")]
    QueryDiffers,
    /// The signature does not match under any current secret.
    #[error("its signature does not match")]
    Mismatch,
}

impl Rejection {
    /// The word that metrics count it under.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unsigned => "unsigned",
            Self::RepeatedHeader => "repeated-header",
            Self::BadTimestamp => "bad-timestamp",
            Self::TooOld => "too-old",
            Self::TooNew => "too-new",
            Self::BadEncoding => "bad-encoding",
            Self::QueryDiffers => "query-differs",
            Self::Mismatch => "mismatch",
        }
    }
}

/// What a request is checked against.
#[derive(Clone, Debug)]
pub struct Verifier {
    /// The current secret, and the previous one while rotating.
    pub keys: Keys,
    /// The target URL as HubSpot knows it.
    pub public_url: PublicUrl,
    /// The versions that count.
    pub accept: Accept,
}

impl Verifier {
    /// Checks `request` at `now`; `body` must be the bytes that `request` shows.
    pub fn verify<B: AsRef<[u8]>>(
        &self,
        request: &SignedRequest<'_>,
        body: B,
        now: Timestamp,
    ) -> Result<VerifiedDelivery<B>, Rejection> {
        self.check(&SignedRequest { body: body.as_ref(), ..*request }, now)?;
        Ok(VerifiedDelivery { body, received: now })
    }

    /// A request that carries v3 is judged by v3 alone, so nobody can choose a weaker version.
    fn check(&self, request: &SignedRequest<'_>, now: Timestamp) -> Result<(), Rejection> {
        match request.signature_v3 {
            Header::Repeated => Err(Rejection::RepeatedHeader),
            Header::Once(signature) if self.accept.v3 => self.check_v3(request, signature, now),
            Header::Once(_) => Err(Rejection::Unsigned),
            Header::Absent => self.check_older(request),
        }
    }

    fn check_v3(
        &self,
        request: &SignedRequest<'_>,
        signature: &[u8],
        now: Timestamp,
    ) -> Result<(), Rejection> {
        let timestamp = match request.timestamp {
            Header::Once(text) => text,
            Header::Absent => return Err(Rejection::BadTimestamp),
            Header::Repeated => return Err(Rejection::RepeatedHeader),
        };
        check_age(timestamp, now)?;
        let tag = STANDARD.decode(signature).map_err(|_| Rejection::BadEncoding)?;
        if tag.len() != TAG_BYTES {
            return Err(Rejection::BadEncoding);
        }
        let uris = self.public_url.signed_uris(request.query)?;
        let matches = uris.iter().fold(false, |found, uri| {
            let parts = [request.method.as_bytes(), uri.as_bytes(), request.body, timestamp];
            self.keys.hmac_matches(&parts, &tag) | found
        });
        if matches { Ok(()) } else { Err(Rejection::Mismatch) }
    }

    fn check_older(&self, request: &SignedRequest<'_>) -> Result<(), Rejection> {
        let (signature, version) = match (request.signature, request.version) {
            (Header::Once(signature), Header::Once(version)) => (signature, version),
            (Header::Repeated, _) | (_, Header::Repeated) => return Err(Rejection::RepeatedHeader),
            _ => return Err(Rejection::Unsigned),
        };
        let digest = decode_hex(signature).ok_or(Rejection::BadEncoding)?;
        let matches = match version {
            b"v1" if self.accept.v1 => self.keys.digest_matches(&[request.body], &digest),
            b"v2" if self.accept.v2 => {
                let uris = self.public_url.signed_uris(request.query)?;
                uris.iter().fold(false, |found, uri| {
                    let parts = [request.method.as_bytes(), uri.as_bytes(), request.body];
                    self.keys.digest_matches(&parts, &digest) | found
                })
            }
            _ => return Err(Rejection::Unsigned),
        };
        if matches { Ok(()) } else { Err(Rejection::Mismatch) }
    }
}

fn check_age(timestamp: &[u8], now: Timestamp) -> Result<(), Rejection> {
    if timestamp.len() != TIMESTAMP_DIGITS || !timestamp.iter().all(u8::is_ascii_digit) {
        return Err(Rejection::BadTimestamp);
    }
    let text = std::str::from_utf8(timestamp).map_err(|_| Rejection::BadTimestamp)?;
    let signed_at = text.parse().map_err(|_| Rejection::BadTimestamp)?;
    let signed_at = Timestamp::from_unix_ms(signed_at);
    if AGE_MS_MAX < now.since_ms(signed_at) {
        return Err(Rejection::TooOld);
    }
    if LEAD_MS_MAX < signed_at.since_ms(now) {
        return Err(Rejection::TooNew);
    }
    Ok(())
}

/// 64 lower-case hexadecimal digits.
fn decode_hex(text: &[u8]) -> Option<[u8; 32]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut digest = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (byte, pair) in digest.iter_mut().zip(text.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(digest)
}

#[cfg(test)]
mod tests;
