//! Operands, read as the kind of their property.

use std::collections::BTreeSet;

use toml::value::Datetime;

use super::Context;
use super::conditions::{Options, is_negative};
use super::lists::{Literal, at_name};
use super::property::{Kind, Property};
use crate::domain::rule::check::{Bound, Check, Overlap, Shape, Values};
use crate::domain::rule::code;
use crate::domain::rule::condition::{Comparison, Test};
use crate::domain::rule::moment::{Moment, TimeTest};
use crate::domain::rule::ownership::{OwnerTest, People};
use crate::domain::rule::span::{Span, Unit};
use crate::domain::rule::syntax::Node;
use crate::domain::rule::value::Decimal;

/// An operator with everything its reading depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operand<'c, 'a> {
    pub(super) operator: Node<'a>,
    pub(super) kind: Kind,
    pub(super) property: Option<&'c Property<'a>>,
    pub(super) options: Options,
}

/// What a condition on the contact property `name` asks.
pub(super) fn test<'a>(ctx: &Context<'a>, name: &str, operand: &Operand<'_, 'a>) -> Option<Test> {
    let operator = operand.operator;
    let check = match operand.kind {
        Kind::Date | Kind::Datetime => {
            let date_only = operand.kind == Kind::Date;
            return Some(Test::Time {
                property: name.into(),
                test: time_test(operator)?,
                date_only,
            });
        }
        Kind::Owner => {
            let people = people(ctx, operator)?;
            return Some(Test::Owner(OwnerTest { property: name.into(), people }));
        }
        Kind::Options => {
            let overlap = match operator.key {
                "contains_all_of" => Overlap::All,
                "is_exactly" => Overlap::Exactly,
                _ => Overlap::Any,
            };
            let found = ctx.lists.operands(operator)?;
            Check::Choices(overlap, option_names(&found, operand.property))
        }
        kind => match operator.key {
            "is" | "is_not" => {
                let value = [(one(operator)?, operator)];
                Check::Among(values(&value, kind, operand)?)
            }
            "is_any_of" | "is_none_of" => {
                Check::Among(values(&ctx.lists.operands(operator)?, kind, operand)?)
            }
            _ if kind == Kind::Number => Check::Number(bound(operator)?),
            _ => Check::Text {
                shape: shape(operator.key),
                pattern: operator.text()?.to_owned(),
                exact_case: operand.options.exact_case,
            },
        },
    };
    Some(Test::Compare(Comparison {
        property: name.into(),
        check,
        negated: is_negative(operator.key),
        or_unknown: operand.options.or_unknown,
    }))
}

/// One literal; `@name` and lists are for the `_any_of` form.
pub(super) fn one(node: Node<'_>) -> Option<Literal> {
    let many = node.value.get_ref().is_array() || at_name(node).is_some();
    if many {
        let message = format!("{} takes one value, not a list.", node.key);
        let plural = match node.key {
            "is_not" => "is_none_of",
            "becomes" => "becomes_any_of",
            _ => "is_any_of",
        };
        node.error(code::WRONG_KIND, message, format!("Use {plural}."));
        return None;
    }
    Literal::read(node)
}

/// Values to be one of, of the kind.
pub(super) fn values<'a>(
    found: &[(Literal, Node<'a>)],
    kind: Kind,
    operand: &Operand<'_, 'a>,
) -> Option<Values> {
    match kind {
        Kind::Number => {
            let numbers = found.iter().map(|(literal, at)| number(literal, *at));
            Some(Values::Numbers(numbers.collect::<Option<_>>()?))
        }
        Kind::Flag => {
            if let [(Literal::Flag(flag), _)] = found {
                return Some(Values::Flag(*flag));
            }
            let message = format!("{} needs true or false.", operand.operator.key);
            operand.operator.error(code::WRONG_KIND, message, "Write it without quotes.");
            None
        }
        Kind::Option => Some(Values::Options(option_names(found, operand.property))),
        _ => {
            let values = found.iter().map(|(literal, _)| literal.text()).collect();
            Some(Values::Text { values, exact_case: operand.options.exact_case })
        }
    }
}

/// Internal values of an enumeration, each checked.
pub(super) fn option_names(
    found: &[(Literal, Node<'_>)],
    property: Option<&Property<'_>>,
) -> Vec<String> {
    let names = found.iter().map(|(literal, at)| {
        let name = literal.text();
        if let Some(property) = property {
            property.check_option(&name, *at);
        }
        name
    });
    names.collect()
}

/// A number, and how it was written.
pub(super) fn number(literal: &Literal, at: Node<'_>) -> Option<(Decimal, String)> {
    let text = literal.text();
    let number = match literal {
        Literal::Text(_) | Literal::Number(_) => Decimal::parse(&text),
        Literal::Flag(_) | Literal::Moment(_) => None,
    };
    if number.is_none() {
        let message = format!("{} needs a number; {} is none.", at.key, at.written());
        let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
        let shown = if digits.is_empty() { "80" } else { &digits };
        at.error(code::WRONG_KIND, message, format!("Write {} = {shown}.", at.key));
    }
    number.map(|number| (number, text))
}

fn bound(operator: Node<'_>) -> Option<Bound> {
    if operator.key == "is_between" {
        let (low, high) = pair(operator)?;
        let (low, high) =
            (number(&Literal::read(low)?, low)?, number(&Literal::read(high)?, high)?);
        if high.0 < low.0 {
            let message = format!("is_between = [{}, {}] matches nothing.", low.1, high.1);
            operator.error(code::ORDER, message, "Write the smaller number first.");
        }
        return Some(Bound::Between(low, high));
    }
    let (number, text) = number(&one(operator)?, operator)?;
    Some(match operator.key {
        "is_at_least" => Bound::AtLeast(number, text),
        "is_at_most" => Bound::AtMost(number, text),
        "is_more_than" => Bound::MoreThan(number, text),
        _ => Bound::LessThan(number, text),
    })
}

fn shape(operator: &str) -> Shape {
    match operator {
        "starts_with" => Shape::StartsWith,
        "ends_with" => Shape::EndsWith,
        "is_like" => Shape::Like,
        _ => Shape::Contains,
    }
}

fn pair(operator: Node<'_>) -> Option<(Node<'_>, Node<'_>)> {
    if let [first, last] = operator.items()?.as_slice() {
        return Some((*first, *last));
    }
    let message = format!("{} needs two values.", operator.key);
    operator.error(code::WRONG_KIND, message, format!("Write {} = [a, b].", operator.key));
    None
}

fn time_test(operator: Node<'_>) -> Option<TimeTest> {
    Some(match operator.key {
        "is" => TimeTest::Is(moment(operator)?),
        "is_before" => TimeTest::Before(moment(operator)?),
        "is_after" => TimeTest::After(moment(operator)?),
        "is_on_or_before" => TimeTest::OnOrBefore(moment(operator)?),
        "is_on_or_after" => TimeTest::OnOrAfter(moment(operator)?),
        "is_between" => {
            let (first, last) = pair(operator)?;
            TimeTest::Between(moment(first)?, moment(last)?)
        }
        "is_within_last" => TimeTest::WithinLast(calendar_span(operator)?),
        "is_within_next" => TimeTest::WithinNext(calendar_span(operator)?),
        "is_more_than_ago" => TimeTest::MoreThanAgo(calendar_span(operator)?),
        _ => TimeTest::MoreThanAhead(calendar_span(operator)?),
    })
}

pub(super) fn calendar_span(operator: Node<'_>) -> Option<Span> {
    let span = operator.duration()?;
    if span.unit == Unit::WorkingDay {
        let message = format!("{} cannot count working days.", operator.key);
        operator.error(code::DURATION, message, format!("Write \"{} days\".", span.count));
        return None;
    }
    Some(span)
}

fn moment(node: Node<'_>) -> Option<Moment> {
    moment_of(&Literal::read(node)?, node)
}

/// A date, or an instant with its offset.
pub(super) fn moment_of(literal: &Literal, node: Node<'_>) -> Option<Moment> {
    let found = match literal {
        Literal::Moment(moment) => from_toml(moment),
        Literal::Text(text) => Moment::parse(text, false),
        Literal::Number(_) | Literal::Flag(_) => None,
    };
    if found.is_none() {
        let message = format!("{} needs a date; {} is none.", node.key, node.written());
        let hint =
            format!("Write {} = 2026-11-24, or 2026-11-24T09:00:00Z for an instant.", node.key);
        node.error(code::WRONG_KIND, message, hint);
    }
    found
}

fn from_toml(moment: &Datetime) -> Option<Moment> {
    match (moment.date, moment.time, moment.offset) {
        (Some(_), None, None) | (Some(_), Some(_), Some(_)) => {
            Moment::parse(&moment.to_string(), false)
        }
        // A time without an offset would mean another instant on another machine.
        _ => None,
    }
}

/// The people that an owner operator names: senders by name, others by their address.
pub(super) fn people<'a>(ctx: &Context<'a>, operator: Node<'a>) -> Option<People> {
    if operator.key == "in_team" {
        let name = operator.text()?;
        ctx.reference(&["teams"], name, operator)?;
        let members = ctx.teams.get(name).into_iter().flat_map(|team| &team.members);
        let inboxes = members.filter_map(|member| ctx.senders.get(member));
        let emails = inboxes.map(|sender| sender.inbox.as_str().to_owned()).collect();
        return Some(People { emails, words: format!("in team {name}") });
    }
    let listed = match operator.key {
        "is" | "becomes" => vec![(one(operator)?, operator)],
        _ => ctx.lists.operands(operator)?,
    };
    let mut emails = BTreeSet::new();
    let mut words = Vec::with_capacity(listed.len());
    for (name, at) in listed {
        let name = name.text();
        if name.contains('@') {
            emails.insert(name.trim().to_lowercase());
            words.push("somebody named by address".to_owned());
            continue;
        }
        ctx.reference(&["senders"], &name, at)?;
        let sender = ctx.senders.get(name.as_str());
        emails.extend(sender.map(|sender| sender.inbox.as_str().to_owned()));
        words.push(name);
    }
    let one_of = if words.len() == 1 { "" } else { "one of " };
    Some(People { emails, words: format!("{one_of}{}", words.join(", ")) })
}
