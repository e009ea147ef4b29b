//! Logs: text on a terminal, JSON otherwise, on standard error. Ids only: no bodies, property
//! values, emails or secrets ever reach a log call.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

use crate::config::LogFormat;

/// Starts the log. `level` is a filter such as `info` or `hubroute=debug`.
pub fn start(format: LogFormat, level: &str) {
    let filter = EnvFilter::try_new(level).unwrap_or_else(|_| EnvFilter::new("info"));
    let terminal = std::io::stderr().is_terminal();
    let color = terminal && std::env::var_os("NO_COLOR").is_none();
    let builder = fmt::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Auto if terminal => builder.with_ansi(color).with_target(false).try_init(),
        LogFormat::Text => builder.with_ansi(color).with_target(false).try_init(),
        LogFormat::Auto | LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    // Only tests start it twice; the first one stays.
    started.ok();
}
