//! `only_if`, `unless` and `[[suppress]] if`, compiled.

use toml::de::DeValue;

use super::Context;
use super::operands::{Operand, calendar_span, test};
use super::property::{Kind, Property, kind_of_name};
use crate::domain::rule::about::{About, Remembered, Which};
use crate::domain::rule::condition::{Condition, Group, Test};
use crate::domain::rule::syntax::{Node, Table};
use crate::domain::rule::{code, suggest};

/// Groups may nest this deep (RULES.md section 6).
const MAX_DEPTH: usize = 32;

/// What a condition can be about.
const SUBJECTS: [&str; 10] = [
    "property",
    "company",
    "deal",
    "email_domain",
    "in_list",
    "in_theme",
    "was_enrolled_in",
    "any",
    "all",
    "none",
];

/// Every operator there is.
pub(in crate::domain::rule) const OPERATORS: [&str; 29] = [
    "is",
    "is_not",
    "is_any_of",
    "is_none_of",
    "contains",
    "does_not_contain",
    "starts_with",
    "ends_with",
    "is_like",
    "is_known",
    "is_unknown",
    "is_at_least",
    "is_at_most",
    "is_more_than",
    "is_less_than",
    "is_between",
    "is_before",
    "is_after",
    "is_on_or_before",
    "is_on_or_after",
    "is_within_last",
    "is_within_next",
    "is_more_than_ago",
    "is_more_than_ahead",
    "contains_any_of",
    "contains_all_of",
    "contains_none_of",
    "is_exactly",
    "in_team",
];

/// Where conditions stand, and what follows from it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Position {
    /// Holding keeps a person out (`unless`, `[[suppress]] if`).
    pub(super) excludes: bool,
    /// The rule starts from a deal.
    pub(super) deal_trigger: bool,
}

impl<'a> Context<'a> {
    /// A list of conditions.
    pub(super) fn conditions(&self, list: Option<Node<'a>>, position: Position) -> Vec<Condition> {
        self.members(list, position, 1)
    }

    fn members(&self, list: Option<Node<'a>>, position: Position, depth: usize) -> Vec<Condition> {
        let items = list.and_then(|list| list.items()).unwrap_or_default();
        items.into_iter().filter_map(|item| self.condition(item, position, depth)).collect()
    }

    fn condition(&self, node: Node<'a>, position: Position, depth: usize) -> Option<Condition> {
        let table = node.inline("a condition")?;
        let subject = subject_of(&table)?;
        let (text, asks) = match subject.key {
            "property" | "company" | "deal" => self.comparison(&table, subject, position)?,
            "email_domain" => {
                table.check_keys(&["email_domain"]);
                let list = subject.text()?;
                let domains = self.lists.domains(list, subject)?;
                let text = format!("email domain is in \"{list}\"");
                (text, Test::EmailDomain { list: list.to_owned(), domains })
            }
            "any" | "all" | "none" => {
                table.check_keys(&["any", "all", "none"]);
                self.group(subject, position, depth)?
            }
            _ => self.memory(&table, subject)?,
        };
        Some(Condition { text, place: node.place(), test: asks })
    }

    fn group(&self, list: Node<'a>, position: Position, depth: usize) -> Option<(String, Test)> {
        if MAX_DEPTH < depth {
            let message = format!("conditions are nested more than {MAX_DEPTH} deep.");
            list.error(code::LIMIT, message, "Split the rule in two.");
            return None;
        }
        let members = self.members(Some(list), position, depth + 1);
        if list.items()?.is_empty() {
            list.error(
                code::CONDITION,
                format!("{} is an empty group.", list.key),
                "Add conditions.",
            );
            return None;
        }
        let group = match list.key {
            "any" => Group::Any,
            "all" => Group::All,
            _ => Group::None,
        };
        let texts: Vec<&str> = members.iter().map(|member| member.text.as_str()).collect();
        Some((format!("{} of ({})", list.key, texts.join("; ")), Test::Group(group, members)))
    }

    /// `in_list`, `in_theme`, `was_enrolled_in`.
    fn memory(&self, table: &Table<'a>, subject: Node<'a>) -> Option<(String, Test)> {
        table.check_keys(&[subject.key, "within"]);
        let name = subject.text()?;
        let kinds: &[&str] = match subject.key {
            "in_list" => &["hubspot_lists"],
            "in_theme" => &["themes"],
            _ => &["sequences", "workflows"],
        };
        self.reference(kinds, name, subject)?;
        let within = match table.get("within") {
            Some(node) if subject.key != "was_enrolled_in" => {
                let message = format!("within has no effect on {}.", subject.key);
                node.error(code::CONTRADICTION, message, "Remove it.");
                None
            }
            Some(node) => Some(calendar_span(node)?),
            None => None,
        };
        let time = within.map(|span| format!(" within {span}")).unwrap_or_default();
        let text = format!("{} \"{name}\"{time}", subject.key.replace('_', " "));
        let what = match subject.key {
            "in_list" => Remembered::InList(name.to_owned()),
            "in_theme" => Remembered::InTheme(name.into()),
            _ => Remembered::WasEnrolledIn { target: name.into(), within },
        };
        Some((text, Test::Remembered(what)))
    }

    fn comparison(
        &self,
        table: &Table<'a>,
        subject: Node<'a>,
        position: Position,
    ) -> Option<(String, Test)> {
        let which = check_comparison_keys(table, subject.key, position);
        let operator = self.operator_of(table, subject)?;
        let name = subject.text()?;
        let object = if subject.key == "property" { "contact" } else { subject.key };
        let property = self.lock.find(object, name, subject).ok()?;
        let kind = kind_of(property, name, operator)?;
        if !kind.operators().contains(&operator.key) {
            wrong_operator(kind, name, operator);
            return None;
        }
        let options = Options::read(table, operator, kind, position);
        let (text, asks) = match operator.key {
            "is_known" | "is_unknown" => {
                let other = if operator.key == "is_known" { "is_unknown" } else { "is_known" };
                operator.only_true(&format!("Write {other} = true."));
                let text = format!("{name} {}", operator.key.replace('_', " "));
                (text, Test::Known(name.into(), operator.key == "is_known"))
            }
            _ => {
                let operand = Operand { operator, kind, property, options };
                let text = format!("{name} {} {}", operator.key.replace('_', " "), shown(operator));
                (text, test(self, name, &operand)?)
            }
        };
        let about = match object {
            "company" => About::Company,
            "deal" => About::Deal(which),
            _ => return Some((text, asks)),
        };
        Some((format!("{object} {text}"), Test::About(about, Box::new(asks))))
    }
}

impl<'a> Context<'a> {
    /// The one operator of a condition.
    fn operator_of(&self, table: &Table<'a>, subject: Node<'a>) -> Option<Node<'a>> {
        let found: Vec<Node<'a>> =
            table.nodes().filter(|node| OPERATORS.contains(&node.key)).collect();
        match found.as_slice() {
            [operator] => Some(*operator),
            // Told as an unknown key already.
            [] if table.misspells(&comparison_keys(subject.key), &OPERATORS) => None,
            [] => {
                let message = format!("the condition on {} has no operator.", subject.written());
                let name = subject.value.get_ref().as_str().unwrap_or_default();
                let known = self.lock.kind(subject.key, name);
                let fitting = known.map_or(&["is", "is_any_of", "is_known"][..], Kind::operators);
                let hint = format!("Add one of {}.", suggest::alternatives(fitting));
                table.error(code::CONDITION, message, hint);
                None
            }
            many => {
                let keys: Vec<&str> = many.iter().map(|node| node.key).collect();
                let message = format!("two operators in one condition ({}).", keys.join(", "));
                many[1].error(code::CONDITION, message, "Write two conditions.");
                None
            }
        }
    }
}

/// The one key that says what a condition is about.
fn subject_of<'a>(table: &Table<'a>) -> Option<Node<'a>> {
    let found: Vec<Node<'a>> = table.nodes().filter(|node| SUBJECTS.contains(&node.key)).collect();
    match found.as_slice() {
        [subject] => Some(*subject),
        [] => {
            let near = table.entries.iter().find_map(|(key, _)| {
                let near = suggest::nearest(key.get_ref(), SUBJECTS)?;
                Some((key, near))
            });
            let (span, hint) = near.map_or_else(
                || (table.span.clone(), format!("Start it with one of {}.", SUBJECTS.join(", "))),
                |(key, near)| (key.span(), format!("Did you mean \"{near}\"?")),
            );
            let message = "a condition does not say what it is about.";
            table.source.error(code::CONDITION, span, message, hint);
            None
        }
        many => {
            let keys: Vec<&str> = many.iter().map(|node| node.key).collect();
            let message = format!("two subjects in one condition ({}).", keys.join(", "));
            table.error(code::CONDITION, message, "Write two conditions.");
            None
        }
    }
}

/// Every key of a comparison.
fn comparison_keys(subject: &str) -> Vec<&str> {
    let which = (subject == "deal").then_some("which");
    [subject, "or_unknown", "exact_case"].into_iter().chain(which).chain(OPERATORS).collect()
}

/// Reports keys that a comparison does not have; which deal it is about.
fn check_comparison_keys(table: &Table<'_>, subject: &str, position: Position) -> Which {
    table.check_keys(&comparison_keys(subject));
    let Some(node) = table.get("which").filter(|_| subject == "deal") else {
        return Which::default();
    };
    let words = [
        ("any", Which::Any),
        ("all", Which::All),
        ("latest", Which::Latest),
        ("open", Which::Open),
        ("trigger", Which::Trigger),
    ];
    let which = node.word(&words).unwrap_or_default();
    if which == Which::Trigger && !position.deal_trigger {
        let message = "which = \"trigger\" needs a deal trigger.";
        node.error(code::CONTRADICTION, message, "Use \"any\", \"all\", \"latest\" or \"open\".");
    }
    which
}

/// The kind of the property: from the lock file, else from the operator, else from the value.
fn kind_of(property: Option<&Property<'_>>, name: &str, operator: Node<'_>) -> Option<Kind> {
    if let Some(kind) = kind_of_name(name) {
        return Some(kind);
    }
    if let Some(property) = property {
        return Some(property.kind);
    }
    if matches!(operator.key, "is_known" | "is_unknown") {
        return Some(Kind::Text);
    }
    if let Some(kind) = Kind::wanted_by(operator.key) {
        return Some(kind);
    }
    let first = match operator.value.get_ref() {
        DeValue::Array(_) => *operator.items()?.first()?,
        _ => operator,
    };
    Some(match first.value.get_ref() {
        DeValue::Integer(_) | DeValue::Float(_) => Kind::Number,
        DeValue::Boolean(_) => Kind::Flag,
        DeValue::Datetime(_) => Kind::Datetime,
        // A text between two bounds can only be a date.
        _ if operator.key == "is_between" => Kind::Datetime,
        _ => Kind::Text,
    })
}

/// The keys beside an operator.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Options {
    pub(super) or_unknown: bool,
    pub(super) exact_case: bool,
}

/// Operators that a blank passes only with `or_unknown`.
const NEGATIVE: [&str; 4] = ["is_not", "is_none_of", "does_not_contain", "contains_none_of"];

/// Whether the operator is the negation of another.
pub(super) fn is_negative(operator: &str) -> bool {
    NEGATIVE.contains(&operator)
}

impl Options {
    fn read(table: &Table<'_>, operator: Node<'_>, kind: Kind, position: Position) -> Self {
        let or_unknown = table.get("or_unknown");
        if let Some(node) = or_unknown.filter(|_| !is_negative(operator.key)) {
            let message = format!("or_unknown has no effect on {}.", operator.key);
            node.error(code::CONTRADICTION, message, "Remove it.");
        }
        if position.excludes && is_negative(operator.key) && or_unknown.is_none() {
            let message = format!("{} does not exclude people whose value is blank.", operator.key);
            let hint =
                "Add or_unknown = true to exclude them too, or or_unknown = false to say so.";
            operator.warning(code::LINT_OR_UNKNOWN, message, hint);
        }
        let exact_case = table.get("exact_case");
        if let Some(node) = exact_case.filter(|_| kind != Kind::Text) {
            let message = format!("exact_case has no effect on {}.", kind.words());
            node.error(code::CONTRADICTION, message, "Remove it.");
        }
        let flag = |node: Option<Node<'_>>| node.and_then(|node| node.flag()).unwrap_or_default();
        Self { or_unknown: flag(or_unknown), exact_case: flag(exact_case) }
    }
}

fn wrong_operator(kind: Kind, name: &str, operator: Node<'_>) {
    let operator_name = operator.key;
    let message = match (kind, Kind::wanted_by(operator_name)) {
        (Kind::Options, _) => {
            format!("\"{name}\" holds several values; {operator_name} cannot work on it.")
        }
        (_, Some(Kind::Number)) => {
            format!("{operator_name} needs a number property; \"{name}\" is {}.", kind.words())
        }
        (_, Some(Kind::Datetime)) => {
            format!("{operator_name} needs a date property; \"{name}\" is {}.", kind.words())
        }
        _ => format!("{operator_name} cannot work on \"{name}\", which is {}.", kind.words()),
    };
    let hint = match (kind, operator_name) {
        (Kind::Flag, "is_not") => "Write is = true or is = false; a blank is neither.".to_owned(),
        _ => format!("Use {}.", suggest::alternatives(kind.operators())),
    };
    operator.error(code::OPERATOR, message, hint);
}

/// The operand as its author wrote it.
fn shown(operator: Node<'_>) -> String {
    if !operator.value.get_ref().is_array() {
        return operator.written();
    }
    let items = operator.items().unwrap_or_default();
    let items: Vec<String> = items.iter().map(Node::written).collect();
    items.join(", ")
}
