//! `hubroute serve`: the router, until SIGTERM or Ctrl-C.

mod process;

use std::path::Path;

use tracing::{info, warn};

use super::{ExitStatus, diagnostics, fail, read_config, say};
use crate::app::{App, Refused, RunError, StartError};
use crate::config::{ProcessEnvironment, Secrets};
use crate::telemetry;
use process::{allow_files, keep_memory_private};

/// Threads that work and serve besides those of the listeners.
const THREADS: usize = 2;

pub(super) fn run(config: &Path) -> ExitStatus {
    // Before any secret is read.
    let private = keep_memory_private();
    // Both are read before either ends the start: every problem at once.
    let config = read_config(config);
    let secrets = Secrets::read(&ProcessEnvironment);
    if let Err(problems) = &secrets {
        for problem in &problems.0 {
            say(&format!("error: {problem}"));
        }
    }
    let (Ok(config), Ok(secrets)) = (config, secrets) else { return ExitStatus::Usage };
    telemetry::start(config.log, config.log_level.clone());
    if let Err(error) = private {
        warn!(%error, "a crash may write secrets into a core file: the system does not forbid it");
    }
    for exposed in Secrets::exposed(&ProcessEnvironment) {
        warn!("{exposed}");
    }
    if config.hubspot.verifies_too_briefly() {
        warn!(
            "[hubspot] verify_for is not longer than timeout and 5 seconds: a call that HubSpot \
             takes late may be taken for lost and made twice. Use \"15 minutes\""
        );
    }
    if let Err(error) = allow_files(config.server.connections_max, config.hubspot.workers) {
        return fail(&error, ExitStatus::Environment);
    }
    let app = match App::build(config, secrets) {
        Ok(app) => app,
        Err(error @ StartError::Config(_)) => return fail(&error, ExitStatus::Usage),
        Err(error) => return fail(&error, ExitStatus::Environment),
    };
    if let Ok((webhook, admin)) = app.addresses() {
        info!(%webhook, %admin, "listening");
    }
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error, ExitStatus::Environment),
    };
    match runtime.block_on(app.run_until(stop_signal())) {
        Ok(()) => ExitStatus::Success,
        Err(RunError::Rules(refused)) => {
            show(&refused);
            ExitStatus::Failure
        }
        Err(error) => fail(&error, ExitStatus::Environment),
    }
}

/// The runtime that commands with servers use.
pub(super) fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(THREADS).enable_all().build()
}

/// SIGTERM or Ctrl-C.
pub(super) async fn stop_signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

/// A refusal as `check` and `test` show it.
pub(super) fn show(refused: &Refused) {
    match refused {
        Refused::Errors { diagnostics, files } => {
            say(&diagnostics::text(diagnostics, files, "rules", false));
        }
        Refused::Tests(report) => say(&super::test::text(report, "rules")),
        Refused::Folder(_) | Refused::OtherPortal(_) => {}
    }
    say(&format!("error: {}", refused.sentence()));
}
