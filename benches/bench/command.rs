//! Commands of the release binary, run to their end: how long they take, and their memory.

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Fallible;
use crate::machine::memory_mib;

/// Between two looks at a command.
const LOOK: Duration = Duration::from_millis(1);

/// One run.
pub(crate) struct Run {
    /// From making the process to its end.
    pub(crate) time: Duration,
    /// The most memory it had resident, as far as was seen, MiB.
    pub(crate) peak_mib: f64,
    /// What it said.
    pub(crate) output: String,
}

/// Runs `hubroute` with these words; its end must be a success.
pub(crate) fn run(binary: &Path, words: &[&str], folder: &Path) -> Fallible<Run> {
    let mut command = Command::new(binary);
    command.args(words).current_dir(folder).stdin(Stdio::null());
    watched(command.stdout(Stdio::piped()))
}

/// Runs a command to its end.
pub(crate) fn watched(command: &mut Command) -> Fallible<Run> {
    let start = Instant::now();
    let mut child = command.spawn()?;
    // A command that says much would wait for a reader.
    let said = child.stdout.take();
    let reader = std::thread::spawn(move || {
        let mut output = String::new();
        said.map_or(Ok(0), |mut said| said.read_to_string(&mut output)).map(|_| output)
    });
    let mut peak_mib = 0.0_f64;
    let (status, time) = loop {
        // NaN once it has ended, which `max` passes over.
        peak_mib = peak_mib.max(memory_mib(child.id())[1]);
        if let Some(status) = child.try_wait()? {
            break (status, start.elapsed());
        }
        std::thread::sleep(LOOK);
    };
    let output = reader.join().map_err(|_| "the reader of a command gave up")??;
    if !status.success() {
        return Err(format!("{command:?} ended with {status}").into());
    }
    Ok(Run { time, peak_mib, output })
}
