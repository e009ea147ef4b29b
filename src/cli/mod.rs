//! What people type and see: data on standard output, everything else on standard error.

mod args;
pub mod check;
mod demo;
pub mod diagnostics;
mod remote;
mod serve;
mod simulate;
pub mod test;

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command, InDoubt};

use crate::config::{Config, ProcessEnvironment};

/// How a command ended (PRODUCT.md, exit codes).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// As asked.
    Success,
    /// The user's rules or tests fail.
    Failure,
    /// Wrong usage or configuration.
    Usage,
    /// Warnings, where they are denied.
    Warnings,
    /// The environment: store, port, HubSpot.
    Environment,
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(match status {
            ExitStatus::Success => 0,
            ExitStatus::Failure => 1,
            ExitStatus::Usage => 2,
            ExitStatus::Warnings => 3,
            ExitStatus::Environment => 4,
        })
    }
}

/// Runs the command of this process.
pub fn run() -> ExitStatus {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let failed = error.use_stderr();
            // Nowhere left to say it when the terminal is gone.
            error.print().ok();
            return if failed { ExitStatus::Usage } else { ExitStatus::Success };
        }
    };
    let config = args.config.as_path();
    match args.command {
        Command::Serve => serve::run(config),
        Command::Demo(demo) => demo::run(&demo),
        Command::Simulate { listen } => simulate::run(listen),
        Command::Check { rules, format, deny_warnings, against, today } => {
            let folder = rules.unwrap_or_else(|| rules_folder(config));
            let options = check::Options {
                format: format.into(),
                color: color(),
                deny_warnings,
                today: today.or_else(|| Some(jiff::Zoned::now().date())),
                against: against.as_deref(),
            };
            match check::run(&folder, options) {
                Ok(answer) => finish(&answer.output, answer.exit_code),
                Err(error) => fail(&error, ExitStatus::Failure),
            }
        }
        Command::Test { rules, run, junit, cover } => {
            let folder = rules.unwrap_or_else(|| rules_folder(config));
            let options = test::Options { only: run.as_deref(), cover, color: color() };
            match test::run(&folder, options) {
                Ok(answer) => {
                    if let Some(path) = junit
                        && let Err(error) = std::fs::write(&path, &answer.junit)
                    {
                        return fail(&error, ExitStatus::Environment);
                    }
                    finish(&answer.output, answer.exit_code)
                }
                Err(error) => fail(&error, ExitStatus::Failure),
            }
        }
        Command::Pause { who, note } => remote::pause(config, true, &who, &note),
        Command::Resume { who, note } => remote::pause(config, false, &who, &note),
        Command::Reload => remote::reload(config),
        Command::Health => remote::health(config),
        Command::InDoubt { command: InDoubt::List } => remote::in_doubt(config),
        Command::InDoubt { command: InDoubt::Resolve { id, as_, who, note } } => {
            remote::resolve(config, &id, as_.word(), &who, &note)
        }
    }
}

/// Colors are for terminals, and for those who have not said no.
fn color() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// Writes to standard output. A reader that has gone is no error.
fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).ok();
}

/// Writes a line to standard error.
fn say(text: &str) {
    let mut out = std::io::stderr().lock();
    writeln!(out, "{text}").ok();
}

fn finish(output: &str, exit_code: u8) -> ExitStatus {
    print(output);
    match exit_code {
        0 => ExitStatus::Success,
        3 => ExitStatus::Warnings,
        _ => ExitStatus::Failure,
    }
}

/// The error with its causes, and how the command ends.
fn fail(error: &dyn std::error::Error, status: ExitStatus) -> ExitStatus {
    let mut text = format!("error: {error}");
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}\n  caused by: {inner}");
        cause = inner.source();
    }
    say(&text);
    status
}

/// The configuration at `path`. A missing file named `hubroute.toml` counts as an empty one.
fn read_config(path: &Path) -> Result<Config, ExitStatus> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error)
            if error.kind() == std::io::ErrorKind::NotFound
                && path == Path::new(crate::config::FILE) =>
        {
            String::new()
        }
        Err(error) => {
            say(&format!("error: cannot read the configuration {}: {error}", path.display()));
            return Err(ExitStatus::Usage);
        }
    };
    let folder = path.parent().unwrap_or(Path::new(""));
    Config::read(&text, folder, &ProcessEnvironment).map_err(|problems| {
        for problem in &problems.0 {
            say(&format!("error: {problem}"));
        }
        ExitStatus::Usage
    })
}

/// The rules folder of the configuration, or `rules` where that cannot be read: `check` and
/// `test` need nothing else of it.
fn rules_folder(config: &Path) -> std::path::PathBuf {
    let text = std::fs::read_to_string(config).unwrap_or_default();
    let folder = config.parent().unwrap_or(Path::new(""));
    crate::config::rules_folder(&text, folder, &ProcessEnvironment)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }
}
