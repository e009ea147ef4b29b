//! Whether this router is alone: what it saw enrolled beside its own work (RELIABILITY.md F16).

use super::Question;
use crate::domain::portal::arrivals::Arrivals;
use crate::domain::portal::finding::{Finding, Sign, Topic};

/// Nothing is said where nobody else was seen: by hand, one or two are nothing to tell.
pub(super) fn judge(question: Question<'_>) -> Option<Finding> {
    let strangers = question.arrivals.map(Arrivals::strangers)?;
    let sequences = question.rules.sequences.values().map(|sequence| sequence.id).collect();
    let found = strangers.at_work(&sequences, strangers.last())?;
    let what = format!("{} It was last so at {}", found.sentence(), found.last);
    let todo = "let HubSpot deliver to one router, and stop the others: each has its own memory";
    Some(Finding::with(Topic::Sequences, Sign::Warn, what, todo))
}
