//! The benchmark of docs/performance.md: the router beside a bare actix handler and one that
//! verifies and parses, in one run on this machine. `scripts/bench` builds and starts it.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "figures for people; counts stay far below 2^52"
)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for a terminal")]

/// As in the router: what is compared differs in its work only.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod acknowledge;
mod command;
mod enroll;
mod evaluate;
mod events;
mod figures;
mod fold;
mod folder;
mod handlers;
mod import;
mod load;
mod machine;
mod overload;
mod replay;
mod server;
mod start;
mod tools;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use figures::Line;
use machine::Cores;

/// Whatever went wrong ends the run with its sentence.
type Fallible<T = ()> = Result<T, Box<dyn Error + Send + Sync>>;

/// One run.
struct Bench {
    cores: Cores,
    /// The release binary.
    binary: PathBuf,
    /// A folder on a real disk.
    root: PathBuf,
    burst_seconds: u64,
    open_seconds: u32,
    hold_seconds: u32,
    remembered: u64,
}

type Part = fn(&Bench, &mut Vec<Line>) -> Fallible;

/// What is measured, by the name that `--only` takes.
const PARTS: [(&str, Part); 9] = [
    ("evaluate", evaluate::run),
    ("tools", tools::run),
    ("replay", replay::run),
    ("start", start::run),
    ("acknowledge", acknowledge::run),
    ("fold", fold::run),
    ("enroll", enroll::run),
    ("overload", overload::run),
    ("import", import::run),
];

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let result = match words[..] {
        ["--handler", name, address] => handler(name, address),
        ["--compile", count] => evaluate::compile_and_tell(count),
        _ => run(&words),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn handler(name: &str, address: &str) -> Fallible {
    handlers::serve(name, address.parse()?)
}

fn run(words: &[&str]) -> Fallible {
    let (mut is_short, mut only) = (false, None);
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        match *word {
            "--short" => is_short = true,
            "--only" => only = rest.next().copied(),
            // Cargo's own word for "as a benchmark".
            "--bench" => {}
            _ => return Err(format!("{word} is not known; use --short, --only PART").into()),
        }
    }
    if let Some(name) = only
        && !PARTS.iter().any(|(known, _)| *known == name)
    {
        let names = PARTS.map(|(name, _)| name).join(", ");
        return Err(format!("there is no part {name}; there are {names}").into());
    }
    let bench = prepare(is_short)?;
    machine::describe(&bench.root, &bench.cores)?;
    let mut lines = Vec::new();
    for (name, part) in PARTS {
        if only.is_none_or(|only| only == name) {
            println!("\n## {name}");
            part(&bench, &mut lines)?;
        }
    }
    figures::print(&lines);
    std::fs::remove_dir_all(&bench.root)?;
    Ok(())
}

fn prepare(is_short: bool) -> Fallible<Bench> {
    // target/release/deps/bench-…: the router lies one folder up, its stores beside `release`.
    let own = std::env::current_exe()?;
    let release = own.ancestors().nth(2).ok_or("this program lies in no build folder")?;
    let binary = release.join("hubroute");
    if !binary.exists() {
        return Err("there is no release binary; run scripts/bench, which builds it".into());
    }
    let root = release.parent().unwrap_or(Path::new(".")).join("bench-stores");
    // Two runs at once spoil each other's figures, yet not each other's stores.
    let root = root.join(std::process::id().to_string());
    std::fs::create_dir_all(&root)?;
    let [burst_seconds, open_seconds, hold_seconds, remembered] =
        if is_short { [3, 10, 20, 100_000] } else { [10, 20, 60, 1_000_000] };
    Ok(Bench {
        cores: Cores::assign()?,
        binary,
        root,
        burst_seconds,
        open_seconds: u32::try_from(open_seconds)?,
        hold_seconds: u32::try_from(hold_seconds)?,
        remembered,
    })
}
