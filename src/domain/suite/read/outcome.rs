//! `expect`.

use super::{instant, known};
use crate::domain::id::{RuleId, SenderName, TargetName};
use crate::domain::reason::{Decision, Reason};
use crate::domain::rule::syntax::Node;
use crate::domain::rule::{BUILT_IN_SUPPRESSIONS, RuleSet};
use crate::domain::suite::scene::Expect;

const KEYS: [&str; 9] =
    ["decision", "rule", "into", "sender", "reason", "by", "until", "arm", "from"];

pub(super) fn read(rules: &RuleSet, node: Node<'_>) -> Expect {
    let Some(table) = node.inline("expect") else { return Expect::default() };
    table.check_keys(&KEYS);
    let decisions = Decision::ALL.map(|decision| (decision.code(), decision));
    let reasons: Vec<(&str, Reason)> =
        Reason::ALL.iter().map(|reason| (reason.code(), *reason)).collect();
    let reason = table.get("reason").and_then(|node| node.word(&reasons));
    let sender = table.get("sender").and_then(|node| {
        let name = node.text()?;
        known(node, name, rules.senders.keys().map(SenderName::as_str))?;
        Some(name.into())
    });
    Expect {
        decision: table.get("decision").and_then(|node| node.word(&decisions)),
        reason,
        rule: table.get("rule").and_then(|node| rule(rules, node)),
        into: table.get("into").and_then(|node| target(rules, node)),
        sender,
        by: table.get("by").and_then(|node| by(rules, node, reason)),
        until: table.get("until").and_then(instant),
        arm: table.get("arm").and_then(|node| node.text()).map(str::to_owned),
        from: table.get("from").map(|node| {
            node.items()
                .unwrap_or_default()
                .into_iter()
                .filter_map(|it| target(rules, it))
                .collect()
        }),
    }
}

/// What stood in the way; of a suppression its id is checked.
fn by(rules: &RuleSet, node: Node<'_>, reason: Option<Reason>) -> Option<String> {
    let name = node.text()?;
    if reason == Some(Reason::Suppressed) {
        let written = rules.suppressions.iter().map(|suppression| suppression.id.as_str());
        known(node, name, written.chain(BUILT_IN_SUPPRESSIONS))?;
    }
    Some(name.to_owned())
}

/// A rule by its id.
pub(super) fn rule(rules: &RuleSet, node: Node<'_>) -> Option<RuleId> {
    let name = node.text()?;
    known(node, name, rules.rules.iter().map(|rule| rule.id.as_str()))?;
    Some(name.into())
}

fn target(rules: &RuleSet, node: Node<'_>) -> Option<TargetName> {
    let name = node.text()?;
    known(node, name, targets(rules))?;
    Some(name.into())
}

/// Every sequence and workflow.
pub(super) fn targets(rules: &RuleSet) -> impl Iterator<Item = &str> + Clone {
    rules.sequences.keys().chain(rules.workflows.keys()).map(TargetName::as_str)
}
