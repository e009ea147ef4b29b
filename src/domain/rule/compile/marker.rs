//! `marker` of a workflow: the contact property that its first action stamps with the current date
//! and time, so that a run that nobody saw can be told (RELIABILITY.md section 4).

use std::collections::BTreeMap;

use super::book::Book;
use super::property::{Kind, Lock};
use crate::domain::id::PropertyName;
use crate::domain::rule::code;
use crate::domain::rule::syntax::{Node, Table};

/// What the property has to be.
const WANTED: &str = "Name a contact property of the type \"Date and time picker\".";

/// Reads it. One property belongs to one workflow, and this router writes nothing else into it.
pub(super) fn read<'a>(
    book: &Book<'a>,
    lock: &Lock<'a>,
    table: &Table<'a>,
    marked: &mut BTreeMap<&'a str, &'a str>,
) -> Option<PropertyName> {
    let node = table.get("marker")?;
    let name = node.text()?;
    if name.trim().is_empty() || name.contains(char::is_whitespace) || name.contains(':') {
        let message = format!("marker = \"{name}\" is no property's name.");
        let bare = name.strip_prefix("property:").map(str::trim).filter(|bare| !bare.is_empty());
        let hint = bare.map(|bare| format!("Write marker = \"{bare}\"."));
        node.error(code::MARKER, message, hint.unwrap_or_else(|| WANTED.to_owned()));
        return None;
    }
    if let Some(other) = marked.insert(name, "another workflow").or_else(|| written(book, name)) {
        let message = format!("property \"{name}\" is stamped for {other} too.");
        let hint = "Give each workflow its own marker: its stamp says that this workflow ran.";
        node.error(code::TWICE, message, hint);
    }
    check_kind(lock, name, node);
    Some(name.into())
}

/// What writes the property beside the workflow.
fn written(book: &Book<'_>, name: &str) -> Option<&'static str> {
    let bridge = book.single("portal").and_then(|portal| portal.get("unenroll_bridge"));
    let bridge = bridge.and_then(|node| node.value.get_ref().as_table()?.get("property"));
    if bridge.is_some_and(|node| node.get_ref().as_str() == Some(name)) {
        return Some("[portal.unenroll_bridge]");
    }
    let starts = |table: &Table<'_>| {
        let via = table.get("via").and_then(|node| node.value.get_ref().as_str());
        via.and_then(|via| via.strip_prefix("property:")).is_some_and(|via| via.trim() == name)
    };
    book.named("workflows").any(|(_, table)| starts(table)).then_some("the start of a workflow")
}

/// A date without a time says nothing of a second run on the same day.
fn check_kind<'a>(lock: &Lock<'a>, name: &'a str, node: Node<'a>) {
    let Ok(Some(property)) = lock.find("contact", name, node) else { return };
    let message = format!("marker \"{name}\" is {}.", property.kind.words());
    match property.kind {
        Kind::Datetime => {}
        Kind::Date => {
            let hint = "A second run on the same day would not show. Name one of the type \
                        \"Date and time picker\".";
            node.warning(code::MARKER, message, hint);
        }
        _ => node.error(code::MARKER, message, WANTED),
    }
}
