//! A request signed by hand, for what the simulator's orders cannot say: doubled headers, slow
//! bodies. Written from HUBSPOT.md 2.1, like the simulator's signing and apart from the router's.

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{Harness, PUBLIC_URL, SECRET};

/// The name of the signature's header.
pub(crate) const SIGNATURE: &str = "X-HubSpot-Signature-v3";
/// The name of the timestamp's header.
pub(crate) const TIMESTAMP: &str = "X-HubSpot-Request-Timestamp";

/// The two headers of a POST of `body` that is signed now.
pub(crate) fn headers(body: &str) -> [(&'static str, String); 2] {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    let timestamp = now.as_millis().to_string();
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any key");
    let mac = ["POST", PUBLIC_URL, body, &timestamp]
        .iter()
        .fold(mac, |mac, part| mac.chain_update(part.as_bytes()));
    [(SIGNATURE, STANDARD.encode(mac.finalize().into_bytes())), (TIMESTAMP, timestamp)]
}

impl Harness {
    /// A POST of these headers and body to the webhook listener: status and body of the answer.
    pub(crate) fn post(&self, headers: &[(&'static str, String)], body: &str) -> (u16, String) {
        let mut request = self.http.post(self.router().webhook_url()).body(body.to_owned());
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        self.runtime.block_on(async {
            let answer = request.send().await.expect("an answer");
            let status = answer.status().as_u16();
            (status, answer.text().await.expect("a whole answer"))
        })
    }
}
