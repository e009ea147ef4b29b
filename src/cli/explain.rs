//! `hubroute explain`: why a contact was, or was not, enrolled.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;

use super::args::DataFormat;
use super::contact::{self, Unknown};
use super::{ExitStatus, fail, print, progress, remote, store_folder};

pub(super) fn run(config: &Path, whom: &str, format: DataFormat) -> ExitStatus {
    let store = match store_folder(config) {
        Ok(store) => store,
        Err(status) => return status,
    };
    let bar = progress::bar();
    let found = contact::find(whom, &store, &bar);
    bar.finish_and_clear();
    let contact = match found {
        Ok(contact) => contact,
        Err(error @ Unknown::Form(_)) => return fail(&error, ExitStatus::Usage),
        Err(error @ Unknown::Address) => return fail(&error, ExitStatus::Failure),
        Err(error @ Unknown::Store(_)) => return fail(&error, ExitStatus::Environment),
    };
    match remote::explain(config, contact) {
        Err(status) => status,
        Ok(answer) => {
            match format {
                DataFormat::Json => print(&format!("{answer:#}\n")),
                DataFormat::Text => print(&text(&answer)),
            }
            ExitStatus::Success
        }
    }
}

/// The answer of the API for people.
fn text(answer: &Value) -> String {
    let mut text = format!("Contact {}\n", word(answer, "contact"));
    let seen = &answer["seen"];
    let from = match word(seen, "from") {
        "hubspot" => "read in HubSpot just now".to_owned(),
        "store" => format!("as the router read it on {}", word(seen, "at")),
        _ => "not known".to_owned(),
    };
    let note = seen["note"].as_str().map_or_else(String::new, |note| format!(" ({note})"));
    writeln!(text, "Values: {from}{note}").ok();
    if list(answer, "rules").is_empty() && from == "not known" {
        text.push_str("No rule can be judged without them; ask again when HubSpot can be read.\n");
    }
    for entry in list(answer, "waiting") {
        let until = entry["until"].as_str().map_or_else(String::new, |at| format!(" until {at}"));
        let (decision, reason) = (word(entry, "decision"), word(entry, "reason"));
        let sentence = word(entry, "sentence");
        writeln!(
            text,
            "Open: rule {}: {decision} {reason}{until}. {sentence}",
            word(entry, "rule")
        )
        .ok();
    }
    for claim in list(answer, "claims") {
        write!(text, "Claim: {} of theme {}", word(claim, "target"), word(claim, "theme")).ok();
        write!(text, ", {}", word(claim, "state")).ok();
        for (key, name) in [("enrolled_at", "enrolled"), ("ended_at", "ended")] {
            claim[key].as_str().map(|at| write!(text, ", {name} {at}").ok());
        }
        text.push('\n');
        claim["evidence"]["says"].as_str().map(|says| writeln!(text, "  evidence: {says}").ok());
    }
    for call in list(answer, "calls") {
        write!(text, "Call: {} into {}", word(call, "called_at"), word(call, "target")).ok();
        write!(text, ", {}", word(call, "state")).ok();
        call["correlation"].as_str().map(|id| write!(text, ", correlation id {id}").ok());
        text.push('\n');
    }
    for rule in list(answer, "rules") {
        of_rule(&mut text, rule);
    }
    let decisions = list(answer, "decisions");
    let has_none = |key| list(answer, key).is_empty();
    if !decisions.is_empty() {
        text.push_str("\nDecisions, newest first:\n");
    } else if ["waiting", "claims", "calls"].into_iter().all(has_none) {
        text.push_str("\nNo event about this contact came in yet.\n");
    }
    for row in decisions.iter().take(20) {
        let rule = row["rule"].as_str().unwrap_or("-");
        let (decision, reason) = (word(row, "decision"), word(row, "reason"));
        let (at, sentence) = (word(row, "at"), word(row, "sentence"));
        writeln!(text, "  {at}  {rule}  {decision} {reason}  {sentence}").ok();
    }
    if let Some(from) = answer["history_from"].as_str() {
        writeln!(text, "\nHistory before {from} was removed ([defaults] keep_history).").ok();
    }
    text
}

fn of_rule(text: &mut String, rule: &Value) {
    let place = format!("{}:{}", word(rule, "file"), rule["line"]);
    writeln!(
        text,
        "\nRule {} ({}, {place}): {}",
        word(rule, "id"),
        word(rule, "mode"),
        word(rule, "says")
    )
    .ok();
    for step in list(rule, "steps") {
        let mark = if step["passed"] == true { "✓" } else { "✗" };
        writeln!(text, "  {mark} {:<9} {}", word(step, "step"), word(step, "detail")).ok();
    }
    let reason = rule["reason"].as_str().unwrap_or("-");
    writeln!(text, "  now: {} {reason}. {}", word(rule, "decision"), word(rule, "sentence")).ok();
    let dates = [
        ("re_enroll_from", "re_enroll allows again (from the start)"),
        ("cooldown_until", "the theme's cooldown ends (from the end, at the latest)"),
    ];
    for (key, what) in dates {
        rule[key].as_str().map(|at| writeln!(text, "  {what}: {at}").ok());
    }
    let ways = list(rule, "eligible_when").iter().filter_map(Value::as_str);
    let ways: Vec<&str> = ways.collect();
    if !ways.is_empty() {
        writeln!(text, "  becomes eligible when {}", ways.join("; and when ")).ok();
    }
}

fn word<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or("")
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn of_whom_nothing_is_known_it_says_so() {
        let seen = json!({ "from": "nothing", "note": "HubSpot was not read" });
        let answer = json!({ "contact": "51", "seen": seen, "rules": [], "decisions": [] });
        assert_eq!(
            text(&answer),
            "Contact 51\nValues: not known (HubSpot was not read)\n\
             No rule can be judged without them; ask again when HubSpot can be read.\n\n\
             No event about this contact came in yet.\n"
        );
    }

    #[test]
    fn an_answer_reads_like_this() {
        let answer = json!({
            "contact": "51",
            "seen": { "from": "store", "at": "T1", "note": "no token" },
            "waiting": [],
            "claims": [{ "target": "intro", "theme": "sales", "state": "confirmed", "enrolled_at": "T0",
                "evidence": { "says": "looked once" } }],
            "calls": [{ "called_at": "T0", "target": "intro", "state": "confirmed", "correlation": "c-9" }],
            "rules": [{
                "id": "a", "says": "A.", "mode": "live", "file": "a.toml", "line": 3,
                "decision": "skip", "reason": "cooling-down", "sentence": "It rests.",
                "cooldown_until": "T9", "eligible_when": ["T9 has come", "tier is a"],
                "steps": [
                    { "step": "when", "passed": true, "detail": "it moved" },
                    { "step": "only_if", "passed": false, "detail": "tier is \"b\"" },
                ],
            }],
            "decisions": [],
        });
        assert_eq!(
            text(&answer),
            "Contact 51\n\
             Values: as the router read it on T1 (no token)\n\
             Claim: intro of theme sales, confirmed, enrolled T0\n  \
               evidence: looked once\n\
             Call: T0 into intro, confirmed, correlation id c-9\n\
             \nRule a (live, a.toml:3): A.\n  \
               ✓ when      it moved\n  \
               ✗ only_if   tier is \"b\"\n  \
               now: skip cooling-down. It rests.\n  \
               the theme's cooldown ends (from the end, at the latest): T9\n  \
               becomes eligible when T9 has come; and when tier is a\n"
        );
    }
}
