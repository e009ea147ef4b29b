//! The JSON API of PRODUCT.md, one file a call.

pub(super) mod contact;
pub(super) mod decisions;
mod evidence;
pub(super) mod explain;
pub(super) mod lists;
pub(super) mod openapi;
pub(super) mod people;
pub(super) mod press;
pub(super) mod query;
pub(super) mod reasons;
pub(super) mod reconcile;
pub(super) mod record;
pub(super) mod rule_sets;
pub(super) mod rules;
pub(super) mod seed;
pub(super) mod senders;

use actix_web::http::StatusCode;
use actix_web::web;

use super::office::Office;
use super::problem::Problem;
use crate::port::LedgerError;

/// Reads the records on a thread that may block.
pub(super) async fn read<O: Office, T: Send + 'static>(
    office: &web::Data<O>,
    what: impl FnOnce(&O) -> Result<T, LedgerError> + Send + 'static,
) -> Result<T, Problem> {
    let office = office.clone();
    match web::block(move || what(&office)).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "read-failed",
            "The read ended without an answer.",
            "Ask again; the log of the router says more.",
        )),
    }
}
