//! One integration binary: the real router as a process, judged by the simulator's counts, and
//! the house's own rules.

mod away;
mod backup;
mod beside;
mod book;
mod codes;
mod commandline;
mod demo;
mod doctor;
mod exclusivity;
mod expectations;
mod gates;
mod golden;
mod harness;
mod index;
mod interleavings;
mod kills;
mod mistakes;
mod model;
mod people;
mod pressure;
mod protection;
mod quick;
mod reasons;
mod reload;
mod reloaded;
mod security;
mod settling;
mod tidy;
mod unenroll;
mod via;
mod waiters;
mod webhook;
