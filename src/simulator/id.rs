//! Identifiers as HubSpot writes them: digits, sometimes a number and sometimes a string.

use std::fmt;

use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, Serialize};

/// An identifier of a contact, owner, user, sequence, workflow or enrollment, kept as text.
///
/// JSON may give it as a number or as a string (HUBSPOT.md 1.5 (j)); it is written as a string.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Id(String);

impl Id {
    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The identifier as HubSpot's integer, or 0 when it is not one.
    pub fn number(&self) -> u64 {
        self.0.parse().unwrap_or(0)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Id {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<u64> for Id {
    fn from(number: u64) -> Self {
        Self(number.to_string())
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        number_or_text(from).map(Self)
    }
}

/// Reads a JSON string, or a JSON integer as its decimal text.
pub(super) fn number_or_text<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    struct NumberOrText;
    impl Visitor<'_> for NumberOrText {
        type Value = String;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string or a whole number")
        }
        fn visit_str<E>(self, text: &str) -> Result<String, E> {
            Ok(text.to_owned())
        }
        fn visit_u64<E>(self, number: u64) -> Result<String, E> {
            Ok(number.to_string())
        }
    }
    from.deserialize_any(NumberOrText)
}
