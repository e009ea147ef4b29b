//! What a caller is told: a status and nothing else. The cause is counted and logged, once each
//! time its count doubles, so that a flood of bad requests does not become a flood of lines.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use thiserror::Error;
use tracing::warn;

use super::Counters;
use crate::domain::signature::Rejection;

/// Seconds after which HubSpot may come again when a delivery could not be kept.
const RETRY_AFTER_SECONDS: u32 = 5;

/// Why a request was turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum Refusal {
    /// Anything wrong with the signature, its age or its headers: the same for every cause.
    #[error(transparent)]
    Rejected(Rejection),
    /// The body is over `[server] body_limit`.
    #[error("its body is over [server] body_limit")]
    TooLarge,
    /// The body did not come in time.
    #[error("its body did not come in time")]
    TooSlow,
    /// The body broke off.
    #[error("its body broke off")]
    BrokenOff,
    /// Too many bytes are under way already.
    #[error("too many bytes are under way")]
    Busy,
    /// The store did not keep it.
    #[error("it was not kept")]
    NotKept(&'static str),
}

impl Refusal {
    /// The word it is counted under.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Rejected(rejection) => rejection.code(),
            Self::TooLarge => "too-large",
            Self::TooSlow => "too-slow",
            Self::BrokenOff => "broken-off",
            Self::Busy => "busy",
            Self::NotKept(code) => code,
        }
    }

    /// Counts it and, at the first and then whenever the count doubles, writes it to the log.
    pub(super) fn report(self, counters: &Counters, hint: Option<&str>) {
        let count = counters.refuse(self.code());
        if count.is_power_of_two() {
            let cause = self.code();
            let advice = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
            warn!(cause, count, hint, "a webhook request was turned away: {self}{advice}");
        }
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Rejected(_) => StatusCode::UNAUTHORIZED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::BrokenOff => StatusCode::BAD_REQUEST,
            Self::Busy | Self::NotKept(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        if self.status_code() == StatusCode::SERVICE_UNAVAILABLE {
            response.insert_header((header::RETRY_AFTER, RETRY_AFTER_SECONDS.to_string()));
        }
        // Only whoever signed keeps the connection (see `webhook`).
        if !matches!(self, Self::NotKept(_)) {
            response.force_close();
        }
        response.finish()
    }
}
