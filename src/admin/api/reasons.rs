//! `GET /api/v1/reasons`: the vocabulary of decisions.

use actix_web::{Responder, web};
use serde::Serialize;

use crate::admin::shape::Page;
use crate::domain::reason::{Decision, Reason};

/// A reason and the decisions it stands beside.
#[derive(Debug, Serialize)]
struct Code {
    reason: Reason,
    decisions: &'static [Decision],
}

/// Every reason code.
pub(in crate::admin) async fn reasons() -> impl Responder {
    let codes =
        Reason::ALL.iter().map(|reason| Code { reason: *reason, decisions: reason.decisions() });
    web::Json(Page::new(codes.collect(), None))
}
