//! Conditions on one property that exclude each other: nobody can pass them all.

use std::collections::BTreeSet;

use crate::domain::id::PropertyName;
use crate::domain::rule::check::{Bound, Check, Values};
use crate::domain::rule::code;
use crate::domain::rule::condition::{Condition, Test};
use crate::domain::rule::model::{Place, Rule};
use crate::domain::rule::syntax::{Node, Table};
use crate::domain::rule::trigger::{Change, Subject};
use crate::domain::rule::value::{Decimal, fold};

/// What a condition leaves of a property's values, as far as it can be compared.
#[derive(Clone, Debug)]
enum Allows {
    Blank,
    Known,
    /// Folded: what differs folded, differs.
    Texts(BTreeSet<String>),
    /// All but these; whether a blank passes.
    Except(BTreeSet<String>, bool),
    Numbers(Vec<Decimal>),
    /// Between two bounds, with whether each is included.
    Range(Option<(Decimal, bool)>, Option<(Decimal, bool)>),
}

/// Reports the first two conditions of a rule that exclude each other.
pub(super) fn check(table: &Table<'_>, rule: &Rule) {
    let asked = asked(table, rule);
    for (at, later) in asked.iter().enumerate() {
        let mut before = asked[..at].iter();
        let Some(earlier) = before.find(|earlier| earlier.excludes(later)) else { continue };
        let message = format!(
            "rule \"{}\" can never match: no value passes both {} and {}.",
            rule.id, earlier.text, later.text
        );
        let hint = format!(
            "The first stands in {}. Put alternatives into {{ any = [ … ] }}, or write two rules.",
            earlier.place
        );
        later.node.warning(code::LINT_NEVER, message, hint);
        return;
    }
}

/// Whether nobody can match both rules: they share a property and no value of it.
pub(super) fn exclude_each_other(left: &Rule, right: &Rule) -> bool {
    let of = |rule: &Rule| -> Vec<(PropertyName, Allows)> {
        let unless = rule.unless.iter().filter_map(of_condition);
        let unless = unless.filter_map(|(property, it)| Some((property, opposite(&it)?)));
        rule.only_if.iter().filter_map(of_condition).chain(unless).collect()
    };
    let right = of(right);
    of(left).iter().any(|(property, allows)| {
        right.iter().any(|(other, also)| property == other && excludes(allows, also))
    })
}

/// Whether one move of a property may start both rules: values that both triggers name, or one
/// direction over both bounds.
pub(super) fn may_start_together(left: &Rule, right: &Rule) -> bool {
    match (&left.when.change, &right.when.change) {
        (Change::Becomes(left), Change::Becomes(right)) => {
            let both = of_check(left).zip(of_check(right));
            both.is_some_and(|(left, right)| !excludes(&left, &right))
        }
        (Change::RisesTo(..), Change::RisesTo(..)) | (Change::FallsTo(..), Change::FallsTo(..)) => {
            true
        }
        _ => false,
    }
}

/// One demand of a rule, and where it stands.
struct Asked<'a> {
    property: PropertyName,
    allows: Allows,
    text: String,
    place: Place,
    node: Node<'a>,
}

impl Asked<'_> {
    fn excludes(&self, other: &Self) -> bool {
        self.property == other.property && excludes(&self.allows, &other.allows)
    }
}

/// Trigger, `only_if` and the plain ones of `unless`.
fn asked<'a>(table: &Table<'a>, rule: &Rule) -> Vec<Asked<'a>> {
    let mut asked: Vec<Asked<'a>> = trigger(table, rule).into_iter().collect();
    for (key, conditions) in [("only_if", &rule.only_if), ("unless", &rule.unless)] {
        let items = table.get(key).and_then(|list| list.items()).unwrap_or_default();
        // A condition with an error was left out: which is which is no longer known.
        if items.len() != conditions.len() {
            continue;
        }
        for (node, condition) in items.into_iter().zip(conditions) {
            let Some((property, allows)) = of_condition(condition) else { continue };
            let (allows, text) = match key {
                "only_if" => (Some(allows), condition.text.clone()),
                _ => (opposite(&allows), format!("unless {}", condition.text)),
            };
            let Some(allows) = allows else { continue };
            asked.push(Asked { property, allows, text, place: node.place(), node });
        }
    }
    asked
}

fn trigger<'a>(table: &Table<'a>, rule: &Rule) -> Option<Asked<'a>> {
    let node = table.get("when")?;
    let Subject::Property(property) = &rule.when.subject else { return None };
    let (allows, words) = match &rule.when.change {
        Change::Becomes(check) => (of_check(check)?, "becomes"),
        Change::BecomesKnown => (Allows::Known, "becomes known"),
        Change::BecomesBlank => (Allows::Blank, "becomes blank"),
        Change::RisesTo(number, _) => (Allows::Range(Some((number.clone(), true)), None), "rises"),
        Change::FallsTo(number, _) => (Allows::Range(None, Some((number.clone(), true))), "falls"),
        Change::Any | Change::BecomesMoment(..) | Change::BecomesOwner(_) => return None,
    };
    let text = format!("when {property} {words}");
    Some(Asked { property: property.clone(), allows, text, place: node.place(), node })
}

fn of_condition(condition: &Condition) -> Option<(PropertyName, Allows)> {
    match &condition.test {
        Test::Known(property, false) => Some((property.clone(), Allows::Blank)),
        // A comparison with a date does not hold for a blank; more is not compared.
        Test::Known(property, true) | Test::Time { property, .. } => {
            Some((property.clone(), Allows::Known))
        }
        Test::Compare(comparison) => {
            let property = comparison.property.clone();
            let allows = of_check(&comparison.check)?;
            if !comparison.negated {
                return Some((property, allows));
            }
            match allows {
                Allows::Texts(texts) => {
                    Some((property, Allows::Except(texts, comparison.or_unknown)))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

fn of_check(check: &Check) -> Option<Allows> {
    Some(match check {
        Check::Among(Values::Text { values, exact_case: false } | Values::Options(values)) => {
            texts(values)
        }
        Check::Among(Values::Flag(flag)) => texts(&[flag.to_string()]),
        Check::Among(Values::Numbers(numbers)) => {
            Allows::Numbers(numbers.iter().map(|(number, _)| number.clone()).collect())
        }
        Check::Number(bound) => range(bound),
        _ => return None,
    })
}

fn texts(values: &[String]) -> Allows {
    Allows::Texts(values.iter().map(|value| fold(value, false)).collect())
}

fn range(bound: &Bound) -> Allows {
    let end = |number: &Decimal, included| Some((number.clone(), included));
    match bound {
        Bound::AtLeast(low, _) => Allows::Range(end(low, true), None),
        Bound::MoreThan(low, _) => Allows::Range(end(low, false), None),
        Bound::AtMost(high, _) => Allows::Range(None, end(high, true)),
        Bound::LessThan(high, _) => Allows::Range(None, end(high, false)),
        Bound::Between(low, high) => Allows::Range(end(&low.0, true), end(&high.0, true)),
    }
}

/// What `unless` leaves.
fn opposite(allows: &Allows) -> Option<Allows> {
    match allows {
        Allows::Blank => Some(Allows::Known),
        Allows::Texts(texts) => Some(Allows::Except(texts.clone(), true)),
        _ => None,
    }
}

fn excludes(left: &Allows, right: &Allows) -> bool {
    use Allows::{Blank, Except, Known, Numbers, Range, Texts};
    match (left, right) {
        (Blank, Known | Texts(_) | Numbers(_) | Range(..))
        | (Known | Texts(_) | Numbers(_) | Range(..), Blank) => true,
        (Blank, Except(_, blank)) | (Except(_, blank), Blank) => !blank,
        (Texts(left), Texts(right)) => left.is_disjoint(right),
        (Texts(some), Except(not, _)) | (Except(not, _), Texts(some)) => some.is_subset(not),
        (Numbers(left), Numbers(right)) => !left.iter().any(|number| right.contains(number)),
        (Numbers(some), Range(low, high)) | (Range(low, high), Numbers(some)) => {
            !some.iter().any(|number| within(number, low.as_ref(), high.as_ref()))
        }
        (Range(low, high), Range(other_low, other_high)) => {
            apart(low.as_ref(), other_high.as_ref()) || apart(other_low.as_ref(), high.as_ref())
        }
        _ => false,
    }
}

type End<'e> = Option<&'e (Decimal, bool)>;

fn within(number: &Decimal, low: End<'_>, high: End<'_>) -> bool {
    let above = |(low, included): &(Decimal, bool)| low < number || (*included && low == number);
    let below = |(high, included): &(Decimal, bool)| number < high || (*included && high == number);
    low.is_none_or(above) && high.is_none_or(below)
}

/// Whether everything from `low` on lies beyond `high`.
fn apart(low: End<'_>, high: End<'_>) -> bool {
    let (Some((low, low_in)), Some((high, high_in))) = (low, high) else { return false };
    high < low || (high == low && !(*low_in && *high_in))
}
