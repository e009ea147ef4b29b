//! What a replay found, for people and for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::domain::reason::{Decision, Reason};
use crate::domain::replay::{Difference, Source, Summary};
use crate::domain::rule::RuleSet;
use crate::domain::sentence;
use crate::domain::time::Timestamp;

/// Counts by decision and reason, and what could not be judged.
pub(super) fn summary(summary: &Summary, name: &str, rules: &RuleSet) -> String {
    let records = summary.records;
    let mut text = format!(
        "{name} under the rules {}: {records} record{}\n",
        rules.fingerprint,
        if records == 1 { "" } else { "s" }
    );
    for ((decision, reason), count) in &summary.counts {
        writeln!(text, "{count:>10}  {decision:<8}  {reason}").ok();
    }
    if summary.counts.contains_key(&(Decision::Ignore, Reason::Unreadable)) {
        text.push_str("Unreadable: such a line is neither a delivery nor a described contact.\n");
    }
    text + &not_judged(summary)
}

fn not_judged(summary: &Summary) -> String {
    let total = summary.not_judged();
    if total == 0 {
        return String::new();
    }
    let mut text = format!("{total} could not be judged, and are in no count above:\n");
    for (why, count) in &summary.not_judged {
        writeln!(text, "{count:>10}  {:<17}  {}", why.code(), why.sentence()).ok();
    }
    for (name, count) in &summary.missing {
        writeln!(text, "{count:>10}  for want of {name}").ok();
    }
    text
}

/// What would change.
pub(super) fn difference(
    found: &Difference,
    (before, after): (&Summary, &Summary),
    (old, new): &(String, String),
    zone: &jiff::tz::TimeZone,
) -> String {
    let mut text = format!(
        "{new} against {old}: {} of {} contacts differ; {} would newly be enrolled, {} no more\n",
        found.contacts,
        before.known_contacts().max(after.known_contacts()),
        found.gained,
        found.lost,
    );
    for ((decision, reason), old, new) in &found.counts {
        writeln!(text, "{old:>10} -> {new:<10}  {decision:<8}  {reason}").ok();
    }
    let lists = [
        ("newly enrolled, by source of the change", &found.gained_by_source),
        ("no more enrolled, by source of the change", &found.lost_by_source),
    ];
    for (what, sources) in lists {
        if !sources.is_empty() {
            writeln!(text, "{what}:").ok();
        }
        for (source, count) in sources {
            writeln!(text, "{count:>10}  {}", source_words(source, zone)).ok();
        }
    }
    if !found.sample.is_empty() {
        writeln!(text, "{} of the contacts:", found.sample.len()).ok();
    }
    for it in &found.sample {
        writeln!(text, "{:>10}  {} -> {}", it.contact, it.before, it.after).ok();
    }
    for (name, summary) in [(old, before), (new, after)] {
        let missed = not_judged(summary);
        if !missed.is_empty() {
            write!(text, "{name}: {missed}").ok();
        }
    }
    text
}

fn source_words(source: &Source, zone: &jiff::tz::TimeZone) -> String {
    let minute = source.minute.map(|at| sentence::minute(Timestamp::from_unix_ms(at), zone));
    let minute = minute.map_or_else(String::new, |at| format!(" at {at}"));
    let id =
        if source.source_id.is_empty() { String::new() } else { format!(" {}", source.source_id) };
    format!("{}{id}{minute}", source.source)
}

/// The same as one object.
pub(super) fn difference_json(found: &Difference, (before, after): (&Summary, &Summary)) -> String {
    let counts: Vec<Value> = found
        .counts
        .iter()
        .map(|((decision, reason), before, after)| {
            json!({"decision": decision, "reason": reason, "before": before, "after": after})
        })
        .collect();
    let sources = |list: &[(Source, u64)]| -> Vec<Value> {
        let one = |(source, contacts): &(Source, u64)| {
            let minute = source.minute.map(|at| Timestamp::from_unix_ms(at).to_string());
            json!({
                "source": source.source,
                "source_id": source.source_id,
                "minute": minute,
                "contacts": contacts,
            })
        };
        list.iter().map(one).collect()
    };
    let sample: Vec<Value> = found
        .sample
        .iter()
        .map(
            |it| json!({"contact": it.contact.to_string(), "before": it.before, "after": it.after}),
        )
        .collect();
    let object = json!({
        "contacts": found.contacts,
        "gained": found.gained,
        "lost": found.lost,
        "counts": counts,
        "gained_by_source": sources(&found.gained_by_source),
        "lost_by_source": sources(&found.lost_by_source),
        "sample": sample,
        "not_judged": { "before": before.not_judged(), "after": after.not_judged() },
    });
    format!("{object}\n")
}
