//! The schemas have exactly the keys and words that the parsers take, and the examples fit them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::domain::rule::syntax::asked;
use crate::domain::rule::{RuleFile, compile};
use crate::domain::suite;
use crate::rules_folder;

/// A set that has every table there is, so that the parser asks for each one's keys.
const BOOK: &str = include_str!("every_table.toml");
/// Tests that have every table there is.
const TESTS: &str = include_str!("every_table.test.toml");

/// What the parsers asked for while they read the set.
fn asked_for() -> (asked::Asked, asked::Asked) {
    let file = |name: &str, text: &str| RuleFile { name: name.to_owned(), text: text.to_owned() };
    let files = [file("portal.toml", BOOK), file("a.test.toml", TESTS), file("x.txt", "x")];
    drop(asked::taken());
    let compiled = compile(&files);
    let rules = compiled.rules.unwrap_or_else(|| panic!("{:#?}", compiled.diagnostics));
    let report = suite::run(&rules, &files);
    let unknown = |code: &str| code == crate::domain::rule::code::UNKNOWN_KEY;
    assert!(!report.diagnostics.iter().any(|it| unknown(it.code)), "{:#?}", report.diagnostics);
    asked::taken()
}

/// The definition that the words for a table in messages stand for.
fn definition(what: &str) -> &str {
    match what.split(" \"").next().unwrap_or_default() {
        "the file" | "a test file" => "",
        "[portal]" => "portal",
        "[portal.unenroll_bridge]" => "unenroll_bridge",
        "[defaults]" => "defaults",
        "[[quiet_period]]" => "quiet_period",
        "[[cap]]" => "cap",
        "a condition" => "condition",
        "list" => "list_file",
        "then_enroll" => "enroll",
        "an arm of split" => "arm",
        "rows" => "test",
        "then" => "moment",
        "events" => "event",
        other => other,
    }
}

fn shapes() -> impl Iterator<Item = &'static Shape> {
    let all = [rule_keys::SHAPES, book_keys::SHAPES, test_keys::SHAPES];
    std::iter::once(&book_keys::ROOT).chain(all.into_iter().flatten())
}

#[test]
fn every_table_has_the_keys_of_the_parser() {
    let (keys, _) = asked_for();
    let mut by_definition = asked::Asked::new();
    for (what, known) in keys {
        // The arms of conditions ask for their own keys: together they are the table's.
        let name = definition(&what).trim_matches(['[', ']']).to_owned();
        by_definition.entry(name).or_default().extend(known);
    }
    for shape in shapes() {
        let own: BTreeSet<String> = shape.keys.iter().map(|key| key.0.to_owned()).collect();
        let parsers = by_definition.remove(shape.name);
        assert_eq!(Some(own), parsers, "table {:?}", shape.name);
    }
    assert!(by_definition.is_empty(), "tables without a schema: {by_definition:#?}");
}

#[test]
fn every_list_of_words_is_one_the_parser_takes() {
    let (_, words) = asked_for();
    let mut own = asked::Asked::new();
    for shape::Key(name, kind, _) in shapes().flat_map(|shape| shape.keys) {
        if let Some(found) = words_of(*kind) {
            own.entry((*name).to_owned()).or_default().extend(found);
        }
    }
    for (name, own) in own {
        // `breaker`, `re_enroll` and `time_zone` are read by hand: "off", "never" and so on.
        if let Some(known) = words.get(&name) {
            assert_eq!(own, *known, "{name}");
        }
    }
}

fn words_of(kind: shape::Kind) -> Option<BTreeSet<String>> {
    match kind {
        shape::Kind::Words(words) => Some(words.iter().map(|word| (*word).to_owned()).collect()),
        shape::Kind::List(items) => words_of(*items),
        _ => None,
    }
}

#[test]
fn the_configuration_has_the_keys_of_the_parser() {
    let own = config_keys::SHAPES
        .iter()
        .flat_map(|shape| shape.keys.iter().map(|key| (shape.name, key.0)));
    let own: BTreeSet<(&str, &str)> = own.collect();
    let parsers: BTreeSet<(&str, &str)> = crate::config::known_keys().collect();
    assert_eq!(own, parsers);
}

#[test]
fn every_key_and_table_is_explained() {
    for shape in shapes().chain(config_keys::SHAPES) {
        assert!(shape.says.ends_with('.') || shape.says.ends_with('}'), "{}", shape.says);
        for shape::Key(name, _, says) in shape.keys {
            assert!(5 < says.len() && says.ends_with('.'), "{}.{name}: {says}", shape.name);
        }
        for name in shape.required {
            assert!(shape.keys.iter().any(|key| key.0 == *name), "{}.{name}", shape.name);
        }
    }
}

/// The files under docs/schema are what the command prints. HUBROUTE_TEST_WRITE=1 writes them.
#[test]
fn the_schema_files_are_current() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema");
    for (name, of) in [("rules.json", Of::Rules), ("config.json", Of::Config)] {
        let path = root.join(name);
        if std::env::var_os("HUBROUTE_TEST_WRITE").is_some() {
            fs::write(&path, text(of)).expect("written");
        }
        let kept = fs::read_to_string(&path).expect("readable");
        assert!(kept == text(of), "{name} is old: HUBROUTE_TEST_WRITE=1 cargo test schema");
    }
}

/// Everything about `value` that the schema does not allow. Knows the words the schemas use.
fn misfits(root: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    let mut wrong = |what: &str| found.push(format!("{at}: {what}: {value}"));
    if let Some(name) = schema["$ref"].as_str() {
        let target = root.pointer(name.trim_start_matches('#')).expect("a definition");
        return misfits(root, target, value, at, found);
    }
    let is = |kind: &str| match kind {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        _ => value.is_object(),
    };
    match &schema["type"] {
        Value::String(kind) if !is(kind) => return wrong(kind),
        Value::Array(kinds) if !kinds.iter().filter_map(Value::as_str).any(is) => {
            return wrong("another kind");
        }
        _ => {}
    }
    if schema["enum"].as_array().is_some_and(|words| !words.contains(value)) {
        wrong("no such word");
    }
    let number = value.as_i64();
    let below = number.zip(schema["minimum"].as_i64()).is_some_and(|(it, least)| it < least);
    let above = number.zip(schema["maximum"].as_i64()).is_some_and(|(it, most)| most < it);
    if below || above {
        wrong("out of range");
    }
    if let (Some(pattern), Some(text)) = (schema["pattern"].as_str(), value.as_str())
        && !regex_lite::Regex::new(pattern).expect("a pattern").is_match(text)
    {
        wrong(pattern);
    }
    if let Some(kinds) = schema["anyOf"].as_array() {
        let fits = kinds.iter().any(|kind| {
            let mut none = Vec::new();
            misfits(root, kind, value, at, &mut none);
            none.is_empty()
        });
        if !fits {
            wrong("none of several");
        }
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        misfits(root, part, value, at, found);
    }
    for item in value.as_array().into_iter().flatten() {
        misfits(root, &schema["items"], item, at, found);
    }
    let Some(entries) = value.as_object().filter(|_| schema["type"] == "object") else { return };
    for name in schema["required"].as_array().into_iter().flatten() {
        if !entries.contains_key(name.as_str().unwrap_or_default()) {
            found.push(format!("{at}: {name} is missing"));
        }
    }
    for (name, entry) in entries {
        let at = format!("{at}.{name}");
        match (&schema["properties"][name], &schema["additionalProperties"]) {
            (Value::Null, Value::Object(_)) => {
                misfits(root, &schema["additionalProperties"], entry, &at, found);
            }
            (Value::Null, _) => found.push(format!("{at}: unknown key")),
            (property, _) => misfits(root, property, entry, &at, found),
        }
    }
}

fn found(of: Of, text: &str) -> Vec<String> {
    let schema = if of == Of::Rules { rules() } else { config() };
    let table: toml::Table = text.parse().expect("it is TOML");
    let mut found = Vec::new();
    misfits(&schema, &schema, &as_json(toml::Value::Table(table)), "", &mut found);
    found
}

/// As editors do: dates are texts.
fn as_json(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::from(text),
        toml::Value::Integer(number) => Value::from(number),
        toml::Value::Float(number) => json!(number),
        toml::Value::Boolean(flag) => Value::from(flag),
        toml::Value::Datetime(moment) => Value::from(moment.to_string()),
        toml::Value::Array(items) => items.into_iter().map(as_json).collect(),
        toml::Value::Table(entries) => {
            entries.into_iter().map(|(name, value)| (name, as_json(value))).collect()
        }
    }
}

#[test]
fn the_examples_fit_their_schema() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["rules", "tests/data/rules-example"] {
        for file in rules_folder::read(&root.join(folder)).expect("readable") {
            if !file.name.starts_with('.') {
                assert_eq!(found(Of::Rules, &file.text), Vec::<String>::new(), "{}", file.name);
            }
        }
    }
    assert_eq!(found(Of::Rules, BOOK), Vec::<String>::new());
    assert_eq!(found(Of::Rules, TESTS), Vec::<String>::new());
    let example = fs::read_to_string(root.join("hubroute.toml.example")).expect("readable");
    assert_eq!(found(Of::Config, &example), Vec::<String>::new());
}

#[track_caller]
fn check_found(of: Of, text: &str, part: &str) {
    let found = found(of, text);
    assert!(found.iter().any(|it| it.contains(part)), "{part} is not in {found:?}");
}

#[test]
fn what_the_parsers_refuse_the_schema_refuses() {
    let rule = "[[rule]]\nid = \"a\"\nsays = \"x\"\nwhen = { property = \"p\", changes = true }\n";
    assert_eq!(found(Of::Rules, rule), Vec::<String>::new());
    let with = |line: &str| format!("{rule}{line}\n");
    check_found(Of::Rules, &with("prioirty = 1"), ".rule.prioirty: unknown key");
    check_found(Of::Rules, &with("mode = \"on\""), "no such word");
    check_found(Of::Rules, &with("delay = \"3 months\""), "seconds?");
    check_found(Of::Rules, &with("priority = 0"), "out of range");
    check_found(Of::Rules, &with("breaker = false"), "none of several");
    check_found(Of::Rules, &with("only_if = [{ property = \"p\", iss = 1 }]"), "unknown key");
    check_found(Of::Rules, "[[rule]]\nid = \"a\"\n", "\"when\" is missing");
    check_found(Of::Rules, "[themes.x]\ncooldwn = \"1 day\"\n", ".themes.x.cooldwn");
    check_found(Of::Config, "[server]\nlisten_on = \"x\"\n", ".server.listen_on: unknown key");
    check_found(Of::Config, "[hubspot]\nprofile = \"v3\"\n", "no such word");
}

#[test]
fn the_examples_name_their_schema() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in rules_folder::read(&root.join("rules")).expect("readable") {
        let first = "#:schema ../docs/schema/rules.json\n";
        assert!(file.text.starts_with(first), "rules/{}", file.name);
    }
    let example = fs::read_to_string(root.join("hubroute.toml.example")).expect("readable");
    assert!(example.contains("#:schema docs/schema/config.json\n"));
}
