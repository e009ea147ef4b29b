//! `[windows]`, `[calendars]` and time zones: parsed and checked; rules that use a window say
//! that its effect is not built yet.

use jiff::civil::Time;
use jiff::tz::TimeZone;

use super::book::Book;
use super::{clocks, unknown_name};
use crate::domain::rule::syntax::{Node, Table};
use crate::domain::rule::{code, suggest};

const DAYS: [(&str, ()); 7] =
    [("mon", ()), ("tue", ()), ("wed", ()), ("thu", ()), ("fri", ()), ("sat", ()), ("sun", ())];

/// Checks every window and calendar.
pub(super) fn check(book: &Book<'_>) {
    for (_, table) in book.named("windows") {
        window(book, table);
    }
    for (_, table) in book.named("calendars") {
        table.check_keys(&["holidays"]);
        if let Some(holidays) = table.require("holidays", "holidays = [2026-12-25]") {
            for day in holidays.items().unwrap_or_default() {
                day.date();
            }
        }
    }
    for (_, table) in book.named("hubspot_lists") {
        table.check_keys(&["id"]);
        table.require("id", "id = 3210").and_then(|id| id.whole(1..=u64::MAX));
    }
}

fn window(book: &Book<'_>, table: &Table<'_>) {
    table.check_keys(&[
        "days",
        "from",
        "until",
        "time_zone",
        "calendar",
        "spread",
        "unknown_contact_zone",
    ]);
    if let Some(days) = table.require("days", "days = [\"mon\", \"tue\"]") {
        for day in days.items().unwrap_or_default() {
            day.word(&DAYS);
        }
    }
    let from = table.require("from", "from = \"09:00\"").and_then(clock);
    let until = table.require("until", "until = \"17:00\"");
    if let (Some(from), Some(node)) = (from, until)
        && let Some(until) = clock(node)
        && until <= from
    {
        let (from, until) = (from.strftime("%H:%M"), until.strftime("%H:%M"));
        let message = format!("from {from} is not before until {until}.");
        node.error(code::ORDER, message, "A window ends on the day it starts; write two windows.");
    }
    if let Some(node) = table.get("time_zone")
        && let Some(name) = node.text()
        && !matches!(name, "sender" | "contact" | "portal")
    {
        match suggest::nearest(name, ["sender", "contact", "portal"]) {
            Some(near) if !name.contains('/') => {
                let message = format!("time_zone = \"{name}\" is not known.");
                let hint =
                    format!("Did you mean \"{near}\"? A name such as \"Europe/Paris\" works too.");
                node.error(code::BAD_VALUE, message, hint);
            }
            _ => drop(zone(name, node)),
        }
    }
    if let Some(node) = table.get("unknown_contact_zone")
        && let Some(name) = node.text()
    {
        zone(name, node);
    }
    table.get("spread").and_then(|node| node.duration());
    if let Some(node) = table.get("calendar")
        && let Some(name) = node.text()
        && book.one("calendars", name).is_none()
    {
        unknown_name(book, &["calendars"], name, node);
    }
}

/// The window that a rule or `[defaults]` names; `None` for "always" and for what is none.
pub(super) fn window_named<'a>(book: &Book<'_>, node: Node<'a>) -> Option<&'a str> {
    let name = node.text().filter(|name| *name != "always")?;
    if book.one("windows", name).is_none() {
        unknown_name(book, &["windows"], name, node);
        return None;
    }
    Some(name)
}

fn clock(node: Node<'_>) -> Option<Time> {
    let text = node.text()?;
    let time = Time::strptime("%H:%M", text).ok();
    if time.is_none() {
        let message = format!("{} = \"{text}\" is not a time of day.", node.key);
        let shown = clocks::meant(text).unwrap_or_else(|| "09:00".to_owned());
        node.error(code::BAD_VALUE, message, format!("Write {} = \"{shown}\".", node.key));
    }
    time
}

/// An IANA time zone. Abbreviations are refused: "EST" has no summer.
pub(super) fn zone(name: &str, at: Node<'_>) -> Option<TimeZone> {
    let named = name == "UTC" || name.contains('/');
    if !named {
        let message = format!("time_zone \"{name}\" is ambiguous.");
        at.error(code::BAD_VALUE, message, clocks::zone_hint(name));
        return None;
    }
    let zone = TimeZone::get(name).ok();
    if zone.is_none() {
        let message = format!("time_zone \"{name}\" is not in the IANA database.");
        at.error(code::BAD_VALUE, message, clocks::zone_hint(name));
    }
    zone
}
