//! Starting: everything that can be wrong is found before anything is taken.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use thiserror::Error;

use super::App;
use crate::admin::{Access, Counted, Metrics};
use crate::config::{Config, Secrets};
use crate::ingress::Counters;
use crate::store::{Store, StoreError};

/// Why the router does not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The configuration asks for something unsafe.
    #[error("{0}")]
    Config(String),
    /// A port is taken or not allowed.
    #[error("cannot listen on {address} ([{table}] listen): {source}")]
    Port {
        /// The address.
        address: SocketAddr,
        /// The table it stands in.
        table: &'static str,
        /// The system's own words.
        source: io::Error,
    },
    /// The store is in use or damaged.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl App {
    /// Takes the ports and the store. Nothing is served yet.
    pub fn build(config: Config, secrets: Secrets) -> Result<Self, StartError> {
        let access = Access::new(secrets.admin_token.as_ref(), config.admin.open_metrics);
        access
            .allows(config.admin.listen)
            .map_err(|exposed| StartError::Config(exposed.to_string()))?;
        let webhook = bind(config.server.listen, "server")?;
        let admin = bind(config.admin.listen, "admin")?;
        let store = Store::open(&config.store)?;
        let metrics = Metrics::default();
        let counters = Arc::new(counters(&metrics));
        Ok(Self { config, secrets, webhook, admin, store, metrics, counters })
    }
}

/// The webhook listener's counters, shown as metrics.
fn counters(metrics: &Metrics) -> Counters {
    let acknowledged = metrics.counter(Counted::WebhookAnswers, "204");
    let metrics = metrics.clone();
    Counters::new(acknowledged, move |cause| {
        metrics.counter(Counted::WebhookRejections, cause).fetch_add(1, Ordering::Relaxed);
    })
}

fn bind(address: SocketAddr, table: &'static str) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).map_err(|source| StartError::Port { address, table, source })
}
