//! The account, its clock and its calls, and what the token may do.

use std::collections::BTreeSet;

use super::unread;
use crate::domain::portal::facts::{Portal, Usage};
use crate::domain::portal::finding::{At, Finding, Sign, Topic};
use crate::domain::portal::needs;
use crate::domain::rule::{RuleSet, code};
use crate::domain::time::SECOND_MS;

/// A clock that is further off than this is a warning. HubSpot's signatures are taken 60 s before
/// and 300 s behind our clock (PRODUCT.md), so there is time left to set it.
const SKEW_MAX_MS: u64 = 30 * SECOND_MS;
/// The day's calls are said to run out from this share of them on, in percent.
const USED_MUCH: u64 = 80;

pub(super) fn judge(portal: &Portal, rules: Option<&RuleSet>) -> Vec<Finding> {
    let topic = Topic::Account;
    let mut found = vec![match (&portal.account, rules) {
        (Err(why), _) => unread(topic, "the account", why),
        (Ok(account), Some(rules)) if account.portal != rules.portal.id => {
            let what = format!(
                "the token is of account {}, and [portal] id is {}",
                account.portal, rules.portal.id
            );
            let todo = "take the token of that account, or the rules of this one";
            Finding::with(topic, Sign::Wrong, what, todo)
                .coded(code::PORTAL_OTHER, At::Table("[portal]"))
        }
        (Ok(account), _) => {
            let kind = account.kind.as_deref().map(|kind| format!(" ({kind})"));
            Finding::good(topic, format!("account {}{}", account.portal, kind.unwrap_or_default()))
        }
    }];
    found.extend(portal.skew_ms.map(clock));
    match &portal.usage {
        Ok(usage) => found.push(calls(*usage)),
        // After the first refusal nothing more is learned from the second.
        Err(_) if portal.account.is_err() => {}
        Err(why) => found.push(unread(topic, "the calls of today", why)),
    }
    found
}

fn clock(skew_ms: i64) -> Finding {
    let seconds = skew_ms.unsigned_abs() / SECOND_MS;
    let side = if skew_ms < 0 { "behind" } else { "ahead of" };
    if skew_ms.unsigned_abs() <= SKEW_MAX_MS {
        return Finding::good(Topic::Account, "this machine's clock agrees with HubSpot's");
    }
    let what = format!("this machine's clock is {seconds} s {side} HubSpot's");
    let todo = "let NTP set it: deliveries signed too far off are refused";
    Finding::with(Topic::Account, Sign::Warn, what, todo)
}

fn calls(usage: Usage) -> Finding {
    let Usage { used, limit } = usage;
    let what = format!("{used} of {limit} API calls of today are used");
    if limit.saturating_mul(USED_MUCH) <= used.saturating_mul(100) {
        let todo = "see which app makes them; enrollments wait once they are gone";
        return Finding::with(Topic::Account, Sign::Warn, what, todo);
    }
    Finding::good(Topic::Account, what)
}

/// Scopes needed against scopes granted; without the latter, the least that are needed.
pub(super) fn scopes(portal: &Portal, rules: Option<&RuleSet>) -> Vec<Finding> {
    let needed = needs::scopes(rules);
    let least: Vec<&str> = needed.iter().map(|scope| scope.names[0]).collect();
    let token = match &portal.token {
        Ok(token) => token,
        Err(_) if portal.account.is_err() => return Vec::new(),
        Err(why) => {
            let what = format!("the token's scopes ({why}); the least are {}", least.join(", "));
            let todo = "compare them with the app's";
            return vec![Finding::with(Topic::Scopes, Sign::Unknown, what, todo)];
        }
    };
    let mut found = Vec::new();
    let mut wanted: BTreeSet<&str> = ["oauth"].into();
    for scope in &needed {
        let granted = scope.names.iter().find(|name| token.scopes.contains(**name));
        wanted.extend(granted);
        found.push(match (granted, scope.essential) {
            (Some(name), _) => Finding::good(Topic::Scopes, format!("{name}: {}", scope.purpose)),
            (None, true) => Finding::with(
                Topic::Scopes,
                Sign::Refused,
                format!("{} is not granted: {}", scope.names[0], scope.purpose),
                "add it to the app's requiredScopes, upload, and install the app again",
            ),
            (None, false) => Finding::with(
                Topic::Scopes,
                Sign::Unknown,
                format!("{} is not granted: {}", scope.names[0], scope.purpose),
                "routing does not need it; without it, look in HubSpot",
            ),
        });
    }
    let more: Vec<&str> =
        token.scopes.iter().map(String::as_str).filter(|name| !wanted.contains(name)).collect();
    if !more.is_empty() && rules.is_some() {
        let what = format!("more than the rules need: {}", more.join(", "));
        let todo = "take them from the app: whoever steals the token can do less";
        found.push(Finding::with(Topic::Scopes, Sign::Warn, what, todo));
    }
    found
}
