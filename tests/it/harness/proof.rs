//! Tests that `scripts/prove` runs at their full size: how often, and what they say of it.

use std::fmt::Display;

/// How often a test does what it does: what the environment says, else `usual`, which fits CI.
#[track_caller]
pub(crate) fn times(variable: &str, usual: u64) -> u64 {
    let Ok(wanted) = std::env::var(variable) else { return usual };
    wanted.parse().unwrap_or_else(|_| panic!("{variable} is {wanted:?}, which is no number"))
}

/// One line of evidence: how many, from which seed, with what result. `scripts/prove` collects
/// it; a step without one has proved nothing.
#[expect(clippy::print_stdout, reason = "the figures are what the test is for")]
pub(crate) fn evidence(figures: impl Display) {
    println!("\nevidence: {figures}");
}
