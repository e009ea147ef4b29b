//! The table of decisions, and what the simulator counted.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

use super::portal;
use crate::simulator::{Counts, Endpoint};

/// The narrowest a sentence gets.
const SENTENCE_MIN: usize = 30;
const HEAD: [&str; 6] = ["UTC", "CONTACT", "RULE", "DECISION", "REASON", "SENTENCE"];

/// The decisions as lines no wider than `width`, unless the sentence would get too short.
pub(super) fn table(decisions: &[Value], width: usize) -> String {
    let head = HEAD.map(str::to_owned);
    let rows: Vec<[String; 6]> = std::iter::once(head).chain(decisions.iter().map(row)).collect();
    let mut widths = [0; 5];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let taken: usize = widths.iter().map(|width| width + 2).sum();
    let room = width.saturating_sub(taken).max(SENTENCE_MIN);
    let mut text = String::new();
    for [time, contact, rule, decision, reason, sentence] in &rows {
        for (cell, width) in [time, contact, rule, decision, reason].into_iter().zip(widths) {
            write!(text, "{cell:width$}  ").ok();
        }
        text.push_str(&shortened(sentence, room));
        text.push('\n');
    }
    text
}

fn row(decision: &Value) -> [String; 6] {
    let field = |key: &str| decision[key].as_str().unwrap_or("-").to_owned();
    let at = field("at");
    let time = at.split_once('T').map_or(at.as_str(), |(_, time)| time);
    let contact = decision["contact"].as_str().map_or_else(|| "-".to_owned(), named);
    [
        time.chars().take(8).collect(),
        contact,
        field("rule"),
        field("decision"),
        field("reason"),
        field("sentence"),
    ]
}

fn named(id: &str) -> String {
    id.parse().map_or_else(|_| id.to_owned(), |id| format!("{id} {}", portal::name(id)))
}

fn shortened(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let start: String = text.chars().take(room.saturating_sub(1)).collect();
    format!("{}…", start.trim_end())
}

/// How many decisions of each kind there are.
pub(super) fn tally(decisions: &[Value]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for decision in decisions {
        *counts.entry(decision["decision"].as_str().unwrap_or("-")).or_default() += 1;
    }
    let counts: Vec<String> = counts.iter().map(|(name, n)| format!("{n} {name}")).collect();
    format!("{} decisions: {}\n", decisions.len(), counts.join(", "))
}

/// What was delivered, and which answers to our calls went wrong on purpose.
pub(super) fn deliveries(counts: &Counts) -> String {
    let made = &counts.deliveries;
    let ended = |outcome: &str| {
        let calls = counts.calls.get(&Endpoint::EnrollSequence);
        calls.and_then(|calls| calls.get(outcome)).copied().unwrap_or_default()
    };
    format!(
        "{} deliveries: {} acknowledged, {} turned away; HubSpot lost {} and asked for patience {}\n",
        made.sent,
        made.acknowledged,
        made.refused,
        counted(ended("dropped"), "answer"),
        counted(ended("429"), "time"),
    )
}

/// What HubSpot itself saw happen.
pub(super) fn verdict(counts: &Counts) -> String {
    let count = |n: usize, one: &str| counted(n as u64, one);
    format!(
        "{} enrolled, {}, {}, {} lost\n",
        counts.enrollments,
        count(counts.duplicates, "duplicate"),
        count(counts.overlaps, "overlap"),
        counts.lost,
    )
}

fn counted(n: u64, one: &str) -> String {
    format!("{n} {one}{}", if n == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cells_are_aligned_and_a_long_sentence_is_shortened_to_the_width() {
        let decision = json!({ "at": "2026-11-24T09:30:01.5Z", "contact": "1001", "rule": null,
            "decision": "ignore", "reason": "no-match", "sentence": "word ".repeat(40) });
        let text = table(&[decision], 110);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0].find("DECISION"), lines[1].find("ignore"));
        assert!(lines[1].starts_with("09:30:01  1001 "), "{text}");
        assert!(lines[1].ends_with('…'), "{text}");
        assert!(lines.iter().all(|line| line.chars().count() <= 110), "{text}");
    }
}
