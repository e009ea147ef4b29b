//! For load balancers and supervisors.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde_json::json;

use super::office::Office;
use super::problem::Problem;

/// 200: the process answers.
pub(super) async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "healthy": true }))
}

/// 200 while deliveries can be stored, else 503 with the reason. Trouble with HubSpot or the
/// rules is no reason to send deliveries elsewhere: it stands in `alerts` of the status.
pub(super) async fn readyz<O: Office>(office: web::Data<O>) -> Result<HttpResponse, Problem> {
    office.standing().ready.map_err(|why| {
        Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "not-ready",
            why,
            "HubSpot delivers again what was not accepted; look at the disk of the store.",
        )
    })?;
    Ok(HttpResponse::Ok().json(json!({ "ready": true })))
}
