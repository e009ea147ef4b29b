//! The answer of one enroll call as an [`Outcome`] (HUBSPOT.md 3.4 and 7.5; PRODUCT.md "On an
//! enroll call").
//!
//! What is not surely undone is unknown: every 5xx, 408, 3xx, a 2xx of the wrong shape and an
//! answer that broke off.

use serde_json::Value;

use super::codes::{Meaning, meaning};
use super::envelope::{Envelope, clean, describe};
use super::json::{instant, text};
use super::quota::{SlowDown, slow_down};
use super::wire::{Lost, Reply};
use crate::domain::outcome::{Concerns, Later, Outcome};
use crate::port::Answered;

/// What a 2xx must look like to be believed. HTML and an error body never are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Receipt {
    /// JSON with an `id`: the documented sequence calls.
    Enrollment,
    /// Any: workflows, and everything of the route map.
    Any,
}

/// Classifies the answer of a call that changes something, and takes HubSpot's id of it along.
pub(super) fn answered(receipt: Receipt, answer: &Result<Reply, Lost>) -> Answered {
    let correlation = answer.as_ref().ok().and_then(correlation);
    Answered { outcome: outcome(receipt, answer), correlation }
}

/// Classifies the answer of an enroll call.
fn outcome(receipt: Receipt, answer: &Result<Reply, Lost>) -> Outcome {
    match answer {
        Ok(reply) => of_reply(receipt, reply),
        Err(Lost::NotSent(_)) => Outcome::RetryAfter { why: Later::Unreachable, delay_ms: None },
        Err(Lost::NoAnswer(why)) => Outcome::Unknown { why: why.clone() },
    }
}

/// The header of HubSpot's id of a call (HUBSPOT.md 7.4).
const CORRELATION: &str = "x-hubspot-correlation-id";

/// HubSpot's id of the call, by header or by error body, fit for records.
fn correlation(reply: &Reply) -> Option<String> {
    let header = reply.headers.get(CORRELATION).and_then(|value| value.to_str().ok());
    let of_body = || Envelope::read(reply.body().ok()?)?.correlation;
    let id = header.map(str::to_owned).or_else(of_body)?;
    Some(clean(&id)).filter(|id| !id.is_empty())
}

fn of_reply(receipt: Receipt, reply: &Reply) -> Outcome {
    if let Some(SlowDown { delay_ms }) = slow_down(reply) {
        return Outcome::RetryAfter { why: Later::Busy, delay_ms };
    }
    let message = || describe(reply.status, reply.body().unwrap_or_default());
    match (reply.status, reply.body()) {
        (401 | 403, _) => Outcome::Halted { target_only: reply.status == 403, message: message() },
        (_, Err(why)) => Outcome::Unknown { why: format!("HTTP {}: {why}", reply.status) },
        (200..=299, Ok(body)) => accepted(receipt, reply, body),
        (400 | 409, Ok(body)) => refused(body, message()),
        (408, Ok(_)) => Outcome::Unknown { why: message() },
        (400..=499, Ok(_)) => Outcome::Refused { concerns: Concerns::Request, message: message() },
        (300..=399, Ok(_)) => {
            Outcome::Unknown { why: format!("HTTP {}: redirects are not followed", reply.status) }
        }
        (_, Ok(_)) => Outcome::Unknown { why: message() },
    }
}

fn accepted(receipt: Receipt, reply: &Reply, body: &[u8]) -> Outcome {
    let json: Option<Value> = serde_json::from_slice(body).ok();
    let field = |name: &str| json.as_ref().and_then(|json| json.get(name));
    let enrollment = field("id").and_then(text);
    let denied = field("status").is_some_and(|status| status == "error");
    if denied || reply.is_html() || (receipt == Receipt::Enrollment && enrollment.is_none()) {
        return Outcome::Unknown { why: format!("HTTP {} of the wrong shape", reply.status) };
    }
    Outcome::Accepted { enrolled_at: field("enrolledAt").and_then(instant), enrollment }
}

fn refused(body: &[u8], message: String) -> Outcome {
    match Envelope::read(body).as_ref().and_then(meaning) {
        Some(Meaning::SenderFull) => Outcome::SenderFull,
        Some(Meaning::AlreadyEnrolled) => Outcome::AlreadyEnrolled,
        Some(Meaning::Concerns(concerns)) => Outcome::Refused { concerns, message },
        None => Outcome::Refused { concerns: Concerns::Request, message },
    }
}

#[cfg(test)]
mod tests;
