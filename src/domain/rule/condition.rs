//! Conditions of `only_if`, `unless` and `[[suppress]] if` (RULES.md 1.3).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::about::{About, Remembered};
use super::check::{Check, Match, quote};
use super::model::Place;
use super::moment::{Moment, TimeTest};
use super::ownership::OwnerTest;
use crate::domain::id::PropertyName;
use crate::domain::surroundings::{Properties, known as known_in};

pub use crate::domain::facts::Facts;

/// How a condition went, with the actual value in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// It holds.
    pub holds: bool,
    /// What was seen, for example `country_code is "FR", not one of "US", "CA"`.
    pub detail: String,
}

/// One condition, compiled.
#[derive(Clone, Debug)]
pub struct Condition {
    /// The condition as a person would read it.
    pub text: String,
    /// Where it stands.
    pub place: Place,
    /// What it asks.
    pub test: Test,
}

/// What a condition asks.
#[derive(Clone, Debug)]
pub enum Test {
    /// `is_known` (true) or `is_unknown` (false) of a property.
    Known(PropertyName, bool),
    /// A property compared.
    Compare(Comparison),
    /// An owner property: is it one of these people?
    Owner(OwnerTest),
    /// A date or datetime property compared.
    Time {
        /// Which property.
        property: PropertyName,
        /// With what.
        test: TimeTest,
        /// It holds a date: its instant is a midnight in UTC.
        date_only: bool,
    },
    /// The domain of the email address, or one above it, is on a list.
    EmailDomain {
        /// The list's name.
        list: String,
        /// Its domains, lower case.
        domains: Arc<BTreeSet<String>>,
    },
    /// The same, asked of the company or of deals.
    About(About, Box<Test>),
    /// A list that holds the person, or what they are and were in.
    Remembered(Remembered),
    /// A group.
    Group(Group, Vec<Condition>),
}

/// A property compared.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Which property.
    pub property: PropertyName,
    /// With what.
    pub check: Check,
    /// Whether the operator is the negation (`is_not`, `is_none_of` …).
    pub negated: bool,
    /// `or_unknown = true`: a blank passes the negation.
    pub or_unknown: bool,
}

/// How a group combines its conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// `any`: at least one holds.
    Any,
    /// `all`: every one holds.
    All,
    /// `none`: not one holds.
    None,
}

impl Condition {
    /// Evaluates it.
    pub fn evaluate(&self, facts: &Facts<'_>) -> Finding {
        self.test.evaluate(&facts.contact.properties, facts)
    }

    /// Adds every contact property that it looks at.
    pub fn collect_properties(&self, into: &mut BTreeSet<PropertyName>) {
        match &self.test {
            Test::Known(property, _)
            | Test::Compare(Comparison { property, .. })
            | Test::Owner(OwnerTest { property, .. })
            | Test::Time { property, .. } => {
                into.insert(property.clone());
            }
            Test::EmailDomain { .. } => {
                into.insert("email".into());
            }
            Test::Group(_, members) => {
                for member in members {
                    member.collect_properties(into);
                }
            }
            // Properties of others than the contact, or none at all.
            Test::About(..) | Test::Remembered(_) => {}
        }
    }
}

impl Test {
    /// Asks it of a record with these properties: the contact, the company or a deal.
    pub(super) fn evaluate(&self, properties: &Properties, facts: &Facts<'_>) -> Finding {
        match self {
            Self::Known(property, wanted) => known(properties, property, *wanted),
            Self::Compare(comparison) => comparison.evaluate(properties),
            Self::Owner(test) => test.evaluate(properties, facts.owners),
            Self::Time { property, test, date_only } => {
                time(properties, facts, (property, test), *date_only)
            }
            Self::EmailDomain { list, domains } => email_domain(properties, list, domains),
            Self::About(about, test) => about.evaluate(test, facts),
            Self::Remembered(what) => what.evaluate(facts),
            Self::Group(group, members) => group.evaluate(members, facts),
        }
    }
}

fn known(properties: &Properties, property: &PropertyName, wanted: bool) -> Finding {
    match known_in(properties, property.as_str()) {
        Some(value) => Finding { holds: wanted, detail: format!("{property} is {}", quote(value)) },
        None => Finding { holds: !wanted, detail: format!("{property} is unknown") },
    }
}

impl Comparison {
    fn evaluate(&self, properties: &Properties) -> Finding {
        let property = &self.property;
        let Some(value) = known_in(properties, property.as_str()) else {
            let holds = self.negated && self.or_unknown;
            return Finding { holds, detail: format!("{property} is unknown") };
        };
        let shown = quote(value);
        match self.check.matches(value) {
            Match::Unknown => {
                let wanted = if self.check.wants_number() { "a number" } else { "true or false" };
                Finding {
                    holds: self.negated && self.or_unknown,
                    detail: format!(
                        "{property} is {shown}, which is not {wanted}: taken as unknown"
                    ),
                }
            }
            matched => {
                let matched = matched == Match::Yes;
                Finding {
                    holds: matched != self.negated,
                    detail: format!("{property} is {shown}{}", self.check.describe(matched)),
                }
            }
        }
    }
}

fn time(
    properties: &Properties,
    facts: &Facts<'_>,
    (property, test): (&PropertyName, &TimeTest),
    date_only: bool,
) -> Finding {
    let Some(value) = known_in(properties, property.as_str()) else {
        return Finding { holds: false, detail: format!("{property} is unknown") };
    };
    let shown = quote(value);
    let Some(moment) = Moment::parse(value, date_only) else {
        let detail = format!("{property} is {shown}, which is not a date: taken as unknown");
        return Finding { holds: false, detail };
    };
    let holds = test.holds(moment, facts.now, facts.zone);
    let not = if holds { "" } else { "not " };
    Finding { holds, detail: format!("{property} is {shown}, {not}{}", test.words()) }
}

fn email_domain(properties: &Properties, list: &str, domains: &BTreeSet<String>) -> Finding {
    let email = known_in(properties, "email").map(str::trim);
    let Some((_, domain)) = email.and_then(|email| email.rsplit_once('@')) else {
        return Finding { holds: false, detail: "email is unknown".to_owned() };
    };
    let domain = domain.trim_end_matches('.').to_lowercase();
    let holds = is_under(&domain, domains);
    let not = if holds { "" } else { "not " };
    Finding { holds, detail: format!("email domain {} is {not}in \"{list}\"", quote(&domain)) }
}

/// Whether `domain` (lower case) or a domain above it is one of `domains`.
pub fn is_under(domain: &str, domains: &BTreeSet<String>) -> bool {
    let above = domain.match_indices('.').map(|(dot, _)| &domain[dot + 1..]);
    std::iter::once(domain).chain(above).any(|name| domains.contains(name))
}

impl Group {
    /// Stops at the first member that settles it.
    fn evaluate(self, members: &[Condition], facts: &Facts<'_>) -> Finding {
        let settles = self != Self::All;
        let mut details = Vec::with_capacity(members.len());
        for member in members {
            let finding = member.evaluate(facts);
            if finding.holds == settles {
                return Finding { holds: self == Self::Any, detail: finding.detail };
            }
            details.push(finding.detail);
        }
        Finding { holds: self != Self::Any, detail: details.join("; ") }
    }
}
