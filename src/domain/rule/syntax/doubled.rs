//! A key or table written twice: where the first one stands.

use std::ops::Range;

/// Message and hint for the second of two equal keys or tables; `None` for a key of a table that
/// is a second one itself.
pub(super) fn explain(text: &str, span: &Range<usize>) -> Option<(String, String)> {
    let name = text.get(span.clone()).unwrap_or_default();
    let begin = text.get(..span.start).and_then(|head| head.rfind('\n')).map_or(0, |at| at + 1);
    let line = text[begin..].lines().next().unwrap_or_default();
    let (shown, first) = match header(line) {
        Some(header) => (header.to_owned(), header_before(&text[..begin], header)),
        None => (format!("\"{name}\""), key_before(&text[..begin], name)),
    };
    let before = &text[..begin];
    let table = before.lines().filter_map(header).next_back();
    let doubled = table.is_some_and(|table| {
        !table.starts_with("[[")
            && before.lines().filter_map(header).filter(|it| *it == table).count() > 1
    });
    if doubled && header(line).is_none() {
        return None;
    }
    let hint = match first {
        Some(number) => format!("Keep one of them; the first is in line {number}."),
        None => "Keep one of them.".to_owned(),
    };
    Some((format!("{shown} is written twice."), hint))
}

/// The line's `[header]`, without what follows it.
fn header(line: &str) -> Option<&str> {
    let line = line.split('#').next()?.trim();
    line.starts_with('[').then_some(line)
}

/// The line, from 1, of the same `[header]`.
fn header_before(text: &str, wanted: &str) -> Option<usize> {
    text.lines().position(|line| header(line) == Some(wanted)).map(|at| at + 1)
}

/// The line, from 1, of the same key in the table that `text` ends in.
fn key_before(text: &str, key: &str) -> Option<usize> {
    let lines: Vec<&str> = text.lines().collect();
    let table = lines.iter().rposition(|line| header(line).is_some()).map_or(0, |at| at + 1);
    let is_key = |line: &&str| {
        let rest = line.trim_start().strip_prefix(key);
        rest.is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    lines[table..].iter().position(is_key).map(|at| table + at + 1)
}
