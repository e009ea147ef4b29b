//! The two handlers that `serve` is measured against, each as a process of its own.

use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use hubroute::domain::delivery;
use hubroute::domain::secret::Secret;
use hubroute::domain::signature::{Accept, Header, Keys, PublicUrl, SignedRequest, Verifier};
use hubroute::domain::time::Timestamp;

use crate::Fallible;
use crate::events::{PUBLIC_URL, SECRET, now_ms};

/// Bodies are up to this long.
const BODY_BYTES_MAX: usize = 8 << 20;

/// Serves `name` (`bare` or `verify`) at `address` until the process is ended.
pub(crate) fn serve(name: &str, address: SocketAddr) -> Fallible {
    let secret = Secret::new(SECRET).ok_or("the secret is empty")?;
    let verifier = Arc::new(Verifier {
        keys: Keys::new(secret, None),
        public_url: PublicUrl::parse(PUBLIC_URL)?,
        accept: Accept::default(),
    });
    let is_bare = name == "bare";
    let server = HttpServer::new(move || {
        let app = App::new()
            .app_data(web::PayloadConfig::new(BODY_BYTES_MAX))
            .app_data(Data::from(Arc::clone(&verifier)));
        let route = if is_bare { web::post().to(bare) } else { web::post().to(verify) };
        app.route("/webhooks/hubspot", route)
    });
    let server = server.workers(1).bind(address)?.run();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    Ok(runtime.block_on(server)?)
}

/// Reads the body and answers 200.
async fn bare(body: Bytes) -> HttpResponse {
    std::hint::black_box(body);
    HttpResponse::Ok().finish()
}

/// Checks the signature with the router's own code and parses every event, and keeps nothing.
async fn verify(request: HttpRequest, body: Bytes, door: Data<Verifier>) -> HttpResponse {
    let header = |name: &str| {
        request.headers().get(name).map_or(Header::Absent, |value| Header::Once(value.as_bytes()))
    };
    let signed = SignedRequest {
        method: request.method().as_str(),
        query: None,
        body: &body,
        signature_v3: header("x-hubspot-signature-v3"),
        timestamp: header("x-hubspot-request-timestamp"),
        signature: Header::Absent,
        version: Header::Absent,
    };
    let Ok(verified) = door.verify(&signed, body.clone(), Timestamp::from_unix_ms(now_ms())) else {
        return HttpResponse::Unauthorized().finish();
    };
    if delivery::read(verified.body()).iter().any(Result::is_err) {
        return HttpResponse::BadRequest().finish();
    }
    HttpResponse::Ok().finish()
}
