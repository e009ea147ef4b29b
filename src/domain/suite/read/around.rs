//! `company`, `deals`, `in_lists` and `consent`.

use std::collections::{BTreeMap, BTreeSet};

use super::{known, raw};
use crate::domain::rule::syntax::{Node, Table};
use crate::domain::rule::{RuleSet, code};
use crate::domain::suite::scene::Around;
use crate::domain::suite::world;
use crate::domain::surroundings::{Company, Consent, Deal, Properties};

/// Reads what stands around the contact from where `get` finds it.
pub(super) fn read<'a>(rules: &RuleSet, get: impl Fn(&str) -> Option<Node<'a>>) -> Around {
    Around {
        company: get("company").and_then(|node| company(rules, node)),
        deals: get("deals").and_then(|node| deals(rules, node)),
        lists: get("in_lists").map(|node| lists(rules, node)),
        consent: get("consent").and_then(|node| consent(rules, node)),
    }
}

/// Properties as HubSpot sends them, with `owner`; `take` takes the keys that are none.
fn properties<'a>(
    rules: &RuleSet,
    table: &Table<'a>,
    mut take: impl FnMut(Node<'a>) -> bool,
) -> Properties {
    let mut properties = Properties::new();
    for node in table.nodes() {
        if take(node) {
            continue;
        }
        let Some(text) = raw(node) else { continue };
        if node.key == "owner" {
            let id = world::owner_id(rules, text).to_string();
            properties.insert("hubspot_owner_id".into(), id);
        } else {
            properties.insert(node.key.into(), text.to_owned());
        }
    }
    properties
}

fn company(rules: &RuleSet, node: Node<'_>) -> Option<Company> {
    let table = node.table("company".to_owned())?;
    let mut sender = None;
    let properties = properties(rules, &table, |node| {
        if node.key != "sender" {
            return false;
        }
        let names = rules.senders.keys().map(crate::domain::id::SenderName::as_str);
        sender = node.text().filter(|name| known(node, name, names).is_some()).map(Into::into);
        true
    });
    Some(Company { properties, sender })
}

fn deals(rules: &RuleSet, node: Node<'_>) -> Option<Vec<Deal>> {
    let deals: Vec<Deal> = node.items()?.into_iter().filter_map(|item| deal(rules, item)).collect();
    if 1 < deals.iter().filter(|deal| deal.is_trigger).count() {
        let message = "two deals say that the event is theirs.";
        node.error(code::CONTRADICTION, message, "Write trigger = true in one of them.");
    }
    Some(deals)
}

fn deal(rules: &RuleSet, node: Node<'_>) -> Option<Deal> {
    let table = node.inline("deals")?;
    let mut is_trigger = false;
    let properties = properties(rules, &table, |node| {
        if node.key != "trigger" {
            return false;
        }
        is_trigger = node.flag().unwrap_or_default();
        true
    });
    Some(Deal { properties, is_trigger })
}

fn lists(rules: &RuleSet, node: Node<'_>) -> BTreeSet<String> {
    let names = rules.hubspot_lists.keys().map(String::as_str);
    let texts = node.texts().into_iter();
    texts
        .filter(|(name, at)| known(*at, name, names.clone()).is_some())
        .map(|(name, _)| name.to_owned())
        .collect()
}

fn consent(rules: &RuleSet, node: Node<'_>) -> Option<BTreeMap<String, Consent>> {
    const WORDS: [(&str, Consent); 3] = [
        ("subscribed", Consent::Subscribed),
        ("unsubscribed", Consent::Unsubscribed),
        ("unknown", Consent::Unknown),
    ];
    let table = node.inline("consent")?;
    let of = |node: Node<'_>| {
        known(node, node.key, rules.subscriptions.keys().map(String::as_str))?;
        Some((node.key.to_owned(), node.word(&WORDS)?))
    };
    Some(table.nodes().filter_map(of).collect())
}
