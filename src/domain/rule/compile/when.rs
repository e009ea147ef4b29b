//! `when`, compiled.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;

use super::Context;
use super::conditions::Options;
use super::operands::{Operand, moment_of, number, one, option_names, people, values};
use super::property::{Kind, kind_of_name};
use crate::domain::event::Nearby;
use crate::domain::rule::check::{Check, Overlap};
use crate::domain::rule::syntax::{Node, Table};
use crate::domain::rule::trigger::{Change, DateKind, Subject, When};
use crate::domain::rule::{code, suggest};

/// The words that say which change.
pub(in crate::domain::rule) const CHANGES: [&str; 7] = [
    "becomes",
    "becomes_any_of",
    "becomes_known",
    "becomes_blank",
    "changes",
    "rises_to",
    "falls_to",
];

/// Every key of `when`.
fn known_keys() -> Vec<&'static str> {
    let others =
        ["property", "company", "deal", "event", "contacts", "from_sources", "not_from_sources"];
    others.into_iter().chain(CHANGES).collect()
}

/// A compiled trigger.
#[derive(Debug)]
pub(super) struct Trigger {
    pub(super) when: When,
    /// It starts from a deal: conditions and senders may name the deal.
    pub(super) deal: bool,
}

impl<'a> Context<'a> {
    /// Compiles `when`.
    pub(super) fn when(&self, node: Node<'a>) -> Option<Trigger> {
        let table = node.inline("when")?;
        table.check_keys(&known_keys());
        let subjects: Vec<Node<'a>> = ["property", "company", "deal", "event"]
            .into_iter()
            .filter_map(|key| table.get(key))
            .collect();
        let subject = match subjects.as_slice() {
            [subject] => *subject,
            [] => {
                let hint = "Add property = \"…\", or event = \"contact-created\".";
                node.error(code::TRIGGER, "when names nothing that changes.", hint);
                return None;
            }
            _ => {
                let hint = "A rule starts from one change. Write a second rule for the other.";
                node.error(code::TRIGGER, "when names two things that change.", hint);
                return None;
            }
        };
        let from_sources = table.get("from_sources").map(sources);
        let not_from_sources = table.get("not_from_sources").map(sources).unwrap_or_default();
        let (subject, change, deal) = match subject.key {
            "event" => event(&table, subject)?,
            _ => self.change_of(&table, subject)?,
        };
        let when = When { subject, change, from_sources, not_from_sources };
        Some(Trigger { when, deal })
    }

    fn change_of(&self, table: &Table<'a>, subject: Node<'a>) -> Option<(Subject, Change, bool)> {
        let name = subject.text()?;
        let changes: Vec<Node<'a>> = CHANGES.into_iter().filter_map(|key| table.get(key)).collect();
        let change = match changes.as_slice() {
            [change] => *change,
            // Told as an unknown key already.
            [] if table.misspells(&known_keys(), &CHANGES) => return None,
            [] => {
                let hint = format!("Add {}.", suggest::alternatives(&CHANGES));
                table.error(code::TRIGGER, "when has no trigger word.", hint);
                return None;
            }
            many => {
                let keys: Vec<&str> = many.iter().map(|node| node.key).collect();
                let message = format!("when has two trigger words ({}).", keys.join(", "));
                let last = many.iter().max_by_key(|node| node.span().start).unwrap_or(&many[0]);
                last.error(code::TRIGGER, message, "Keep one, or write a rule for each.");
                return None;
            }
        };
        let object = if subject.key == "property" { "contact" } else { subject.key };
        let property = self.lock.find(object, name, subject).ok()?;
        let compiled = self.change(change, name, property)?;
        if object == "contact" {
            if let Some(node) = table.get("contacts") {
                let message = "contacts has no effect on a contact trigger.";
                node.error(code::CONTRADICTION, message, "Remove it.");
            }
            return Some((Subject::Property(name.into()), compiled, false));
        }
        contacts(table, object);
        let nearby = if object == "deal" { Nearby::Deal } else { Nearby::Company };
        Some((Subject::Nearby(nearby, name.into()), compiled, nearby == Nearby::Deal))
    }

    fn change(
        &self,
        node: Node<'a>,
        name: &str,
        property: Option<&super::property::Property<'a>>,
    ) -> Option<Change> {
        let kind = kind_of_name(name).or(property.map(|property| property.kind));
        let found = match node.key {
            "changes" => {
                node.only_true("Remove the rule, or set mode = \"off\".");
                return Some(Change::Any);
            }
            "becomes_known" => {
                node.only_true("Write becomes_blank = true.");
                if matches!(kind, Some(Kind::Date | Kind::Datetime)) {
                    let message = "becomes_known on a date fires once in a person's lifetime.";
                    node.warning(code::LINT_KNOWN_ONCE, message, "changes is usually meant.");
                }
                return Some(Change::BecomesKnown);
            }
            "becomes_blank" => {
                node.only_true("Write becomes_known = true.");
                return Some(Change::BecomesBlank);
            }
            "rises_to" | "falls_to" => return line(node, name, kind),
            _ if kind == Some(Kind::Owner) => {
                return Some(Change::BecomesOwner(people(self, node)?));
            }
            "becomes" => vec![(one(node)?, node)],
            _ => self.lists.operands(node)?,
        };
        let kind = kind.unwrap_or_else(|| Kind::of_literal(found.first().map(|(value, _)| value)));
        let operand = Operand { operator: node, kind, property, options: Options::default() };
        Some(match kind {
            Kind::Options => {
                Change::Becomes(Check::Choices(Overlap::Any, option_names(&found, property)))
            }
            Kind::Date | Kind::Datetime => {
                let moments = found.iter().map(|(literal, at)| moment_of(literal, *at));
                let zone = TimeZone::clone(&self.zone);
                let date_only = kind == Kind::Date;
                Change::BecomesMoment(moments.collect::<Option<_>>()?, DateKind { date_only, zone })
            }
            _ => Change::Becomes(Check::Among(values(&found, kind, &operand)?)),
        })
    }
}

/// An event that is not a property's.
fn event(table: &Table<'_>, node: Node<'_>) -> Option<(Subject, Change, bool)> {
    for key in CHANGES {
        if let Some(change) = table.get(key) {
            let message = format!("{key} has no effect on an event.");
            change.error(code::CONTRADICTION, message, "Remove it.");
        }
    }
    let words = [
        ("contact-created", Subject::ContactCreated),
        ("contact-restored", Subject::ContactRestored),
        ("deal-created", Subject::DealCreated),
        ("deal-associated", Subject::DealAssociated),
        ("company-associated", Subject::CompanyAssociated),
    ];
    let indexes: Vec<(&str, usize)> =
        words.iter().enumerate().map(|(index, (word, _))| (*word, index)).collect();
    let (word, subject) = &words[node.word(&indexes)?];
    let deal = word.starts_with("deal");
    if deal || *subject == Subject::CompanyAssociated {
        contacts(table, if deal { "deal" } else { "company" });
    }
    Some((subject.clone(), Change::Any, deal))
}

fn line(node: Node<'_>, name: &str, kind: Option<Kind>) -> Option<Change> {
    if let Some(kind) = kind.filter(|kind| *kind != Kind::Number) {
        let message =
            format!("{} needs a number property; \"{name}\" is {}.", node.key, kind.words());
        node.error(code::OPERATOR, message, "Use becomes, becomes_known or changes.");
        return None;
    }
    let (number, written) = number(&one(node)?, node)?;
    Some(match node.key {
        "rises_to" => Change::RisesTo(number, written),
        _ => Change::FallsTo(number, written),
    })
}

fn sources(node: Node<'_>) -> BTreeSet<String> {
    if node.items().is_some_and(|items| items.is_empty()) {
        let message = format!("{} is an empty list.", node.key);
        node.error(code::BAD_VALUE, message, "Name a HubSpot changeSource, or remove it.");
    }
    node.texts().into_iter().map(|(text, _)| text.trim().to_uppercase()).collect()
}

/// `contacts` of a deal or company trigger: required, one of two forms.
fn contacts(table: &Table<'_>, object: &str) {
    let forms = match object {
        "deal" => "contacts = \"all\" or \"label:NAME\"",
        _ => "contacts = \"primary\" or \"all\"",
    };
    let Some(node) = table.get("contacts") else {
        let message = format!("a {object} trigger must say which contacts.");
        table.error(code::MISSING, message, format!("Add {forms}."));
        return;
    };
    let Some(text) = node.text() else { return };
    let labelled = text.strip_prefix("label:").is_some_and(|label| !label.trim().is_empty());
    let accepted = match object {
        "deal" => text == "all" || labelled,
        _ => matches!(text, "all" | "primary"),
    };
    if !accepted {
        let message = format!("contacts = \"{text}\" is not known.");
        node.error(code::BAD_VALUE, message, format!("Write {forms}."));
    }
}
