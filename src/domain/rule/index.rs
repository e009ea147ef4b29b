//! Where the rules of a set stand, by what they are asked for: an event and a decision look only
//! at rules that have to do with them, however many others there are.

use std::collections::BTreeMap;

use super::model::Rule;
use super::trigger::Subject;
use crate::domain::id::RuleId;

/// Places in the list of rules.
#[derive(Clone, Debug, Default)]
pub struct Index {
    ids: BTreeMap<RuleId, usize>,
    /// Former ids (`was`); of two rules that name one, the first.
    former_ids: BTreeMap<RuleId, usize>,
    subjects: BTreeMap<Subject, Vec<usize>>,
}

impl Index {
    /// Of rules as the set keeps them; places of one subject are in the same order.
    pub fn of(rules: &[Rule]) -> Self {
        let mut index = Self::default();
        for (place, rule) in rules.iter().enumerate() {
            index.ids.entry(rule.id.clone()).or_insert(place);
            if let Some(was) = &rule.was {
                index.former_ids.entry(was.clone()).or_insert(place);
            }
            index.subjects.entry(rule.when.subject.clone()).or_default().push(place);
        }
        index
    }

    /// The rule with this id.
    pub fn named(&self, id: &RuleId) -> Option<usize> {
        self.ids.get(id).copied()
    }

    /// The rule with this id, else the one whose `was` names it.
    pub fn known_as(&self, id: &RuleId) -> Option<usize> {
        self.named(id).or_else(|| self.former_ids.get(id).copied())
    }

    /// Rules that listen to `subject`; those that are off are among them.
    pub fn listening(&self, subject: &Subject) -> &[usize] {
        self.subjects.get(subject).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::gates::fixture::{becomes, changes, rule};

    #[test]
    fn a_rule_is_found_by_its_id_and_else_by_its_former_one() {
        let renamed = |id, was: &str| Rule {
            was: Some(was.into()),
            ..rule(id, becomes("stage", "mql"), "intro")
        };
        let rules = [rule("a", changes("stage"), "intro"), renamed("b", "a"), renamed("c", "old")];
        let index = Index::of(&rules);
        let check = |id: &str, known_as: Option<usize>, named: Option<usize>| {
            assert_eq!((index.known_as(&id.into()), index.named(&id.into())), (known_as, named));
        };
        check("a", Some(0), Some(0));
        check("c", Some(2), Some(2));
        check("old", Some(2), None);
        check("nobody", None, None);
        assert_eq!(index.listening(&Subject::Property("stage".into())), [0, 1, 2]);
        assert_eq!(index.listening(&Subject::ContactCreated), [0; 0]);
    }
}
