//! How many emails an inbox will send in the next days, from the sequences that run in its name.

use super::query::Running;
use super::rule::{Action, RuleSet, SenderSpec};
use super::time::{DAY_MS, Timestamp};

/// Days looked ahead.
pub const DAYS: usize = 5;
/// Emails of a sequence whose rule is gone: the default of `emails`.
const EMAILS: u32 = 4;

/// How far back an enrollment may have begun that still sends: the longest sequence.
pub fn looks_back_ms(rules: &RuleSet) -> u64 {
    let longest = rules.sequences.values().map(|sequence| sequence.emails).max();
    u64::from(longest.unwrap_or(EMAILS)) * DAY_MS
}

/// Emails in each of the next days. HubSpot tells no delays between the emails of a sequence:
/// one a day is assumed, the first at enrollment, which is the fullest the inbox can get.
pub fn emails(rules: &RuleSet, spec: &SenderSpec, running: &[Running], now: Timestamp) -> Vec<u32> {
    let mut days = vec![0; DAYS];
    for it in running.iter().filter(|it| it.inbox == spec.inbox) {
        let rule = rules.rule(&it.rule);
        // Of a split it is not known here which arm it was: the longest is assumed.
        let all = rule.into_iter().flat_map(|rule| [rule].into_iter().chain(&rule.arms));
        let sequences = all.filter_map(|rule| match &rule.action {
            Action::Enroll { target, .. } => rules.sequences.get(&target.name),
            Action::Unenroll { .. } | Action::Split | Action::Nothing => None,
        });
        let emails = sequences.map(|sequence| sequence.emails).max();
        let emails = u64::from(emails.unwrap_or(EMAILS));
        let sent = now.since_ms(it.began) / DAY_MS + 1;
        let left = usize::try_from(emails.saturating_sub(sent)).unwrap_or(usize::MAX);
        days.iter_mut().take(left).for_each(|count| *count += 1);
    }
    days
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::gates::fixture::{NOW, changes, rule, rules};

    #[test]
    fn each_running_sequence_sends_one_email_a_day_until_its_last() {
        let set = rules(vec![rule("inbound", changes("p"), "intro")]);
        let began = |days_ago: u64, inbox: &str| Running {
            inbox: inbox.into(),
            rule: "inbound".into(),
            began: NOW.minus_ms(days_ago * DAY_MS),
        };
        let dana = &set.senders["dana"];
        let own = "dana@acme.com";
        let running = [began(0, own), began(2, own), began(9, own), began(0, "luis@acme.com")];
        // Four emails each: three left of today's, one of the other.
        assert_eq!(emails(&set, dana, &running, NOW), [2, 1, 1, 0, 0]);
        assert_eq!(looks_back_ms(&set), 4 * DAY_MS);
    }
}
