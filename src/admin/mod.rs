//! The admin listener: health, metrics, the JSON API and one page (PRODUCT.md).
//!
//! It asks the [`Records`](crate::port::Records) and an [`Office`], which the app provides, and
//! knows nobody else. Every call is one entry of `routes::Call`: who may make it, its
//! parameters and its handler; the OpenAPI document is written from the same table.

mod access;
mod api;
mod health;
mod metrics;
mod office;
mod page;
mod problem;
mod routes;
mod scrape;
mod shape;
mod starting;
mod status;
#[cfg(test)]
mod tests;

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::dev::{Server, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::{App, Error, HttpServer, middleware, web};

pub use self::access::{Access, Exposed};
pub use self::api::record::Shown;
pub use self::metrics::{Counted, Metrics};
pub use self::office::{
    Alert, DiskUse, Looked, LookingBack, Office, PressError, ReconcileStanding, Refusal,
    ReloadError, Reloaded, Resolution, RulesStanding, SeedStanding, Standing,
};
pub use self::starting::{Progress, starting};
use crate::domain::secret::Secret;

/// Connections at once: people, one scraper and one health check need a handful.
const CONNECTIONS_MAX: usize = 64;
/// Reads of the store at once; each may walk many records.
const READS_MAX: usize = 4;
/// How long a client may take to send its head, and to read its last answer at the end.
const CLIENT_TIME: Duration = Duration::from_secs(5);

/// What the admin listener needs besides its socket.
#[derive(Debug)]
pub struct Admin<O> {
    /// `HUBROUTE_ADMIN_TOKEN`, where set.
    pub token: Option<Secret>,
    /// `[admin] open_metrics`: `/metrics` without the token.
    pub open_metrics: bool,
    /// The live figures of the other parts.
    pub metrics: Metrics,
    /// Whom to ask.
    pub office: Arc<O>,
}

impl<O: Office> Admin<O> {
    /// Serves on a bound listener; the returned server runs once it is polled, leaves signals to
    /// the app and stops through its handle. Fails where the listener's address needs a token
    /// that is not there, or where the socket cannot be used.
    pub fn serve(self, listener: TcpListener) -> io::Result<Server> {
        let access = Access::new(self.token.as_ref(), self.open_metrics);
        access.allows(listener.local_addr()?).map_err(io::Error::other)?;
        let access = web::Data::new(access);
        let metrics = web::Data::new(self.metrics);
        let office = web::Data::from(self.office);
        let server = HttpServer::new(move || app(access.clone(), metrics.clone(), office.clone()))
            .workers(1)
            .worker_max_blocking_threads(READS_MAX)
            .max_connections(CONNECTIONS_MAX)
            .client_request_timeout(CLIENT_TIME)
            .client_disconnect_timeout(CLIENT_TIME)
            .shutdown_timeout(CLIENT_TIME.as_secs())
            .disable_signals()
            .listen(listener)?;
        Ok(server.run())
    }
}

/// Every call, behind the guard, with the headers of every answer.
fn app<O: Office>(
    access: web::Data<Access>,
    metrics: web::Data<Metrics>,
    office: web::Data<O>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = Error,
        InitError = (),
    >,
> {
    App::new()
        .app_data(access)
        .app_data(metrics)
        .app_data(office)
        .configure(routes::register::<O>)
        .default_service(web::to(routes::unknown))
        .wrap(middleware::from_fn(access::guard))
        .wrap(access::headers())
}
