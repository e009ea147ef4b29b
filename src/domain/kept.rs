//! Values as the store keeps them. HubSpot allows 65,536 characters (HUBSPOT.md 1.6), anybody who
//! fills in a form may send them, and a record that keeps each of them many times would become
//! larger than the journal takes.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use super::contact::Contact;
use super::event::{Event, Kind};

/// A value of at most so many bytes is kept as it is.
pub const KEPT_BYTES_MAX: usize = 1_024;
/// Bytes of the digest that stands for the rest of a longer one.
const DIGEST_BYTES: usize = 8;
/// Between the beginning and the digest.
const CUT: &str = "\u{2026} #";

/// A value as it is kept: a long one by its beginning and a digest of the whole, so that two of
/// them are still told apart. What was kept is kept the same once more.
pub fn kept(value: &str) -> Cow<'_, str> {
    if value.len() <= KEPT_BYTES_MAX {
        return Cow::Borrowed(value);
    }
    let beginning = value.floor_char_boundary(KEPT_BYTES_MAX - CUT.len() - 2 * DIGEST_BYTES);
    let mut digest = [0; DIGEST_BYTES];
    digest.copy_from_slice(&Sha256::digest(value)[..DIGEST_BYTES]);
    let digits = format!("{:016x}", u64::from_be_bytes(digest));
    Cow::Owned([&value[..beginning], CUT, &digits].concat())
}

/// What is known of an earlier value, beside the value now: where both were the same, the value.
pub fn before<'a>(earlier: &'a str, now: &'a str) -> &'a str {
    if now.len() != earlier.len() && earlier == kept(now) { now } else { earlier }
}

fn keep(value: &mut String) {
    if let Cow::Owned(short) = kept(value) {
        *value = short;
    }
}

impl Event {
    /// The event as it is kept. Its identity is that of the whole one: take it before.
    #[must_use]
    pub fn kept(&self) -> Self {
        let mut event = self.clone();
        if let Kind::Property { value, .. } | Kind::Nearby { value, .. } = &mut event.kind {
            keep(value);
        }
        event
    }
}

impl Contact {
    /// The contact as it is kept.
    #[must_use]
    pub fn kept(mut self) -> Self {
        self.properties.values_mut().for_each(keep);
        self.history.values_mut().flatten().for_each(|past| keep(&mut past.value));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &str, is_whole: bool) {
        let short = kept(value);
        assert_eq!(short == value, is_whole, "{} bytes", value.len());
        assert!(short.len() <= KEPT_BYTES_MAX, "{} bytes are kept", short.len());
        assert_eq!(kept(&short), short, "keeping it again changes nothing");
        assert_eq!(before(&short, value), value);
        assert_eq!(before(&short, "another"), &*short);
    }

    #[test]
    fn a_long_value_is_kept_by_its_beginning_and_a_digest() {
        for unit in ["x", "\u{e9}", "\u{20ac}", "\u{1f600}"] {
            check(unit, true);
            check(&unit.repeat(KEPT_BYTES_MAX / unit.len()), true);
            check(&unit.repeat(KEPT_BYTES_MAX / unit.len() + 1), false);
            check(&unit.repeat(65_536), false);
        }
        let (one, other) = ("x".repeat(5_000), "x".repeat(5_001));
        assert_ne!(kept(&one), kept(&other), "the digest is of the whole");
    }
}
