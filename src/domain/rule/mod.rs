//! The rule language (RULES.md): what RevOps people write, compiled.
//!
//! `syntax` reads TOML with its spans, `compile` finds every error at once and builds a
//! [`RuleSet`], `condition` and `trigger` evaluate. Nothing here looks at the person record:
//! that is `gates` and `decide`.

pub mod check;
pub mod code;
mod compile;
pub mod condition;
mod leave;
pub mod model;
pub mod moment;
pub mod span;
pub mod suggest;
pub mod syntax;
#[cfg(test)]
mod tests;
pub mod trigger;
pub mod value;

pub use compile::{Compiled, RuleFile, compile};
pub use leave::*;
pub use model::*;
