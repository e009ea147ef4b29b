//! `recent`, `breaker` and `enrolled`: what was counted of rules before the test begins.

use super::known;
use crate::domain::id::RuleId;
use crate::domain::rule::RuleSet;
use crate::domain::rule::syntax::{Node, Table};
use crate::domain::suite::scene::Counted;

/// More than any limit can ask for.
const COUNT_MAX: u32 = 1_000_000;

/// Reads the counts from where `get` finds them.
pub(super) fn read<'a>(rules: &RuleSet, get: impl Fn(&str) -> Option<Node<'a>>) -> Counted {
    let count = |(rule, node): (RuleId, Node<'_>)| Some((rule, node.whole_u32(0..=COUNT_MAX)?));
    let counts = |key| by_rule(rules, get(key)).into_iter().filter_map(count).collect();
    let words = [("open", true), ("closed", false)];
    let open = |(rule, node): (RuleId, Node<'_>)| node.word(&words)?.then_some(rule);
    Counted {
        recent: counts("recent"),
        enrolled: counts("enrolled"),
        open: by_rule(rules, get("breaker")).into_iter().filter_map(open).collect(),
    }
}

/// The entries of a table by rule, each a rule of the set.
fn by_rule<'a>(rules: &RuleSet, node: Option<Node<'a>>) -> Vec<(RuleId, Node<'a>)> {
    let table = node.and_then(|node| node.inline(node.key));
    let nodes = table.iter().flat_map(Table::nodes);
    let ids = rules.rules.iter().map(|rule| rule.id.as_str());
    nodes
        .filter(|node| known(*node, node.key, ids.clone()).is_some())
        .map(|node| (node.key.into(), node))
        .collect()
}
