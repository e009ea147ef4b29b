//! `hubroute reconcile`: has the running router look for changes that were never delivered.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::backup::show as fill;
use super::remote::{Call, ask, show};
use super::{ExitStatus, finish, progress, say};
use crate::app::SystemClock;
use crate::domain::rule::span::Span;
use crate::domain::time::Timestamp;
use crate::port::Clock as _;

/// Between two looks at how far it is.
const LOOK: Duration = Duration::from_millis(300);

/// A time, or how long ago it was.
#[derive(Clone, Copy, Debug)]
pub(super) enum Since {
    At(Timestamp),
    Ago(Span),
}

/// Reads what stands after `--since`.
pub(super) fn parse_since(text: &str) -> Result<Since, String> {
    match Timestamp::parse_rfc3339(text) {
        Some(at) => Ok(Since::At(at)),
        None => super::replay::parse_last(text)
            .map(Since::Ago)
            .map_err(|_| "write a time as 2026-11-24T08:00:00Z, or how long ago as 36h".to_owned()),
    }
}

pub(super) fn run(config: &Path, since: &Since) -> ExitStatus {
    let since = match since {
        Since::At(at) => *at,
        Since::Ago(span) => SystemClock.now().minus_ms(span.approximate_ms()),
    };
    let body = json!({ "since": since.to_string() });
    match ask(config, Call::post("/api/v1/reconcile", &body), false) {
        Ok(answer) if answer.status == 200 => follow(config),
        Ok(answer) => show(&answer),
        Err(status) => status,
    }
}

/// Until it has ended.
fn follow(config: &Path) -> ExitStatus {
    let bar = progress::bar();
    let ended = loop {
        std::thread::sleep(LOOK);
        match ask(config, Call::get("/api/v1/reconciled"), false) {
            Ok(answer) if answer.status == 200 => {
                if answer.body["running"] != json!(true) {
                    break Ok(answer.body);
                }
                fill(&bar, answer.body["percent"].as_u64().unwrap_or(0), 100);
            }
            Ok(answer) => break Err(show(&answer)),
            Err(status) => break Err(status),
        }
    };
    bar.finish_and_clear();
    match ended {
        Ok(found) => conclude(&found),
        Err(status) => status,
    }
}

fn conclude(found: &Value) -> ExitStatus {
    let number = |key: &str| found[key].as_u64().unwrap_or(0);
    let [missed, recovered, contacts] = ["missed", "recovered", "contacts"].map(number);
    let [booked, deleted, merged] = ["booked", "deleted", "merged"].map(number);
    let mut text = format!(
        "missed {missed}, recovered {recovered} (contacts read: {contacts})\n\
         besides: {booked} enrollments booked, {deleted} deletions, {merged} merges\n"
    );
    let gone = number("gone_count");
    if gone != 0 {
        let ids = found["gone"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let ids: Vec<String> = ids.map(|id| format!("  hubroute forget {id}\n")).collect();
        write!(
            text,
            "{gone} contacts are not in HubSpot any more, nor among the deleted: erased there, or \
             deleted over 90 days ago. Where it was an erasure:\n{}",
            ids.concat()
        )
        .ok();
    }
    let status = finish(&text, 0);
    let Some(why) = found["failed"].as_str() else { return status };
    say(&format!("error: it ended early: {why}"));
    say("hint: what was found is kept; run it again, it takes nothing twice");
    ExitStatus::Environment
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_and_a_length_are_told_apart() {
        assert!(matches!(parse_since("2026-11-24T08:00:00Z"), Ok(Since::At(_))));
        assert!(matches!(parse_since("36h"), Ok(Since::Ago(_))));
        assert!(parse_since("yesterday").is_err_and(|why| why.contains("36h")));
    }
}
