//! The rule language (RULES.md): what RevOps people write, compiled.
//!
//! `syntax` reads TOML with its spans, `compile` finds every error at once and builds a
//! [`RuleSet`], `condition` and `trigger` evaluate. Nothing here looks at the person record:
//! that is `gates` and `decide`.

pub mod about;
pub mod check;
pub mod code;
mod compile;
pub mod condition;
mod index;
mod leave;
pub mod model;
pub mod moment;
pub mod ownership;
mod protection;
mod senders;
pub mod span;
pub mod split;
pub mod subscription;
pub mod suggest;
pub mod syntax;
#[cfg(test)]
mod tests;
pub mod timing;
pub mod trigger;
pub mod value;

pub use compile::{
    BUILT_IN_SUPPRESSIONS, Compiled, RuleFile, Setting, compile, compile_for, compile_on, renamed,
};
pub use index::Index;
pub use leave::*;
pub use model::*;
pub use protection::{Breaker, Cap, Limit, Limits};
