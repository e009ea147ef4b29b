//! `.properties.lock.toml`: the property definitions that `check` judges by without HubSpot
//! (RULES.md section 6, "Types offline"), and what changed in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::domain::rule::RuleFile;
use crate::domain::rule::syntax::Source;

/// The name of the file, in the rules folder.
pub const FILE: &str = ".properties.lock.toml";

/// Options of a property that no file names are left out where there are more than this: the
/// list of all countries helps nobody who does not ask for one.
const OPTIONS_UNNAMED_MAX: usize = 50;

/// The definition of a property, as HubSpot gives it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Definition {
    /// `type`.
    pub kind: String,
    /// `fieldType`.
    pub field: String,
    /// `label`.
    pub label: String,
    /// Each option's value and label, in HubSpot's order.
    pub options: Vec<(String, String)>,
}

/// Definitions by object (`contact`, `company`, `deal`) and name.
pub type Definitions = BTreeMap<String, BTreeMap<String, Definition>>;

/// The file's text. `files` are those of the folder: what they name keeps all of its options.
pub fn write(definitions: &Definitions, files: &[RuleFile]) -> String {
    let mut text =
        "# The properties of this HubSpot account, written by hubroute check --portal.\n\
                    # Keep it beside the rules: with it they are checked offline. Do not edit.\n"
            .to_owned();
    let files: Vec<&RuleFile> = files.iter().filter(|file| file.name != FILE).collect();
    for (object, properties) in definitions {
        for (name, definition) in properties {
            let quoted = quote(name);
            let named = || files.iter().any(|file| file.text.contains(&quoted));
            let few = definition.options.len() <= OPTIONS_UNNAMED_MAX;
            // A name of HubSpot's is a bare key but for a few of old portals.
            writeln!(text, "\n[{object}.{}]", key(name)).ok();
            writeln!(text, "type = {}", quote(&definition.kind)).ok();
            writeln!(text, "field_type = {}", quote(&definition.field)).ok();
            writeln!(text, "label = {}", quote(&definition.label)).ok();
            if !definition.options.is_empty() && (few || named()) {
                text.push_str("options = [\n");
                for (value, label) in &definition.options {
                    let (value, label) = (quote(value), quote(label));
                    writeln!(text, "  {{ value = {value}, label = {label} }},").ok();
                }
                text.push_str("]\n");
            }
        }
    }
    text
}

/// The definitions of a file that [`write()`] wrote, as far as they can be read.
pub fn read(text: &str) -> Definitions {
    let source = Source::new(FILE, text);
    let root = source.parse();
    let objects = tables(root.get_ref());
    let read = |(object, properties)| (object, tables(properties).map(definition).collect());
    objects.map(read).collect()
}

fn tables<'t>(table: &'t DeTable<'_>) -> impl Iterator<Item = (String, &'t DeTable<'t>)> {
    table.iter().filter_map(|(name, value)| match value.get_ref() {
        DeValue::Table(inner) => Some((name.get_ref().to_string(), inner)),
        _ => None,
    })
}

fn definition((name, table): (String, &DeTable<'_>)) -> (String, Definition) {
    let text = |table: &DeTable<'_>, key: &str| -> String {
        let value = table.get(key).and_then(|value| value.get_ref().as_str());
        value.unwrap_or_default().to_owned()
    };
    let options = match table.get("options").map(Spanned::get_ref) {
        Some(DeValue::Array(options)) => options.iter().collect(),
        _ => Vec::new(),
    };
    let options = options.into_iter().filter_map(|option| match option.get_ref() {
        DeValue::Table(option) => Some((text(option, "value"), text(option, "label"))),
        _ => None,
    });
    let definition = Definition {
        kind: text(table, "type"),
        field: text(table, "field_type"),
        label: text(table, "label"),
        options: options.collect(),
    };
    (name, definition)
}

/// What is different, a line for each property.
pub fn changes(before: &Definitions, after: &Definitions) -> Vec<String> {
    let empty = BTreeMap::new();
    let objects: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let mut lines = Vec::new();
    for object in objects {
        let (old, new) = (before.get(object), after.get(object));
        let (old, new) = (old.unwrap_or(&empty), new.unwrap_or(&empty));
        let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        for name in names {
            let change = match (old.get(name), new.get(name)) {
                (None, Some(_)) => "is new".to_owned(),
                (Some(_), None) => "is gone".to_owned(),
                (Some(old), Some(new)) if old != new => differs(old, new),
                _ => continue,
            };
            lines.push(format!("{object} property \"{name}\" {change}"));
        }
    }
    lines
}

fn differs(old: &Definition, new: &Definition) -> String {
    let mut parts = Vec::new();
    if (&old.kind, &old.field) != (&new.kind, &new.field) {
        parts.push(format!("was {} ({}), is {} ({})", old.kind, old.field, new.kind, new.field));
    }
    if old.label != new.label {
        parts.push(format!("is now called {}", quote(&new.label)));
    }
    if old.options != new.options {
        parts.push(options(&old.options, &new.options));
    }
    parts.join("; ")
}

/// The most options that are named.
const OPTIONS_SHOWN: usize = 8;

fn options(old: &[(String, String)], new: &[(String, String)]) -> String {
    let without = |all: &[(String, String)], others: &[(String, String)]| -> Vec<String> {
        let others: BTreeSet<&str> = others.iter().map(|(value, _)| value.as_str()).collect();
        let only = all.iter().filter(|(value, _)| !others.contains(value.as_str()));
        only.map(|(value, _)| quote(value)).collect()
    };
    let said = |what: &str, values: Vec<String>| match values.get(OPTIONS_SHOWN..) {
        _ if values.is_empty() => None,
        Some(rest) if !rest.is_empty() => {
            let shown = values[..OPTIONS_SHOWN].join(", ");
            Some(format!("{what} options {shown} and {} more", rest.len()))
        }
        _ => Some(format!("{what} options {}", values.join(", "))),
    };
    let parts = [said("has new", without(new, old)), said("lost the", without(old, new))];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "has options with other labels".to_owned() } else { parts.join("; ") }
}

/// A TOML basic string.
fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            control if control.is_control() => {
                write!(quoted, "\\u{:04x}", u32::from(control)).ok();
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// A TOML key, bare where it may be.
fn key(name: &str) -> String {
    let bare = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
    if !name.is_empty() && name.chars().all(bare) { name.to_owned() } else { quote(name) }
}
