//! Durable state: the journal is the truth, the index is rebuilt from it.

pub mod disk;
pub mod journal;
