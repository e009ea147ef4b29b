//! `event` and the items of `events`.

use super::{moment_before, raw};
use crate::domain::rule::syntax::{Node, Table};
use crate::domain::rule::trigger::Subject;
use crate::domain::rule::{Gate, RuleSet, Unbuilt, code};
use crate::domain::suite::scene::{Happening, What};
use crate::domain::time::Timestamp;

/// HubSpot delivers one event this often at most, first delivery and retries.
const DELIVERED_MAX: u32 = 11;

pub(super) fn read(rules: &RuleSet, node: Node<'_>, at: Timestamp) -> Option<Happening> {
    let table = node.inline("event")?;
    table.check_keys(&[
        "property",
        "company",
        "deal",
        "event",
        "from",
        "to",
        "source",
        "delivered",
        "occurred",
        "after",
        "merged",
        "own",
    ]);
    let flag = |key: &str| table.get(key).and_then(|node| node.flag()).unwrap_or_default();
    let occurred = match table.get("occurred") {
        Some(node) => Some(moment_before(rules, node, at)?),
        None => None,
    };
    Some(Happening {
        what: what(rules, &table)?,
        source: table.get("source").and_then(raw).map(str::to_owned),
        delivered: table
            .get("delivered")
            .and_then(|node| node.whole_u32(1..=DELIVERED_MAX))
            .unwrap_or(1),
        occurred,
        after: table.get("after").and_then(|node| node.duration()),
        merged: flag("merged"),
        own: flag("own"),
    })
}

fn what(rules: &RuleSet, table: &Table<'_>) -> Option<What> {
    if let Some(node) = table.get("property") {
        let to = table.require("to", "to = \"the new value\"")?;
        let from = table.get("from").and_then(raw).map(str::to_owned);
        return Some(What::Property { name: node.text()?.into(), from, to: raw(to)?.to_owned() });
    }
    if let Some(node) = table.get("event") {
        let words = [
            ("contact-created", Some(What::Created)),
            ("contact-restored", Some(What::Restored)),
            ("deal-created", None),
            ("deal-associated", None),
            ("company-associated", None),
        ];
        let indexes: Vec<(&str, usize)> =
            words.iter().enumerate().map(|(index, (word, _))| (*word, index)).collect();
        let (word, what) = &words[node.word(&indexes)?];
        return Some(what.clone().unwrap_or_else(|| unbuilt(rules, node, word)));
    }
    for object in ["deal", "company"] {
        if let Some(node) = table.get(object) {
            return Some(unbuilt(rules, node, &format!("a {object} trigger")));
        }
    }
    let hint = "Add property = \"…\" and to = \"…\", or event = \"contact-created\".";
    table.error(code::MISSING, "the event does not say what happened.", hint);
    None
}

/// The key the test waits for: where a rule has it, there.
fn unbuilt(rules: &RuleSet, node: Node<'_>, key: &str) -> What {
    let listening = rules.rules.iter().filter(|rule| rule.when.subject == Subject::Unbuilt);
    let of_rule = listening.flat_map(|rule| &rule.unbuilt).find(|unbuilt| unbuilt.key == key);
    What::Unbuilt(of_rule.cloned().unwrap_or_else(|| Unbuilt {
        key: key.to_owned(),
        gate: Gate::Trigger,
        place: node.place(),
    }))
}
