//! `[senders]` and `[teams]`.

use std::collections::BTreeMap;

use super::book::Book;
use super::defaults::positive;
use super::{times, timing, unknown_name};
use crate::domain::civil::Days;
use crate::domain::id::{SenderName, TeamName, UserId};
use crate::domain::rule::code;
use crate::domain::rule::model::{SenderSpec, Team, WhenFull};
use crate::domain::rule::span::Span;
use crate::domain::rule::syntax::{Node, Table};
use crate::domain::time::DAY_MS;

/// Enrollments a day where a sender does not say.
const DAILY_BUDGET: u32 = 25;

/// Reads `[senders]`.
pub(super) fn senders(book: &Book<'_>) -> BTreeMap<SenderName, SenderSpec> {
    let mut inboxes = BTreeMap::new();
    let mut found = BTreeMap::new();
    for (name, table) in book.named("senders") {
        table.check_keys(&[
            "email",
            "user_id",
            "daily_budget",
            "when_full",
            "pace",
            "send_limit",
            "weight",
            "away",
            "time_zone",
            "alias",
        ]);
        if let Some(sender) = sender(name, table) {
            if let Some(other) = inboxes.insert(sender.inbox.clone(), name) {
                let message = format!("senders \"{other}\" and \"{name}\" share {}.", sender.inbox);
                let hint = "HubSpot counts the inbox, not the person: they share one budget.";
                if let Some(node) = table.get("email") {
                    node.warning(code::LINT_SHARED_INBOX, message, hint);
                }
            }
            found.insert(name.into(), sender);
        }
    }
    found
}

fn sender(name: &str, table: &Table<'_>) -> Option<SenderSpec> {
    let email = table.require("email", "email = \"dana@acme.com\": the inbox connected in HubSpot");
    let user = table.get("user_id").and_then(|node| node.whole(1..=u64::MAX)).map(UserId);
    let budget = table.get("daily_budget").and_then(|node| node.whole_u32(0..=10_000));
    let when_full = table
        .get("when_full")
        .and_then(|node| node.word(&[("next", WhenFull::Next), ("wait", WhenFull::Wait)]));
    let weight = table.get("weight").and_then(|node| node.whole_u32(1..=1_000));
    let send_limit = table.get("send_limit").and_then(|node| node.whole_u32(1..=1_000_000));
    let time_zone = table.get("time_zone").and_then(|node| times::zone(node.text()?, node));
    let away = table.get("away").and_then(|node| node.items()).unwrap_or_default();
    Some(SenderSpec {
        name: name.into(),
        user,
        daily_budget: budget.unwrap_or(DAILY_BUDGET),
        send_limit,
        when_full: when_full.unwrap_or_default(),
        weight: weight.unwrap_or(1),
        alias: table.get("alias").and_then(|node| node.text()).map(str::to_owned),
        pace: table.get("pace").and_then(pace),
        away: away.into_iter().filter_map(days_away).collect(),
        time_zone,
        place: table.place(),
        inbox: address(email?)?.into(),
    })
}

/// An email address in lower case.
fn address(node: Node<'_>) -> Option<String> {
    let text = node.text()?.trim();
    let valid = text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && domain.contains('.') && !text.contains(char::is_whitespace)
    });
    if !valid {
        let message = format!("\"{text}\" is not an email address.");
        node.error(
            code::BAD_VALUE,
            message,
            "Write the address of the inbox connected in HubSpot.",
        );
        return None;
    }
    Some(text.to_lowercase())
}

fn days_away(node: Node<'_>) -> Option<Days> {
    let table = node.inline("away")?;
    table.check_keys(&["from", "until"]);
    timing::days(&table)
}

fn pace(node: Node<'_>) -> Option<Span> {
    let pace = positive(node)?;
    if DAY_MS < pace.approximate_ms() {
        let message = format!("pace = \"{pace}\" is longer than a day.");
        node.error(code::DURATION, message, "Write minutes, or lower daily_budget.");
        return None;
    }
    Some(pace)
}

/// Reads `[teams]`.
pub(super) fn teams(book: &Book<'_>) -> BTreeMap<TeamName, Team> {
    let mut found = BTreeMap::new();
    for (name, table) in book.named("teams") {
        table.check_keys(&["members", "share", "same_company"]);
        let members = members(book, table);
        let share =
            table.get("share").and_then(|node| node.word(&[("even", false), ("weighted", true)]));
        let same = table
            .get("same_company")
            .filter(|node| node.word(&[("any", false), ("same-sender", true)]).unwrap_or_default());
        found.insert(
            name.into(),
            Team { members, weighted: share.unwrap_or_default(), same_sender: same.is_some() },
        );
    }
    found
}

fn members(book: &Book<'_>, table: &Table<'_>) -> Vec<SenderName> {
    let Some(node) = table.require("members", "members = [\"dana\"]") else { return Vec::new() };
    let mut members: Vec<SenderName> = Vec::new();
    for (name, at) in node.texts() {
        if book.one("senders", name).is_none() {
            unknown_name(book, &["senders"], name, at);
        } else if members.iter().any(|member| member.as_str() == name) {
            at.error(
                code::TWICE,
                format!("\"{name}\" is a member twice."),
                "Use weight for a larger share.",
            );
        } else {
            members.push(name.into());
        }
    }
    if node.items().is_some_and(|items| items.is_empty()) {
        let hint = match book.names("senders").next() {
            Some(name) => format!("Add names of [senders], for example \"{name}\"."),
            None => "Add a [senders.NAME] table first, then its name here.".to_owned(),
        };
        node.error(code::BAD_VALUE, format!("{} has no members.", table.what), hint);
    }
    members
}
