//! Logs: text on a terminal, JSON otherwise, on standard error. Ids only: no bodies, property
//! values, emails or secrets ever reach a log call. One event is one line, whatever it says.

mod line;

use std::io::IsTerminal;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use self::line::Lines;
use crate::config::LogFormat;

/// What tells of each request that is no HTTP, as an error.
const BROKEN_REQUESTS: &str = "actix_http::h1::dispatcher";

/// Starts the log.
pub fn start(format: LogFormat, level: Targets) {
    let terminal = std::io::stderr().is_terminal();
    let color = terminal && std::env::var_os("NO_COLOR").is_none();
    let json = format == LogFormat::Json || (format == LogFormat::Auto && !terminal);
    let lines = layer(json, color, std::io::stderr);
    // A line for each broken request would let strangers fill the disk; 400 answers them.
    let level = level.with_target(BROKEN_REQUESTS, LevelFilter::OFF);
    // Only tests start it twice; the first one stays.
    tracing_subscriber::registry().with(lines.with_filter(level)).try_init().ok();
}

/// Events as lines of text or JSON, written to what `writer` opens.
fn layer<S, W>(json: bool, color: bool, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'s> LookupSpan<'s>,
    W: for<'w> fmt::MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = fmt::layer().with_writer(Lines { json, color, writer });
    if json {
        lines.json().flatten_event(true).boxed()
    } else {
        lines.with_ansi(color).with_target(false).boxed()
    }
}

#[cfg(test)]
mod tests;
