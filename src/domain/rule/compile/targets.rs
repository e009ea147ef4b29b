//! `[themes]`, `[sequences]`, `[workflows]` and `[subscriptions]`.

use std::collections::{BTreeMap, BTreeSet};

use super::book::Book;
use super::property::Lock;
use super::{Context, marker, unknown_name};
use crate::domain::id::{FlowId, PropertyName, SequenceId, TargetName, ThemeName};
use crate::domain::rule::code;
use crate::domain::rule::model::{HubSpotList, Require, Sequence, Subscription, Theme, Workflow};
use crate::domain::rule::span::{Span, Unit};
use crate::domain::rule::syntax::{Node, Table};

/// Reads `[themes]`.
pub(super) fn themes(book: &Book<'_>) -> BTreeMap<ThemeName, Theme> {
    let mut themes = BTreeMap::new();
    for (name, table) in book.named("themes") {
        table.check_keys(&["says", "cooldown", "blocks", "unknown_sequences"]);
        table.get("unknown_sequences").and_then(|node| node.flag());
        let cooldown = table.get("cooldown");
        let blocks = table.get("blocks").map(|node| named_themes(book, node)).unwrap_or_default();
        if blocks.contains(name)
            && let Some(node) = table.get("blocks")
        {
            let message = format!("theme \"{name}\" blocks itself.");
            node.error(
                code::CONTRADICTION,
                message,
                "One enrollment a theme is the rule anyway: remove it.",
            );
        }
        themes.insert(
            name.into(),
            Theme {
                says: table.get("says").and_then(|node| node.text()).unwrap_or_default().to_owned(),
                cooldown: cooldown.and_then(calendar_days).unwrap_or(Span::days(7)),
                blocks,
                place: table.place(),
                cooldown_place: cooldown.map_or_else(|| table.place(), |node| node.place()),
            },
        );
    }
    themes
}

/// A list of themes, each checked.
pub(super) fn named_themes(book: &Book<'_>, node: Node<'_>) -> BTreeSet<ThemeName> {
    let mut found = BTreeSet::new();
    for (name, at) in node.texts() {
        match book.one("themes", name) {
            Some(_) => drop(found.insert(name.into())),
            None => unknown_name(book, &["themes"], name, at),
        }
    }
    found
}

/// A duration that calendars do not change.
fn calendar_days(node: Node<'_>) -> Option<Span> {
    let span = node.duration()?;
    if span.unit == Unit::WorkingDay {
        let message = format!("{} cannot count working days.", node.key);
        node.error(code::DURATION, message, format!("Write \"{} days\".", span.count));
        return None;
    }
    Some(span)
}

/// The theme of hand-made sequences: the one that says so, else the first that has sequences.
pub(super) fn unknown_sequences(ctx: &Context<'_>) -> Option<ThemeName> {
    let mut said = ctx.book.named("themes").filter_map(|(name, table)| {
        let node = table.get("unknown_sequences")?;
        node.value.get_ref().as_bool()?.then_some((name, node))
    });
    let first = said.next();
    for (name, node) in said {
        let message = format!("theme \"{name}\" also says unknown_sequences = true.");
        node.error(code::TWICE, message, "Keep it in one theme.");
    }
    match first {
        Some((name, _)) => Some(name.into()),
        None => ctx.sequences.values().map(|sequence| sequence.theme.clone()).min(),
    }
}

/// Reads `[sequences]`.
pub(super) fn sequences(book: &Book<'_>) -> BTreeMap<TargetName, Sequence> {
    let mut ids = BTreeMap::new();
    let mut found = BTreeMap::new();
    for (name, table) in book.named("sequences") {
        table.check_keys(&["id", "theme", "emails", "requires", "subscription", "max_length"]);
        let subscription = subscription(book, table);
        let emails = table.get("emails").and_then(|node| node.whole_u32(1..=100));
        let max_length = table.get("max_length").and_then(calendar_days);
        let requires = requires(table);
        let (id, theme) = (id(table, name, &mut ids), theme(book, table));
        let (Some(id), Some(theme)) = (id, theme) else { continue };
        let sequence = Sequence {
            id: SequenceId(id),
            theme,
            emails: emails.unwrap_or(4),
            requires,
            subscription,
            max_length: max_length.unwrap_or(Span::days(60)),
            place: table.place(),
        };
        found.insert(name.into(), sequence);
    }
    found
}

/// Reads `[subscriptions]`.
pub(super) fn subscriptions(book: &Book<'_>) -> BTreeMap<String, Subscription> {
    let mut found = BTreeMap::new();
    for (name, table) in book.named("subscriptions") {
        table.check_keys(&["id", "require"]);
        let id = table.require("id", "id = 26853179").and_then(|node| node.whole(1..=u64::MAX));
        let require = table.require("require", "require = \"subscribed\" or \"not-opted-out\"");
        let words = [("subscribed", Require::Subscribed), ("not-opted-out", Require::NotOptedOut)];
        let require = require.and_then(|node| node.word(&words));
        let (Some(id), Some(require)) = (id, require) else { continue };
        found.insert(name.to_owned(), Subscription { id, require, place: table.place() });
    }
    found
}

/// Reads `[hubspot_lists]`.
pub(super) fn hubspot_lists(book: &Book<'_>) -> BTreeMap<String, HubSpotList> {
    let mut found = BTreeMap::new();
    for (name, table) in book.named("hubspot_lists") {
        table.check_keys(&["id"]);
        let id = table.require("id", "id = 3210").and_then(|id| id.whole(1..=u64::MAX));
        // Without an id the set is refused; the name stays known, so that only that is said.
        let list = HubSpotList { id: id.unwrap_or_default(), place: table.place() };
        found.insert(name.to_owned(), list);
    }
    found
}

/// Reads `[workflows]`.
pub(super) fn workflows<'a>(book: &Book<'a>, lock: &Lock<'a>) -> BTreeMap<TargetName, Workflow> {
    let (mut ids, mut stamped, mut runs) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let mut found = BTreeMap::new();
    for (name, table) in book.named("workflows") {
        table.check_keys(&[
            "id",
            "theme",
            "holds_for",
            "re_enrolls",
            "runs_at_least",
            "subscription",
            "via",
            "marker",
            "requires",
        ]);
        let subscription = subscription(book, table);
        let via = via(book, table, &mut stamped);
        let marker = marker::read(book, lock, table, &mut runs);
        let re_enrolls = table.get("re_enrolls").and_then(|node| node.flag());
        let runs_at_least = table.get("runs_at_least").and_then(calendar_days);
        let requires = requires(table);
        let (id, theme) = (id(table, name, &mut ids), theme(book, table));
        let (Some(holds_for), Some(id), Some(theme)) = (holds_for(table), id, theme) else {
            continue;
        };
        let place = table.place();
        let id = FlowId(id);
        let workflow = Workflow {
            id,
            theme,
            requires,
            subscription,
            holds_for,
            re_enrolls,
            runs_at_least,
            via,
            marker,
            place,
        };
        found.insert(name.into(), workflow);
    }
    found
}

fn holds_for(table: &Table<'_>) -> Option<Span> {
    if let Some(node) = table.get("holds_for") {
        return calendar_days(node);
    }
    let hint = "HubSpot does not tell us when a workflow ends: add holds_for = \"45 days\".";
    table.error(code::MISSING, format!("{} needs holds_for.", table.what), hint);
    None
}

/// The property whose change enrolls. One property starts one workflow, and nothing else.
fn via<'a>(
    book: &Book<'a>,
    table: &Table<'a>,
    stamped: &mut BTreeMap<&'a str, &'a str>,
) -> Option<PropertyName> {
    let node = table.get("via")?;
    let text = node.text().filter(|text| *text != "api")?;
    let Some(name) = text.strip_prefix("property:").map(str::trim).filter(|it| !it.is_empty())
    else {
        let message = format!("via = \"{text}\" is not known.");
        node.error(code::BAD_VALUE, message, "Use \"api\" or \"property:NAME\".");
        return None;
    };
    let bridge = book.single("portal").and_then(|portal| portal.get("unenroll_bridge"));
    let bridge = bridge.and_then(|node| node.value.get_ref().as_table()?.get("property"));
    let other = stamped.insert(name, "another workflow").or_else(|| {
        let is_bridge = bridge.is_some_and(|node| node.get_ref().as_str() == Some(name));
        is_bridge.then_some("[portal.unenroll_bridge]")
    });
    if let Some(other) = other {
        let message = format!("property \"{name}\" is written for {other} too.");
        node.error(code::TWICE, message, "Give each its own property: it starts one workflow.");
    }
    Some(name.into())
}

fn id<'a>(table: &Table<'a>, name: &'a str, ids: &mut BTreeMap<u64, &'a str>) -> Option<u64> {
    let node = table.require("id", "its number from HubSpot: id = 310839862")?;
    let id = node.whole(1..=u64::MAX)?;
    if let Some(other) = ids.insert(id, name) {
        let message = format!("\"{other}\" and \"{name}\" have the same id.");
        node.error(code::TWICE, message, "Give each its own id from HubSpot, or keep one of them.");
    }
    Some(id)
}

fn theme(book: &Book<'_>, table: &Table<'_>) -> Option<ThemeName> {
    let node = table.require("theme", "theme = \"…\": what the contact experiences")?;
    let name = node.text()?;
    if book.one("themes", name).is_none() {
        unknown_name(book, &["themes"], name, node);
        return None;
    }
    Some(name.into())
}

fn requires(table: &Table<'_>) -> Vec<PropertyName> {
    let texts = table.get("requires").map(|node| node.texts()).unwrap_or_default();
    texts.into_iter().map(|(text, _)| text.into()).collect()
}

fn subscription(book: &Book<'_>, table: &Table<'_>) -> Option<String> {
    let node = table.get("subscription")?;
    let name = node.text()?;
    if book.one("subscriptions", name).is_none() {
        unknown_name(book, &["subscriptions"], name, node);
    }
    Some(name.to_owned())
}
