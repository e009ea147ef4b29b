//! `[[rule]]`.

use std::collections::BTreeMap;

use super::action::Compiled;
use super::conditions::Position;
use super::defaults::{MODES, expires, positive, re_enroll, settle_ms};
use super::{Context, protection, then_stage, timing};
use crate::domain::id::{RuleId, ThemeName};
use crate::domain::rule::model::{Action, Arm, Mode, Place, Rule};
use crate::domain::rule::span::Span;
use crate::domain::rule::syntax::{Node, Table};
use crate::domain::rule::{Breaker, OnConflict, code};

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

/// How long a person may take to approve, where the rule does not say.
const APPROVE_WITHIN: Span = Span::days(7);

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
    let mode = table.get("mode").map_or(Some(ctx.defaults.mode), |node| node.word(&MODES));
    let says = says(table);
    let when = when(ctx, table);
    let deal_trigger = when.as_ref().is_some_and(|(_, deal)| *deal);
    let inside = Position { excludes: false, deal_trigger };
    let only_if = ctx.conditions(table.get("only_if"), inside);
    let unless = ctx.conditions(table.get("unless"), Position { excludes: true, ..inside });
    let action = ctx.action(table, deal_trigger);
    let delay = table.get("delay").and_then(positive);
    let priority = table.get("priority").and_then(|node| node.whole(1..=1000));
    let re_enroll = table.get("re_enroll").and_then(re_enroll);
    let settle = table.get("settle").and_then(settle_ms);
    let expires = table.get("expires").and_then(expires);
    let timing = timing::read(ctx, table);
    let conflict = conflict(ctx, table, action.as_ref());
    let approve_within = approval(table, mode);
    let limits = table.get("limits").map(protection::limits);
    let breaker = breaker(ctx, table);
    let then_stage = then_stage::of_rule(ctx, table, (mode, deal_trigger));
    let text = |key: &str| table.get(key).and_then(|node| node.text());
    let tags = table.get("tags").map(|node| node.texts()).unwrap_or_default();
    let (action, arms) = match action {
        Some(Compiled::One(action)) => (Some(action), Vec::new()),
        Some(Compiled::Split(arms)) => (Some(Action::Split), arms),
        None => (None, Vec::new()),
    };
    let whole = Rule {
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
        timing,
        action: action?,
        priority: priority.and_then(|priority| u16::try_from(priority).ok()).unwrap_or(500),
        re_enroll: re_enroll.unwrap_or(ctx.defaults.re_enroll),
        limits: limits.unwrap_or_default(),
        breaker,
        expires: expires.unwrap_or(ctx.defaults.expires),
        approve_within: approve_within.unwrap_or(APPROVE_WITHIN),
        arms: Vec::new(),
        arm: None,
        on_conflict: conflict.occupied,
        wait_up_to: conflict.wait_up_to,
        next_if_blocked: conflict.next_if_blocked,
        enroll_merged: conflict.enroll_merged,
        then_stage,
        place: table.place(),
    };
    let arm = |(arm, action): (Arm, Action)| Rule { action, arm: Some(arm), ..whole.clone() };
    let arms = arms.into_iter().map(arm).collect();
    Some(Rule { arms, ..whole })
}

fn when<'a>(
    ctx: &Context<'a>,
    table: &Table<'a>,
) -> Option<(crate::domain::rule::trigger::When, bool)> {
    let node = table.require("when", "when = { property = \"…\", becomes = \"…\" }")?;
    let trigger = ctx.when(node)?;
    Some((trigger.when, trigger.deal))
}

/// `on_conflict`, `wait_up_to`, `if_blocked`, `enroll_merged`.
struct Conflict {
    occupied: OnConflict,
    wait_up_to: Span,
    next_if_blocked: bool,
    enroll_merged: bool,
}

fn conflict<'a>(ctx: &Context<'a>, table: &Table<'a>, action: Option<&Compiled>) -> Conflict {
    let words =
        [("skip", OnConflict::Skip), ("wait", OnConflict::Wait), ("replace", OnConflict::Replace)];
    let node = table.get("on_conflict");
    let on_conflict = node.and_then(|node| node.word(&words)).unwrap_or_default();
    let mut themes = action.into_iter().flat_map(Compiled::themes);
    let has_sequences =
        |theme: &ThemeName| ctx.sequences.values().any(|sequence| sequence.theme == *theme);
    if let Some(node) = node.filter(|_| on_conflict == OnConflict::Replace)
        && themes.any(has_sequences)
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

/// `approve_within`, where it is said.
fn approval(table: &Table<'_>, mode: Option<Mode>) -> Option<Span> {
    let node = table.get("approve_within")?;
    let within = positive(node);
    if mode.is_some_and(|mode| mode != Mode::Approval) {
        let message = "approve_within only makes sense with mode = \"approval\".";
        node.error(code::CONTRADICTION, message, "Remove it.");
    }
    within
}

/// `breaker`, else the default's, else the built-in one; `None` where it is off.
fn breaker(ctx: &Context<'_>, table: &Table<'_>) -> Option<Breaker> {
    let said = table.get("breaker").and_then(protection::breaker).or(ctx.defaults.breaker);
    said.map_or(Some(protection::RULE_BREAKER), protection::Said::breaker)
}
