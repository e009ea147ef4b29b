//! The app's client secret, prepared once.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::domain::secret::Secret;

/// One secret: the HMAC with its key blocks already hashed, and the text that v1 and v2 prepend.
#[derive(Clone)]
struct Key {
    hmac: Hmac<Sha256>,
    secret: Secret,
}

impl Key {
    fn new(secret: Secret) -> Self {
        let hmac = Hmac::new_from_slice(secret.reveal().as_bytes())
            .expect("HMAC takes a key of any length");
        Self { hmac, secret }
    }

    fn hmac_matches(&self, parts: &[&[u8]], tag: &[u8]) -> bool {
        let mut hmac = self.hmac.clone();
        for part in parts {
            hmac.update(part);
        }
        hmac.verify_slice(tag).is_ok()
    }

    /// Compares digests through a keyed hash of both, which takes the same time for any pair.
    fn digest_matches(&self, parts: &[&[u8]], digest: &[u8]) -> bool {
        let mut hash = Sha256::new();
        hash.update(self.secret.reveal());
        for part in parts {
            hash.update(part);
        }
        let given = self.hmac.clone().chain_update(digest).finalize().into_bytes();
        self.hmac.clone().chain_update(hash.finalize()).verify_slice(&given).is_ok()
    }
}

/// The current secret and, while rotating, the previous one. Both are always tried.
#[derive(Clone)]
pub struct Keys {
    current: Key,
    previous: Option<Key>,
}

impl Keys {
    /// Prepares the secrets.
    pub fn new(current: Secret, previous: Option<Secret>) -> Self {
        Self { current: Key::new(current), previous: previous.map(Key::new) }
    }

    pub(super) fn hmac_matches(&self, parts: &[&[u8]], tag: &[u8]) -> bool {
        self.any(|key| key.hmac_matches(parts, tag))
    }

    pub(super) fn digest_matches(&self, parts: &[&[u8]], digest: &[u8]) -> bool {
        self.any(|key| key.digest_matches(parts, digest))
    }

    fn any(&self, matches: impl Fn(&Key) -> bool) -> bool {
        let current = matches(&self.current);
        let previous = self.previous.as_ref().is_some_and(matches);
        current | previous
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secrets = if self.previous.is_some() { "two secrets" } else { "one secret" };
        write!(f, "Keys({secrets})")
    }
}
