//! `[[rule]]`.

use std::collections::BTreeMap;

use super::conditions::Position;
use super::defaults::{MODES, expires, positive, re_enroll, settle_ms};
use super::{Context, gates, times};
use crate::domain::id::RuleId;
use crate::domain::rule::code;
use crate::domain::rule::model::{Action, Gate, Mode, Place, Rule, Unbuilt};
use crate::domain::rule::span::{Span, Unit};
use crate::domain::rule::syntax::{Node, Table};
use crate::domain::rule::{Enroll, OnConflict};
use crate::domain::time::DAY_MS;

/// `wait_up_to` where a rule does not say it.
const WAIT_UP_TO: Span = Span::days(14);

/// Every key of a rule.
const KEYS: [&str; 29] = [
    "id",
    "was",
    "says",
    "mode",
    "when",
    "only_if",
    "unless",
    "settle",
    "wait_for",
    "delay",
    "enroll",
    "unenroll",
    "then_enroll",
    "split",
    "priority",
    "if_blocked",
    "re_enroll",
    "on_conflict",
    "wait_up_to",
    "enroll_merged",
    "window",
    "limits",
    "breaker",
    "expires",
    "approve_within",
    "starts",
    "ends",
    "tags",
    "owner",
];

/// Reads every rule.
pub(super) fn read_all(ctx: &Context<'_>) -> Vec<Rule> {
    let mut ids: BTreeMap<&str, Place> = BTreeMap::new();
    let mut rules = Vec::new();
    for table in ctx.book.array("rule") {
        table.check_keys(&KEYS);
        let id = table.require("id", "id = \"a-short-stable-name\"").and_then(id);
        if let Some((id, node)) = id
            && let Some(first) = ids.insert(id, node.place())
        {
            let message = format!("rule id \"{id}\" is used twice (also {first}).");
            node.error(code::TWICE, message, "Ids must be unique over all files.");
        }
        rules.extend(rule(ctx, table, id.map(|(id, _)| id)));
    }
    for table in ctx.book.array("rule") {
        if let Some(was) = table.get("was")
            && let Some(name) = was.value.get_ref().as_str()
            && ids.contains_key(name)
        {
            let message = format!("was = \"{name}\" but rule \"{name}\" still exists.");
            was.error(code::CONTRADICTION, message, "Remove was, or the other rule.");
        }
    }
    rules
}

/// A stable name: a-z, 0-9 and -.
pub(super) fn id(node: Node<'_>) -> Option<(&str, Node<'_>)> {
    let text = node.text()?;
    let valid = text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    if !valid {
        let message =
            format!("{} = \"{text}\" has other characters than a-z, 0-9 and -.", node.key);
        let mut plain: String = text.to_lowercase();
        plain.retain(|letter| letter.is_ascii_alphanumeric() || " _-".contains(letter));
        let hint = format!("Write \"{}\".", plain.trim().replace([' ', '_'], "-"));
        node.error(code::BAD_VALUE, message, hint);
        return None;
    }
    Some((text, node))
}

/// `says`, required.
pub(super) fn says(table: &Table<'_>) -> Option<String> {
    let Some(node) = table.get("says") else {
        let message = format!("{} has no says.", table.what);
        table.error(code::MISSING, message, "Write one sentence a colleague would understand.");
        return None;
    };
    node.text().map(str::to_owned)
}

/// One rule. Every key is read before anything is given up, so that every error is found.
fn rule<'a>(ctx: &Context<'a>, table: &Table<'a>, id: Option<&str>) -> Option<Rule> {
    let mut unbuilt = Vec::new();
    let mode = table.get("mode").map_or(Some(ctx.defaults.mode), |node| node.word(&MODES));
    let says = says(table);
    let when = when(ctx, table, &mut unbuilt);
    let deal_trigger = when.as_ref().is_some_and(|(_, deal)| *deal);
    let inside = Position { gate: Gate::Conditions, excludes: false, deal_trigger };
    let only_if = ctx.conditions(table.get("only_if"), inside);
    let unless = ctx.conditions(table.get("unless"), Position { excludes: true, ..inside });
    let action = ctx.action(table, deal_trigger, &mut unbuilt);
    let delay = table.get("delay").and_then(positive);
    let priority = table.get("priority").and_then(|node| node.whole(1..=1000));
    let re_enroll = table.get("re_enroll").and_then(re_enroll);
    let settle = table.get("settle").and_then(settle_ms);
    let expires = table.get("expires").and_then(expires);
    timing(ctx, table, delay, &mut unbuilt);
    let conflict = conflict(ctx, table, action.as_ref());
    approval(table, mode, &mut unbuilt);
    protection(ctx, table, &mut unbuilt);
    if let Some(
        Action::Enroll { theme, .. } | Action::Unenroll { then: Some(Enroll { theme, .. }), .. },
    ) = &action
    {
        unbuilt.extend(ctx.gates.touching(theme));
    }
    unbuilt.sort_by(|a, b| (a.gate, &a.place, &a.key).cmp(&(b.gate, &b.place, &b.key)));
    unbuilt.dedup();
    let text = |key: &str| table.get(key).and_then(|node| node.text());
    let tags = table.get("tags").map(|node| node.texts()).unwrap_or_default();
    Some(Rule {
        was: text("was").map(RuleId::from),
        owner: text("owner").map(str::to_owned),
        tags: tags.into_iter().map(|(tag, _)| tag.to_owned()).collect(),
        id: id?.into(),
        says: says?,
        mode: mode?,
        when: when?.0,
        only_if,
        unless,
        settle_ms: settle.unwrap_or(ctx.defaults.settle_ms),
        delay,
        action: action?,
        priority: priority.and_then(|priority| u16::try_from(priority).ok()).unwrap_or(500),
        re_enroll: re_enroll.unwrap_or(ctx.defaults.re_enroll),
        expires: expires.unwrap_or(ctx.defaults.expires),
        on_conflict: conflict.occupied,
        wait_up_to: conflict.wait_up_to,
        next_if_blocked: conflict.next_if_blocked,
        enroll_merged: conflict.enroll_merged,
        unbuilt,
        place: table.place(),
    })
}

fn when<'a>(
    ctx: &Context<'a>,
    table: &Table<'a>,
    unbuilt: &mut Vec<Unbuilt>,
) -> Option<(crate::domain::rule::trigger::When, bool)> {
    let node = table.require("when", "when = { property = \"…\", becomes = \"…\" }")?;
    let trigger = ctx.when(node)?;
    unbuilt.extend(trigger.unbuilt);
    Some((trigger.when, trigger.deal))
}

/// `wait_for`, `delay` with working days, `window`, `starts`, `ends`.
fn timing<'a>(
    ctx: &Context<'a>,
    table: &Table<'a>,
    delay: Option<Span>,
    unbuilt: &mut Vec<Unbuilt>,
) {
    if let Some(node) = table.get("wait_for") {
        wait_for(ctx, node);
        unbuilt.push(node.not_built("wait_for", Gate::Delay));
    }
    if let Some(node) = table.get("delay")
        && delay.is_some_and(|delay| delay.unit == Unit::WorkingDay)
    {
        unbuilt.push(node.not_built("a delay of working days", Gate::Delay));
    }
    if let Some(node) = table.get("window").or(ctx.defaults.window)
        && times::window_named(&ctx.book, node).is_some()
    {
        unbuilt.push(node.not_built("window", Gate::Window));
    }
    let dates = ["starts", "ends"].map(|key| table.get(key));
    let starts = dates[0].and_then(|node| node.date());
    gates::check_order(starts, dates[1]);
    unbuilt.extend(dates.into_iter().flatten().map(|node| node.not_built(node.key, Gate::Trigger)));
}

fn wait_for<'a>(ctx: &Context<'a>, node: Node<'a>) {
    let Some(table) = node.inline("wait_for") else { return };
    table.check_keys(&["property", "up_to", "then"]);
    if let Some(property) = table.require("property", "property = \"hubspot_owner_id\"")
        && let Some(name) = property.text()
    {
        // Only the report of an unknown property matters here.
        let _known = ctx.lock.find("contact", name, property);
    }
    let up_to = table.require("up_to", "up_to = \"30 minutes\"");
    if let Some(node) = up_to
        && node.duration().is_some_and(|span| DAY_MS < span.approximate_ms())
    {
        node.error(
            code::DURATION,
            "wait_for waits at most 24 hours.",
            "Use delay for longer waits.",
        );
    }
    table.get("then").and_then(|then| then.word(&[("skip", ()), ("continue", ())]));
}

/// `on_conflict`, `wait_up_to`, `if_blocked`, `enroll_merged`.
struct Conflict {
    occupied: OnConflict,
    wait_up_to: Span,
    next_if_blocked: bool,
    enroll_merged: bool,
}

fn conflict<'a>(ctx: &Context<'a>, table: &Table<'a>, action: Option<&Action>) -> Conflict {
    let words =
        [("skip", OnConflict::Skip), ("wait", OnConflict::Wait), ("replace", OnConflict::Replace)];
    let node = table.get("on_conflict");
    let on_conflict = node.and_then(|node| node.word(&words)).unwrap_or_default();
    if let Some(Action::Enroll { theme, .. }) = action
        && let Some(node) = node.filter(|_| on_conflict == OnConflict::Replace)
        && ctx.sequences.values().any(|sequence| sequence.theme == *theme)
    {
        ctx.needs_bridge(node, "replace");
    }
    let wait_up_to = table.get("wait_up_to");
    if let Some(node) = wait_up_to.filter(|_| on_conflict != OnConflict::Wait) {
        let message = "wait_up_to only makes sense with on_conflict = \"wait\".";
        node.error(code::CONTRADICTION, message, "Remove it.");
    }
    let next = table.get("if_blocked");
    let next = next.and_then(|node| node.word(&[("stop", false), ("next", true)]));
    let merged = table.get("enroll_merged").and_then(|node| node.flag());
    Conflict {
        occupied: on_conflict,
        wait_up_to: wait_up_to.and_then(positive).unwrap_or(WAIT_UP_TO),
        next_if_blocked: next.unwrap_or_default(),
        enroll_merged: merged.unwrap_or_default(),
    }
}

fn approval(table: &Table<'_>, mode: Option<Mode>, unbuilt: &mut Vec<Unbuilt>) {
    if let Some(node) = table.get("mode").filter(|_| mode == Some(Mode::Approval)) {
        unbuilt.push(node.not_built("mode = \"approval\"", Gate::Mode));
    }
    if let Some(node) = table.get("approve_within") {
        node.duration();
        if mode.is_some_and(|mode| mode != Mode::Approval) {
            let message = "approve_within only makes sense with mode = \"approval\".";
            node.error(code::CONTRADICTION, message, "Remove it.");
        }
    }
}

/// `limits` and `breaker`.
fn protection<'a>(ctx: &Context<'a>, table: &Table<'a>, unbuilt: &mut Vec<Unbuilt>) {
    if let Some(node) = table.get("limits") {
        limits(node);
        unbuilt.push(node.not_built("limits", Gate::Sender));
    }
    if let Some(node) = table.get("breaker") {
        unbuilt.extend(gates::breaker_effect(node));
    } else {
        unbuilt.extend(ctx.defaults.breaker.clone());
    }
}

fn limits(node: Node<'_>) {
    let Some(table) = node.inline("limits") else { return };
    table.check_keys(&["per_day", "per_hour", "per_company", "on_limit"]);
    for key in ["per_day", "per_hour", "per_company"] {
        let Some(limit) = table.get(key) else { continue };
        if limit.value.get_ref().as_integer().is_some_and(|number| number.as_str() == "0") {
            let message = format!("{key} = 0 stops the rule.");
            limit.error(code::OUT_OF_RANGE, message, "Use mode = \"off\".");
        } else {
            limit.whole(1..=1_000_000);
        }
    }
    table.get("on_limit").and_then(|node| node.word(&[("wait", ()), ("skip", ())]));
}
