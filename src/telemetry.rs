//! Logs: text on a terminal, JSON otherwise, on standard error. Ids only: no bodies, property
//! values, emails or secrets ever reach a log call.

use std::io::IsTerminal;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::config::LogFormat;

/// Starts the log.
pub fn start(format: LogFormat, level: Targets) {
    let terminal = std::io::stderr().is_terminal();
    let color = terminal && std::env::var_os("NO_COLOR").is_none();
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines = match format {
        LogFormat::Auto if terminal => lines.with_ansi(color).with_target(false).boxed(),
        LogFormat::Text => lines.with_ansi(color).with_target(false).boxed(),
        LogFormat::Auto | LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    // Only tests start it twice; the first one stays.
    tracing_subscriber::registry().with(lines.with_filter(level)).try_init().ok();
}
