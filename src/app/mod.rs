//! The whole router, wired: the only place that knows everybody.

mod alerts;
mod aside;
mod away;
mod clock;
mod gone;
mod housekeeping;
pub mod intake;
mod office;
mod reconcile;
mod roll;
mod rules;
mod seed;
mod serve;
mod share;
mod skew;
mod start;
mod sweeping;
mod walk;
mod watch;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

pub use aside::with_store;
pub use clock::SystemClock;
pub use rules::{Refused, births, births_after, record};
pub use serve::{RunError, client};
pub use start::StartError;

use crate::admin::Metrics;
use crate::config::{Config, Secrets};
use crate::ingress;
use crate::router::Router;
use crate::store::{DiskLedger, Store};

/// The router as it runs.
type DiskRouter = Router<DiskLedger, crate::hubspot::Client, SystemClock>;

/// A router that holds its ports and its store, and does not work yet.
#[derive(Debug)]
pub struct App {
    config: Config,
    secrets: Secrets,
    webhook: TcpListener,
    admin: TcpListener,
    store: Store,
    metrics: Metrics,
    counters: Arc<ingress::Counters>,
}

impl App {
    /// The addresses of the webhook listener and the admin listener.
    pub fn addresses(&self) -> std::io::Result<(SocketAddr, SocketAddr)> {
        Ok((self.webhook.local_addr()?, self.admin.local_addr()?))
    }
}
