//! How far the day is, on standard error: a bar on a terminal, else a few lines.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::say;

/// Deliveries between two lines where there is no terminal.
const LINE_EVERY: u64 = 25;
const TICK: Duration = Duration::from_millis(100);

/// The progress of the day.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    is_terminal: bool,
}

impl Progress {
    pub(super) fn start() -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let bar = if is_terminal { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        let style = ProgressStyle::with_template("{spinner} {pos} deliveries, {elapsed}: {msg}");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        if is_terminal {
            bar.enable_steady_tick(TICK);
        }
        Self { bar, is_terminal }
    }

    /// What happens now.
    pub(super) fn scene(&self, text: &'static str) {
        if self.is_terminal {
            self.bar.set_message(text);
        } else {
            say(text);
        }
    }

    /// Another `deliveries` are made.
    pub(super) fn delivered(&self, deliveries: usize) {
        let before = self.bar.position();
        self.bar.inc(deliveries as u64);
        let now = self.bar.position();
        if !self.is_terminal && before / LINE_EVERY != now / LINE_EVERY {
            say(&format!("  {now} deliveries made"));
        }
    }

    /// Frees the line for what is printed next.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
