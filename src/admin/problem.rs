//! Every refusal of this listener, in one shape: `{"error":{"code","message","hint"}}`.

use std::fmt;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use serde_json::Value;

use super::office::{PressError, ReloadError};
use crate::port::LedgerError;

/// A refusal.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    status: StatusCode,
    body: Body,
}

#[derive(Clone, Debug, Serialize)]
struct Body {
    error: Words,
    /// What is wrong with the rules, where that is the problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    diagnostics: Option<Vec<Value>>,
}

#[derive(Clone, Debug, Serialize)]
struct Words {
    code: &'static str,
    message: String,
    hint: String,
}

impl Problem {
    /// A refusal: its stable code, what is wrong, and what to do.
    pub(super) fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        let error = Words { code, message: message.into(), hint: hint.into() };
        Self { status, body: Body { error, diagnostics: None } }
    }

    /// A 400 about the query.
    pub(super) fn query(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-query", message, hint)
    }

    /// A 404 about something that was named.
    pub(super) fn not_found(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", message, hint)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.body.error.message)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut answer = HttpResponse::build(self.status);
        if self.status == StatusCode::UNAUTHORIZED {
            answer.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
        }
        answer.json(&self.body)
    }
}

impl From<LedgerError> for Problem {
    fn from(error: LedgerError) -> Self {
        let hint = match error {
            LedgerError::Unwritable(_) => "Look at the disk, then ask again; nothing changed.",
            LedgerError::Stopped => "Restart the router.",
        };
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Self::new(status, "store-unavailable", format!("{error}."), hint)
    }
}

impl From<PressError> for Problem {
    fn from(error: PressError) -> Self {
        match error {
            PressError::NotFound => Self::not_found(
                format!("{error}."),
                "GET /api/v1/held and /api/v1/in-doubt list what there is.",
            ),
            PressError::Conflict(why) => Self::new(
                StatusCode::CONFLICT,
                "conflict",
                why,
                "Read the list again before you press.",
            ),
            PressError::Ledger(error) => error.into(),
        }
    }
}

impl From<ReloadError> for Problem {
    fn from(error: ReloadError) -> Self {
        match error {
            ReloadError::Refused(refusal) => {
                let mut problem = Self::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "rules-refused",
                    refusal.sentence,
                    "The rules before stay in use. Mend what diagnostics names and reload.",
                );
                problem.body.diagnostics = Some(refusal.diagnostics);
                problem
            }
            ReloadError::Ledger(error) => error.into(),
        }
    }
}
