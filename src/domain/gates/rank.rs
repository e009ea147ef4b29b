//! Who comes first: the best priority of each theme, and a theme that blocks before those that
//! it blocks.

use std::collections::BTreeMap;

use crate::domain::id::{RuleId, ThemeName};
use crate::domain::rule::Theme;
use crate::domain::time::Timestamp;

/// What ranking looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// Under which theme it would enroll.
    pub theme: &'a ThemeName,
    /// Its rule.
    pub rule: &'a RuleId,
    /// 1 is first.
    pub priority: u16,
    /// It only watches: it ranks among its like, and never before a live one (CONSISTENCY.md 6.1).
    pub dry_run: bool,
    /// `if_blocked = "next"`: it may turn out to stand in nobody's way.
    pub next: bool,
    /// When its trigger fired.
    pub fired_at: Timestamp,
}

/// The one that surely came before `candidates[index]` in its theme: lowest priority number, ties
/// by id.
/// Another firing of the same rule does not outrank it: the theme settles that.
pub fn winner<'a, 'c>(candidates: &'a [Candidate<'c>], index: usize) -> Option<&'a Candidate<'c>> {
    let own = &candidates[index];
    let rivals = candidates.iter().filter(|it| it.theme == own.theme && it.dry_run == own.dry_run);
    let best = rivals.filter(|it| !it.next).min_by_key(|it| (it.priority, it.rule))?;
    ((best.priority, best.rule) < (own.priority, own.rule)).then_some(best)
}

/// The order in which candidates are judged, as indexes.
pub fn order(candidates: &[Candidate<'_>], themes: &BTreeMap<ThemeName, Theme>) -> Vec<usize> {
    let mut left: Vec<usize> = (0..candidates.len()).collect();
    left.sort_by_key(|index| {
        let it = &candidates[*index];
        (it.priority, it.rule, it.fired_at)
    });
    let mut ordered = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let is_first = |index: &usize| {
            let own = candidates[*index].theme;
            !left.iter().any(|other| blocks_only(themes, candidates[*other].theme, own))
        };
        // Themes that block each other in a ring: whoever has the better priority comes first.
        let next = left.iter().position(is_first).unwrap_or(0);
        ordered.push(left.remove(next));
    }
    ordered
}

/// `a` blocks `b`, and `b` does not block `a`.
fn blocks_only(themes: &BTreeMap<ThemeName, Theme>, a: &ThemeName, b: &ThemeName) -> bool {
    let blocks = |it: &ThemeName, other: &ThemeName| {
        themes.get(it).is_some_and(|theme| theme.blocks.contains(other))
    };
    a != b && blocks(a, b) && !blocks(b, a)
}
