//! Every bit of a signed request changed, one at a time: none of them passes (RELIABILITY.md T1).

use std::fs;

use hubroute::domain::secret::Secret;
use hubroute::domain::signature::{Accept, Header, Keys, PublicUrl, SignedRequest, Verifier};
use hubroute::domain::time::Timestamp;
use serde::Deserialize;

use crate::harness::{evidence, times};

/// Requests of the thousand that are taken where the environment does not say.
const REQUESTS: u64 = 20;

/// A request that HubSpot's own Python client signed (tests/vectors/generate.py).
#[derive(Clone, Debug, Deserialize)]
struct Vector {
    version: String,
    secret: String,
    method: String,
    url: String,
    timestamp: String,
    body: String,
    signature: String,
}

/// The same as bytes off the wire.
#[derive(Clone, Copy)]
struct Sent<'a> {
    method: &'a str,
    query: Option<&'a str>,
    body: &'a [u8],
    timestamp: &'a [u8],
    signature: &'a [u8],
}

impl Vector {
    fn sent(&self) -> Sent<'_> {
        Sent {
            method: &self.method,
            query: split(&self.url).1,
            body: self.body.as_bytes(),
            timestamp: self.timestamp.as_bytes(),
            signature: self.signature.as_bytes(),
        }
    }

    /// What judges requests to this URL; `None` where it is no URL.
    fn verifier(&self, url: &str) -> Option<Verifier> {
        Some(Verifier {
            keys: Keys::new(Secret::new(&self.secret)?, None),
            public_url: PublicUrl::parse(split(url).0).ok()?,
            accept: Accept { v1: true, v2: true, v3: true },
        })
    }

    fn passes(&self, verifier: &Verifier, sent: Sent<'_>) -> bool {
        let is_v3 = self.version == "v3";
        let there = |is_there, text| if is_there { Header::Once(text) } else { Header::Absent };
        let request = SignedRequest {
            method: sent.method,
            query: sent.query,
            body: sent.body,
            signature_v3: there(is_v3, sent.signature),
            timestamp: there(is_v3, sent.timestamp),
            signature: there(!is_v3, sent.signature),
            version: there(!is_v3, self.version.as_bytes()),
        };
        let now = Timestamp::from_unix_ms(self.timestamp.parse().unwrap_or(0));
        verifier.verify(&request, sent.body, now).is_ok()
    }
}

fn split(url: &str) -> (&str, Option<&str>) {
    url.split_once('?').map_or((url, None), |(base, query)| (base, Some(query)))
}

/// The text with each of its bits changed.
fn flips(text: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    (0..8 * text.len()).map(|bit| {
        let mut flipped = text.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        flipped
    })
}

/// The same where the server takes text only: what is no UTF-8 any more is refused before it is
/// judged.
fn flipped_texts(text: &str) -> impl Iterator<Item = String> + '_ {
    flips(text.as_bytes()).filter_map(|bytes| String::from_utf8(bytes).ok())
}

/// The URL with its escapes in capitals: `%3a` is `%3A`, and HubSpot signs what they stand for.
fn canonical(url: &str) -> String {
    let mut parts = url.split('%');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |whole, part| match part.split_at_checked(2) {
        Some((digits, rest)) => format!("{whole}%{}{rest}", digits.to_ascii_uppercase()),
        None => format!("{whole}%{part}"),
    })
}

/// Changes every bit of what this version signs; how many there were.
#[track_caller]
fn check(vector: &Vector) -> u64 {
    let verifier = vector.verifier(&vector.url).expect("a URL");
    let sent = vector.sent();
    assert!(vector.passes(&verifier, sent), "{vector:?}");
    let mut tried = 0;
    let mut refuse = |passes: bool, what: &str| {
        assert!(!passes, "a changed {what} passes: {vector:?}");
        tried += 1;
    };
    for body in flips(sent.body) {
        refuse(vector.passes(&verifier, Sent { body: &body, ..sent }), "body");
    }
    for signature in flips(sent.signature) {
        refuse(vector.passes(&verifier, Sent { signature: &signature, ..sent }), "signature");
    }
    if vector.version == "v3" {
        for timestamp in flips(sent.timestamp) {
            refuse(vector.passes(&verifier, Sent { timestamp: &timestamp, ..sent }), "timestamp");
        }
    }
    if vector.version != "v1" {
        for method in flipped_texts(sent.method) {
            refuse(vector.passes(&verifier, Sent { method: &method, ..sent }), "method");
        }
        let is_other = |url: &String| canonical(url) != canonical(&vector.url);
        for url in flipped_texts(&vector.url).filter(is_other) {
            let other = vector.verifier(&url);
            let sent = Sent { query: split(&url).1, ..sent };
            refuse(other.is_some_and(|other| vector.passes(&other, sent)), "URL");
        }
    }
    tried
}

#[test]
fn no_changed_bit_of_a_signed_request_passes() {
    let requests = usize::try_from(times("HUBROUTE_TEST_REQUESTS", REQUESTS)).expect("few");
    let vectors = fs::read_to_string("tests/vectors/signatures.jsonl").expect("the vectors");
    let all: Vec<Vector> = vectors
        .lines()
        .map(|line| serde_json::from_str(line).expect("the vectors are JSON lines"))
        .collect();
    let taken: Vec<&Vector> = all.iter().step_by((all.len() / requests).max(1)).collect();
    let tried: u64 = taken.iter().map(|vector| check(vector)).sum();
    assert!(taken.len() as u64 * 500 < tried, "{tried}");
    evidence(format_args!(
        "{tried} bits of {} signed requests changed, one at a time: 0 accepted",
        taken.len()
    ));
}
