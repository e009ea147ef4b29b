//! `hubroute simulate`: the HubSpot simulator alone.

use std::net::SocketAddr;

use super::serve::{runtime, stop_signal};
use super::{ExitStatus, fail, print};

pub(super) fn run(listen: SocketAddr) -> ExitStatus {
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error, ExitStatus::Environment),
    };
    let announce =
        |url: &str| print(&format!("HubSpot simulator at {url} (help: {url}/_sim/help)\n"));
    match runtime.block_on(crate::simulator::simulate(listen, announce, stop_signal())) {
        Ok(()) => ExitStatus::Success,
        Err(error) => fail(&error, ExitStatus::Environment),
    }
}
