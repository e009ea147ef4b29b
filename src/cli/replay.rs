//! `hubroute replay`: stored events through a rule set, without effects.

mod input;
#[cfg(test)]
mod tests;
mod text;

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use indicatif::ProgressBar;
use serde_json::json;
use thiserror::Error;

use self::input::Input;
use super::args::{self, DataFormat};
use super::{ExitStatus, diagnostics, error_color, fail, folder_of, progress, say, store_folder};
use crate::admin::Shown;
use crate::domain::query::Found;
use crate::domain::replay::{Finding, Summary, Told, difference};
use crate::domain::rule::span::Span;
use crate::domain::rule::{RuleSet, compile};
use crate::domain::time::Timestamp;
use crate::rules_folder::{self, FolderError};
use crate::store::StoreError;

/// What is replayed.
#[derive(Clone, Debug)]
pub enum What {
    /// A file of JSON lines.
    File(PathBuf),
    /// The journal of the store in this folder, for so long, or all of it.
    Journal(PathBuf, Option<Span>),
}

/// What `replay` is asked for.
#[derive(Clone, Debug)]
pub struct Options<'a> {
    /// What is replayed.
    pub what: What,
    /// The rules folder.
    pub rules: &'a Path,
    /// Another one to compare it with.
    pub against: Option<&'a Path>,
    /// One JSON object for each record instead of counts.
    pub json: bool,
    /// ANSI colors in diagnostics.
    pub color: bool,
}

/// Why nothing was replayed.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// A rules folder cannot be read.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A rule set has errors; they are shown as `check` shows them.
    #[error("the rules have errors; nothing was replayed")]
    Rules(String),
    /// The journal cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file cannot be read.
    #[error("cannot read {}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// No line of the file is an event or a description.
    #[error(
        "nothing in {} can be read ({why}); write one JSON object a line: a webhook event, or \
         {{ \"contact\": {{ \"id\", \"properties\" }} }}",
        path.display()
    )]
    Nothing {
        /// Which.
        path: PathBuf,
        /// The first line and what is wrong there.
        why: String,
    },
    /// Nobody takes the output.
    #[error("the output cannot be written")]
    Output(#[source] io::Error),
}

/// `hubroute replay` as it was asked for on the command line.
pub(super) fn ask(config: &Path, asked: args::Replay) -> ExitStatus {
    let what = match asked.file {
        Some(file) => What::File(file),
        None => match store_folder(config) {
            Ok(store) => What::Journal(store, asked.last),
            Err(status) => return status,
        },
    };
    let rules = match folder_of(config, asked.rules) {
        Ok(rules) => rules,
        Err(status) => return status,
    };
    let json = asked.format == DataFormat::Json;
    let (against, color) = (asked.against.as_deref(), error_color());
    let options = Options { what, rules: &rules, against, json, color };
    let bar = progress::bar();
    let ended = run(&options, &mut io::stdout(), &bar);
    bar.finish_and_clear();
    match ended {
        Ok(()) => ExitStatus::Success,
        Err(ReplayError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitStatus::Success
        }
        Err(ReplayError::Rules(found)) => {
            say(&format!("{found}error: the rules have errors; nothing was replayed"));
            ExitStatus::Failure
        }
        Err(error @ (ReplayError::Folder(_) | ReplayError::Nothing { .. })) => {
            fail(&error, ExitStatus::Failure)
        }
        Err(error) => fail(&error, ExitStatus::Environment),
    }
}

/// Replays and writes to `out`; a bar of progress stands on `progress`.
pub fn run(
    options: &Options<'_>,
    out: &mut (impl Write + Send),
    progress: &ProgressBar,
) -> Result<(), ReplayError> {
    let mut out = BufWriter::new(out);
    let rules = load(options.rules, options.color)?;
    let input = Input::new(&options.what, now());
    if let Some(against) = options.against {
        let other = load(against, options.color)?;
        let (before, after) = both(&rules, &other, &input, progress)?;
        let found = difference(&before, &after);
        let names = (options.rules.display().to_string(), against.display().to_string());
        let shown = if options.json {
            text::difference_json(&found, (&before, &after))
        } else {
            text::difference(&found, (&before, &after), &names, &rules.portal.zone)
        };
        out.write_all(shown.as_bytes()).map_err(ReplayError::Output)?;
    } else {
        let mut summary = Summary::new(false);
        let json = options.json;
        input.feed(&rules, progress, |told| {
            summary.add(&told);
            if json { line(&mut out, told) } else { Ok(()) }
        })?;
        if !json {
            let shown = text::summary(&summary, &input.name(), &rules);
            out.write_all(shown.as_bytes()).map_err(ReplayError::Output)?;
        }
    }
    out.flush().map_err(ReplayError::Output)
}

/// Both at once: the machine has more than one core, and each reads for itself.
fn both(
    rules: &RuleSet,
    other: &RuleSet,
    input: &Input,
    progress: &ProgressBar,
) -> Result<(Summary, Summary), ReplayError> {
    let one = |rules: &RuleSet, progress: &ProgressBar| {
        let mut summary = Summary::new(true);
        input.feed(rules, progress, |told| {
            summary.add(&told);
            Ok(())
        })?;
        Ok::<_, ReplayError>(summary)
    };
    std::thread::scope(|scope| {
        let hidden = ProgressBar::hidden();
        let second = scope.spawn(move || one(other, &hidden));
        let first = one(rules, progress);
        let second = second.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Ok((first?, second?))
    })
}

fn load(folder: &Path, color: bool) -> Result<RuleSet, ReplayError> {
    let files = rules_folder::read(folder)?;
    let compiled = compile(&files);
    let shown = folder.to_string_lossy();
    compiled.rules.ok_or_else(|| {
        ReplayError::Rules(diagnostics::text(&compiled.diagnostics, &files, &shown, color))
    })
}

/// One record as an object on a line of its own: its keys are those of the API.
fn line(out: &mut impl Write, told: Told) -> io::Result<()> {
    let Told { seq, at, what } = told;
    match what {
        Finding::Decided(row) => {
            let shown = Shown::from(Found { seq, place: 0, at, row: *row });
            serde_json::to_writer(&mut *out, &shown)?;
        }
        Finding::NotJudged(missed) => {
            let object = json!({
                "id": missed.id,
                "seq": seq,
                "at": at.to_string(),
                "contact": missed.contact.to_string(),
                "rule": missed.rule,
                "not_judged": missed.why.code(),
                "detail": missed.detail,
                "sentence": missed.why.sentence(),
            });
            serde_json::to_writer(&mut *out, &object)?;
        }
    }
    out.write_all(b"\n")
}

/// `7d`, `24h`, `90m`, `45s`, `2w`, or a duration as rules write it.
pub fn parse_last(text: &str) -> Result<Span, String> {
    let (number, unit) =
        text.split_at(text.len() - text.chars().next_back().map_or(0, char::len_utf8));
    let unit = match unit {
        "s" => "seconds",
        "m" => "minutes",
        "h" => "hours",
        "d" => "days",
        "w" => "weeks",
        _ => return Span::parse(text),
    };
    if number.bytes().all(|byte| byte.is_ascii_digit()) && !number.is_empty() {
        return Span::parse(&format!("{number} {unit}"));
    }
    Span::parse(text)
}

fn now() -> Timestamp {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_ms(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX))
}
