//! The whole router in virtual time, from one seed (RELIABILITY.md section 7).
//!
//! ```text
//! cargo test --test sim                                     the short form
//! cargo test --release --test sim -- --seed 7 --days 730    one life of two years
//! cargo test --release --test sim -- --run lost --contacts 310000
//! cargo test --release --test sim -- --run outage --contacts 16667
//! cargo test --release --test sim -- --run budgets --contacts 6400
//! ```

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it tells whoever runs it what it found"
)]

mod account;
mod carrier;
mod checker;
mod disk;
mod index;
mod meddling;
mod node;
mod people;
mod random;
mod report;
mod runs;
mod time;
mod traffic;
mod trap;
mod verdict;
mod weather;
mod world;

use std::process::ExitCode;

use crate::report::Passed;
use crate::traffic::Rate;
use crate::world::{Outcome, Plan, World};

/// What the command line asks for.
#[derive(Clone)]
struct Asked {
    run: String,
    seed: u64,
    seeds: u64,
    days: u64,
    events: u64,
    contacts: u64,
    calm: u64,
    /// Seconds that a run may take.
    within: u64,
    progress: bool,
}

fn asked() -> Asked {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut asked = Asked {
        run: "all".to_owned(),
        seed: 1,
        seeds: 1,
        days: 1,
        events: 800,
        contacts: 400,
        calm: 0,
        within: u64::MAX,
        progress: arguments.iter().any(|argument| argument == "--progress"),
    };
    for pair in arguments.windows(2) {
        let number = || pair[1].parse().unwrap_or_else(|_| panic!("{}: a number", pair[0]));
        match &*pair[0] {
            "--run" => asked.run.clone_from(&pair[1]),
            "--seed" => asked.seed = number(),
            "--seeds" => asked.seeds = number(),
            "--days" => {
                asked.days = number();
                ("life").clone_into(&mut asked.run);
                (asked.events, asked.contacts) = (5_000, 20_000);
            }
            "--events" => asked.events = number(),
            "--contacts" => asked.contacts = number(),
            "--calm" => asked.calm = number(),
            "--within" => asked.within = number(),
            _ => {}
        }
    }
    asked
}

/// Lives through a plan on one thread, in virtual time, after these changes that are told at once.
fn live(plan: Plan, burst: impl Iterator<Item = runs::Change>) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let mut world = World::new(plan).await;
        world.burst(burst);
        world.live().await
    })
}

fn life(asked: &Asked, seed: u64) -> Outcome {
    let growth = asked.contacts / 500;
    let rate = Rate { contacts: asked.contacts, growth, events: asked.events };
    let plan = runs::life(seed, asked.days, rate, asked.calm);
    live(Plan { progress: asked.progress, ..plan }, std::iter::empty())
}

/// One named run from one seed.
fn run(name: &str, asked: &Asked, seed: u64) -> Passed {
    let contacts = asked.contacts;
    let mut passed = Passed::begin(name, seed);
    match name {
        "lost" => {
            let outcome = live(runs::lost(seed, contacts), runs::burst(contacts, runs::ALL));
            passed.told(&outcome).confirmed(&outcome, runs::wanted(contacts, runs::ALL));
        }
        "outage" => {
            let burst = runs::burst(contacts, runs::UNMARKED);
            let outcome = live(runs::outage(seed, contacts), burst);
            let wanted = runs::wanted(contacts, runs::UNMARKED);
            let calls = runs::calls_needed(contacts, runs::UNMARKED);
            passed.told(&outcome).drained(&outcome, (wanted, calls));
        }
        "budgets" => {
            let outcome = live(runs::budgets(seed, contacts), runs::sequences_only(contacts));
            passed.told(&outcome).kept(&outcome, contacts);
        }
        "twice" => {
            let outcome = life(asked, seed);
            passed.told(&outcome).same(&outcome, &life(asked, seed));
        }
        _ => {
            passed.told(&life(asked, seed));
        }
    }
    passed.end(asked.within)
}

fn main() -> ExitCode {
    // A name is what a test runner's filter is: none of these is meant.
    if std::env::args().nth(1).is_some_and(|first| !first.starts_with("--") || first == "--list") {
        return ExitCode::SUCCESS;
    }
    let asked = asked();
    let all: &[(&str, u64)] =
        &[("twice", asked.contacts), ("lost", 120), ("outage", 150), ("budgets", 64)];
    let mut good = true;
    for seed in asked.seed..asked.seed + asked.seeds {
        if asked.run == "all" {
            for (name, contacts) in all {
                let asked = Asked { contacts: *contacts, ..asked.clone() };
                good &= run(name, &asked, seed).is_good();
            }
        } else {
            good &= run(&asked.run, &asked, seed).is_good();
        }
    }
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
