//! `hubroute demo`: the whole thing with no account. A simulated HubSpot and the router run in
//! this process; a signed day of deliveries goes through; what was decided is read from the
//! router, and whether it was right from the simulator's counts alone.

mod day;
mod portal;
mod progress;
mod stage;
mod table;
mod watch;

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::args::Demo;
use super::serve::{runtime, stop_signal};
use super::{ExitStatus, fail, print, say};
use crate::app::RunError;
use crate::simulator::Simulator;
use day::Courier;
use progress::Progress;
use stage::{DemoError, Folder};
use watch::Watch;

/// Columns where standard output is no terminal.
const COLUMNS: usize = 160;

pub(super) fn run(demo: &Demo) -> ExitStatus {
    let played = runtime().map_err(DemoError::from).and_then(|runtime| {
        let folder = Folder::make()?;
        runtime.block_on(play(demo, &folder))
    });
    match played {
        Ok(status) => status,
        Err(error @ DemoError::Faults(_)) => fail(&error, ExitStatus::Usage),
        Err(error) => fail(&error, ExitStatus::Environment),
    }
}

/// Runs the router beside the day, and ends it when the day is over.
async fn play(demo: &Demo, folder: &Folder) -> Result<ExitStatus, DemoError> {
    let simulator = stage::simulator(demo.faults.as_deref())?;
    let app = stage::router(folder, &simulator)?;
    let (webhook, admin) = app.addresses()?;
    let (open, opened) = oneshot::channel::<()>();
    let (stop, stopped) = oneshot::channel::<()>();
    let mut router = std::pin::pin!(async {
        // An error means that the day ended before it began; then the router ends at once too.
        opened.await.ok();
        app.run_until(async { stopped.await.unwrap_or(()) }).await
    });
    let shown = show(&simulator, (webhook, admin), open);
    let ended = |ended: Result<(), RunError>| ended.map(|()| ExitStatus::Failure);
    let status = tokio::select! {
        router = &mut router => return Ok(ended(router)?),
        status = shown => status,
        () = stop_signal() => Ok(ExitStatus::Failure),
    };
    if status.is_ok() && !demo.once {
        say(&format!("the router stays up: http://{admin} (Ctrl-C ends it)"));
        tokio::select! {
            router = &mut router => return Ok(ended(router)?),
            () = stop_signal() => {}
        }
    }
    // The router may have ended by itself.
    stop.send(()).ok();
    router.await?;
    status
}

/// The day, the table, and the verdict.
async fn show(
    simulator: &Arc<Simulator>,
    (webhook, admin): (SocketAddr, SocketAddr),
    open: oneshot::Sender<()>,
) -> Result<ExitStatus, DemoError> {
    let progress = Arc::new(Progress::start());
    let courier = Courier {
        simulator: Arc::clone(simulator),
        progress: Arc::clone(&progress),
        target: format!("http://{webhook}/webhooks/hubspot"),
    };
    let opening = async {
        tokio::time::sleep(day::LATE).await;
        open.send(()).ok();
    };
    let (early, ()) = tokio::join!(courier.early(), opening);
    early?;
    courier.day().await?;
    progress.scene("waiting until nothing is due");
    let watch = Watch::new(admin)?;
    watch.is_new().await?;
    let quiet = watch.until_quiet().await?;
    let decisions = watch.decisions().await?;
    progress.end();
    if !quiet {
        say("warning: after 30 seconds something is still due; the counts are of this moment");
    }
    let counts = simulator.counts();
    print(&table::table(&decisions, columns()));
    let (made, decided) = (table::deliveries(&counts), table::tally(&decisions));
    print(&format!("\n{made}{decided}{}", table::verdict(&counts)));
    let right = counts.duplicates == 0 && counts.overlaps == 0 && counts.lost == 0;
    Ok(if right { ExitStatus::Success } else { ExitStatus::Failure })
}

fn columns() -> usize {
    let size = rustix::termios::tcgetwinsize(std::io::stdout());
    size.map_or(COLUMNS, |size| usize::from(size.ws_col))
}
