//! One integration binary: a file per behavior.

mod tidy;
