//! When a rule may act: `wait_for`, `window`, `starts`, `ends`; and `[[quiet_period]]`, `away`.

use super::book::Book;
use super::{Context, targets, times};
use crate::domain::civil::Days;
use crate::domain::id::PropertyName;
use crate::domain::rule::code;
use crate::domain::rule::syntax::{Node, Table};
use crate::domain::rule::timing::{QuietPeriod, Timing, WaitFor};
use crate::domain::time::DAY_MS;

/// The timing of one rule.
pub(super) fn read<'a>(ctx: &Context<'a>, table: &Table<'a>) -> Timing {
    let window = match table.get("window") {
        Some(node) => times::window_named(&ctx.book, &ctx.windows, node),
        None => ctx.defaults.window.clone(),
    };
    let starts = table.get("starts").and_then(|node| Some((node.edge()?, node)));
    let ends = table.get("ends").and_then(|node| Some((node.edge()?, node)));
    let first = starts.map(|(edge, _)| edge.begins(&ctx.zone));
    let over = ends.map(|(edge, _)| edge.ends(&ctx.zone));
    if let (Some((_, from)), Some((_, until))) = (starts, ends)
        && over <= first
    {
        let message = format!("ends is before starts ({}).", from.written());
        until.error(code::ORDER, message, "Both ends are included.");
    }
    Timing {
        wait_for: table.get("wait_for").and_then(|node| wait_for(ctx, node)),
        window,
        starts: first,
        ends: over,
    }
}

fn wait_for<'a>(ctx: &Context<'a>, node: Node<'a>) -> Option<WaitFor> {
    let table = node.inline("wait_for")?;
    table.check_keys(&["property", "up_to", "then"]);
    let property = table.require("property", "property = \"hubspot_owner_id\"");
    let name = property.and_then(|node| Some((node.text()?, node)));
    if let Some((name, node)) = name {
        // Only the report of an unknown property matters here.
        let _known = ctx.lock.find("contact", name, node);
    }
    let Some(up_to) = table.get("up_to") else {
        let message = "wait_for needs up_to.";
        table.error(code::MISSING, message, "Add up_to, for example up_to = \"30 minutes\".");
        return None;
    };
    let span = up_to.duration();
    if span.is_some_and(|span| DAY_MS < span.approximate_ms()) {
        let message = "wait_for waits at most 24 hours.";
        up_to.error(code::DURATION, message, "Use delay for longer waits.");
    }
    let words = [("skip", false), ("continue", true)];
    let goes_on = table.get("then").map_or(Some(false), |then| then.word(&words));
    Some(WaitFor {
        property: PropertyName::from(name?.0),
        up_to: span?,
        goes_on: goes_on?,
        place: node.place(),
    })
}

/// Reads `[[quiet_period]]`.
pub(super) fn quiet_periods(book: &Book<'_>) -> Vec<QuietPeriod> {
    book.array("quiet_period").iter().filter_map(|table| quiet_period(book, table)).collect()
}

fn quiet_period(book: &Book<'_>, table: &Table<'_>) -> Option<QuietPeriod> {
    table.check_keys(&["says", "from", "until", "themes"]);
    let says = table.require("says", "says = \"why nobody is written to\"");
    let says = says.and_then(|node| node.text());
    let days = days(table);
    let themes =
        table.get("themes").map(|node| targets::named_themes(book, node)).unwrap_or_default();
    Some(QuietPeriod { says: says?.to_owned(), days: days?, themes, place: table.place() })
}

/// `from` and `until`: whole days, both included.
pub(super) fn days(table: &Table<'_>) -> Option<Days> {
    let from = table.require("from", "from = 2026-12-21").and_then(|node| node.date());
    let node = table.require("until", "until = 2027-01-03");
    let until = node.and_then(|node| node.date());
    if let (Some(from), Some(until), Some(node)) = (from, until, node)
        && until < from
    {
        let hint = "Both days are included: swap them, or correct the year.";
        node.error(code::ORDER, format!("until is before {from}."), hint);
    }
    Some(Days { from: from?, until: until? })
}
