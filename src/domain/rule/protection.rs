//! `limits`, `breaker` and `[cap]`, compiled.

use std::collections::BTreeSet;

use super::model::Place;
use super::span::Span;
use crate::domain::id::ThemeName;

/// `breaker`: far more triggers than usual in a short time (CONSISTENCY.md 6.13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breaker {
    /// `max`: one more opens it.
    pub max: u32,
    /// `within`, in milliseconds, at most 24 hours.
    pub within_ms: u64,
    /// `then = "discard"`: what is caught ends, instead of waiting for a person.
    pub discard: bool,
}

/// One number of `limits`: enrollments of the rule in any hour or any 24 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// At most so many.
    pub max: u32,
    /// In so many milliseconds.
    pub within_ms: u64,
}

/// `limits`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// `per_hour` and `per_day`, those that are said.
    pub rolling: Vec<Limit>,
    /// `per_company`: people of one company.
    pub per_company: Option<u32>,
    /// `on_limit = "skip"`.
    pub skip: bool,
}

/// `[cap]`: enrollments of one person over all rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cap {
    /// `max`.
    pub max: u32,
    /// `within`.
    pub within: Span,
    /// `themes`; empty means every theme.
    pub themes: BTreeSet<ThemeName>,
    /// Where it stands.
    pub place: Place,
}
