//! Which keys and words the readers ask for: tests hold the editors' schema against them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

/// Names by what they were asked of.
pub(crate) type Asked = BTreeMap<String, BTreeSet<String>>;

thread_local! {
    static KEYS: RefCell<Asked> = RefCell::default();
    static WORDS: RefCell<Asked> = RefCell::default();
}

/// A table was checked for these keys.
pub(crate) fn note_keys(what: &str, known: &[&str]) {
    let known = known.iter().map(|key| (*key).to_owned());
    KEYS.with_borrow_mut(|asked| asked.entry(what.to_owned()).or_default().extend(known));
}

/// A value had to be one of these words.
pub(super) fn note_words<'w>(key: &str, words: impl Iterator<Item = &'w str>) {
    let words = words.map(str::to_owned);
    WORDS.with_borrow_mut(|asked| asked.entry(key.to_owned()).or_default().extend(words));
}

/// Every table's keys and every key's words that this thread was asked for.
pub(crate) fn taken() -> (Asked, Asked) {
    (KEYS.take(), WORDS.take())
}
