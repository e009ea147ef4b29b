//! `starts` and `ends`: when a rule is in effect. Its trigger fires only then, and what waits
//! when it ends is not sent any more.

use super::{Case, Notes, Passed, Stop};
use crate::domain::civil::Zone;
use crate::domain::reason::Reason;
use crate::domain::rule::Rule;
use crate::domain::sentence;
use crate::domain::time::Timestamp;

/// Stops outside the rule's dates.
pub fn check(case: &Case<'_>, notes: &mut Notes) -> Passed {
    let timing = &case.rule.timing;
    if timing.starts.is_none() && timing.ends.is_none() {
        return Ok(());
    }
    let Err(why) = in_effect(case.rule, case.view.now, case.zone()) else {
        notes.passed("dates", format!("in effect ({})", case.rule.place));
        return Ok(());
    };
    let stop = if case.item.matched {
        let text = sentence::no_longer_matches(&case.day(case.item.fired_at), &why);
        Stop::new(Reason::NoLongerMatches, text)
    } else {
        Stop::new(Reason::NoMatch, sentence::no_match(&case.rule.id, &why))
    };
    Err(notes.stop("dates", format!("{why} ({})", case.rule.place), stop))
}

/// Whether `rule` is in effect at `at`; the error says since or until when it is not.
pub fn in_effect(rule: &Rule, at: Timestamp, zone: &Zone) -> Result<(), String> {
    let timing = &rule.timing;
    if let Some(starts) = timing.starts.filter(|starts| at < *starts) {
        return Err(format!("the rule starts on {}", sentence::day(starts, zone)));
    }
    if let Some(ends) = timing.ends.filter(|ends| *ends <= at) {
        return Err(format!("the rule ended on {}", sentence::day(ends.minus_ms(1), zone)));
    }
    Ok(())
}
