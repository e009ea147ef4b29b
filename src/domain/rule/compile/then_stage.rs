//! Keys of the "Then" stage (RULES.md): parsed, checked and judged by `hubroute test` on the data
//! of a test; `serve` does not read what they need, so a rule that acts may not use one yet.

use super::Context;
use super::book::Book;
use crate::domain::rule::code;
use crate::domain::rule::model::{Mode, ThenStage};
use crate::domain::rule::syntax::{Node, Table};

/// Groups nest no deeper than this in a set that is accepted.
const MAX_DEPTH: usize = 33;

/// One such key.
struct Found<'a> {
    node: Node<'a>,
    key: String,
}

/// Those of a rule, reported as its mode asks for.
pub(super) fn of_rule(
    ctx: &Context<'_>,
    rule: &Table<'_>,
    (mode, deal_trigger): (Option<Mode>, bool),
) -> Vec<ThenStage> {
    let mut found = Vec::new();
    trigger(rule, &mut found);
    for key in ["only_if", "unless"] {
        conditions(rule.get(key), 0, &mut found);
    }
    for key in ["enroll", "then_enroll"] {
        if let Some(table) = rule.get(key).and_then(table_of) {
            destination(&ctx.book, &table, &mut found);
        }
    }
    if let Some(split) = rule.get("split") {
        found.push(Found { node: split, key: "split".to_owned() });
        for table in items(split).into_iter().filter_map(table_of) {
            destination(&ctx.book, &table, &mut found);
        }
    }
    let limits = rule.get("limits").and_then(table_of);
    found.extend(limits.and_then(|limits| {
        let node = limits.get("per_company")?;
        Some(Found { node, key: "per_company".to_owned() })
    }));
    // Without a deal that starts the rule its owner is a mistake of another kind.
    found.retain(|it| deal_trigger || it.key != "deal-owner");
    report(&found, mode.unwrap_or_default());
    found.iter().map(Found::marker).collect()
}

/// Those of a suppression, which is live unless it says otherwise.
pub(super) fn of_suppression(suppression: &Table<'_>, live: bool) -> Vec<ThenStage> {
    let mut found = Vec::new();
    conditions(suppression.get("if"), 0, &mut found);
    report(&found, if live { Mode::Live } else { Mode::DryRun });
    found.iter().map(Found::marker).collect()
}

impl Found<'_> {
    fn marker(&self) -> ThenStage {
        ThenStage { key: self.key.clone(), place: self.node.place() }
    }
}

fn report(found: &[Found<'_>], mode: Mode) {
    for Found { node, key, .. } in found {
        if Mode::Approval <= mode {
            let hint = "Write mode = \"dry-run\": `hubroute test` judges it on the data of a test.";
            node.error(code::THEN_STAGE, format!("{key} is not built for live rules yet."), hint);
        } else if mode == Mode::DryRun {
            let hint = "`hubroute serve` does not read what it needs yet, and lets nobody through.";
            let message = format!("{key} is judged by `hubroute test` alone.");
            node.warning(code::THEN_STAGE, message, hint);
        }
    }
}

fn table_of(node: Node<'_>) -> Option<Table<'_>> {
    if node.value.get_ref().is_table() { node.table(String::new()) } else { None }
}

fn items(node: Node<'_>) -> Vec<Node<'_>> {
    if node.value.get_ref().is_array() { node.items().unwrap_or_default() } else { Vec::new() }
}

fn trigger<'a>(rule: &Table<'a>, found: &mut Vec<Found<'a>>) {
    let Some(when) = rule.get("when").and_then(table_of) else { return };
    for object in ["company", "deal"] {
        let key = format!("a {object} trigger");
        found.extend(when.get(object).map(|node| Found { node, key }));
    }
    let Some(node) = when.get("event") else { return };
    let event = node.value.get_ref().as_str().unwrap_or_default();
    if matches!(event, "deal-created" | "deal-associated" | "company-associated") {
        found.push(Found { node, key: event.to_owned() });
    }
}

fn conditions<'a>(list: Option<Node<'a>>, depth: usize, found: &mut Vec<Found<'a>>) {
    let members = list.filter(|_| depth < MAX_DEPTH).map(items).unwrap_or_default();
    for table in members.into_iter().filter_map(table_of) {
        for key in ["company", "deal", "in_list"] {
            let node = table.get(key);
            found.extend(node.map(|node| Found { node, key: key.to_owned() }));
        }
        for key in ["any", "all", "none"] {
            conditions(table.get(key), depth + 1, found);
        }
    }
}

/// Senders and the subscription of a destination.
fn destination<'a>(book: &Book<'a>, table: &Table<'a>, found: &mut Vec<Found<'a>>) {
    for node in table.get("sender").map(items).unwrap_or_default() {
        let word = node.value.get_ref().as_str().unwrap_or_default();
        if matches!(word, "company-owner" | "deal-owner") {
            found.push(Found { node, key: word.to_owned() });
        }
        let team = word.strip_prefix("team:").and_then(|name| book.one("teams", name));
        let same = team.and_then(|team| team.get("same_company"));
        let same = same.filter(|node| node.value.get_ref().as_str() == Some("same-sender"));
        let key = "same_company".to_owned();
        found.extend(same.map(|node| Found { node, key }));
    }
    for (key, kind) in [("sequence", "sequences"), ("workflow", "workflows")] {
        let name = table.get(key).and_then(|node| node.value.get_ref().as_str());
        let target = name.and_then(|name| book.one(kind, name));
        let node = target.and_then(|target| target.get("subscription"));
        let key = "subscription".to_owned();
        found.extend(node.map(|node| Found { node, key }));
    }
}
