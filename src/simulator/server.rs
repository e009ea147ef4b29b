//! The simulator as a running server, with the handle that tests and `hubroute demo` hold.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::http::KeepAlive;
use actix_web::{App, HttpServer, web};
use serde_json::Value;
use tokio::task::JoinHandle;

use super::clock::Clock;
use super::control::{self, Change};
use super::counts::Counts;
use super::deliver::{self, Delivered, Delivery};
use super::id::Id;
use super::log::Phase;
use super::serve;
use super::shared::Shared;
use super::socket::Socket;
use super::state::State;

/// Largest request body: a state with 100,000 contacts fits.
const BODY_BYTES_MAX: usize = 256 * 1024 * 1024;

/// How to start a simulator.
#[derive(Clone, Debug)]
pub struct Options {
    /// A loopback address; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Whether connections serve more than one request. Off, every request is a connection of its
    /// own, which kill tests want.
    pub keep_alive: bool,
    /// Threads that serve.
    pub workers: usize,
    /// The first state, as `PUT /_sim/state` takes it.
    pub state: Option<Value>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            keep_alive: true,
            workers: 1,
            state: None,
        }
    }
}

/// Why a simulator did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address is not loopback: the simulator takes any token and must not be reachable.
    #[error("the simulator listens on loopback only, not on {0}")]
    NotLoopback(SocketAddr),
    /// The address is taken or not allowed.
    #[error("the simulator cannot listen on {0}")]
    Listen(SocketAddr, #[source] io::Error),
    /// The first state cannot be read.
    #[error("the simulator's first state cannot be read: {0}")]
    State(String),
    /// The client for deliveries cannot be made.
    #[error("the simulator cannot make its delivery client")]
    Client(#[source] reqwest::Error),
}

/// A running simulator. Dropping it leaves the server running until its runtime ends; `stop` ends
/// it.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    shared: Arc<Shared>,
    server: ServerHandle,
    task: JoinHandle<io::Result<()>>,
}

impl Simulator {
    /// Binds, starts serving, and returns once connections are taken. Needs a tokio runtime.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn start(options: Options) -> Result<Self, StartError> {
        let listen = options.listen;
        if !listen.ip().is_loopback() {
            return Err(StartError::NotLoopback(listen));
        }
        let shared = Arc::new(Shared::new(client()?, Clock::default()));
        if let Some(state) = options.state {
            shared.put_state(state, true).map_err(StartError::State)?;
        }
        let failed = |error| StartError::Listen(listen, error);
        let listener = TcpListener::bind(listen).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let data = web::Data::from(Arc::clone(&shared));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .app_data(web::PayloadConfig::new(BODY_BYTES_MAX))
                .default_service(web::to(serve::handle))
        })
        .on_connect(Socket::keep)
        .workers(options.workers.max(1))
        .disable_signals()
        .keep_alive(if options.keep_alive { KeepAlive::Os } else { KeepAlive::Disabled })
        .listen(listener)
        .map_err(failed)?
        .run();
        let handle = server.handle();
        Ok(Self { address, shared, server: handle, task: tokio::spawn(server) })
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL for the HubSpot client, such as `http://127.0.0.1:4711`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The state now.
    pub fn state(&self) -> State {
        self.shared.portal()
    }

    /// Takes the given top-level keys over the present state.
    ///
    /// # Errors
    /// A sentence that names the key; nothing is changed then.
    pub fn put_state(&self, patch: Value) -> Result<(), String> {
        self.shared.put_state(patch, false)
    }

    /// Makes this the whole state and forgets counts, faults and limits.
    ///
    /// # Errors
    /// A sentence that names the key; nothing is changed then.
    pub fn replace_state(&self, state: Value) -> Result<(), String> {
        self.shared.put_state(state, true)
    }

    /// Replaces the faults by this list; gives how many there are.
    ///
    /// # Errors
    /// A sentence that names the fault and the key; nothing is changed then.
    pub fn put_faults(&self, faults: Value) -> Result<usize, String> {
        self.shared.put_faults(faults)
    }

    /// The counts now.
    pub fn counts(&self) -> Counts {
        self.shared.counts()
    }

    /// The deliveries that are over, in the order they ended.
    pub fn deliveries(&self) -> Vec<Delivered> {
        self.shared.world().log.deliveries.clone()
    }

    /// Makes a webhook delivery.
    ///
    /// # Errors
    /// A sentence about an order that cannot be used; nothing was sent then.
    pub async fn deliver(&self, order: Delivery) -> Result<Vec<Delivered>, String> {
        deliver::deliver(&self.shared, order).await
    }

    /// Changes a contact, with the delivery of its events when `change.deliver` says so.
    /// Gives `{"contact","changed","deliveries"}`.
    ///
    /// # Errors
    /// A sentence about a delivery that cannot be made.
    pub async fn change_contact(&self, id: Id, change: Change) -> Result<Value, String> {
        control::change(&self.shared, &id, change).await
    }

    /// Any control call in-process, as over HTTP: status and body.
    pub async fn control(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = body.to_string();
        let answer = control::answer(&self.shared, method, path, body.as_bytes()).await;
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or(Value::Null))
    }

    /// Serves no connection until [`Simulator::resume_accept`]: requests made meanwhile have no
    /// effect and no answer, ever.
    pub fn pause_accept(&self) {
        self.shared.withhold(None);
    }

    /// Serves connections again; those that waited are closed unserved.
    pub fn resume_accept(&self) {
        self.shared.serve_again();
    }

    /// Lets everything that hangs go on to its end: the connection closes without an answer.
    pub fn release(&self) {
        self.shared.release();
    }

    /// Waits until a phase is reached, at most `limit`; says whether it was.
    pub async fn wait_for(&self, phase: Phase, limit: Duration) -> bool {
        self.shared.wait_for(phase, limit).await
    }

    /// Stops serving at once and frees the port.
    pub async fn stop(self) {
        self.shared.release();
        self.server.stop(false).await;
        // The server's own end carries nothing that a stopped simulator could act on.
        drop(self.task.await);
    }

    /// Serves until `shutdown` is done or the server ends by itself.
    pub async fn run_until(mut self, shutdown: impl Future<Output = ()>) {
        tokio::select! {
            () = shutdown => self.stop().await,
            // It ends by itself only when its runtime does.
            _ = &mut self.task => {}
        }
    }
}

/// `hubroute simulate`: starts a simulator on `listen` with an empty portal, tells `announce` its
/// base URL once it can be called, and serves until `shutdown` is done.
///
/// # Errors
/// See [`StartError`].
pub async fn simulate(
    listen: SocketAddr,
    announce: impl FnOnce(&str),
    shutdown: impl Future<Output = ()>,
) -> Result<(), StartError> {
    let simulator = Simulator::start(Options { listen, ..Options::default() })?;
    announce(&simulator.url());
    simulator.run_until(shutdown).await;
    Ok(())
}

/// The client that sends deliveries: no proxy, no redirects, as plain as a webhook sender.
pub(super) fn client() -> Result<reqwest::Client, StartError> {
    // Already installed by another part of the process is as good as installed here.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(StartError::Client)
}
