//! From what is needed and what HubSpot told to findings.

mod account;
mod beside;
mod markers;
mod people;
mod sources;
mod targets;
mod webhooks;

use super::arrivals::Arrivals;
use super::facts::{Portal, Unread};
use super::finding::{Finding, Sign, Topic};
use crate::domain::rule::RuleSet;

/// What is judged, by what.
#[derive(Clone, Copy, Debug)]
pub struct Question<'q> {
    /// The rules.
    pub rules: &'q RuleSet,
    /// What HubSpot told.
    pub portal: &'q Portal,
    /// What has arrived; `None` where there is no store yet.
    pub arrivals: Option<&'q Arrivals>,
    /// The profile's workflow calls take flow ids as they stand: no mapping is needed.
    pub by_flow_id: bool,
}

/// What can be said of the account and the token, whatever the rules are.
pub fn access(portal: &Portal, rules: Option<&RuleSet>) -> Vec<Finding> {
    let mut found = account::judge(portal, rules);
    found.extend(account::scopes(portal, rules));
    found
}

/// What can be said of the rules and the address book.
pub fn judge(question: Question<'_>) -> Vec<Finding> {
    let mut found = memory(question).into_iter().collect::<Vec<_>>();
    found.extend(people::judge(question));
    found.extend(targets::sequences(question));
    found.extend(beside::judge(question));
    found.extend(targets::workflows(question));
    found.extend(markers::judge(question));
    found.extend(targets::lists(question));
    found.extend(targets::properties(question));
    found.extend(webhooks::judge(question));
    found.extend(sources::judge(question));
    found.extend(targets::bridge(question));
    found
}

/// Whether anybody looked for what was enrolled before the first live day (CONSISTENCY.md 6.18).
fn memory(Question { rules, arrivals, .. }: Question<'_>) -> Option<Finding> {
    let recall = arrivals.map(Arrivals::recall).unwrap_or_default();
    if recall.must_be_told(rules) {
        let what = "nothing is known of who was enrolled before this router";
        let todo = "run hubroute seed, or hubroute seed --skip where nobody was";
        return Some(Finding::with(Topic::Rules, Sign::Warn, what, todo));
    }
    let at = recall.seeded?;
    Some(Finding::good(Topic::Rules, format!("the memory of enrollments was seeded {at}")))
}

/// A question that HubSpot did not answer.
fn unread(topic: Topic, what: &str, why: &Unread) -> Finding {
    let (sign, todo) = match why {
        Unread::Forbidden(_) => (Sign::Unknown, "give the token the scope, or look in HubSpot"),
        Unread::Untold(_) => (Sign::Unknown, "look in HubSpot"),
        Unread::Refused(_) => {
            (Sign::Refused, "copy the access token from the app's Auth page again")
        }
        Unread::Busy { .. } | Unread::Lost(_) => {
            (Sign::Refused, "try again; status.hubspot.com tells of outages")
        }
    };
    Finding::with(topic, sign, format!("{what}: {why}"), todo)
}
