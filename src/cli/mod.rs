//! What people type and see.

pub mod check;
pub mod diagnostics;
pub mod test;
