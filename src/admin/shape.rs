//! How values stand in JSON: ids as strings, instants as RFC 3339 in UTC.

use std::fmt::Display;

use serde::{Serialize, Serializer};

use crate::domain::time::Timestamp;

/// A value as the text it prints as.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<T>(pub(super) T);

impl<T: Display> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// An instant that may be missing.
pub(super) type Instant = Option<Text<Timestamp>>;

/// An instant that may be missing, as text.
pub(super) fn instant(at: Option<Timestamp>) -> Instant {
    at.map(Text)
}

/// Results with the way to the next page.
#[derive(Debug, Serialize)]
pub(super) struct Page<T> {
    results: Vec<T>,
    paging: Option<Paging>,
    /// There was more before this, and `keep_history` has removed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    removed_before: Instant,
    /// Entries about people who were erased: they are counted and not shown.
    #[serde(skip_serializing_if = "is_zero")]
    erased: u64,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands skip_serializing_if a reference"
)]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

#[derive(Debug, Serialize)]
struct Paging {
    next: Next,
}

#[derive(Debug, Serialize)]
struct Next {
    after: String,
}

impl<T> Page<T> {
    /// A page; `after` where there may be more.
    pub(super) fn new(results: Vec<T>, after: Option<String>) -> Self {
        let paging = after.map(|after| Paging { next: Next { after } });
        Self { results, paging, removed_before: None, erased: 0 }
    }

    /// The same where older results were removed.
    pub(super) fn removed_before(self, at: Option<Timestamp>) -> Self {
        Self { removed_before: instant(at), ..self }
    }

    /// The page with so many entries that are counted and not shown.
    pub(super) fn without_erased(self, erased: u64) -> Self {
        Self { erased, ..self }
    }

    /// Entries that are counted and not shown.
    pub(super) fn erased(&self) -> u64 {
        self.erased
    }

    /// What is on the page.
    pub(super) fn into_results(self) -> Vec<T> {
        self.results
    }
}
