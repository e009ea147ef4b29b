//! How whole the memory of enrollments is (CONSISTENCY.md 6.14 and 6.18): whether it was seeded,
//! what must still be looked for, and whether it came from a backup.

use serde::{Deserialize, Serialize};

use super::record::Press;
use super::rule::{Action, Mode, Rule, RuleSet};
use super::time::{MINUTE_MS, Timestamp};

/// A shorter silence than this is a restart, and hides nothing.
const SILENCE_MS: u64 = 5 * MINUTE_MS;
/// How much earlier than the last record a search begins: clocks are not quite in step.
pub const BEFORE_MS: u64 = 10 * MINUTE_MS;

/// See the module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recall {
    /// When HubSpot was searched for everything that was enrolled before, or a person said that
    /// nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seeded: Option<Timestamp>,
    /// Since when enrollments and changes must be looked for; `None`: nothing is owed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owed: Option<Timestamp>,
    /// When the backup that this store came from was brought back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored: Option<Timestamp>,
}

/// How whole the memory is, after something changed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recalled {
    /// When.
    pub at: Timestamp,
    /// What holds from then on.
    pub recall: Recall,
    /// Who pressed it, where somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub press: Option<Press>,
}

/// What changes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remembering {
    /// Everything that was enrolled before is booked.
    Seeded,
    /// Enrollments and changes since then must be looked for.
    Owes(Timestamp),
    /// They were looked for.
    Paid,
    /// The backup it came from was brought back then.
    Restored(Timestamp),
}

impl Recall {
    /// It, changed at `at`.
    #[must_use]
    pub fn after(self, change: Remembering, at: Timestamp) -> Self {
        match change {
            Remembering::Seeded => Self { seeded: Some(at), ..self },
            Remembering::Owes(since) => Self { owed: Some(since), ..self },
            Remembering::Paid => Self { owed: None, ..self },
            Remembering::Restored(at) => Self { restored: Some(at), ..self },
        }
    }

    /// Since when a start at `now` must look, where the newest record is from `last` and the
    /// store is, or is not, a backup of `backup`. The earliest of all reasons counts.
    pub fn owed_at_start(
        self,
        last: Option<Timestamp>,
        backup: Option<Timestamp>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let before = last.map(|last| last.minus_ms(BEFORE_MS));
        let silent = last.filter(|last| SILENCE_MS < now.since_ms(*last)).and(before);
        let restored = backup.map(|taken| before.map_or(taken, |before| before.min(taken)));
        [self.owed, silent, restored].into_iter().flatten().min()
    }

    /// Whether a person must be told that nobody looked for what was enrolled before the router's
    /// first live day.
    pub fn must_be_told(self, rules: &RuleSet) -> bool {
        self.seeded.is_none() && rules.rules.iter().any(is_live)
    }
}

/// Whether it enrolls, by itself or once a person approved.
fn is_live(rule: &Rule) -> bool {
    let enrolls = match &rule.action {
        Action::Enroll { .. } | Action::Split => true,
        Action::Unenroll { then, .. } => then.is_some(),
        Action::Nothing => false,
    };
    enrolls && Mode::Approval <= rule.mode
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::gates::fixture::{changes, rule, rules};

    const NOON: Timestamp = Timestamp::from_unix_ms(1_000 * MINUTE_MS);

    fn minutes(before: u64) -> Timestamp {
        NOON.minus_ms(before * MINUTE_MS)
    }

    #[track_caller]
    fn check(owed: Option<u64>, last: Option<u64>, backup: Option<u64>, expected: Option<u64>) {
        let recall = Recall { owed: owed.map(minutes), ..Recall::default() };
        let found = recall.owed_at_start(last.map(minutes), backup.map(minutes), NOON);
        assert_eq!(found, expected.map(minutes));
    }

    #[test]
    fn a_start_looks_from_before_the_last_record_when_that_is_more_than_five_minutes_ago() {
        check(None, None, None, None);
        check(None, Some(5), None, None);
        check(None, Some(6), None, Some(16));
        check(None, Some(600), None, Some(610));
    }

    #[test]
    fn a_backup_is_looked_behind_however_short_the_silence_was() {
        check(None, Some(1), Some(2), Some(11));
        check(None, Some(1), Some(30), Some(30));
        check(None, None, Some(30), Some(30));
    }

    #[test]
    fn what_was_owed_stays_owed_until_it_is_paid() {
        check(Some(90), Some(1), None, Some(90));
        check(Some(90), Some(300), None, Some(310));
        let recall = Recall { owed: Some(NOON), ..Recall::default() };
        assert_eq!(recall.after(Remembering::Paid, NOON).owed, None);
    }

    #[test]
    fn somebody_is_told_while_a_rule_enrolls_and_nothing_was_seeded() {
        let live = rule("a", changes("x"), "intro");
        let told =
            |mode, recall: Recall| recall.must_be_told(&rules(vec![Rule { mode, ..live.clone() }]));
        assert!(told(Mode::Live, Recall::default()));
        assert!(told(Mode::Approval, Recall::default()));
        assert!(!told(Mode::DryRun, Recall::default()), "it enrolls nobody");
        let seeded = Recall::default().after(Remembering::Seeded, NOON);
        assert!(!told(Mode::Live, seeded));
    }
}
