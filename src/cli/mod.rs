//! What people type and see: data on standard output, everything else on standard error.

mod args;
pub mod check;
mod contact;
mod demo;
pub mod diagnostics;
mod explain;
pub mod fmt;
mod held;
mod people;
mod progress;
pub mod record;
mod remote;
pub mod replay;
pub mod schema;
mod serve;
mod simulate;
pub mod test;

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command, Held, InDoubt, Schema};

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
        Command::Check(asked) => check(config, asked),
        Command::Replay(asked) => replay(config, asked),
        Command::Explain { contact, format } => explain::run(config, &contact, format),
        Command::Contact { command } => people::run(config, &command),
        Command::Forget(about) => people::press(config, "forget", &about, None),
        Command::Waiting => remote::list(config, "waiting"),
        Command::Test(asked) => test(config, asked),
        Command::Fmt { paths, check } => {
            let paths = if paths.is_empty() { vec![rules_folder(config)] } else { paths };
            let answer = fmt::run(&paths, check, color());
            if !answer.errors.is_empty() {
                say(answer.errors.trim_end());
            }
            finish(&answer.output, answer.exit_code)
        }
        Command::Schema { of } => {
            let of = match of {
                Schema::Rules => schema::Of::Rules,
                Schema::Config => schema::Of::Config,
            };
            finish(&schema::text(of), 0)
        }
        Command::Pause { who, note } => remote::pause(config, true, &who, &note),
        Command::Resume { who, note } => remote::pause(config, false, &who, &note),
        Command::Reload => remote::reload(config),
        Command::Health => remote::health(config),
        Command::Held { command: Held::List } => remote::list(config, "held"),
        Command::Held { command: Held::Release(pick) } => held::decide(config, "release", &pick),
        Command::Held { command: Held::Discard(pick) } => held::decide(config, "discard", &pick),
        Command::InDoubt { command: InDoubt::List } => remote::list(config, "in-doubt"),
        Command::InDoubt { command: InDoubt::Resolve { id, as_, who, note } } => {
            remote::resolve(config, &id, as_.word(), &who, &note)
        }
    }
}

/// The store's folder; all of the configuration must be right for that.
fn store_folder(config: &Path) -> Result<std::path::PathBuf, ExitStatus> {
    read_config(config).map(|config| config.store)
}

fn check(config: &Path, asked: args::Check) -> ExitStatus {
    let folder = asked.rules.unwrap_or_else(|| rules_folder(config));
    let options = check::Options {
        format: asked.format.into(),
        color: color(),
        deny_warnings: asked.deny_warnings,
        today: asked.today.or_else(|| Some(jiff::Zoned::now().date())),
        against: asked.against.as_deref(),
    };
    match check::run(&folder, options) {
        Ok(answer) => finish(&answer.output, answer.exit_code),
        Err(error) => fail(&error, ExitStatus::Failure),
    }
}

fn test(config: &Path, asked: args::Test) -> ExitStatus {
    let folder = asked.rules.unwrap_or_else(|| rules_folder(config));
    if let Some(contact) = asked.record {
        return record_test(config, &folder, &contact, asked.rule.as_deref());
    }
    let only = match asked.run.as_deref().map(test::pattern).transpose() {
        Ok(only) => only,
        Err(error) => {
            say(&format!("error: {error}"));
            return ExitStatus::Usage;
        }
    };
    let options = test::Options { only: only.as_ref(), cover: asked.cover, color: color() };
    match test::run(&folder, options) {
        Ok(answer) => {
            if let Some(path) = asked.junit
                && let Err(error) = std::fs::write(&path, &answer.junit)
            {
                return fail(&error, ExitStatus::Environment);
            }
            finish(&answer.output, answer.exit_code)
        }
        Err(error) => fail(&error, ExitStatus::Failure),
    }
}

fn replay(config: &Path, asked: args::Replay) -> ExitStatus {
    let what = match asked.file {
        Some(file) => replay::What::File(file),
        None => match store_folder(config) {
            Ok(store) => replay::What::Journal(store, asked.last),
            Err(status) => return status,
        },
    };
    let rules = asked.rules.unwrap_or_else(|| rules_folder(config));
    let json = asked.format == args::DataFormat::Json;
    let (against, color) = (asked.against.as_deref(), color());
    let options = replay::Options { what, rules: &rules, against, json, color };
    let bar = progress::bar();
    let ended = replay::run(&options, &mut std::io::stdout(), &bar);
    bar.finish_and_clear();
    match ended {
        Ok(()) => ExitStatus::Success,
        Err(replay::ReplayError::Output(error))
            if error.kind() == std::io::ErrorKind::BrokenPipe =>
        {
            ExitStatus::Success
        }
        Err(error @ (replay::ReplayError::Rules(_) | replay::ReplayError::Folder(_))) => {
            fail(&error, ExitStatus::Failure)
        }
        Err(error) => fail(&error, ExitStatus::Environment),
    }
}

fn record_test(config: &Path, rules: &Path, contact: &str, rule: Option<&str>) -> ExitStatus {
    let store = match store_folder(config) {
        Ok(store) => store,
        Err(status) => return status,
    };
    let bar = progress::bar();
    let written = record::run(&store, rules, (contact, rule), &bar);
    bar.finish_and_clear();
    match written {
        Ok(test) => finish(&test, 0),
        Err(error @ record::RecordError::Store(_)) => fail(&error, ExitStatus::Environment),
        Err(error) => fail(&error, ExitStatus::Failure),
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
