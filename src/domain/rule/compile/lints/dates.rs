//! Lints that depend on the day: what is over.

use jiff::civil::Date;

use super::Tables;
use crate::domain::rule::code;
use crate::domain::rule::compile::book::Book;
use crate::domain::rule::model::{Mode, Rule};
use crate::domain::rule::syntax::Node;

/// A rule that ended this many days ago is forgotten, not finished.
const LONG_AGO_DAYS: i32 = 30;

/// A calendar that ends this soon is worth a word while there is time to mend it.
const DAYS_LEFT: i32 = 30;

/// Rules that ended long ago, calendars whose days are running out.
pub(super) fn check(book: &Book<'_>, tables: &Tables<'_, '_>, rules: &[Rule], today: Date) {
    for rule in rules.iter().filter(|rule| rule.mode != Mode::Off) {
        let Some(node) = tables.get(rule.id.as_str()).and_then(|table| table.get("ends")) else {
            continue;
        };
        let days = day_of(node).map_or(0, |ends| days_between(ends, today));
        if LONG_AGO_DAYS < days {
            let message = format!("rule \"{}\" ended {days} days ago.", rule.id);
            node.warning(code::LINT_ENDED, message, "Delete it or set mode = \"off\".");
        }
    }
    for (name, table) in book.named("calendars") {
        let Some(node) = table.get("holidays") else { continue };
        let Some(days) = node.value.get_ref().as_array() else { continue };
        let last = days.iter().filter_map(|value| {
            let node = Node { source: node.source, key: node.key, value };
            day_of(node)
        });
        if let Some(last) = last.max()
            && days_between(today, last) < DAYS_LEFT
        {
            let message = format!("calendar \"{name}\" has no dates after {last}.");
            node.warning(code::LINT_CALENDAR_OVER, message, "Add the holidays of the year ahead.");
        }
        if days.is_empty() {
            let message = format!("calendar \"{name}\" has no dates.");
            node.warning(code::LINT_CALENDAR_OVER, message, "Add its holidays, or remove it.");
        }
    }
}

/// The day of a value that is a date; nothing is reported.
fn day_of(node: Node<'_>) -> Option<Date> {
    let date = node.value.get_ref().as_datetime()?.date?;
    let part = |number: u8| i8::try_from(number).ok();
    Date::new(i16::try_from(date.year).ok()?, part(date.month)?, part(date.day)?).ok()
}

fn days_between(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days())
}
