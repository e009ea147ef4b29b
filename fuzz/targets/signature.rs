//! Signature headers, query and body: nothing that was not made with the secret is accepted.
#![no_main]

use std::sync::OnceLock;

use hubroute::domain::secret::Secret;
use hubroute::domain::signature::{
    Accept, Header, Keys, PublicUrl, SignedRequest, Verifier, diagnose,
};
use hubroute::domain::time::Timestamp;
use libfuzzer_sys::fuzz_target;

const NOW: Timestamp = Timestamp::from_unix_ms(1_700_000_000_000);

fuzz_target!(|data: &[u8]| {
    let mut input = Input(data);
    let shape = input.byte();
    let query = input.text();
    let request = SignedRequest {
        method: if shape & 2 == 2 { "GET" } else { "POST" },
        query: if shape & 1 == 1 { query } else { None },
        signature_v3: input.header(),
        timestamp: input.header(),
        signature: input.header(),
        version: input.header(),
        body: input.0,
    };
    for verifier in verifiers() {
        let answer = verifier.verify(&request, request.body, NOW);
        // Nobody here knows the secret: whatever is accepted is a forgery.
        assert!(answer.is_err(), "accepted: {request:?}");
    }
    diagnose(&verifiers()[0], &request, &["hooks.example.com"], "/webhooks/hubspot");
});

/// What is left of the input.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// Up to 255 bytes, led by their count.
    fn bytes(&mut self) -> &'a [u8] {
        let count = usize::from(self.byte()).min(self.0.len());
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        taken
    }

    fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.bytes()).ok()
    }

    fn header(&mut self) -> Header<'a> {
        match self.byte() {
            0 => Header::Absent,
            1 => Header::Repeated,
            2 => Header::Once(b"1700000000000"),
            3 => Header::Once(b"v1"),
            4 => Header::Once(b"v2"),
            _ => Header::Once(self.bytes()),
        }
    }
}

/// One that accepts what is usual, and one that accepts everything it can.
fn verifiers() -> &'static [Verifier; 2] {
    static VERIFIERS: OnceLock<[Verifier; 2]> = OnceLock::new();
    let make = |accept, url| Verifier {
        keys: Keys::new(
            Secret::new("fuzz-current-secret").expect("not blank"),
            Secret::new("fuzz-previous-secret"),
        ),
        public_url: PublicUrl::parse(url).expect("a URL"),
        accept,
    };
    VERIFIERS.get_or_init(|| {
        [
            make(Accept::default(), "https://hooks.example.com/webhooks/hubspot"),
            make(
                Accept { v1: true, v2: true, v3: true },
                "https://hooks.example.com/webhooks/hubspot?portal=1",
            ),
        ]
    })
}
