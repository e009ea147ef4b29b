//! `[[suppress]]`.

use std::collections::BTreeMap;

use super::conditions::Position;
use super::{Context, rules, targets, then_stage};
use crate::domain::civil::Edge;
use crate::domain::id::ThemeName;
use crate::domain::rule::code;
use crate::domain::rule::model::{Place, Suppression};
use crate::domain::rule::syntax::Table;

/// Suppressions that are always there (RULES.md 1.4).
pub const BUILT_IN_SUPPRESSIONS: [&str; 5] =
    ["no-email", "opted-out", "bounced", "own-domain", "deleted"];

/// Reads every suppression.
pub(super) fn read_all(ctx: &Context<'_>) -> Vec<Suppression> {
    let mut ids: BTreeMap<&str, Place> = BTreeMap::new();
    let mut found = Vec::new();
    for table in ctx.book.array("suppress") {
        let id = table.require("id", "id = \"a-short-stable-name\"").and_then(rules::id);
        if let Some((id, node)) = id {
            if BUILT_IN_SUPPRESSIONS.contains(&id) {
                let message = format!("suppress id \"{id}\" is built in.");
                node.error(code::TWICE, message, "Choose another id; the built-in one stays on.");
            }
            if let Some(first) = ids.insert(id, node.place()) {
                let message = format!("suppress id \"{id}\" is used twice (also {first}).");
                node.error(code::TWICE, message, "Ids must be unique over all files.");
            }
        }
        found.extend(suppression(ctx, table, id.map(|(id, _)| id)));
    }
    found
}

fn suppression<'a>(ctx: &Context<'a>, table: &Table<'a>, id: Option<&str>) -> Option<Suppression> {
    table.check_keys(&["id", "says", "if", "themes", "also_unenroll", "until", "mode"]);
    let says = rules::says(table);
    let list = table.get("if");
    if list.is_none_or(|list| list.value.get_ref().as_array().is_some_and(|items| items.is_empty()))
    {
        let message = format!("{} has no if: it would suppress everybody.", table.what);
        table.error(code::MISSING, message, "If that is meant, set mode = \"off\" on the rules.");
    }
    let position = Position { excludes: true, deal_trigger: false };
    let conditions = ctx.conditions(list, position);
    high_water(table);
    let also = table.get("also_unenroll").filter(|node| node.flag().unwrap_or_default());
    let day = table.get("until").and_then(|node| node.date());
    let mode = table.get("mode").map(|node| node.word(&[("live", true), ("dry-run", false)]));
    let themes = table.get("themes").map(|node| targets::named_themes(&ctx.book, node));
    let themes = themes.unwrap_or_default();
    let concerns = |theme: &ThemeName| themes.is_empty() || themes.contains(theme);
    if let Some(node) = also
        && ctx.sequences.values().any(|sequence| concerns(&sequence.theme))
    {
        ctx.needs_bridge(node, "also_unenroll of a theme with sequences");
    }
    let live = mode.unwrap_or(Some(true));
    let then_stage = then_stage::of_suppression(table, live.unwrap_or(true));
    Some(Suppression {
        id: id?.to_owned(),
        says: says?,
        conditions,
        themes,
        live: live?,
        also_unenroll: also.is_some(),
        ends: day.map(|day| Edge::Day(day).ends(&ctx.zone)),
        then_stage,
        place: table.place(),
    })
}

/// `lifecyclestage is customer` also suppresses everybody who once was one.
fn high_water(table: &Table<'_>) {
    for condition in table.get("if").and_then(|list| list.items()).unwrap_or_default() {
        let Some(entries) = condition.value.get_ref().as_table() else { continue };
        let says = |key: &str, wanted: &str| {
            entries.get(key).is_some_and(|node| node.get_ref().as_str() == Some(wanted))
        };
        if says("property", "lifecyclestage") && says("is", "customer") {
            let message = format!("{} uses lifecyclestage is customer.", table.what);
            let hint = "HubSpot rarely moves people back: former customers stay suppressed.";
            condition.warning(code::LINT_HIGH_WATER, message, hint);
        }
    }
}
