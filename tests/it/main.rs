//! One integration binary: the real router as a process, judged by the simulator's counts, and
//! the house's own rules.

mod beside;
mod codes;
mod demo;
mod exclusivity;
mod expectations;
mod golden;
mod harness;
mod index;
mod interleavings;
mod kills;
mod mistakes;
mod people;
mod protection;
mod quick;
mod reload;
mod tidy;
mod unenroll;
mod webhook;
