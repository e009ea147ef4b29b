//! The one handler: keep, then acknowledge. Every answer but those to a signed delivery closes the
//! connection: actix bounds the time of a connection's first head only, so that nobody who does
//! not know the secret gets to send a second one.

use actix_web::HttpResponse;
use actix_web::http::header::ALLOW;
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
        Err(NotKept { code, why }) => {
            Refusal::NotKept(code).report(&door.counters, Some(&why));
            Err(Refusal::NotKept(code))
        }
    }
}

/// 200: this process answers.
pub(super) async fn healthz() -> HttpResponse {
    HttpResponse::Ok().force_close().content_type("text/plain").body("ok\n")
}

/// Anything else.
pub(super) async fn nothing_here() -> HttpResponse {
    HttpResponse::NotFound().force_close().finish()
}

/// Another method than POST.
pub(super) async fn only_post() -> HttpResponse {
    HttpResponse::MethodNotAllowed().force_close().insert_header((ALLOW, "POST")).finish()
}
