//! What the admin listener answers while the router starts: `/healthz` as ever, and to everything
//! else why it is not ready yet. A rebuild of the index can take minutes, and deliveries are
//! kept meanwhile.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::dev::Server;
use actix_web::http::StatusCode;
use actix_web::{App, HttpServer, web};

use super::problem::Problem;
use super::{CLIENT_TIME, access, health};

/// How far the start has come. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Steps>);

#[derive(Debug, Default)]
struct Steps {
    applied: AtomicU64,
    last: AtomicU64,
}

impl Progress {
    /// So many records of so many are applied to the index.
    pub fn set(&self, applied: u64, last: u64) {
        self.0.applied.store(applied, Ordering::Relaxed);
        self.0.last.store(last, Ordering::Relaxed);
    }

    /// The same as a sentence.
    fn sentence(&self) -> String {
        let [applied, last] =
            [&self.0.applied, &self.0.last].map(|figure| figure.load(Ordering::Relaxed));
        if last == 0 {
            return "The router starts: the index is looked through.".to_owned();
        }
        let percent = u128::from(applied) * 100 / u128::from(last);
        format!(
            "The router starts: the index is made from the journal, {percent} % done (record \
             {applied} of {last})."
        )
    }
}

/// Answers on a bound listener until it is stopped through its handle.
pub fn starting(listener: TcpListener, progress: &Progress) -> io::Result<Server> {
    let progress = web::Data::new(progress.clone());
    let server = HttpServer::new(move || {
        App::new()
            .app_data(progress.clone())
            .route("/healthz", web::get().to(health::healthz))
            .default_service(web::to(not_ready))
            .wrap(access::headers())
    });
    let server = server
        .workers(1)
        .client_request_timeout(CLIENT_TIME)
        .client_disconnect_timeout(CLIENT_TIME)
        .shutdown_timeout(1)
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
}

/// 503 with how far it is.
async fn not_ready(progress: web::Data<Progress>) -> Result<&'static str, Problem> {
    Err(Problem::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "starting",
        progress.sentence(),
        "Deliveries are kept meanwhile and judged afterwards; ask again.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_how_far_it_is() {
        let progress = Progress::default();
        assert!(progress.sentence().contains("looked through"), "{}", progress.sentence());
        progress.set(37, 100);
        assert!(progress.sentence().contains("37 % done (record 37 of 100)"));
        progress.set(u64::MAX / 2, u64::MAX);
        assert!(progress.sentence().contains("49 % done"), "{}", progress.sentence());
    }
}
