//! How long HubSpot asks us to wait, and what is left of the day (HUBSPOT.md 7.2, 7.3, 7.5).

use std::sync::{Mutex, PoisonError};

use reqwest::header::HeaderMap;

use super::envelope::Envelope;
use super::wire::Reply;
use crate::domain::time::{DAY_MS, SECOND_MS};
use crate::port::DailyQuota;

/// HubSpot's longest documented wait: a migration between data centers (477).
const WAIT_MAX_MS: u64 = DAY_MS;
/// The shortest wait between calls on a locked record (423).
const LOCKED_MS: u64 = 2 * SECOND_MS;

/// Which of HubSpot's limits a 429 names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Policy {
    TenSeconds,
    Second,
    Day,
}

impl Policy {
    /// By `policyName`, or by the message, which quotes it in lower case.
    fn of(reply: &Reply) -> Option<Self> {
        let envelope = Envelope::read(reply.body().ok()?)?;
        let named = envelope.policy.iter().chain(&envelope.messages);
        named.map(|text| text.to_ascii_uppercase()).find_map(|text| match text {
            _ if text.contains("TEN_SECONDLY") => Some(Self::TenSeconds),
            _ if text.contains("SECONDLY") => Some(Self::Second),
            _ if text.contains("DAILY") => Some(Self::Day),
            _ => None,
        })
    }

    fn wait_ms(self) -> Option<u64> {
        match self {
            Self::TenSeconds => Some(10 * SECOND_MS),
            Self::Second => Some(SECOND_MS),
            // Until the account's midnight, which is not known here: see `Quota`.
            Self::Day => None,
        }
    }
}

/// HubSpot asks us to slow down; nothing was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SlowDown {
    /// How long, where it says so.
    pub(super) delay_ms: Option<u64>,
}

/// Whether HubSpot asks us to slow down (429, 423, 477).
pub(super) fn slow_down(reply: &Reply) -> Option<SlowDown> {
    let asked = retry_after_ms(&reply.headers);
    let delay_ms = match reply.status {
        429 => asked.or_else(|| Policy::of(reply)?.wait_ms()),
        423 => Some(asked.unwrap_or(0).max(LOCKED_MS)),
        477 => asked,
        _ => return None,
    };
    Some(SlowDown { delay_ms })
}

/// `Retry-After` in whole seconds, as milliseconds, 24 hours at most.
pub(super) fn retry_after_ms(headers: &HeaderMap) -> Option<u64> {
    let seconds = number(headers, "retry-after")?;
    Some(seconds.saturating_mul(SECOND_MS).min(WAIT_MAX_MS))
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// The day's quota as HubSpot last told it.
#[derive(Debug, Default)]
pub(super) struct Quota(Mutex<Option<DailyQuota>>);

impl Quota {
    /// Takes what an answer tells. A 429 by the DAILY policy tells that nothing is left, with
    /// or without the headers.
    pub(super) fn observe(&self, reply: &Reply) {
        let limit = number(&reply.headers, "x-hubspot-ratelimit-daily");
        let spent = reply.status == 429 && Policy::of(reply) == Some(Policy::Day);
        let told = number(&reply.headers, "x-hubspot-ratelimit-daily-remaining");
        let Some(remaining) = told.filter(|_| !spent).or(spent.then_some(0)) else { return };
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let limit = limit.or(last.and_then(|last| last.limit));
        *last = Some(DailyQuota { limit, remaining });
    }

    /// What HubSpot told last.
    pub(super) fn last(&self) -> Option<DailyQuota> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(head: &[(&'static str, &str)], body: &str, expected: Option<(Option<u64>, u64)>) {
        let quota = Quota::default();
        quota.observe(&Reply::scripted(429, head, body));
        assert_eq!(quota.last().map(|quota| (quota.limit, quota.remaining)), expected);
    }

    #[test]
    fn the_daily_headers_are_kept() {
        let head =
            [("x-hubspot-ratelimit-daily", "250000"), ("x-hubspot-ratelimit-daily-remaining", "7")];
        check(&head, "", Some((Some(250_000), 7)));
        check(&[], "", None);
    }

    #[test]
    fn a_daily_429_leaves_nothing() {
        check(&[], r#"{"status":"error","policyName":"DAILY"}"#, Some((None, 0)));
    }

    #[test]
    fn an_answer_without_headers_changes_nothing() {
        let quota = Quota::default();
        let head = [("x-hubspot-ratelimit-daily-remaining", "7")];
        quota.observe(&Reply::scripted(200, &head, ""));
        quota.observe(&Reply::scripted(200, &[], ""));
        assert_eq!(quota.last().map(|quota| quota.remaining), Some(7));
    }
}
