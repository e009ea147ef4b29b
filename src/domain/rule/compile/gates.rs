//! Keys of the address book that hold up the rules they touch, because their effect is not
//! built yet: quiet periods, caps and the portal's breaker.

use std::collections::BTreeSet;

use super::book::Book;
use super::unknown_name;
use crate::domain::id::ThemeName;
use crate::domain::rule::code;
use crate::domain::rule::model::{Gate, Unbuilt};
use crate::domain::rule::syntax::{Node, Table};

/// One such key, and the themes it touches.
#[derive(Debug)]
struct Touch {
    unbuilt: Unbuilt,
    /// Empty means every theme.
    themes: BTreeSet<ThemeName>,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Gates {
    touches: Vec<Touch>,
}

impl Gates {
    /// Reads `[[quiet_period]]`, `[[cap]]` and `[portal] breaker`.
    pub(super) fn read(book: &Book<'_>) -> Self {
        let mut touches = Vec::new();
        for table in book.array("quiet_period") {
            table.check_keys(&["says", "from", "until", "themes"]);
            table
                .require("says", "says = \"why nobody is written to\"")
                .and_then(|node| node.text());
            let from = table.require("from", "from = 2026-12-21").and_then(|node| node.date());
            let until = table.require("until", "until = 2027-01-03");
            check_order(from, until);
            touches.push(touch(book, table, Gate::QuietPeriod));
        }
        for table in book.array("cap") {
            table.check_keys(&["max", "within", "themes"]);
            let max = table.require("max", "max = 3");
            max.and_then(|max| max.whole(1..=1_000_000));
            let within = table.require("within", "within = \"90 days\"");
            within.and_then(super::defaults::positive);
            touches.push(touch(book, table, Gate::Theme));
        }
        let breaker = book.single("portal").and_then(|portal| portal.get("breaker"));
        if let Some(unbuilt) = breaker.and_then(breaker_effect) {
            touches.push(Touch { unbuilt, themes: BTreeSet::new() });
        }
        Self { touches }
    }

    /// What holds up a rule of this theme.
    pub(super) fn touching(&self, theme: &ThemeName) -> impl Iterator<Item = Unbuilt> {
        let touches = self
            .touches
            .iter()
            .filter(|touch| touch.themes.is_empty() || touch.themes.contains(theme));
        touches.map(|touch| touch.unbuilt.clone())
    }

    /// All of them, for the rule set.
    pub(super) fn everywhere(&self) -> Vec<Unbuilt> {
        self.touches.iter().map(|touch| touch.unbuilt.clone()).collect()
    }
}

/// An end that lies before its beginning.
pub(super) fn check_order(from: Option<jiff::civil::Date>, until: Option<Node<'_>>) {
    if let (Some(from), Some(node)) = (from, until)
        && let Some(until) = node.date()
        && until < from
    {
        let hint = "Both days are included: swap them, or correct the year.";
        node.error(code::ORDER, format!("{} is before {from}.", node.key), hint);
    }
}

fn touch(book: &Book<'_>, table: &Table<'_>, gate: Gate) -> Touch {
    let themes = table.get("themes").map(|node| themes(book, node)).unwrap_or_default();
    let hint = "Leave it out until a later version; `hubroute test` names the tests it holds up.";
    let key = table.what.clone();
    table.error(code::NOT_BUILT, format!("{key} is not built yet."), hint);
    Touch { unbuilt: Unbuilt { key, gate, place: table.place() }, themes }
}

/// A list of themes, each checked.
pub(super) fn themes(book: &Book<'_>, node: Node<'_>) -> BTreeSet<ThemeName> {
    let mut found = BTreeSet::new();
    for (name, at) in node.texts() {
        match book.one("themes", name) {
            Some(_) => drop(found.insert(name.into())),
            None => unknown_name(book, &["themes"], name, at),
        }
    }
    found
}

/// `breaker`: `"off"`, or a table whose effect is not built yet.
pub(super) fn breaker_effect(node: Node<'_>) -> Option<Unbuilt> {
    if node.value.get_ref().as_str() == Some("off") {
        let message = "the breaker is off: nothing stops a mass change.";
        node.warning(code::LINT_BREAKER_OFF, message, "Say why in says, or raise its max.");
        return None;
    }
    if !node.value.get_ref().is_table() {
        let message = format!("breaker = {} is not accepted.", node.written());
        let hint = "Write breaker = \"off\" and say why in says, or { max = 200, within = \"10 minutes\" }.";
        node.error(code::BAD_VALUE, message, hint);
        return None;
    }
    let table = node.inline("breaker")?;
    table.check_keys(&["max", "within", "then"]);
    table.require("max", "max = 200").and_then(|max| max.whole(1..=1_000_000));
    table.require("within", "within = \"10 minutes\"").and_then(super::defaults::positive);
    table.get("then").and_then(|then| then.word(&[("hold", ()), ("discard", ())]));
    Some(node.not_built("breaker", Gate::Breaker))
}
