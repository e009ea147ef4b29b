//! Lints over the whole set: accepted, but rarely meant.

use std::collections::{BTreeMap, BTreeSet};

use super::Context;
use crate::domain::rule::code;
use crate::domain::rule::model::{Action, Mode, Rule, SenderChoice};

/// Reports every lint that needs all rules.
pub(super) fn check(ctx: &Context<'_>, rules: &[Rule]) {
    same_rank(ctx, rules);
    unused(ctx);
    mutual_blocks(ctx);
    send_limits(ctx, rules);
}

/// A full budget that sends more emails than the inbox may.
fn send_limits(ctx: &Context<'_>, rules: &[Rule]) {
    for (name, spec) in &ctx.senders {
        let Some(limit) = spec.send_limit else { continue };
        let may_send = |choice: &SenderChoice| match choice {
            SenderChoice::ContactOwner | SenderChoice::CompanyOwner | SenderChoice::DealOwner => {
                true
            }
            SenderChoice::User(user) => user == name,
            SenderChoice::Team(team) => {
                ctx.teams.get(team).is_some_and(|team| team.members.contains(name))
            }
        };
        let all = rules.iter().flat_map(|rule| [rule].into_iter().chain(&rule.arms));
        let emails = all.filter_map(|rule| match &rule.action {
            Action::Enroll { target, senders, .. } if senders.iter().any(may_send) => {
                ctx.sequences.get(&target.name).map(|sequence| sequence.emails)
            }
            _ => None,
        });
        let Some(emails) = emails.max() else { continue };
        let budget = spec.daily_budget;
        let full = budget.saturating_mul(emails);
        if limit < full
            && let Some(table) = ctx.book.one("senders", name.as_str())
        {
            let message = format!(
                "{name}: {budget} a day × {emails} emails ≈ {full} emails a day when full; the \
                 send limit you gave for this inbox is {limit}."
            );
            let span = table.get("send_limit").map_or_else(|| table.span.clone(), |it| it.span());
            let hint =
                format!("Lower daily_budget to {}, or the steps of the sequence.", limit / emails);
            table.source.warning(code::LINT_SEND_LIMIT, span, message, hint);
        }
    }
}

/// Two rules that start alike, in one theme, with one priority: the name decides.
fn same_rank(ctx: &Context<'_>, rules: &[Rule]) {
    let mut seen: BTreeMap<(&str, u16, String), &str> = BTreeMap::new();
    let tables: BTreeMap<&str, _> = ctx
        .book
        .array("rule")
        .iter()
        .filter_map(|table| Some((table.get("id")?.value.get_ref().as_str()?, table)))
        .collect();
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
