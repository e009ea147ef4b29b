//! The listener itself: how many connections, how long a head may take, what is routed.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::web::{self, Data};
use actix_web::{App, HttpServer};

use super::body::{Bounds, UnderWay};
use super::connections::Peers;
use super::verified::DiagnosedAt;
use super::webhook::{healthz, nothing_here, only_post, receive};
use super::{Counters, Inbox};
use crate::domain::signature::Verifier;
use crate::port::Clock;

/// How long the head of a request may take.
const HEAD_DEADLINE: Duration = Duration::from_secs(5);
/// How long a body may take.
const BODY_DEADLINE: Duration = Duration::from_secs(10);
/// How long an idle connection is kept: longer than HubSpot pauses between deliveries.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// Seconds that requests under way are given to end at shutdown.
const SHUTDOWN_SECONDS: u64 = 5;
/// Bytes of bodies under way, over all requests.
const UNDER_WAY_BYTES_MAX: usize = 128 << 20;

/// What the listener needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What signatures are checked against.
    pub verifier: Verifier,
    /// `[server] body_limit`, in bytes.
    pub body_bytes_max: usize,
    /// `[server] connections_max`.
    pub connections_max: usize,
    /// `[server] connections_per_peer`.
    pub connections_per_peer: usize,
    /// Threads.
    pub workers: usize,
}

/// What a request is checked with.
pub(super) struct Door {
    pub(super) verifier: Verifier,
    pub(super) bounds: Bounds,
    pub(super) counters: Arc<Counters>,
    pub(super) diagnosed_at: DiagnosedAt,
    pub(super) now: Box<dyn Fn() -> crate::domain::time::Timestamp + Send + Sync>,
}

/// Starts the listener. The server runs once it is awaited.
pub fn start<I: Inbox, C: Clock>(
    listener: TcpListener,
    settings: &Settings,
    (inbox, clock, counters): (I, C, Arc<Counters>),
) -> io::Result<Server> {
    let bounds = Bounds {
        body_bytes_max: settings.body_bytes_max,
        deadline: BODY_DEADLINE,
        under_way: Arc::new(UnderWay::new(UNDER_WAY_BYTES_MAX.max(settings.body_bytes_max))),
    };
    let door = Data::new(Door {
        verifier: settings.verifier.clone(),
        bounds,
        counters,
        diagnosed_at: DiagnosedAt::default(),
        now: Box::new(move || clock.now()),
    });
    let inbox = Data::new(inbox);
    let peers = Peers::new(settings.connections_per_peer);
    let counters = Arc::clone(&door.counters);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(door.clone())
            .app_data(inbox.clone())
            .service(
                web::resource("/webhooks/hubspot")
                    .route(web::post().to(receive::<I>))
                    .default_service(web::to(only_post)),
            )
            .route("/healthz", web::get().to(healthz))
            .default_service(web::to(nothing_here))
    });
    Ok(server
        .workers(settings.workers)
        .max_connections(settings.connections_max.div_ceil(settings.workers).max(1))
        .client_request_timeout(HEAD_DEADLINE)
        .keep_alive(KEEP_ALIVE)
        .on_connect(move |connection, about| peers.meet(connection, about, &counters))
        .shutdown_timeout(SHUTDOWN_SECONDS)
        .disable_signals()
        .listen(listener)?
        .run())
}
