//! Which properties a rule asks for: a contact read without one of them cannot be judged by it.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::id::{PropertyName, RuleId};
use crate::domain::rule::trigger::Subject;
use crate::domain::rule::{Rule, RuleSet};

/// By rule, what its decision looks at; rules that are off are not here.
#[derive(Clone, Debug, Default)]
pub(super) struct Needs {
    of_rule: BTreeMap<RuleId, BTreeSet<PropertyName>>,
    /// The same by suppression that takes people out (`also_unenroll`).
    of_suppression: BTreeMap<String, BTreeSet<PropertyName>>,
    /// What every decision looks at: the gates, suppressions, `requires`.
    shared: BTreeSet<PropertyName>,
}

impl Needs {
    pub(super) fn of(rules: &RuleSet) -> Self {
        let of_rule: BTreeMap<RuleId, BTreeSet<PropertyName>> =
            rules.rules.iter().map(|rule| (rule.id.clone(), own(rule))).collect();
        let mut shared = BTreeSet::new();
        let conditions = rules.suppressions.iter().flat_map(|it| &it.conditions);
        conditions.for_each(|condition| condition.collect_properties(&mut shared));
        let of_rules: BTreeSet<&PropertyName> = of_rule.values().flatten().collect();
        let rest = rules.read_properties.iter().filter(|name| !of_rules.contains(name));
        shared.extend(rest.cloned());
        let exits = rules.suppressions.iter().filter(|it| it.also_unenroll);
        let of_suppression = exits.map(|it| {
            let mut own = BTreeSet::new();
            it.conditions.iter().for_each(|condition| condition.collect_properties(&mut own));
            (it.id.clone(), own)
        });
        Self { of_suppression: of_suppression.collect(), of_rule, shared }
    }

    /// The first property that the suppression `id` looks at and `is_known` does not have.
    pub(super) fn missing_to_suppress(
        &self,
        id: &str,
        is_known: impl Fn(&PropertyName) -> bool,
    ) -> Option<&PropertyName> {
        self.of_suppression.get(id).into_iter().flatten().find(|name| !is_known(name))
    }

    /// The first property that `rule` looks at and `is_known` does not have.
    pub(super) fn missing(
        &self,
        rule: &RuleId,
        is_known: impl Fn(&PropertyName) -> bool,
    ) -> Option<&PropertyName> {
        let own = self.of_rule.get(rule).into_iter().flatten();
        own.chain(&self.shared).find(|name| !is_known(name))
    }
}

fn own(rule: &Rule) -> BTreeSet<PropertyName> {
    let mut own = BTreeSet::new();
    rule.conditions().for_each(|condition| condition.collect_properties(&mut own));
    if let Subject::Property(name) = &rule.when.subject {
        own.insert(name.clone());
    }
    own
}
