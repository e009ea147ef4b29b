//! Texts that resemble each other, kept short: what a text shares with those before it is
//! written as a place in them. A replay keeps a million people in memory this way.

/// A shared part shorter than this is not worth its place.
const SHARED_MIN: usize = 6;
/// Bytes by which a shared part is found.
const KEY_BYTES: usize = 4;
/// Places of such keys that are remembered, a power of two.
const KEYS: usize = 1 << 14;
/// What is remembered of earlier texts, in bytes.
const REMEMBERED_MAX: usize = 1 << 16;

/// What texts are shortened by. It only grows: what was shortened once stays readable.
#[derive(Debug)]
pub(super) struct Shortener {
    remembered: Vec<u8>,
    /// By key, one more than where it was seen last; 0 for nowhere.
    places: Vec<u32>,
}

impl Shortener {
    /// Nothing is remembered yet.
    pub(super) fn new() -> Self {
        Self { remembered: Vec::new(), places: vec![0; KEYS] }
    }

    /// `text` in a short form: bytes that are new, then a shared part, in turns.
    pub(super) fn shorten(&mut self, text: &[u8]) -> Box<[u8]> {
        let mut short = Vec::with_capacity(text.len() / 4);
        let (mut at, mut new_from) = (0, 0);
        while at < text.len() {
            let Some((from, length)) = self.shared(&text[at..]) else {
                at += 1;
                continue;
            };
            put(&mut short, at - new_from);
            short.extend_from_slice(&text[new_from..at]);
            put(&mut short, length);
            put(&mut short, from);
            at += length;
            new_from = at;
        }
        put(&mut short, text.len() - new_from);
        short.extend_from_slice(&text[new_from..]);
        // What shares little is worth remembering.
        if text.len() < 2 * short.len() {
            self.remember(text);
        }
        short.into_boxed_slice()
    }

    /// The text again.
    pub(super) fn restore(&self, short: &[u8]) -> Vec<u8> {
        let mut text = Vec::with_capacity(4 * short.len());
        let mut rest = short;
        loop {
            let length = take(&mut rest);
            let (new, after) = rest.split_at(length.min(rest.len()));
            rest = after;
            text.extend_from_slice(new);
            if rest.is_empty() {
                return text;
            }
            let (length, from) = (take(&mut rest), take(&mut rest));
            text.extend_from_slice(&self.remembered[from..from + length]);
        }
    }

    /// The longest part that `text` begins with and an earlier text had at the place of its key.
    fn shared(&self, text: &[u8]) -> Option<(usize, usize)> {
        let from = self.places[slot(text)?].checked_sub(1)? as usize;
        let both = text.iter().zip(&self.remembered[from..]);
        let length = both.take_while(|(one, other)| one == other).count();
        (SHARED_MIN <= length).then_some((from, length))
    }

    fn remember(&mut self, text: &[u8]) {
        let from = self.remembered.len();
        if REMEMBERED_MAX < from + text.len() {
            return;
        }
        self.remembered.extend_from_slice(text);
        for at in from..self.remembered.len() {
            if let (Some(slot), Ok(place)) = (slot(&self.remembered[at..]), u32::try_from(at + 1)) {
                self.places[slot] = place;
            }
        }
    }
}

/// Where the key that `text` begins with is remembered.
fn slot(text: &[u8]) -> Option<usize> {
    let key: &[u8; KEY_BYTES] = text.first_chunk()?;
    let mixed = u32::from_le_bytes(*key).wrapping_mul(0x9e37_79b1);
    Some(mixed as usize >> 18)
}

/// Writes a number, seven bits a byte.
fn put(short: &mut Vec<u8>, mut number: usize) {
    while 0x7f < number {
        short.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    short.push(number.to_le_bytes()[0]);
}

/// Reads one, and leaves what follows.
fn take(rest: &mut &[u8]) -> usize {
    let (mut number, mut shift) = (0, 0);
    while let Some((byte, after)) = rest.split_first() {
        *rest = after;
        number |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            break;
        }
        shift += 7;
    }
    number
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_resembles_what_came_before_becomes_short() {
        let mut shortener = Shortener::new();
        let text = |id: u64| {
            format!(
                r#"{{"contact":{id},"newest":{{"lifecyclestage":{{"at":{id}99}}}},"items":[]}}"#
            )
        };
        let first = shortener.shorten(text(1_000_000_001).as_bytes());
        let later = shortener.shorten(text(1_987_654_321).as_bytes());
        assert!(first.len() < 100 && later.len() < 40, "{} and {}", first.len(), later.len());
        assert_eq!(shortener.restore(&first), text(1_000_000_001).as_bytes());
        assert_eq!(shortener.restore(&later), text(1_987_654_321).as_bytes());
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut shortener = Shortener::new();
        let shorts: Vec<_> = (0_u32..40_000)
            .map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes().repeat(2))
            .map(|text| (shortener.shorten(&text), text))
            .collect();
        assert!(shortener.remembered.len() <= REMEMBERED_MAX);
        assert!(shorts.iter().all(|(short, text)| shortener.restore(short) == *text));
    }

    proptest! {
        #[test]
        fn every_text_comes_back(texts in proptest::collection::vec("[ab\"]{0,400}", 1..20)) {
            let mut shortener = Shortener::new();
            let shorts: Vec<_> =
                texts.iter().map(|text| shortener.shorten(text.as_bytes())).collect();
            for (short, text) in shorts.iter().zip(&texts) {
                prop_assert_eq!(shortener.restore(short), text.as_bytes());
            }
        }
    }
}
