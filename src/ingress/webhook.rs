//! The one handler: keep, then acknowledge.

use actix_web::HttpResponse;
use actix_web::web::Data;

use super::respond::Refusal;
use super::server::Door;
use super::verified::Verified;
use super::{Inbox, NotKept};

/// 204 once the delivery is on disk; 503 otherwise, and HubSpot comes again.
pub(super) async fn receive<I: Inbox>(
    verified: Verified,
    inbox: Data<I>,
    door: Data<Door>,
) -> Result<HttpResponse, Refusal> {
    match inbox.keep(verified.delivery).await {
        Ok(()) => {
            door.counters.acknowledge();
            Ok(HttpResponse::NoContent().finish())
        }
        Err(NotKept(why)) => {
            Refusal::NotKept.report(&door.counters, Some(&why));
            Err(Refusal::NotKept)
        }
    }
}

/// 200: this process answers.
pub(super) async fn healthz() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain").body("ok\n")
}
