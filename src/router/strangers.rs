//! Others who enroll the same contacts beside this router (see [`crate::domain::strangers`]).

use std::sync::{Mutex, PoisonError};

use crate::domain::decide::Plan;
use crate::domain::rule::RuleSet;
use crate::domain::strangers::{AtWork, Strangers};
use crate::domain::time::{HOUR_MS, Timestamp};
use crate::domain::view::Memory;

/// See the module.
#[derive(Debug, Default)]
pub struct Beside(Mutex<Strangers>);

impl Beside {
    /// A decision is about to be recorded.
    pub(super) fn look(&self, memory: &Memory, plan: &Plan, now: Timestamp) {
        let person = &memory.person;
        let mut strangers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        strangers.look(person.contact, &person.claims, &plan.seen, now);
    }

    /// Who was at work within the last hour.
    pub fn at_work(&self, rules: &RuleSet, now: Timestamp) -> Option<AtWork> {
        let sequences = rules.sequences.values().map(|sequence| sequence.id).collect();
        let strangers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        strangers.at_work(&sequences, now).filter(|found| now.since_ms(found.last) < HOUR_MS)
    }
}
