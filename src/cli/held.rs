//! `hubroute held release` and `discard`: what a breaker or an approval holds goes on, or ends.

use std::path::Path;

use serde_json::{Value, json};

use super::args::Pick;
use super::remote::{Call, ask, press, show};
use super::{ExitStatus, print};

/// Held items asked for at once.
const PAGE: u32 = 1_000;

/// `word` is `release` or `discard`.
pub(super) fn decide(config: &Path, word: &str, pick: &Pick) -> ExitStatus {
    let body = json!({ "who": pick.who, "note": pick.note });
    if let Some(id) = &pick.id {
        return press(config, &format!("/api/v1/held/{id}/{word}"), &body);
    }
    let ids = match ids_of_breaker(config, pick) {
        Ok(ids) => ids,
        Err(status) => return status,
    };
    let mut done = 0_usize;
    for id in &ids {
        match ask(config, Call::post(&format!("/api/v1/held/{id}/{word}"), &body), true) {
            Ok(answer) if answer.status == 200 => done += 1,
            // Somebody else was faster, or the contact is gone.
            Ok(answer) if matches!(answer.status, 404 | 409) => {}
            Ok(answer) => return show(&answer),
            Err(status) => return status,
        }
    }
    print(&format!("{word}: {done} of {} held\n", ids.len()));
    ExitStatus::Success
}

/// What a breaker holds of a rule, in the list's order.
fn ids_of_breaker(config: &Path, pick: &Pick) -> Result<Vec<String>, ExitStatus> {
    let most = pick.first.unwrap_or(usize::MAX);
    let mut ids = Vec::new();
    let mut path = format!("/api/v1/held?limit={PAGE}");
    loop {
        let answer = ask(config, Call::get(&path), true)?;
        if answer.status != 200 {
            return Err(show(&answer));
        }
        let entries = answer.body["results"].as_array().into_iter().flatten();
        let wanted = entries.filter(|entry| {
            entry["rule"].as_str() == pick.rule.as_deref() && entry["reason"] == "breaker-open"
        });
        ids.extend(wanted.filter_map(|entry| entry["id"].as_str().map(str::to_owned)));
        let next = answer.body.pointer("/paging/next/after").and_then(Value::as_str);
        match next.filter(|_| ids.len() < most) {
            Some(after) => path = format!("/api/v1/held?limit={PAGE}&after={after}"),
            None => break,
        }
    }
    ids.truncate(most);
    Ok(ids)
}
