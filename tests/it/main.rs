//! One integration binary: the real router as a process, judged by the simulator's counts, and
//! the house's own rules.

mod demo;
mod exclusivity;
mod golden;
mod harness;
mod index;
mod interleavings;
mod kills;
mod tidy;
mod unenroll;
mod webhook;
