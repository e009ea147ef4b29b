//! What a read found, or why it found nothing (HUBSPOT.md 7.5).

use serde_json::Value;

use super::envelope::{Envelope, describe};
use super::quota::{SlowDown, retry_after_ms, slow_down};
use super::wire::{Lost, Reply};
use crate::domain::outcome::{Concerns, Later, Outcome, ReadFailure};

/// The usable answer of a read.
#[derive(Debug, PartialEq)]
pub(super) enum Found {
    /// JSON.
    Json(Value),
    /// 204.
    NoContent,
    /// Another 2xx without a body.
    Blank,
    /// 404.
    Missing(Missing),
}

/// How far a 404 can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// HubSpot's error body with category OBJECT_NOT_FOUND.
    Object,
    /// HubSpot's error body without a category.
    Unnamed,
    /// Something else: a gateway, or a path that does not exist.
    Path,
}

/// Why a read gave nothing. Richer than [`ReadFailure`]: it keeps 401 and 403 apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    Later { why: Later, delay_ms: Option<u64>, message: String },
    Halted { target_only: bool, message: String },
    Refused { message: String },
}

impl Failure {
    /// No usable answer; `what` says why.
    pub(super) fn unusable(what: impl Into<String>) -> Self {
        Self::Later { why: Later::Unreachable, delay_ms: None, message: what.into() }
    }
}

impl From<Failure> for ReadFailure {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Later { why, delay_ms, message } => Self::Later { why, delay_ms, message },
            Failure::Halted { message, .. } => Self::Halted { message },
            Failure::Refused { message } => Self::Refused { message },
        }
    }
}

impl From<Failure> for Outcome {
    /// A read that had to come before an enroll failed: nothing was sent.
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Later { why, delay_ms, .. } => Self::RetryAfter { why, delay_ms },
            Failure::Halted { target_only, message } => Self::Halted { target_only, message },
            Failure::Refused { message } => Self::Refused { concerns: Concerns::Request, message },
        }
    }
}

/// Classifies the answer of a read.
pub(super) fn found(answer: Result<Reply, Lost>) -> Result<Found, Failure> {
    let reply = answer.map_err(|lost| match lost {
        Lost::NotSent(why) | Lost::NoAnswer(why) => Failure::unusable(why),
    })?;
    let message = || describe(reply.status, reply.body().unwrap_or_default());
    if let Some(SlowDown { delay_ms }) = slow_down(&reply) {
        return Err(Failure::Later { why: Later::Busy, delay_ms, message: message() });
    }
    match reply.status {
        204 => Ok(Found::NoContent),
        200..=299 => usable(&reply),
        401 | 403 => Err(Failure::Halted { target_only: reply.status == 403, message: message() }),
        404 => missing(&reply).map(Found::Missing),
        408 | 500.. => Err(Failure::Later {
            why: Later::Unreachable,
            delay_ms: retry_after_ms(&reply.headers),
            message: message(),
        }),
        400..=499 => Err(Failure::Refused { message: message() }),
        status => Err(Failure::unusable(format!("HTTP {status}: redirects are not followed"))),
    }
}

fn usable(reply: &Reply) -> Result<Found, Failure> {
    let body = reply.body().map_err(Failure::unusable)?;
    if body.trim_ascii().is_empty() {
        return Ok(Found::Blank);
    }
    match serde_json::from_slice::<Value>(body) {
        Ok(value) if value.get("status").is_some_and(|status| status == "error") => {
            Err(Failure::unusable(describe(reply.status, body)))
        }
        Ok(value) => Ok(Found::Json(value)),
        Err(_) => Err(Failure::unusable(format!("HTTP {} whose body is not JSON", reply.status))),
    }
}

fn missing(reply: &Reply) -> Result<Missing, Failure> {
    let body = reply.body().map_err(Failure::unusable)?;
    match Envelope::read(body).map(|envelope| envelope.category) {
        Some(Some(category)) if category == "OBJECT_NOT_FOUND" => Ok(Missing::Object),
        Some(Some(_)) => Err(Failure::Refused { message: describe(404, body) }),
        Some(None) => Ok(Missing::Unnamed),
        None => Ok(Missing::Path),
    }
}

/// The object a read names: its JSON, or `None` for HubSpot's own 404.
pub(super) fn object(answer: Result<Reply, Lost>) -> Result<Option<Value>, Failure> {
    match found(answer)? {
        Found::Json(value) => Ok(Some(value)),
        Found::Missing(Missing::Object | Missing::Unnamed) => Ok(None),
        Found::Missing(Missing::Path) => Err(Failure::unusable(describe(404, b""))),
        Found::NoContent | Found::Blank => Err(Failure::unusable("an answer without a body")),
    }
}
