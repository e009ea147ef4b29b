//! One comparison with one value: what an operator and its operand mean for a property's type.

use super::value::{Decimal, choices, fold, is_blank, is_like};

/// How the values of `is` and its relatives are compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Values {
    /// Trimmed, and case-insensitive unless `exact_case`.
    Text {
        /// As written.
        values: Vec<String>,
        /// `exact_case = true`.
        exact_case: bool,
    },
    /// Exact decimals, beside how they were written.
    Numbers(Vec<(Decimal, String)>),
    /// Internal values of an enumeration: exact.
    Options(Vec<String>),
    /// `true` or `false`. A blank is neither.
    Flag(bool),
}

/// What a text must do with its operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `contains`, `does_not_contain`.
    Contains,
    /// `starts_with`.
    StartsWith,
    /// `ends_with`.
    EndsWith,
    /// `is_like`.
    Like,
}

/// A bound of a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bound {
    /// `is_at_least`.
    AtLeast(Decimal, String),
    /// `is_at_most`.
    AtMost(Decimal, String),
    /// `is_more_than`.
    MoreThan(Decimal, String),
    /// `is_less_than`.
    LessThan(Decimal, String),
    /// `is_between`, both ends included.
    Between((Decimal, String), (Decimal, String)),
}

/// What a multi-checkbox must do with its operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlap {
    /// `contains_any_of`, `contains_none_of`.
    Any,
    /// `contains_all_of`.
    All,
    /// `is_exactly`.
    Exactly,
}

/// A comparison in its positive form. Negation stands outside, because a blank is neither.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// `is`, `is_not`, `is_any_of`, `is_none_of`.
    Among(Values),
    /// The text operators.
    Text {
        /// Which.
        shape: Shape,
        /// The operand, as written.
        pattern: String,
        /// `exact_case = true`.
        exact_case: bool,
    },
    /// The number operators.
    Number(Bound),
    /// The operators of a multi-checkbox.
    Choices(Overlap, Vec<String>),
}

/// How a value compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Match {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// The value is blank, or not of the type: neither an operator nor its negation holds.
    Unknown,
}

impl Check {
    /// Compares one value.
    pub fn matches(&self, value: &str) -> Match {
        if is_blank(value) {
            return Match::Unknown;
        }
        let holds = match self {
            Self::Among(values) => return values.contain(value),
            Self::Text { shape, pattern, exact_case } => {
                let (text, pattern) = (fold(value, *exact_case), fold(pattern, *exact_case));
                match shape {
                    Shape::Contains => text.contains(&pattern),
                    Shape::StartsWith => text.starts_with(&pattern),
                    Shape::EndsWith => text.ends_with(&pattern),
                    Shape::Like => is_like(&text, &pattern),
                }
            }
            Self::Number(bound) => match Decimal::parse(value) {
                Some(number) => bound.admits(&number),
                None => return Match::Unknown,
            },
            Self::Choices(overlap, wanted) => {
                let has = choices(value);
                let mut wanted = wanted.iter().map(|choice| choice.trim());
                match overlap {
                    Overlap::Any => wanted.any(|choice| has.contains(choice)),
                    Overlap::All => wanted.all(|choice| has.contains(choice)),
                    Overlap::Exactly => has == wanted.collect(),
                }
            }
        };
        if holds { Match::Yes } else { Match::No }
    }

    /// Whether the value had to be a number and is none: a warning about the data.
    pub fn wants_number(&self) -> bool {
        matches!(self, Self::Number(_) | Self::Among(Values::Numbers(_)))
    }

    /// What follows `property is "value"` in words, for a value that does or does not match.
    pub fn describe(&self, holds: bool) -> String {
        let not = if holds { "" } else { "not " };
        match self {
            Self::Among(values) => match (values.written().as_slice(), holds) {
                ([_], true) => String::new(),
                ([only], false) => format!(", not {only}"),
                (many, _) => format!(", {not}one of {}", list(many)),
            },
            Self::Text { shape, pattern, .. } => {
                let verb = match (shape, holds) {
                    (Shape::Contains, true) => "contains",
                    (Shape::Contains, false) => "does not contain",
                    (Shape::StartsWith, true) => "starts with",
                    (Shape::StartsWith, false) => "does not start with",
                    (Shape::EndsWith, true) => "ends with",
                    (Shape::EndsWith, false) => "does not end with",
                    (Shape::Like, true) => "is like",
                    (Shape::Like, false) => "is not like",
                };
                format!(", which {verb} {}", quote(pattern))
            }
            Self::Number(bound) => format!(", {not}{}", bound.words()),
            Self::Choices(overlap, wanted) => {
                let quoted: Vec<String> = wanted.iter().map(|choice| quote(choice)).collect();
                let verb = match (overlap, holds) {
                    (Overlap::Exactly, true) => "is exactly",
                    (Overlap::Exactly, false) => "is not exactly",
                    (Overlap::Any, true) => "contains one of",
                    (Overlap::Any, false) => "contains none of",
                    (Overlap::All, true) => "contains all of",
                    (Overlap::All, false) => "does not contain all of",
                };
                format!(", which {verb} {}", list(&quoted))
            }
        }
    }
}

impl Values {
    fn contain(&self, value: &str) -> Match {
        let holds = match self {
            Self::Text { values, exact_case } => {
                let text = fold(value, *exact_case);
                values.iter().any(|wanted| fold(wanted, *exact_case) == text)
            }
            Self::Numbers(wanted) => match Decimal::parse(value) {
                Some(number) => wanted.iter().any(|(wanted, _)| *wanted == number),
                None => return Match::Unknown,
            },
            Self::Options(values) => values.iter().any(|wanted| wanted == value.trim()),
            Self::Flag(wanted) => match fold(value, false).as_str() {
                "true" => *wanted,
                "false" => !*wanted,
                _ => return Match::Unknown,
            },
        };
        if holds { Match::Yes } else { Match::No }
    }

    /// The operands as a person would write them.
    pub fn written(&self) -> Vec<String> {
        match self {
            Self::Text { values, .. } | Self::Options(values) => {
                values.iter().map(|value| quote(value)).collect()
            }
            Self::Numbers(numbers) => numbers.iter().map(|(_, text)| text.clone()).collect(),
            Self::Flag(flag) => vec![flag.to_string()],
        }
    }
}

impl Bound {
    fn admits(&self, number: &Decimal) -> bool {
        match self {
            Self::AtLeast(bound, _) => bound <= number,
            Self::AtMost(bound, _) => number <= bound,
            Self::MoreThan(bound, _) => bound < number,
            Self::LessThan(bound, _) => number < bound,
            Self::Between((low, _), (high, _)) => low <= number && number <= high,
        }
    }

    fn words(&self) -> String {
        match self {
            Self::AtLeast(_, text) => format!("at least {text}"),
            Self::AtMost(_, text) => format!("at most {text}"),
            Self::MoreThan(_, text) => format!("more than {text}"),
            Self::LessThan(_, text) => format!("less than {text}"),
            Self::Between((_, low), (_, high)) => format!("between {low} and {high}"),
        }
    }
}

/// The most operands, and characters of a value, that a sentence shows.
const SHOWN_OPERANDS: usize = 8;
const SHOWN_CHARS: usize = 80;

/// A value in quotes, cut where it would drown the sentence.
pub fn quote(value: &str) -> String {
    match value.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("\"{}…\"", &value[..end]),
        None => format!("\"{value}\""),
    }
}

/// Operands in a row, cut where they would drown the sentence.
fn list(operands: &[String]) -> String {
    match operands.get(SHOWN_OPERANDS..) {
        Some(rest @ [_, _, ..]) => {
            format!("{} and {} more", operands[..SHOWN_OPERANDS].join(", "), rest.len())
        }
        _ => operands.join(", "),
    }
}
