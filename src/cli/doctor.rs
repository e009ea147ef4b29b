//! `hubroute doctor`: the rules and the address book held against the account, in lines that say
//! what to do.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::json;

use super::args::DataFormat;
use super::{ExitStatus, color, diagnostics, fail, portal, print};
use crate::domain::portal::{At, Finding, Question, Sign, Topic, access, judge};
use crate::domain::rule::{Compiled, Setting, compile_for};
use crate::rules_folder;

pub(super) fn run(config: &Path, format: DataFormat) -> ExitStatus {
    let (config, client) = match portal::enter(config) {
        Ok(entered) => entered,
        Err(status) => return status,
    };
    let files = match rules_folder::read(&config.rules) {
        Ok(files) => files,
        Err(error) => return fail(&error, ExitStatus::Failure),
    };
    let today = Some(jiff::Zoned::now().date());
    let leaves_sequences = config.hubspot.profile.leaves_sequences();
    let compiled = compile_for(&files, Setting { today, leaves_sequences });
    let rules = compiled.rules.as_ref();
    let arrivals = match portal::arrivals(&config.store) {
        Ok(arrivals) => arrivals,
        Err(error) => return fail(&error, ExitStatus::Environment),
    };
    let told = match portal::ask(&client, rules, async |_, portal| portal) {
        Ok(told) => told,
        Err(status) => return status,
    };
    let mut found = access(&told, rules);
    found.push(of_rules(&compiled));
    if let (Some(rules), Ok(_)) = (rules, &told.account) {
        found.extend(judge(Question {
            rules,
            portal: &told,
            arrivals: arrivals.as_ref(),
            by_flow_id: client.enrolls_by_flow_id(),
        }));
    }
    found.sort_by_key(|finding| finding.topic);
    match format {
        DataFormat::Text => print(&text(&found, color())),
        DataFormat::Json => print(&format!("{:#}\n", as_json(&found))),
    }
    status(&found)
}

/// Exit codes of PRODUCT.md: what HubSpot refuses before what is wrong in the folder, since it
/// hides more.
fn status(found: &[Finding]) -> ExitStatus {
    match found.iter().map(|finding| finding.sign).max() {
        Some(Sign::Refused) => ExitStatus::Environment,
        Some(Sign::Wrong) => ExitStatus::Failure,
        _ => ExitStatus::Success,
    }
}

fn of_rules(compiled: &Compiled) -> Finding {
    let (errors, warnings) = diagnostics::count(&compiled.diagnostics);
    let finding = |sign, what, todo| Finding { topic: Topic::Rules, sign, what, todo, code: None };
    if compiled.accepted()
        && let Some(rules) = &compiled.rules
    {
        let count = rules.rules.len();
        let what = format!("{count} rules, {warnings} warnings, fingerprint {}", rules.fingerprint);
        return finding(Sign::Good, what, None);
    }
    let todo = "hubroute check shows them; what the rules need is not known before".to_owned();
    finding(Sign::Wrong, format!("the rules have {errors} errors"), Some(todo))
}

fn text(found: &[Finding], color: bool) -> String {
    let mut text = String::new();
    let mut topic = None;
    for finding in found {
        if topic != Some(finding.topic) {
            topic = Some(finding.topic);
            writeln!(text, "{}", finding.topic.heading()).ok();
        }
        let (mark, paint) = mark(finding.sign);
        let mark = if color { format!("\x1b[{paint}m{mark}\x1b[0m") } else { mark.to_owned() };
        writeln!(text, "  {mark} {}", finding.what).ok();
        if let Some(todo) = &finding.todo {
            writeln!(text, "      {todo}").ok();
        }
    }
    let count = |sign| found.iter().filter(|finding| finding.sign == sign).count();
    let parts = [
        (count(Sign::Refused) + count(Sign::Wrong), "wrong"),
        (count(Sign::Warn), "to look at"),
        (count(Sign::Unknown), "that HubSpot does not tell"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count != 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    let verdict = if parts.is_empty() { "all is well".to_owned() } else { parts.join(", ") };
    writeln!(text, "\n{verdict}").ok();
    text
}

/// Sign and color.
const fn mark(sign: Sign) -> (&'static str, u8) {
    match sign {
        Sign::Good => ("✓", 32),
        Sign::Unknown => ("?", 36),
        Sign::Warn => ("!", 33),
        Sign::Wrong | Sign::Refused => ("✗", 31),
    }
}

fn as_json(found: &[Finding]) -> serde_json::Value {
    let findings = found.iter().map(|finding| {
        let mut entry = json!({
            "topic": finding.topic,
            "sign": finding.sign,
            "what": finding.what,
            "todo": finding.todo,
        });
        if let Some((code, at)) = &finding.code {
            entry["code"] = json!(code);
            if let At::Place(place) = at {
                entry["file"] = json!(place.file);
                entry["line"] = json!(place.line);
            }
        }
        entry
    });
    json!({
        "ok": found.iter().all(|finding| finding.sign < Sign::Wrong),
        "findings": findings.collect::<Vec<_>>(),
    })
}
