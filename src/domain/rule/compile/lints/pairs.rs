//! Lints about rules beside each other: the same thing twice, and a theme that others silence.

use std::collections::BTreeMap;

use super::Tables;
use super::never;
use crate::domain::claim::Target;
use crate::domain::id::ThemeName;
use crate::domain::rule::code;
use crate::domain::rule::model::{Action, Mode, Rule, Theme};
use crate::domain::rule::trigger::Subject;

/// Of a thousand rules that start and lead alike, each is compared with the last few only.
const COMPARED_MAX: usize = 16;

/// Two rules that may start from one change and lead to one place, for people who may be the same.
pub(super) fn same_way(tables: &Tables<'_, '_>, rules: &[Rule]) {
    for (rule, target, others) in alike(rules) {
        let twin = others.into_iter().find_map(|other| Some((other, beside(other, rule)?)));
        if let Some((other, start)) = twin
            && let Some(table) = tables.get(rule.id.as_str())
        {
            let message = format!(
                "rules \"{}\" and \"{}\" {start} and enroll into {}.",
                other.id, rule.id, target.name
            );
            let span = table.get("enroll").map_or_else(|| table.span.clone(), |node| node.span());
            let hint = "Whom both match, the better priority enrolls. Join them, or let their \
                        conditions exclude each other.";
            table.source.warning(code::LINT_SAME_WAY, span, message, hint);
        }
    }
}

/// Each rule that enrolls, with the few before it that listen to the same subject and lead to
/// the same target. Rules that listen to different properties never meet here.
fn alike(rules: &[Rule]) -> impl Iterator<Item = (&Rule, &Target, Vec<&Rule>)> {
    let mut seen: BTreeMap<(&Subject, &Target), Vec<&Rule>> = BTreeMap::new();
    rules.iter().filter(|rule| rule.mode != Mode::Off).filter_map(move |rule| {
        let Action::Enroll { target, .. } = &rule.action else { return None };
        let others = seen.entry((&rule.when.subject, target)).or_default();
        let last = others.iter().rev().take(COMPARED_MAX).copied().collect();
        others.push(rule);
        Some((rule, target, last))
    })
}

/// How two rules about one property may start alike; nothing where no person is meant by both.
fn beside(left: &Rule, right: &Rule) -> Option<&'static str> {
    if never::exclude_each_other(left, right) {
        return None;
    }
    let start = |rule: &Rule| format!("{:?}", rule.when.change);
    if start(left) == start(right) {
        // Of equal priorities HR103 speaks already.
        return (left.priority != right.priority).then_some("start from the same change");
    }
    never::may_start_together(left, right).then_some("may start from one change")
}

/// A live rule in a theme that another one silences, with more live rules leading there.
pub(super) fn silenced(
    tables: &Tables<'_, '_>,
    rules: &[Rule],
    themes: &BTreeMap<ThemeName, Theme>,
) {
    let mut counts: BTreeMap<&ThemeName, usize> = BTreeMap::new();
    let live = || {
        rules.iter().filter(|rule| rule.mode == Mode::Live).filter_map(|rule| match &rule.action {
            Action::Enroll { theme, .. } => Some((rule, theme)),
            Action::Unenroll { .. } | Action::Split | Action::Nothing => None,
        })
    };
    live().for_each(|(_, theme)| *counts.entry(theme).or_default() += 1);
    for (rule, theme) in live() {
        let own = counts.get(theme).copied().unwrap_or_default();
        let busier = themes.iter().find(|(name, other)| {
            let count = counts.get(name).copied().unwrap_or_default();
            other.blocks.contains(theme) && BUSIER_TIMES * own <= count
        });
        let (Some((busier, _)), Some(table)) = (busier, tables.get(rule.id.as_str())) else {
            continue;
        };
        let message = format!(
            "rule \"{}\" enrolls into theme \"{theme}\", which \"{busier}\" blocks: {} live rules \
             lead there, {own} here.",
            rule.id, counts[busier]
        );
        let hint = "Many of its people will be skipped as blocked-by-theme; `hubroute replay` \
                    counts them.";
        table.source.warning(code::LINT_SILENCED, table.span.clone(), message, hint);
    }
}

/// So many times the live rules make a theme the busier one: offline their number is all that is
/// known of its volume, and a theme that silences a few rules on purpose is no mistake.
const BUSIER_TIMES: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::gates::fixture::{changes, rule};

    #[track_caller]
    fn check(property: impl Fn(u32) -> String, expected: usize) {
        let rules: Vec<Rule> = (0..2_000)
            .map(|n| rule(&format!("rule-{n}"), changes(&property(n)), "intro"))
            .collect();
        let mut pairs = 0;
        for (rule, _, others) in alike(&rules) {
            assert!(others.iter().all(|other| other.when.subject == rule.when.subject));
            pairs += others.len();
        }
        assert_eq!(pairs, expected);
    }

    #[test]
    fn only_rules_of_one_property_are_compared_and_of_many_a_few() {
        check(|n| format!("property_{n}"), 0);
        check(|n| format!("property_{}", n / 2), 1_000);
        let first = COMPARED_MAX * (COMPARED_MAX - 1) / 2;
        check(|_| "stage".to_owned(), first + (2_000 - COMPARED_MAX) * COMPARED_MAX);
    }
}
