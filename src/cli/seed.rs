//! `hubroute seed`: before the first live day everything is booked that HubSpot already shows, and
//! what people wrote down.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::ProgressBar;
use serde_json::{Value, json};

use super::args::Seed;
use super::backup::show as fill;
use super::remote::{Answer, Call, Door, Lost, converse, show};
use super::{ExitStatus, diagnostics, error_color, fail, finish, progress, read_config, say};
use crate::app::SystemClock;
use crate::domain::found::{self, Line, Where};
use crate::domain::rule::{RuleSet, Setting, compile_for};
use crate::port::Clock as _;
use crate::rules_folder;

/// Between two looks at how far it is.
const LOOK: Duration = Duration::from_millis(300);
/// Enrollments of a file in one call: far below the longest body.
const LINES_AT_ONCE: usize = 200;
/// Mistakes of a file that are shown.
const MISTAKES_MAX: usize = 50;

/// How it ended.
enum Ended {
    /// The last answer, and what became of the file's lines.
    Seeded(Value, Option<Lines>),
    /// An answer that is no success.
    Refused(Answer),
}

/// What became of a file's lines.
#[derive(Clone, Copy, Debug, Default)]
struct Lines {
    all: usize,
    booked: u64,
    known: u64,
}

pub(super) fn run(config: &Path, asked: &Seed) -> ExitStatus {
    let lines = match asked.csv.as_ref().map(|file| read(config, file)).transpose() {
        Ok(lines) => lines,
        Err(status) => return status,
    };
    // A store that no router has made yet is made here: seeding comes before the first day.
    match read_config(config) {
        Ok(config) => {
            if let Err(error) = std::fs::create_dir_all(&config.store) {
                say(&format!("error: cannot make the store {}: {error}", config.store.display()));
                return ExitStatus::Environment;
            }
        }
        Err(status) => return status,
    }
    let bar = progress::bar();
    let talk = async |door: &Door| seed(door, asked, lines.as_deref(), &bar).await;
    let ended = converse(config, true, &talk);
    bar.finish_and_clear();
    match ended {
        Ok(Ended::Seeded(found, booked)) => conclude(asked, &found, booked),
        Ok(Ended::Refused(answer)) => show(&answer),
        Err(status) => status,
    }
}

/// The lines of a file, by the address book of the rules folder. Every mistake is said.
fn read(config: &Path, file: &PathBuf) -> Result<Vec<Line>, ExitStatus> {
    let rules = rules(config)?;
    let text = std::fs::read_to_string(file).map_err(|error| {
        say(&format!("error: cannot read {}: {error}", file.display()));
        ExitStatus::Failure
    })?;
    found::read(&text, &rules, SystemClock.now()).map_err(|mistakes| {
        let name = file.display();
        for mistake in mistakes.iter().take(MISTAKES_MAX) {
            say(&format!("error: {name}: {mistake}"));
        }
        if MISTAKES_MAX < mistakes.len() {
            say(&format!("and {} more", mistakes.len() - MISTAKES_MAX));
        }
        say("hint: nothing was booked; mend the file and run it again");
        ExitStatus::Failure
    })
}

fn rules(config: &Path) -> Result<RuleSet, ExitStatus> {
    let config = read_config(config)?;
    let files = rules_folder::read(&config.rules);
    let files = files.map_err(|error| fail(&error, ExitStatus::Failure))?;
    let leaves_sequences = config.hubspot.profile.leaves_sequences();
    let compiled = compile_for(&files, Setting { leaves_sequences, ..Setting::default() });
    compiled.rules.ok_or_else(|| {
        let shown = config.rules.to_string_lossy();
        say(&diagnostics::text(&compiled.diagnostics, &files, &shown, error_color()));
        say("error: the rules have errors; nobody knows what the file names");
        ExitStatus::Failure
    })
}

async fn seed(
    door: &Door,
    asked: &Seed,
    lines: Option<&[Line]>,
    bar: &ProgressBar,
) -> Result<Ended, Lost> {
    let Seed { who, note, skip, .. } = asked;
    let mut booked = lines.map(|lines| Lines { all: lines.len(), ..Lines::default() });
    let all = lines.unwrap_or_default();
    let mut done = 0;
    for some in all.chunks(LINES_AT_ONCE) {
        let enrollments: Vec<Value> = some.iter().map(as_json).collect();
        let body = json!({ "enrollments": enrollments, "who": who, "note": note });
        let answer = door.send(Call::post("/api/v1/seed/enrollments", &body)).await?;
        if answer.status != 200 {
            return Ok(Ended::Refused(answer));
        }
        done += some.len() as u64;
        fill(bar, done, all.len() as u64);
        if let Some(booked) = &mut booked {
            booked.booked += number(&answer.body, "booked");
            booked.known += number(&answer.body, "known");
        }
    }
    let body = json!({ "skip": skip, "who": who, "note": note });
    let mut answer = door.send(Call::post("/api/v1/seed", &body)).await?;
    while answer.status == 200 && answer.body["running"] == json!(true) {
        fill(bar, number(&answer.body, "percent"), 100);
        tokio::time::sleep(LOOK).await;
        answer = door.send(Call::get("/api/v1/seeded")).await?;
    }
    if answer.status != 200 {
        return Ok(Ended::Refused(answer));
    }
    Ok(Ended::Seeded(answer.body, booked))
}

fn as_json(line: &Line) -> Value {
    let it = &line.found;
    let (workflow, sequence) = match it.into {
        Where::Workflow(id) => (Some(id), None),
        Where::Sequence(id) => (None, Some(id)),
    };
    json!({
        "contact": it.contact,
        "workflow": workflow,
        "sequence": sequence,
        "enrolled_at": it.enrolled_at.to_string(),
        "ended_at": it.ended_at.map(|at| at.to_string()),
    })
}

fn number(answer: &Value, key: &str) -> u64 {
    answer[key].as_u64().unwrap_or(0)
}

fn conclude(asked: &Seed, found: &Value, file: Option<Lines>) -> ExitStatus {
    let mut text = String::new();
    if let Some(Lines { all, booked, known }) = file {
        writeln!(text, "from the file: {all} enrollments, {booked} booked, {known} known already")
            .ok();
    }
    if asked.skip {
        text += "HubSpot was not searched; the memory counts as whole from now on\n";
    } else {
        let [all, booked, known, unnamed] =
            ["found", "booked", "known", "unnamed"].map(|key| number(found, key));
        writeln!(
            text,
            "from HubSpot: {all} contacts with a sequence, {booked} booked, {known} known already, \
             {unnamed} in sequences that count as no theme"
        )
        .ok();
    }
    let status = finish(&text, 0);
    let Some(why) = found["failed"].as_str() else { return status };
    say(&format!("error: it ended early: {why}"));
    say("hint: what was found is kept; run it again, it books nothing twice");
    ExitStatus::Environment
}
