//! Looking for changes that were never delivered.

use actix_web::http::StatusCode;
use actix_web::web;
use serde::{Deserialize, Serialize};

use crate::admin::office::Office;
use crate::admin::problem::Problem;
use crate::admin::shape::{Instant, Text, instant};
use crate::domain::id::ContactId;
use crate::domain::time::Timestamp;

/// Since when.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct Since {
    since: String,
}

/// How far it is.
#[derive(Debug, Serialize)]
pub(in crate::admin) struct Reconciled {
    running: bool,
    since: Instant,
    percent: u8,
    contacts: u64,
    missed: u64,
    recovered: u64,
    booked: u64,
    merged: u64,
    deleted: u64,
    gone_count: u64,
    gone: Vec<Text<ContactId>>,
    failed: Option<String>,
}

/// Begins; `reconciled` says how far it is.
pub(in crate::admin) async fn reconcile<O: Office>(
    office: web::Data<O>,
    body: web::Json<Since>,
) -> Result<web::Json<Reconciled>, Problem> {
    let since = Timestamp::parse_rfc3339(&body.since).filter(|since| *since < office.now());
    let since = since.ok_or_else(|| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "bad-body",
            "since is not a time in the past.",
            "Write it as 2026-11-24T08:00:00Z.",
        )
    })?;
    office.reconcile(since).await?;
    Ok(reconciled(office).await)
}

/// How far the last one is.
pub(in crate::admin) async fn reconciled<O: Office>(office: web::Data<O>) -> web::Json<Reconciled> {
    let it = office.reconciled();
    web::Json(Reconciled {
        running: it.running,
        since: instant(it.since),
        percent: it.percent,
        contacts: it.contacts,
        missed: it.missed,
        recovered: it.recovered,
        booked: it.booked,
        merged: it.merged,
        deleted: it.deleted,
        gone_count: it.gone_count,
        gone: it.gone.into_iter().map(Text).collect(),
        failed: it.failed,
    })
}
