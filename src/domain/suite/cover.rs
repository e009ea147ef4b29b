//! What no test exercised: rules that never fired, conditions and suppressions that never
//! stopped anybody.

use std::collections::BTreeSet;

use crate::domain::id::RuleId;
use crate::domain::reason::Reason;
use crate::domain::record::Row;
use crate::domain::rule::condition::Condition;
use crate::domain::rule::{Mode, Place, Rule, RuleSet};

/// A rule or condition that could go without a test noticing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uncovered {
    /// Where it stands.
    pub place: Place,
    /// What it is, in words.
    pub what: String,
}

/// What the tests did exercise.
#[derive(Debug, Default)]
pub(super) struct Cover {
    fired: BTreeSet<RuleId>,
    /// Conditions that stopped somebody: the rule, the list, and the index in it.
    stopped: BTreeSet<(RuleId, &'static str, usize)>,
    /// Suppressions that stopped somebody.
    suppressed: BTreeSet<String>,
}

impl Cover {
    /// Takes in the records of a test.
    pub(super) fn add(&mut self, rows: &[Row]) {
        for row in rows {
            if matches!(row.reason, Reason::Suppressed | Reason::SuppressedLater) {
                self.suppressed.extend(row.by.clone());
            }
            let Some(rule) = &row.rule else { continue };
            self.fired.insert(rule.clone());
            for list in ["only_if", "unless"] {
                // The trace has every condition of a list, in its order.
                let steps = row.trace.iter().filter(|step| step.step == list);
                let stopped = steps.enumerate().filter(|(_, step)| !step.passed);
                self.stopped.extend(stopped.map(|(index, _)| (rule.clone(), list, index)));
            }
        }
    }

    /// What is left, by file and line. Rules that are off, and suppressions that only watch, need
    /// no test.
    pub(super) fn missing(&self, rules: &RuleSet) -> Vec<Uncovered> {
        let on = rules.rules.iter().filter(|rule| rule.mode != Mode::Off);
        let suppressions = rules.suppressions.iter().filter(|it| it.live);
        let unused = suppressions.filter(|it| !self.suppressed.contains(&it.id)).map(|it| {
            let what = format!("no test is stopped by suppress \"{}\"", it.id);
            Uncovered { place: it.place.clone(), what }
        });
        let mut all: Vec<Uncovered> =
            on.flat_map(|rule| self.of_rule(rule)).chain(unused).collect();
        all.sort_by(|a, b| (&a.place, &a.what).cmp(&(&b.place, &b.what)));
        all
    }

    /// The rules that fired.
    pub(super) fn into_fired(self) -> BTreeSet<RuleId> {
        self.fired
    }

    fn of_rule(&self, rule: &Rule) -> Vec<Uncovered> {
        if !self.fired.contains(&rule.id) {
            let what = format!("no test fires rule \"{}\"", rule.id);
            return vec![Uncovered { place: rule.place.clone(), what }];
        }
        let lists = [("only_if", &rule.only_if), ("unless", &rule.unless)];
        let all = lists.into_iter().flat_map(|(list, conditions)| {
            conditions.iter().enumerate().map(move |(index, it)| (list, index, it))
        });
        all.filter(|(list, index, _)| !self.stopped.contains(&(rule.id.clone(), *list, *index)))
            .map(|(list, _, condition)| of_condition(list, condition))
            .collect()
    }
}

fn of_condition(list: &str, condition: &Condition) -> Uncovered {
    let what = format!("no test is stopped by {list}: {}", condition.text);
    Uncovered { place: condition.place.clone(), what }
}
