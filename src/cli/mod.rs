//! What people type and see: data on standard output, everything else on standard error.

mod args;
mod backup;
pub mod check;
mod check_portal;
mod complete;
mod contact;
mod demo;
pub mod diagnostics;
mod doctor;
mod explain;
pub mod fmt;
mod held;
mod help;
mod man;
mod people;
mod portal;
mod progress;
mod reconcile;
pub mod record;
mod remote;
pub mod replay;
mod saved;
pub mod schema;
mod seed;
mod serve;
mod simulate;
mod subscriptions;
pub mod test;
mod verify;

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::FromArgMatches;

use args::{Args, Command, Held, InDoubt, Schema};

use crate::config::{Config, Problems, ProcessEnvironment};

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
    let parsed = help::command().try_get_matches();
    let args = match parsed.and_then(|found| Args::from_arg_matches(&found)) {
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
        Command::Doctor { format } => doctor::run(config, format),
        Command::Subscriptions { rules, format } => subscriptions::run(config, rules, format),
        Command::Replay(asked) => replay::ask(config, asked),
        Command::Explain { contact, format } => explain::run(config, &contact, format),
        Command::Backup { into } => backup::take(config, &into),
        Command::Restore { from } => backup::bring_back(config, &from),
        Command::Verify { backup } => verify::run(config, backup.as_deref()),
        Command::Reconcile { since } => reconcile::run(config, &since),
        Command::Contact { command } => people::run(config, &command),
        Command::Forget(about) => people::press(config, "forget", &about, None),
        Command::Seed(asked) => seed::run(config, &asked),
        Command::Waiting => remote::list(config, "waiting"),
        Command::Test(asked) => test(config, asked),
        Command::Fmt { paths, check } => format(config, paths, check),
        Command::Schema { of } => {
            let of = match of {
                Schema::Rules => schema::Of::Rules,
                Schema::Config => schema::Of::Config,
            };
            finish(&schema::text(of), 0)
        }
        Command::Completions { shell } => finish(complete::script(shell), 0),
        Command::Man { path, out } => manual(&path, out.as_deref()),
        Command::Complete { next, words } => {
            let rules = || complete::rule_ids(config);
            finish(&complete::answer(&mut help::command(), &words, next, rules), 0)
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

/// The store's folder, whatever else the configuration lacks.
fn store_folder(config: &Path) -> Result<PathBuf, ExitStatus> {
    read_with(config, crate::config::store_folder)
}

fn manual(path: &[String], out: Option<&Path>) -> ExitStatus {
    let mut command = help::command();
    if let Some(folder) = out {
        return match man::write_all(&mut command, folder) {
            Ok(count) => finish(&format!("{count} pages in {}\n", folder.display()), 0),
            Err(error) => {
                say(&format!("error: cannot write pages into {}: {error}", folder.display()));
                ExitStatus::Environment
            }
        };
    }
    // "held release" in quotes is two words too.
    let words: Vec<String> =
        path.iter().flat_map(|it| it.split_whitespace()).map(str::to_owned).collect();
    let Some(page) = man::page(&mut command, &words) else {
        say(&format!("error: there is no command \"{}\"; see hubroute help", words.join(" ")));
        return ExitStatus::Usage;
    };
    finish(&page, 0)
}

fn format(config: &Path, paths: Vec<PathBuf>, check: bool) -> ExitStatus {
    let folder = if paths.is_empty() { Some(rules_folder(config)) } else { None };
    let paths = match folder.transpose() {
        Ok(folder) => folder.map_or(paths, |folder| vec![folder]),
        Err(status) => return status,
    };
    let answer = if paths == [Path::new("-")] {
        fmt::stdin(&mut std::io::stdin().lock(), check, error_color())
    } else {
        fmt::run(&paths, check, error_color())
    };
    if !answer.errors.is_empty() {
        say(answer.errors.trim_end());
    }
    finish(&answer.output, answer.exit_code)
}

/// The folder asked for, else that of the configuration.
fn folder_of(config: &Path, asked: Option<PathBuf>) -> Result<PathBuf, ExitStatus> {
    asked.map_or_else(|| rules_folder(config), Ok)
}

fn check(config: &Path, asked: args::Check) -> ExitStatus {
    let folder = match folder_of(config, asked.rules) {
        Ok(folder) => folder,
        Err(status) => return status,
    };
    let options = check::Options {
        format: asked.format.into(),
        color: color(),
        deny_warnings: asked.deny_warnings,
        today: asked.today.or_else(|| Some(jiff::Zoned::now().date())),
        leaves_sequences: leaves_sequences(config),
        against: asked.against.as_deref(),
    };
    if asked.portal {
        return check_portal::run(config, &folder, options);
    }
    match check::run(&folder, options) {
        Ok(answer) => finish(&answer.output, answer.exit_code),
        Err(error) => fail(&error, ExitStatus::Failure),
    }
}

fn test(config: &Path, asked: args::Test) -> ExitStatus {
    let folder = match folder_of(config, asked.rules) {
        Ok(folder) => folder,
        Err(status) => return status,
    };
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
    let options = test::Options {
        only: only.as_ref(),
        cover: asked.cover,
        color: color(),
        leaves_sequences: leaves_sequences(config),
    };
    match test::run(&folder, options) {
        Ok(answer) => {
            if let Some(path) = asked.junit
                && let Err(error) = std::fs::write(&path, &answer.junit)
            {
                print(&answer.output);
                say(&format!("error: cannot write the report {}: {error}", path.display()));
                return ExitStatus::Environment;
            }
            finish(&answer.output, answer.exit_code)
        }
        Err(error) => fail(&error, ExitStatus::Failure),
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
    std::io::stdout().is_terminal() && wants_color()
}

/// The same for what goes to standard error.
fn error_color() -> bool {
    std::io::stderr().is_terminal() && wants_color()
}

/// An empty NO_COLOR says nothing (no-color.org).
fn wants_color() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|no| no.is_empty())
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
        let said = inner.to_string();
        // What an error says of its cause itself is not said twice.
        if !text.contains(&said) {
            text = format!("{text}\n  caused by: {said}");
        }
        cause = inner.source();
    }
    say(&text);
    status
}

/// The configuration at `path`. A missing file named `hubroute.toml` counts as an empty one.
fn read_config(path: &Path) -> Result<Config, ExitStatus> {
    read_with(path, Config::read)
}

/// What `read` finds in the configuration at `path`.
fn read_with<T>(
    path: &Path,
    read: impl FnOnce(&str, &Path, &ProcessEnvironment) -> Result<T, Problems>,
) -> Result<T, ExitStatus> {
    let text = read_config_text(path)?;
    let missing = text.is_none();
    let text = text.unwrap_or_default();
    let folder = path.parent().unwrap_or(Path::new(""));
    read(&text, folder, &ProcessEnvironment).map_err(|problems| {
        for problem in &problems.0 {
            say(&format!("error: {problem}"));
        }
        if missing {
            let name = path.display();
            say(&format!("help: there is no {name} in this folder; name one with --config FILE"));
        }
        ExitStatus::Usage
    })
}

/// Whether the configuration's profile leaves sequences by a call, as far as it can be read.
fn leaves_sequences(config: &Path) -> bool {
    let text = std::fs::read_to_string(config).unwrap_or_default();
    crate::config::profile(&text, &ProcessEnvironment).leaves_sequences()
}

/// The configuration's text; none where nobody named a file and there is none.
fn read_config_text(path: &Path) -> Result<Option<String>, ExitStatus> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error)
            if error.kind() == std::io::ErrorKind::NotFound
                && path == Path::new(crate::config::FILE) =>
        {
            Ok(None)
        }
        Err(error) => {
            say(&format!("error: cannot read the configuration {}: {error}", path.display()));
            Err(ExitStatus::Usage)
        }
    }
}

/// The rules folder of the configuration, whatever is wrong with the rest of it: `check` and
/// `test` need nothing else. Without a configuration it is `rules`.
fn rules_folder(config: &Path) -> Result<PathBuf, ExitStatus> {
    let text = read_config_text(config)?.unwrap_or_default();
    let folder = config.parent().unwrap_or(Path::new(""));
    Ok(crate::config::rules_folder(&text, folder, &ProcessEnvironment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        help::command().debug_assert();
    }
}
