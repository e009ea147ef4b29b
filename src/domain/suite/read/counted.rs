//! `recent`, `breaker` and `enrolled`: what was counted of rules before the test begins.

use super::known;
use crate::domain::id::RuleId;
use crate::domain::rule::syntax::{Node, Table};
use crate::domain::rule::{Gate, RuleSet, Unbuilt};
use crate::domain::suite::scene::Counted;

/// More than any limit can ask for.
const COUNT_MAX: u32 = 1_000_000;

/// Reads the counts from where `get` finds them.
pub(super) fn read<'a>(rules: &RuleSet, get: impl Fn(&str) -> Option<Node<'a>>) -> Counted {
    let mut counted = Counted::default();
    for key in ["recent", "enrolled"] {
        for (rule, node) in by_rule(rules, get(key)) {
            let Some(count) = node.whole_u32(0..=COUNT_MAX) else { continue };
            if key == "enrolled" {
                counted.enrolled.insert(rule, count);
            } else {
                counted.waits.get_or_insert_with(|| waits(key, node));
                counted.recent.insert(rule, count);
            }
        }
    }
    for (rule, node) in by_rule(rules, get("breaker")) {
        let Some(open) = node.word(&[("open", true), ("closed", false)]) else { continue };
        counted.waits.get_or_insert_with(|| waits("breaker", node));
        counted.breaker.insert(rule, open);
    }
    counted
}

fn waits(key: &str, node: Node<'_>) -> Unbuilt {
    Unbuilt { key: key.to_owned(), gate: Gate::Breaker, place: node.place() }
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
