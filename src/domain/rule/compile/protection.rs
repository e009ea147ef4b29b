//! `limits`, `breaker` and `[cap]`: what protects people and inboxes from too much at once.

use super::book::Book;
use super::defaults::positive;
use super::targets::named_themes;
use crate::domain::breaker::WITHIN_MS_MAX;
use crate::domain::rule::code;
use crate::domain::rule::syntax::{Node, Table};
use crate::domain::rule::{Breaker, Cap, Limit, Limits};
use crate::domain::time::{DAY_MS, HOUR_MS, MINUTE_MS};

/// The largest number that any of these keys takes.
const MAX: u32 = 1_000_000;
/// A rule's breaker where nothing is said (CONSISTENCY.md 6.13).
pub(super) const RULE_BREAKER: Breaker =
    Breaker { max: 200, within_ms: 10 * MINUTE_MS, discard: false };
/// The portal's where nothing is said.
const PORTAL_BREAKERS: [Breaker; 2] = [
    Breaker { max: 1_000, within_ms: 10 * MINUTE_MS, discard: false },
    Breaker { max: 2_000, within_ms: DAY_MS, discard: false },
];

/// What a `breaker` key says.
#[derive(Clone, Copy, Debug)]
pub(super) enum Said {
    /// `"off"`.
    Off,
    /// A table.
    Table(Breaker),
}

impl Said {
    /// The breaker, where it is not off.
    pub(super) fn breaker(self) -> Option<Breaker> {
        match self {
            Self::Off => None,
            Self::Table(breaker) => Some(breaker),
        }
    }
}

/// `breaker`: `"off"`, or a table. `None` comes with an error.
pub(super) fn breaker(node: Node<'_>) -> Option<Said> {
    if node.value.get_ref().as_str() == Some("off") {
        let message = "the breaker is off: nothing stops a mass change.";
        node.warning(code::LINT_BREAKER_OFF, message, "Say why in says, or raise its max.");
        return Some(Said::Off);
    }
    if !node.value.get_ref().is_table() {
        let message = format!("breaker = {} is not accepted.", node.written());
        let hint = "Write breaker = \"off\" and say why in says, or { max = 200, within = \"10 minutes\" }.";
        node.error(code::BAD_VALUE, message, hint);
        return None;
    }
    let table = node.inline("breaker")?;
    table.check_keys(&["max", "within", "then"]);
    let max = table.require("max", "max = 200").and_then(|max| max.whole_u32(1..=MAX));
    let within = table.require("within", "within = \"10 minutes\"").and_then(within);
    let then = table.get("then").and_then(|then| then.word(&[("hold", false), ("discard", true)]));
    Some(Said::Table(Breaker { max: max?, within_ms: within?, discard: then.unwrap_or_default() }))
}

fn within(node: Node<'_>) -> Option<u64> {
    let span = positive(node)?;
    if WITHIN_MS_MAX < span.approximate_ms() {
        let message = format!("within = \"{span}\" is longer than a breaker looks back.");
        node.error(code::DURATION, message, "Write at most \"24 hours\".");
        return None;
    }
    Some(span.approximate_ms())
}

/// `[portal] breaker`. Without it the defaults hold, unless `[defaults] breaker` is off.
pub(super) fn of_portal(book: &Book<'_>, defaults: Option<Said>) -> Vec<Breaker> {
    let node = book.single("portal").and_then(|portal| portal.get("breaker"));
    match (node, defaults) {
        (Some(node), _) => breaker(node).and_then(Said::breaker).into_iter().collect(),
        (None, Some(Said::Off)) => Vec::new(),
        (None, _) => PORTAL_BREAKERS.to_vec(),
    }
}

/// `limits`.
pub(super) fn limits(node: Node<'_>) -> Limits {
    let mut limits = Limits::default();
    let Some(table) = node.inline("limits") else { return limits };
    table.check_keys(&["per_day", "per_hour", "per_company", "on_limit"]);
    for (key, within_ms) in [("per_hour", HOUR_MS), ("per_day", DAY_MS)] {
        let max = table.get(key).and_then(limit);
        limits.rolling.extend(max.map(|max| Limit { max, within_ms }));
    }
    limits.per_company = table.get("per_company").and_then(limit);
    let on_limit = table.get("on_limit");
    let skip = on_limit.and_then(|node| node.word(&[("wait", false), ("skip", true)]));
    limits.skip = skip.unwrap_or_default();
    limits
}

fn limit(node: Node<'_>) -> Option<u32> {
    if node.value.get_ref().as_integer().is_some_and(|number| number.as_str() == "0") {
        let message = format!("{} = 0 stops the rule.", node.key);
        node.error(code::OUT_OF_RANGE, message, "Use mode = \"off\".");
        return None;
    }
    node.whole_u32(1..=MAX)
}

/// Every `[[cap]]`.
pub(super) fn caps(book: &Book<'_>) -> Vec<Cap> {
    book.array("cap").iter().filter_map(|table| cap(book, table)).collect()
}

fn cap(book: &Book<'_>, table: &Table<'_>) -> Option<Cap> {
    table.check_keys(&["max", "within", "themes"]);
    let max = table.require("max", "max = 3").and_then(|max| max.whole_u32(1..=MAX));
    let within = table.require("within", "within = \"90 days\"").and_then(positive);
    let themes = table.get("themes").map(|node| named_themes(book, node)).unwrap_or_default();
    Some(Cap { max: max?, within: within?, themes, place: table.place() })
}
