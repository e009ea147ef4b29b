//! `[windows]`, `[calendars]` and time zones.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;

use super::book::Book;
use super::{clocks, unknown_name};
use crate::domain::rule::syntax::{Node, Table};
use crate::domain::rule::timing::{Window, WindowZone};
use crate::domain::rule::{code, suggest};
use crate::domain::time::{DAY_MS, MINUTE_MS};

/// `spread`, where a window does not say.
const SPREAD_MS: u64 = 10 * MINUTE_MS;

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// Every window by its name; `None` for one with an error.
pub(super) type Windows<'a> = BTreeMap<&'a str, Option<Arc<Window>>>;

/// Reads every window.
pub(super) fn windows<'a>(book: &Book<'a>, calendars: &Calendars<'a>) -> Windows<'a> {
    let read = |(name, table)| (name, window(book, calendars, (name, table)).map(Arc::new));
    book.named("windows").map(read).collect()
}

/// The days of each calendar.
#[derive(Debug, Default)]
pub(super) struct Calendars<'a>(BTreeMap<&'a str, BTreeSet<Date>>);

impl<'a> Calendars<'a> {
    /// Reads every calendar.
    pub(super) fn read(book: &Book<'a>) -> Self {
        let read = |(name, table)| (name, calendar(table));
        Self(book.named("calendars").map(read).collect())
    }

    /// The days of the calendar that `node` names.
    pub(super) fn named(&self, node: Option<Node<'_>>) -> BTreeSet<Date> {
        let name = node.and_then(|node| node.text());
        name.and_then(|name| self.0.get(name)).cloned().unwrap_or_default()
    }

    /// Reports a name that is no calendar.
    pub(super) fn check(book: &Book<'_>, node: Option<Node<'_>>) {
        if let Some(node) = node
            && let Some(name) = node.text()
            && book.one("calendars", name).is_none()
        {
            unknown_name(book, &["calendars"], name, node);
        }
    }
}

fn calendar(table: &Table<'_>) -> BTreeSet<Date> {
    table.check_keys(&["holidays"]);
    let Some(node) = table.require("holidays", "holidays = [2026-12-25]") else {
        return BTreeSet::new();
    };
    node.items().unwrap_or_default().into_iter().filter_map(|day| day.date()).collect()
}

fn window(
    book: &Book<'_>,
    calendars: &Calendars<'_>,
    (name, table): (&str, &Table<'_>),
) -> Option<Window> {
    table.check_keys(&[
        "days",
        "from",
        "until",
        "time_zone",
        "calendar",
        "spread",
        "unknown_contact_zone",
    ]);
    let days = table.require("days", "days = [\"mon\", \"tue\"]").map(days);
    let from = table.require("from", "from = \"09:00\"").and_then(clock);
    let until = table.require("until", "until = \"17:00\"");
    let until = until.and_then(|node| Some((clock(node)?, node)));
    if let (Some(from), Some((until, node))) = (from, until)
        && until <= from
    {
        let (from, until) = (from.strftime("%H:%M"), until.strftime("%H:%M"));
        let message = format!("from {from} is not before until {until}.");
        node.error(code::ORDER, message, "A window ends on the day it starts; write two windows.");
    }
    let unknown_contact_zone = table.get("unknown_contact_zone");
    let unknown_contact_zone = unknown_contact_zone.and_then(|node| zone(node.text()?, node));
    let calendar = table.get("calendar");
    Calendars::check(book, calendar);
    Some(Window {
        name: name.to_owned(),
        zone: table.get("time_zone").map_or(Some(WindowZone::Portal), whose)?,
        holidays: calendars.named(calendar),
        spread_ms: table.get("spread").map_or(Some(SPREAD_MS), spread_ms)?,
        unknown_contact_zone,
        place: table.place(),
        days: days?,
        from: from?,
        until: until?.0,
    })
}

fn days(node: Node<'_>) -> Vec<Weekday> {
    let items = node.items();
    if items.as_ref().is_some_and(Vec::is_empty) {
        node.error(code::BAD_VALUE, "days is an empty list.", "Name a day, such as \"mon\".");
    }
    items.unwrap_or_default().into_iter().filter_map(|day| day.word(&DAYS)).collect()
}

fn whose(node: Node<'_>) -> Option<WindowZone> {
    match node.text()? {
        "sender" => Some(WindowZone::Sender),
        "contact" => Some(WindowZone::Contact),
        "portal" => Some(WindowZone::Portal),
        name => match suggest::nearest(name, ["sender", "contact", "portal"]) {
            Some(near) if !name.contains('/') => {
                let message = format!("time_zone = \"{name}\" is not known.");
                let hint =
                    format!("Did you mean \"{near}\"? A name such as \"Europe/Paris\" works too.");
                node.error(code::BAD_VALUE, message, hint);
                None
            }
            _ => zone(name, node).map(WindowZone::Named),
        },
    }
}

fn spread_ms(node: Node<'_>) -> Option<u64> {
    let span = node.duration()?;
    if DAY_MS < span.approximate_ms() {
        let message = format!("spread = \"{span}\" is longer than a window.");
        node.error(code::DURATION, message, "Write minutes, such as spread = \"10 minutes\".");
        return None;
    }
    Some(span.approximate_ms())
}

/// The window that a rule or `[defaults]` names; `None` for "always" and for what is none.
pub(super) fn window_named(
    book: &Book<'_>,
    windows: &Windows<'_>,
    node: Node<'_>,
) -> Option<Arc<Window>> {
    let name = node.text().filter(|name| *name != "always")?;
    let Some(window) = windows.get(name) else {
        unknown_name(book, &["windows"], name, node);
        return None;
    };
    window.clone()
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
