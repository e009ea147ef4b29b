//! The whole router in virtual time, from one seed (RELIABILITY.md section 7).
//!
//! ```text
//! cargo test --test sim                                     the short form
//! cargo test --release --test sim -- --seed 7 --days 730    one life of two years
//! cargo test --release --test sim -- --run lost --contacts 333334
//! cargo test --release --test sim -- --run outage --contacts 16667
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
mod runs;
mod time;
mod traffic;
mod verdict;
mod weather;
mod world;

use std::process::ExitCode;
use std::time::Instant;

use crate::time::{HOUR, SECOND};
use crate::traffic::Rate;
use crate::world::{Outcome, Plan, World};

/// What the command line asks for.
struct Asked {
    run: String,
    seed: u64,
    seeds: u64,
    days: u64,
    events: u64,
    contacts: u64,
    calm: u64,
    progress: bool,
}

fn asked() -> Asked {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut asked = Asked {
        run: "short".to_owned(),
        seed: 1,
        seeds: 1,
        days: 1,
        events: 800,
        contacts: 400,
        calm: 0,
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
            _ => {}
        }
    }
    asked
}

/// Lives through a plan on one thread, in virtual time; with changes told at once, so many.
fn run(plan: Plan, burst: Option<u64>) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let mut world = World::new(plan).await;
        if let Some(contacts) = burst {
            world.burst(runs::burst(contacts));
        }
        world.live().await
    })
}

fn main() -> ExitCode {
    let asked = asked();
    let mut failed = 0;
    for seed in asked.seed..asked.seed + asked.seeds {
        let rate =
            Rate { contacts: asked.contacts, growth: asked.contacts / 500, events: asked.events };
        let life =
            || Plan { progress: asked.progress, ..runs::life(seed, asked.days, rate, asked.calm) };
        let began = Instant::now();
        failed += match &*asked.run {
            "lost" => {
                let outcome = run(runs::lost(seed, asked.contacts), Some(asked.contacts));
                report(seed, &outcome, began);
                outcome.violations + confirmed(&outcome, runs::wanted(asked.contacts))
            }
            "outage" => {
                let outcome = run(runs::outage(seed, asked.contacts), Some(asked.contacts));
                report(seed, &outcome, began);
                outcome.violations + drained(&outcome)
            }
            "life" => {
                let outcome = run(life(), None);
                report(seed, &outcome, began);
                outcome.violations
            }
            _ => short(seed, &life, began),
        };
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A few days, lived twice: the same seed gives the same bytes.
fn short(seed: u64, life: &impl Fn() -> Plan, began: Instant) -> usize {
    let outcome = run(life(), None);
    report(seed, &outcome, began);
    let again = run(life(), None);
    let differs = again.digest != outcome.digest;
    if differs {
        println!("seed {seed}: two runs differ: {:x}, {:x}", outcome.digest, again.digest);
    }
    outcome.violations + usize::from(differs)
}

/// At least 99 of 100 are confirmed by the machine.
fn confirmed(outcome: &Outcome, wanted: u64) -> usize {
    let doubts: usize = outcome.in_doubt.values().sum();
    let enough = outcome.enrollments as u64 * 100 >= wanted * 99 && doubts as u64 * 100 <= wanted;
    println!("  {} of {wanted} enrolled, {doubts} of them were in doubt", outcome.enrollments);
    usize::from(!enough)
}

/// Everything that waited is done in the time that HubSpot's limit needs, and a tenth more.
fn drained(outcome: &Outcome) -> usize {
    let after = outcome.drained.saturating_sub(runs::OUTAGE);
    let needed = outcome.made * 10 * SECOND / 90;
    println!("  drained {after} ms after the outage; the limit needs {needed} ms");
    // The last one to be tried again waits a quarter of an hour at most.
    usize::from(needed * 11 / 10 + HOUR / 4 < after)
}

fn report(seed: u64, outcome: &Outcome, began: Instant) {
    println!(
        "seed {seed}: {} events, {} acknowledged, {} enrollments, {} stops, {} calls under way at \
         one, {} violations, digest {:016x}, {:.1} s",
        outcome.events,
        outcome.acknowledged,
        outcome.enrollments,
        outcome.stops,
        outcome.recovered,
        outcome.violations,
        outcome.digest,
        began.elapsed().as_secs_f64(),
    );
    for (reason, count) in &outcome.reasons {
        println!("  {count:8}  {reason}");
    }
    for (class, count) in &outcome.in_doubt {
        println!("  in doubt: {count}  {class}");
    }
    println!("  calls: {}", outcome.calls);
    for what in &outcome.shown {
        println!("  VIOLATION (seed {seed}): {what}");
    }
}
