//! What kind of value a property holds, and which operators work on it (RULES.md 1.3).

use std::collections::BTreeMap;

use super::book::Book;
use super::lists::Literal;
use crate::domain::rule::syntax::{Node, Table};
use crate::domain::rule::{code, suggest};

/// The kind of a property's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Date,
    Datetime,
    /// A select, radio or dropdown: one internal value.
    Option,
    /// A checkbox: several internal values.
    Options,
    Flag,
    Owner,
}

impl Kind {
    /// The operators that work on it.
    pub(super) const fn operators(self) -> &'static [&'static str] {
        match self {
            Self::Text => &[
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
            ],
            Self::Number => &[
                "is",
                "is_not",
                "is_any_of",
                "is_none_of",
                "is_at_least",
                "is_at_most",
                "is_more_than",
                "is_less_than",
                "is_between",
                "is_known",
                "is_unknown",
            ],
            Self::Date | Self::Datetime => &[
                "is",
                "is_before",
                "is_after",
                "is_on_or_before",
                "is_on_or_after",
                "is_between",
                "is_within_last",
                "is_within_next",
                "is_more_than_ago",
                "is_more_than_ahead",
                "is_known",
                "is_unknown",
            ],
            Self::Option => &["is", "is_not", "is_any_of", "is_none_of", "is_known", "is_unknown"],
            Self::Options => &[
                "contains_any_of",
                "contains_all_of",
                "contains_none_of",
                "is_exactly",
                "is_known",
                "is_unknown",
            ],
            Self::Flag => &["is", "is_known", "is_unknown"],
            Self::Owner => &["is", "is_any_of", "in_team", "is_known", "is_unknown"],
        }
    }

    /// What people call it: `"country" is text`.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "a number",
            Self::Date => "a date",
            Self::Datetime => "a date and time",
            Self::Option => "one value of a list",
            Self::Options => "several values",
            Self::Flag => "true or false",
            Self::Owner => "an owner",
        }
    }

    /// The kind that an operator asks for, where it asks for one alone.
    pub(super) fn wanted_by(operator: &str) -> Option<Self> {
        const KINDS: [Kind; 5] =
            [Kind::Text, Kind::Number, Kind::Options, Kind::Datetime, Kind::Owner];
        let mut able = KINDS.into_iter().filter(|kind| kind.operators().contains(&operator));
        let only = able.next()?;
        able.next().is_none().then_some(only)
    }

    /// The kind that a rule's own value gives away, without a lock file.
    pub(super) fn of_literal(literal: Option<&Literal>) -> Self {
        match literal {
            Some(Literal::Number(_)) => Self::Number,
            Some(Literal::Flag(_)) => Self::Flag,
            Some(Literal::Moment(_)) => Self::Datetime,
            Some(Literal::Text(_)) | None => Self::Text,
        }
    }

    fn of(kind: &str, field: &str) -> Self {
        match (kind, field) {
            (_, "booleancheckbox") | ("bool", _) => Self::Flag,
            ("enumeration", "checkbox") => Self::Options,
            ("enumeration", _) => Self::Option,
            ("number", _) => Self::Number,
            ("date", _) => Self::Date,
            ("datetime", _) => Self::Datetime,
            _ => Self::Text,
        }
    }
}

/// What the lock file knows of one property.
#[derive(Clone, Debug)]
pub(super) struct Property<'a> {
    pub(super) kind: Kind,
    /// Internal values and their labels; empty where HubSpot lists none.
    options: Vec<(&'a str, Option<&'a str>)>,
    /// What HubSpot's pages call it.
    label: Option<&'a str>,
}

/// `rules/.properties.lock.toml`, by object (`contact`, `company`, `deal`).
#[derive(Debug, Default)]
pub(super) struct Lock<'a> {
    objects: BTreeMap<&'a str, BTreeMap<&'a str, Property<'a>>>,
}

/// Owner properties are known by name: the lock file calls them plain enumerations.
const OWNER_PROPERTY: &str = "hubspot_owner_id";

impl<'a> Lock<'a> {
    /// Reads the lock file's tables.
    pub(super) fn read(book: &Book<'a>) -> Self {
        let mut lock = Self::default();
        for root in &book.lock {
            root.check_keys(&["contact", "company", "deal"]);
            for object in root.nodes() {
                let Some(table) = object.table(format!("[{}]", object.key)) else { continue };
                let properties = table.nodes().filter_map(|node| {
                    let table = node.table(format!("property \"{}\"", node.key))?;
                    Some((node.key, property(&table)))
                });
                lock.objects.entry(object.key).or_default().extend(properties);
            }
        }
        lock
    }

    /// The kind of a property, for hints: nothing is reported. `subject`: the key of a condition.
    pub(super) fn kind(&self, subject: &str, name: &str) -> Option<Kind> {
        let object = if subject == "property" { "contact" } else { subject };
        self.objects.get(object)?.get(name).map(|property| property.kind)
    }

    /// The kind of a property: `Err` after a report that it does not exist, `None` without a
    /// lock file to say.
    pub(super) fn find(
        &self,
        object: &str,
        name: &str,
        at: Node<'a>,
    ) -> Result<Option<&Property<'a>>, ()> {
        let Some(properties) = self.objects.get(object) else { return Ok(None) };
        if let Some(property) = properties.get(name) {
            return Ok(Some(property));
        }
        let message = format!("property \"{name}\" does not exist in this portal.");
        let names = properties.keys().copied();
        let is_label = |property: &Property<'_>| {
            property.label.is_some_and(|label| label.trim().eq_ignore_ascii_case(name.trim()))
        };
        if let Some((name, _)) = properties.iter().find(|(_, property)| is_label(property)) {
            let hint = format!("That is its label; its name is \"{name}\".");
            at.error(code::UNKNOWN_PROPERTY, message, hint);
            return Err(());
        }
        let near = suggest::nearest(name, names).map(|near| format!("Did you mean \"{near}\"?"));
        let otherwise =
            "If it is new, add it to .properties.lock.toml; else look up its internal name.";
        at.error(code::UNKNOWN_PROPERTY, message, near.unwrap_or_else(|| otherwise.to_owned()));
        Err(())
    }
}

fn property<'a>(table: &Table<'a>) -> Property<'a> {
    let text = |key: &str| table.get(key).and_then(|node| node.text());
    let kind = text("type").unwrap_or_default();
    let options = table.get("options").and_then(|node| node.items()).unwrap_or_default();
    let options = options.iter().filter_map(|item| {
        let option = item.table("option".to_owned())?;
        let label = option.get("label").and_then(|label| label.value.get_ref().as_str());
        Some((option.get("value")?.text()?, label))
    });
    Property {
        kind: Kind::of(kind, text("field_type").unwrap_or_default()),
        options: options.collect(),
        label: text("label"),
    }
}

impl Property<'_> {
    /// Reports a label, or a value that is no option.
    pub(super) fn check_option(&self, value: &str, at: Node<'_>) {
        let known = self.options.is_empty() || self.options.iter().any(|(name, _)| *name == value);
        if known {
            return;
        }
        let labelled = self.options.iter().find(|(_, label)| {
            label.is_some_and(|label| label.trim().eq_ignore_ascii_case(value.trim()))
        });
        if let Some((name, _)) = labelled {
            let message = format!("\"{value}\" is a label.");
            at.error(code::NOT_AN_OPTION, message, format!("The value is \"{name}\"."));
            return;
        }
        let names = self.options.iter().map(|(name, _)| *name);
        let hint = suggest::hint(value, names, "Values").unwrap_or_default();
        at.error(code::NOT_AN_OPTION, format!("\"{value}\" is no value of this property."), hint);
    }
}

/// The kind that a name alone gives away.
pub(super) fn kind_of_name(name: &str) -> Option<Kind> {
    (name == OWNER_PROPERTY).then_some(Kind::Owner)
}
