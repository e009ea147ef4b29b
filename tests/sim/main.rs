//! The whole router in virtual time, from one seed (RELIABILITY.md section 7).
//!
//! ```text
//! cargo test --test sim                                     the short form
//! cargo test --release --test sim -- --seed 7 --days 730    one life of two years
//! ```

mod account;
mod carrier;
mod checker;
mod disk;
mod index;
mod node;
mod people;
mod random;
mod time;
mod traffic;
mod weather;
mod world;

use std::process::ExitCode;
use std::time::Instant;

use crate::time::DAY;
use crate::traffic::Rate;
use crate::weather::Weather;
use crate::world::{Outcome, Plan, World};

/// What the command line asks for.
struct Asked {
    seed: u64,
    seeds: u64,
    days: u64,
    events: u64,
    contacts: u64,
    twice: bool,
    progress: bool,
    calm: u64,
}

fn asked() -> Asked {
    let mut asked = Asked {
        seed: 1,
        seeds: 2,
        days: 4,
        events: 5_000,
        contacts: 2_000,
        twice: true,
        progress: false,
        calm: 0,
    };
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    asked.progress = arguments.iter().any(|argument| argument == "--progress");
    for pair in arguments.windows(2) {
        let number = || pair[1].parse().unwrap_or_else(|_| panic!("{}: a number", pair[0]));
        match &*pair[0] {
            "--seed" => (asked.seed, asked.seeds, asked.twice) = (number(), 1, false),
            "--seeds" => asked.seeds = number(),
            "--days" => asked.days = number(),
            "--events" => asked.events = number(),
            "--calm" => asked.calm = number(),
            "--contacts" => asked.contacts = number(),
            _ => {}
        }
    }
    asked
}

/// Two years of an account with every fault on.
fn life(seed: u64, asked: &Asked) -> Plan {
    let rate =
        Rate { contacts: asked.contacts, growth: asked.contacts / 500, events: asked.events };
    Plan {
        seed,
        days: asked.days,
        rate,
        workers: 8,
        calls: 90,
        state: account::state(seed, rate),
        law: account::law(),
        rules: account::rules,
        weather: Weather::new(seed, asked.days * DAY),
        progress: asked.progress,
        stops: (asked.calm & 1 == 0).then(|| (5 * DAY).min(asked.days * DAY / 8)),
        clocks: (asked.calm & 2 == 0).then(|| (4 * DAY).min(asked.days * DAY / 6)),
        changes: (asked.calm & 4 == 0).then(|| (4 * DAY).min(asked.days * DAY / 8)),
    }
}

/// Lives through a plan on one thread, in virtual time.
fn run(plan: Plan) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async { World::new(plan).await.live().await })
}

fn main() -> ExitCode {
    let asked = asked();
    let mut failed = 0;
    for seed in asked.seed..asked.seed + asked.seeds {
        let began = Instant::now();
        let outcome = run(life(seed, &asked));
        report(seed, &outcome, began);
        failed += outcome.violations;
        if asked.twice && seed == asked.seed {
            let again = run(life(seed, &asked));
            if again.digest != outcome.digest {
                println!("seed {seed}: two runs differ: {} and {}", outcome.digest, again.digest);
                failed += 1;
            }
        }
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn report(seed: u64, outcome: &Outcome, began: Instant) {
    println!(
        "seed {seed}: {} events, {} acknowledged, {} enrollments, {} stops, {} calls under way at one, \
         {} violations, digest {:016x}, {:.1} s",
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
