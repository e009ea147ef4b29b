//! `limits`: enrollments of a rule in any hour and any 24 hours, over all people
//! (CONSISTENCY.md 6.10).

use super::{Case, Notes, Passed, Stop};
use crate::domain::id::RuleId;
use crate::domain::reason::{Decision, Reason};
use crate::domain::rule::{Limit, Rule};
use crate::domain::sentence;
use crate::domain::slots;
use crate::domain::time::{HOUR_MS, MINUTE_MS, Timestamp};
use crate::domain::view::RuleSlots;

/// How soon a limit is looked at again when only open calls stand in the way.
const OPEN_CALLS_MS: u64 = MINUTE_MS;

/// One limit of a rule, as a reservation checks it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitSeen {
    /// The rule, and its former id.
    pub rules: Vec<RuleId>,
    /// The limit.
    pub limit: Limit,
}

impl LimitSeen {
    /// Whether no place is left, by these counts.
    pub fn is_reached(&self, counted: &RuleSlots, now: Timestamp) -> bool {
        let rules = self.rules.iter().filter_map(|rule| counted.get(rule));
        let used: u32 = rules.map(|slots| slots.used(self.limit.within_ms, now)).sum();
        self.limit.max <= used
    }
}

/// What a reservation for `rule` must check again.
pub fn seen(rule: &Rule) -> Vec<LimitSeen> {
    let rules: Vec<RuleId> = [&rule.id].into_iter().chain(&rule.was).cloned().collect();
    let seen = |limit: &Limit| LimitSeen { rules: rules.clone(), limit: *limit };
    rule.limits.rolling.iter().map(seen).collect()
}

/// Stops while a limit of the rule is reached.
pub fn check(case: &Case<'_>, notes: &mut Notes) -> Passed {
    let now = case.view.now;
    let counted = &case.view.memory.counters.rules;
    let mut reached: Option<(Limit, Option<Timestamp>)> = None;
    for seen in seen(case.rule) {
        if !seen.is_reached(counted, now) {
            continue;
        }
        let slots = || seen.rules.iter().filter_map(|rule| counted.get(rule));
        let mut settled: Vec<Timestamp> = slots().flat_map(|slots| slots.settled()).collect();
        settled.sort_unstable();
        let open = slots().map(|slots| slots.open()).sum();
        let Limit { max, within_ms } = seen.limit;
        let free = slots::next_free((open, &settled), max, within_ms, now);
        // The one that is reached longest says when it goes on.
        if reached.is_none_or(|(_, other)| other < free) {
            reached = Some((seen.limit, free));
        }
    }
    let Some((limit, free)) = reached else {
        if !case.rule.limits.rolling.is_empty() {
            notes.passed("limits", "not reached");
        }
        return Ok(());
    };
    let per = if limit.within_ms == HOUR_MS { "hour" } else { "day" };
    let text = sentence::rule_limit(&case.rule.id, (limit.max, per), free, case.zone());
    let mut stop = Stop::new(Reason::RuleLimit, text);
    if case.rule.limits.skip {
        stop.decision = Decision::Skip;
        stop.until = free;
    } else {
        stop.until = Some(free.unwrap_or_else(|| now.plus_ms(OPEN_CALLS_MS)));
    }
    let detail = format!("{} per {per} reached ({})", limit.max, case.rule.place);
    Err(notes.stop("limits", detail, stop))
}
