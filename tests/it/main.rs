//! Integration tests: the real router as a process, judged by the simulator's counts.

mod exclusivity;
mod golden;
mod harness;
mod index;
mod interleavings;
mod kills;
mod webhook;
