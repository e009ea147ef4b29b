//! Commands: what they print and how they exit.

pub mod test;
