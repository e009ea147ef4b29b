//! Lints over the whole set: accepted, but rarely meant.

mod dates;
mod load;
mod never;
mod pairs;
mod trace;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::Context;
use crate::domain::rule::code;
use crate::domain::rule::model::{Action, Mode, Rule};
use crate::domain::rule::syntax::Table;

/// Tables of the rules, by id.
type Tables<'c, 'a> = BTreeMap<&'a str, &'c Table<'a>>;

/// Reports every lint that needs all rules. Without `today` nothing is over.
pub(super) fn check(ctx: &Context<'_>, rules: &[Rule], today: Option<Date>) {
    let tables = ctx.book.array("rule").iter();
    let tables: Tables<'_, '_> = tables
        .filter_map(|table| Some((table.get("id")?.value.get_ref().as_str()?, table)))
        .collect();
    same_rank(&tables, rules);
    unused(ctx);
    mutual_blocks(ctx);
    for rule in rules {
        if let Some(table) = tables.get(rule.id.as_str()) {
            never::check(table, rule);
            replaces(table);
        }
    }
    pairs::same_way(&tables, rules);
    pairs::silenced(&tables, rules, &ctx.themes);
    load::check(ctx);
    trace::check(ctx);
    if let Some(today) = today {
        dates::check(&ctx.book, &tables, rules, today);
    }
}

/// `on_conflict = "replace"` stops what a person began.
fn replaces(table: &Table<'_>) {
    let node = table.get("on_conflict");
    if let Some(node) = node.filter(|node| node.value.get_ref().as_str() == Some("replace")) {
        let message = "replace stops a rep's running sequence.";
        node.warning(code::LINT_REPLACE, message, "\"wait\" lets it end first.");
    }
}

/// Two rules that start alike, in one theme, with one priority: the name decides.
fn same_rank(tables: &Tables<'_, '_>, rules: &[Rule]) {
    let mut seen: BTreeMap<(&str, u16, String), &str> = BTreeMap::new();
    for rule in rules.iter().filter(|rule| rule.mode != Mode::Off) {
        let Action::Enroll { theme, .. } = &rule.action else { continue };
        let start = format!("{:?} {:?}", rule.when.subject, rule.when.change);
        let key = (theme.as_str(), rule.priority, start);
        let Some(other) = seen.insert(key, rule.id.as_str()) else { continue };
        let Some(table) = tables.get(rule.id.as_str()) else { continue };
        let (first, last) = (other.min(rule.id.as_str()), other.max(rule.id.as_str()));
        let message = format!(
            "\"{first}\" and \"{last}\" start from the same change, share theme and priority {}: \
             \"{first}\" wins by name only.",
            rule.priority
        );
        let span = table.get("priority").map_or_else(|| table.span.clone(), |node| node.span());
        let hint = "Give them different priorities; 1 is first.";
        table.source.warning(code::LINT_SAME_RANK, span, message, hint);
    }
}

/// Destinations that no rule names.
fn unused(ctx: &Context<'_>) {
    let mut used: BTreeSet<(&str, &str)> = BTreeSet::new();
    for rule in ctx.book.array("rule") {
        let tables =
            ["enroll", "then_enroll", "unenroll"].into_iter().filter_map(|key| rule.get(key));
        let arms = rule.get("split").and_then(|node| node.value.get_ref().as_array());
        let arms = arms.into_iter().flatten().filter_map(|arm| arm.get_ref().as_table());
        let tables = tables.filter_map(|node| node.value.get_ref().as_table());
        for table in tables.chain(arms) {
            for (key, kind) in [("sequence", "sequences"), ("workflow", "workflows")] {
                let name = table.get(key).and_then(|node| node.get_ref().as_str());
                used.extend(name.map(|name| (kind, name)));
            }
        }
    }
    for kind in ["sequences", "workflows"] {
        for (name, table) in ctx.book.named(kind) {
            if !used.contains(&(kind, name)) {
                let message = format!("no rule uses {}.", table.what);
                let hint = "Remove it, or keep it so that reps' own enrollments into it are known.";
                table.source.warning(code::LINT_UNUSED, table.span.clone(), message, hint);
            }
        }
    }
}

/// Two themes that silence each other.
fn mutual_blocks(ctx: &Context<'_>) {
    for (name, theme) in &ctx.themes {
        let both = theme.blocks.iter().filter(|other| {
            name < *other && ctx.themes.get(*other).is_some_and(|other| other.blocks.contains(name))
        });
        for other in both {
            let Some(table) = ctx.book.one("themes", name.as_str()) else { continue };
            let message = format!(
                "themes \"{name}\" and \"{other}\" block each other: whoever comes first wins."
            );
            let hint = "Usually one should block the other.";
            table.source.warning(code::LINT_MUTUAL_BLOCK, table.span.clone(), message, hint);
        }
    }
}
