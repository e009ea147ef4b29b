//! What a run came to: told to whoever runs it, and judged by the run's own promise.

use std::collections::BTreeMap;
use std::time::Instant;

use crate::checker::Effect;
use crate::runs;
use crate::time::{MINUTE, SECOND};
use crate::world::Outcome;

/// A share of a hundredth is judged from so many on.
const CONFIRMED_OF: u64 = 10_000;

/// A run from one seed, as far as it has been judged.
pub(crate) struct Passed {
    name: String,
    seed: u64,
    began: Instant,
    wrong: usize,
    /// What it has shown.
    shown: Vec<String>,
}

impl Passed {
    pub(crate) fn begin(name: &str, seed: u64) -> Self {
        Self { name: name.to_owned(), seed, began: Instant::now(), wrong: 0, shown: Vec::new() }
    }

    fn wrong(&mut self, what: &str) {
        self.wrong += 1;
        println!("  VIOLATION ({}, seed {}): {what}", self.name, self.seed);
    }

    /// Tells the whole outcome, and takes in what the checker found.
    pub(crate) fn told(&mut self, outcome: &Outcome) -> &mut Self {
        println!(
            "{}, seed {}: {} events, {} acknowledged, {} enrollments, {} stops, {} calls under \
             way at one, digest {:016x}, {:.1} s",
            self.name,
            self.seed,
            outcome.events,
            outcome.acknowledged,
            outcome.enrollments,
            outcome.stops,
            outcome.recovered,
            outcome.digest,
            self.began.elapsed().as_secs_f64(),
        );
        for (reason, count) in &outcome.reasons {
            println!("  {count:8}  {reason}");
        }
        for (class, count) in &outcome.in_doubt {
            println!("  in doubt: {count}  {class}");
        }
        println!("  calls: {}", outcome.calls);
        for what in &outcome.shown {
            println!("  VIOLATION ({}, seed {}): {what}", self.name, self.seed);
        }
        self.wrong += outcome.violations;
        self.shown.push(format!(
            "{} events, {} enrollments, {} stops of the machine ({} calls under way at one), {} \
             violations",
            outcome.events,
            outcome.enrollments,
            outcome.stops,
            outcome.recovered,
            outcome.violations
        ));
        self
    }

    /// The same seed gives the same bytes.
    pub(crate) fn same(&mut self, one: &Outcome, other: &Outcome) {
        if one.digest != other.digest {
            self.wrong(&format!("two runs differ: {:x}, {:x}", one.digest, other.digest));
        }
        self.shown.push("a second run gave the same bytes".to_owned());
    }

    /// At least 99 of 100 are confirmed by the machine: of so many that chance decides nothing, as
    /// one in a hundred loses a second answer.
    pub(crate) fn confirmed(&mut self, outcome: &Outcome, wanted: u64) {
        let doubts = outcome.in_doubt.values().sum::<usize>() as u64;
        let enrolled = outcome.enrollments as u64;
        let few = enrolled * 100 < wanted * 99 || wanted < doubts * 100;
        if CONFIRMED_OF <= wanted && few {
            self.wrong("fewer than 99 of 100 were confirmed");
        }
        self.shown.push(format!(
            "{enrolled} of {wanted} wanted were enrolled, {doubts} were left to a person, each \
             held and listed"
        ));
    }

    /// What waited is done in the time that so many calls need by HubSpot's limit, and a tenth
    /// more. In order for each contact.
    pub(crate) fn drained(&mut self, outcome: &Outcome, (wanted, calls): (u64, u64)) {
        let after = outcome.drained.saturating_sub(runs::OUTAGE);
        let needed = calls * 10 * SECOND / u64::from(runs::CALLS);
        // A minute passes at most until somebody sees that HubSpot answers again.
        if needed * 11 / 10 + MINUTE < after {
            self.wrong(&format!("drained in {after} ms, the limit needs {needed} ms"));
        }
        let unordered = unordered(&outcome.effects);
        if unordered != 0 {
            self.wrong(&format!("{unordered} contacts were enrolled out of order"));
        }
        if outcome.enrollments as u64 != wanted {
            self.wrong(&format!("{wanted} enrollments were wanted"));
        }
        self.shown.push(format!(
            "drained {} s after the outage, the limit alone needs {} s; {unordered} \
             contacts out of order",
            after / SECOND,
            needed / SECOND
        ));
    }

    /// Budgets were used whole, and nobody was left out.
    pub(crate) fn kept(&mut self, outcome: &Outcome, wanted: u64) {
        if outcome.full < runs::INBOXES.len() {
            self.wrong(&format!("only {} inboxes were ever full", outcome.full));
        }
        // Of what became a dead letter people discard some.
        let discarded = outcome.reasons.get("skip discarded").copied().unwrap_or(0);
        if (outcome.enrollments + discarded) as u64 != wanted {
            self.wrong(&format!("{wanted} enrollments were wanted"));
        }
        self.shown.push(format!(
            "{discarded} discarded by a person; {} inboxes were full and none above its budget in any 24 hours of HubSpot's clock, \
             with {} jumps of the router's",
            outcome.full, outcome.jumps
        ));
    }

    /// The run is over: its evidence, and a line as the test runner's.
    pub(crate) fn end(mut self, within: u64) -> Self {
        if within < self.began.elapsed().as_secs() {
            self.wrong(&format!("it took longer than {within} s"));
        }
        let verdict = if self.is_good() { "ok" } else { "FAILED" };
        if self.is_good() {
            println!(
                "evidence: {}, seed {}: {} ({:.1} s)",
                self.name,
                self.seed,
                self.shown.join("; "),
                self.began.elapsed().as_secs_f64()
            );
        }
        println!("test sim::{} ... {verdict}", self.name);
        self
    }

    pub(crate) fn is_good(&self) -> bool {
        self.wrong == 0
    }
}

/// Contacts whose enrollments were booked in another order than they were asked for.
fn unordered(effects: &[Effect]) -> usize {
    let mut of_contact: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
    for effect in effects {
        of_contact.entry(effect.contact).or_default().push(&effect.target);
    }
    let place = |target: &&str| runs::TARGETS.iter().position(|it| it == target);
    of_contact.values().filter(|targets| !targets.iter().map(place).is_sorted()).count()
}
