//! `hubroute subscriptions`: the webhook subscriptions that the rules need, offline.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::args::SubscriptionsFormat;
use super::{
    ExitStatus, diagnostics, error_color, fail, finish, folder_of, leaves_sequences,
    read_config_text, say,
};
use crate::config::{self, ProcessEnvironment};
use crate::domain::portal::{self, Subject, Subscribed, UNSENDABLE};
use crate::domain::rule::{Setting, compile_for};
use crate::rules_folder;

/// HubSpot's own limit of an app (HUBSPOT.md 1.1).
const SUBSCRIPTIONS_MAX: usize = 1_000;
/// Deliveries at once; HubSpot's default, and the most it makes (HUBSPOT.md 1.2).
const CONCURRENT: u32 = 10;

pub(super) fn run(
    config: &Path,
    rules: Option<PathBuf>,
    format: SubscriptionsFormat,
) -> ExitStatus {
    let folder = match folder_of(config, rules) {
        Ok(folder) => folder,
        Err(status) => return status,
    };
    let files = match rules_folder::read(&folder) {
        Ok(files) => files,
        Err(error) => return fail(&error, ExitStatus::Failure),
    };
    let setting = Setting { leaves_sequences: leaves_sequences(config), ..Setting::default() };
    let compiled = compile_for(&files, setting);
    let Some(set) = compiled.rules else {
        let shown = folder.to_string_lossy();
        say(&diagnostics::text(&compiled.diagnostics, &files, &shown, error_color()));
        say("error: the rules have errors; nobody knows what they need");
        return ExitStatus::Failure;
    };
    let needed = portal::subscriptions(&set);
    for note in notes(&needed) {
        say(&note);
    }
    let text = match read_config_text(config) {
        Ok(text) => text.unwrap_or_default(),
        Err(status) => return status,
    };
    match (format, config::public_url(&text, &ProcessEnvironment)) {
        (SubscriptionsFormat::Table, target) => {
            let target = target.ok().map(|url| url.whole());
            finish(&table(&needed, target.as_deref()), 0)
        }
        (SubscriptionsFormat::Hsmeta, Ok(target)) => {
            finish(&format!("{:#}\n", hsmeta(&needed, &target.whole())), 0)
        }
        (SubscriptionsFormat::Hsmeta, Err(problems)) => {
            for problem in problems.0 {
                say(&format!("error: {problem}"));
            }
            ExitStatus::Usage
        }
    }
}

/// What HubSpot will not do, on standard error.
fn notes(needed: &[Subscribed]) -> Vec<String> {
    let mut notes: Vec<String> = needed
        .iter()
        .filter(|it| is_unsendable(&it.subject))
        .map(|it| {
            let (words, why) = (it.subject.words(), it.why.join(", "));
            format!("warning: {words} ({why}): HubSpot never sends it; it is left out")
        })
        .collect();
    if SUBSCRIPTIONS_MAX < needed.len() {
        let count = needed.len();
        notes.push(format!(
            "warning: {count} subscriptions, and HubSpot takes {SUBSCRIPTIONS_MAX} of an app"
        ));
    }
    notes
}

fn is_unsendable(subject: &Subject) -> bool {
    subject.property().is_some_and(|name| UNSENDABLE.contains(&name))
}

fn sendable(needed: &[Subscribed]) -> impl Iterator<Item = &Subscribed> {
    needed.iter().filter(|it| !is_unsendable(&it.subject))
}

fn table(needed: &[Subscribed], target: Option<&str>) -> String {
    let rows = sendable(needed).map(|it| {
        let event = format!("contact.{}", it.subject.event());
        [event, it.subject.property().unwrap_or("-").to_owned(), it.why.join(", ")]
    });
    let head = ["subscription", "property", "needed by"].map(str::to_owned);
    let rows: Vec<[String; 3]> = std::iter::once(head).chain(rows).collect();
    let width =
        |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (first, second) = (width(0), width(1));
    let mut text = match target {
        Some(target) => format!("target URL: {target}\n\n"),
        None => "target URL: [server] public_url of the configuration\n\n".to_owned(),
    };
    for [event, property, why] in &rows {
        // Writing to a String cannot fail.
        writeln!(text, "{event:first$}  {property:second$}  {why}").ok();
    }
    text
}

/// The file of the current developer platform (HUBSPOT.md 1.2): generic `object.*` subscriptions,
/// and the classic ones where there is no generic form.
fn hsmeta(needed: &[Subscribed], target: &str) -> Value {
    let (mut objects, mut classic, mut events) = (Vec::new(), Vec::new(), Vec::new());
    for it in sendable(needed) {
        let event = it.subject.event();
        match &it.subject {
            Subject::PrivacyDeletion => {
                events.push(
                    json!({ "subscriptionType": format!("contact.{event}"), "active": true }),
                );
            }
            Subject::Deletion => {
                classic.push(
                    json!({ "subscriptionType": format!("contact.{event}"), "active": true }),
                );
            }
            subject => {
                let mut entry = json!({
                    "subscriptionType": format!("object.{event}"),
                    "objectType": "contact",
                    "active": true,
                });
                if let Some(property) = subject.property() {
                    entry["propertyName"] = json!(property);
                }
                objects.push(entry);
            }
        }
    }
    json!({
        "uid": "webhooks",
        "type": "webhooks",
        "config": {
            "settings": { "targetUrl": target, "maxConcurrentRequests": CONCURRENT },
            "subscriptions": {
                "crmObjects": objects,
                "legacyCrmObjects": classic,
                "hubEvents": events,
            },
        },
    })
}
