//! `event` and the items of `events`.

use super::{moment_before, raw};
use crate::domain::event::{Kind, Nearby};
use crate::domain::rule::syntax::{Node, Table};
use crate::domain::rule::{RuleSet, code};
use crate::domain::suite::scene::{Happening, What};
use crate::domain::time::Timestamp;

/// The events that are no property's.
const WORDS: [(&str, usize); 5] = [
    ("contact-created", 0),
    ("contact-restored", 1),
    ("deal-created", 2),
    ("deal-associated", 3),
    ("company-associated", 4),
];
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
        what: what(&table)?,
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

fn what(table: &Table<'_>) -> Option<What> {
    let objects =
        [("property", None), ("deal", Some(Nearby::Deal)), ("company", Some(Nearby::Company))];
    for (key, object) in objects {
        let Some(node) = table.get(key) else { continue };
        let to = table.require("to", "to = \"the new value\"")?;
        let from = table.get("from").and_then(raw).map(str::to_owned);
        let name = node.text()?.into();
        return Some(What::Property { object, name, from, to: raw(to)?.to_owned() });
    }
    if let Some(node) = table.get("event") {
        let index = node.word(&WORDS)?;
        let (kind, subscription) = match index {
            0 => (Kind::Created, "contact.creation"),
            1 => (Kind::Restored, "contact.restore"),
            2 => (Kind::DealCreated, "deal.creation"),
            3 => (Kind::DealAssociated, "deal.associationChange"),
            _ => (Kind::CompanyAssociated, "company.associationChange"),
        };
        return Some(What::Plain(kind, subscription));
    }
    let hint = "Add property = \"…\" and to = \"…\", or event = \"contact-created\".";
    table.error(code::MISSING, "the event does not say what happened.", hint);
    None
}
