//! The events of one person that were taken: what makes a second delivery a duplicate
//! (CONSISTENCY.md section 4). They lie in the person's own row, because a row for each would
//! cost more than everything else the router does with an event.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::domain::event::Identity;

/// The most that one row holds: 10 bytes each, so that the row stays far below 32 KiB
/// (STORAGE.md section 1). More of one person are remembered elsewhere.
const EVENTS_MAX: usize = 256;
/// A day and a hash.
const ENTRY_BYTES: usize = 10;

/// Identities by the day of their event, oldest first taken. Within one person the first half
/// of an identity tells events apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    events: Vec<(u16, u64)>,
    /// The newest day of which an event found no place; 0 for none.
    spilled: u16,
}

impl Known {
    /// Whether it is remembered here.
    pub fn contains(&self, day: u32, identity: Identity) -> bool {
        self.events.contains(&entry(day, identity))
    }

    /// Whether some found no place here and are remembered elsewhere.
    pub fn has_spilled(&self) -> bool {
        self.spilled != 0
    }

    /// Whether there are none, here or elsewhere.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && !self.has_spilled()
    }

    /// How many are remembered here.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Remembers an event; `false` where it finds no place. One that is known changes nothing.
    pub fn add(&mut self, day: u32, identity: Identity) -> bool {
        let new = entry(day, identity);
        if self.events.contains(&new) {
            return true;
        }
        let fits = self.events.len() < EVENTS_MAX;
        if fits {
            self.events.push(new);
        } else {
            self.spilled = self.spilled.max(new.0);
        }
        fits
    }

    /// Forgets events of days before `day` (days since 1970).
    pub fn forget_before(&mut self, day: u32) {
        let first = short(day);
        if self.spilled < first {
            self.spilled = 0;
        }
        if self.events.iter().any(|(known, _)| *known < first) {
            self.events.retain(|(known, _)| first <= *known);
        }
    }
}

fn entry(day: u32, identity: Identity) -> (u16, u64) {
    let first_half = u128::from_be_bytes(identity.0) >> 64;
    // Half of it fits by itself.
    (short(day), u64::try_from(first_half).unwrap_or_default())
}

/// Enough until the year 2149.
fn short(day: u32) -> u16 {
    u16::try_from(day).unwrap_or(u16::MAX)
}

impl Serialize for Known {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::with_capacity(2 + self.events.len() * ENTRY_BYTES);
        bytes.extend_from_slice(&self.spilled.to_be_bytes());
        for (day, hash) in &self.events {
            bytes.extend_from_slice(&day.to_be_bytes());
            bytes.extend_from_slice(&hash.to_be_bytes());
        }
        serializer.serialize_str(&STANDARD_NO_PAD.encode(bytes))
    }
}

impl<'de> Deserialize<'de> for Known {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        let bytes = STANDARD_NO_PAD.decode(text.as_bytes()).map_err(de::Error::custom)?;
        let cut_off = || de::Error::custom("a remembered event is cut off");
        let (spilled, bytes) = bytes.split_first_chunk().ok_or_else(cut_off)?;
        let (entries, rest) = bytes.as_chunks::<ENTRY_BYTES>();
        if !rest.is_empty() {
            return Err(cut_off());
        }
        let read = |entry: &[u8; ENTRY_BYTES]| {
            let (day, hash) = entry.split_first_chunk()?;
            Some((u16::from_be_bytes(*day), u64::from_be_bytes(*hash.first_chunk()?)))
        };
        let events = entries.iter().filter_map(read).collect();
        Ok(Self { events, spilled: u16::from_be_bytes(*spilled) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(number: u8) -> Identity {
        Identity([number; 16])
    }

    #[test]
    fn what_was_added_is_known_on_its_day_and_read_back() {
        let mut known = Known::default();
        assert!(known.add(20_416, identity(1)));
        assert!(known.add(20_417, identity(2)));
        assert!(known.add(20_416, identity(1)), "a second time");
        assert_eq!(known.len(), 2);
        assert!(known.contains(20_416, identity(1)));
        assert!(!known.contains(20_417, identity(1)));
        let json = serde_json::to_string(&known).unwrap();
        assert_eq!(serde_json::from_str::<Known>(&json).unwrap(), known);
        known.forget_before(20_417);
        assert!(!known.contains(20_416, identity(1)));
        assert!(known.contains(20_417, identity(2)));
    }

    #[test]
    fn a_full_one_says_that_more_are_elsewhere_until_their_day_is_forgotten() {
        let mut known = Known::default();
        for number in 0..=255 {
            assert!(known.add(1, identity(number)));
        }
        assert!(!known.has_spilled());
        assert!(!known.add(2, identity(0)));
        assert!(known.has_spilled());
        assert!(known.add(1, identity(7)), "known already");
        assert_eq!(known.len(), 256);
        known.forget_before(2);
        assert_eq!(known.len(), 0);
        let json = serde_json::to_string(&known).unwrap();
        known = serde_json::from_str(&json).unwrap();
        assert!(known.has_spilled(), "one of day 2 is still elsewhere");
        known.forget_before(3);
        assert!(known.is_empty());
    }

    #[test]
    fn a_damaged_text_is_an_error() {
        for text in ["\"!\"", "\"AAAA\"", "\"\"", "7"] {
            assert!(serde_json::from_str::<Known>(text).is_err(), "{text}");
        }
    }
}
