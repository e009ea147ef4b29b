//! docs/keys.md names every key that the schema knows, with an example, and the mistakes it lists
//! are answered as it says.

use std::collections::{BTreeMap, BTreeSet};

use hubroute::cli::schema;
use hubroute::domain::diagnostic::Diagnostic;
use hubroute::domain::rule::{RuleFile, compile_on};
use hubroute::domain::suite;
use serde_json::Value;

use super::page::{Block, Page, page};
use super::snippets::{as_file, config, overlaid};

/// A `##` section: what the schema calls its table, the keys it lists, and the lines of mistakes.
#[derive(Debug, Default)]
struct Section<'a> {
    table: &'a str,
    keys: BTreeSet<&'a str>,
    mistakes: Vec<(usize, &'a str, &'a str)>,
}

#[test]
fn every_key_there_is_stands_on_the_page_and_no_other() {
    let page = page("docs/keys.md".into());
    let mut written: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let sections = sections(&page);
    for section in sections.values() {
        written.entry(section.table).or_default().extend(&section.keys);
    }
    let known = known();
    let known: BTreeMap<&str, BTreeSet<&str>> = known
        .iter()
        .map(|(table, keys)| (table.as_str(), keys.iter().map(String::as_str).collect()))
        .collect();
    for (table, keys) in &known {
        assert_eq!(written.get(table), Some(keys), "docs/keys.md, table {table}");
    }
    assert_eq!(written.len(), known.len(), "docs/keys.md has tables that do not exist");
}

#[test]
fn every_key_has_an_example() {
    let page = page("docs/keys.md".into());
    let blocks = page.blocks();
    for (number, section) in sections(&page) {
        let examples: String = blocks
            .iter()
            .filter(|block| block.section == number)
            .map(|block| block.text.as_str())
            .collect();
        for key in section.keys {
            let words = examples.split(|it: char| !it.is_alphanumeric() && it != '_');
            assert!(
                words.into_iter().any(|it| it == key),
                "{}: no example of {key}",
                section.table
            );
        }
    }
}

#[test]
fn every_mistake_is_answered_as_the_page_says() {
    let page = page("docs/keys.md".into());
    let blocks = page.blocks();
    let mut wrong = Vec::new();
    let mut tried = 0;
    for (number, section) in sections(&page) {
        let examples: Vec<&Block> = blocks.iter().filter(|block| block.section == number).collect();
        for (line, mistake, expected) in section.mistakes {
            tried += 1;
            let answers = answers(&examples, mistake);
            if !answers.iter().any(|answer| answer == expected) {
                wrong.push(format!("{}: {mistake}\n  {}", page.at(line), answers.join("\n  ")));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(60 < tried, "only {tried} mistakes found");
}

/// Tables and their keys as the schemas have them; `file` is the root of a rules file.
fn known() -> BTreeMap<String, BTreeSet<String>> {
    let parse = |of| serde_json::from_str::<Value>(&schema::text(of)).expect("it is JSON");
    let (rules, config) = (parse(schema::Of::Rules), parse(schema::Of::Config));
    let keys = |shape: &Value| {
        let properties = shape["properties"].as_object().expect("an object");
        properties.keys().cloned().collect::<BTreeSet<String>>()
    };
    let mut known = BTreeMap::from([("file".to_owned(), keys(&rules))]);
    for (name, shape) in rules["definitions"].as_object().expect("an object") {
        known.insert(name.clone(), keys(shape));
    }
    for (name, shape) in config["properties"].as_object().expect("an object") {
        known.insert(format!("config.{name}"), keys(shape));
    }
    known
}

/// Sections that `<!-- keys: TABLE -->` marks, by their number.
fn sections(page: &Page) -> BTreeMap<usize, Section<'_>> {
    let mut found: BTreeMap<usize, Section<'_>> = BTreeMap::new();
    let (mut number, mut fenced) = (0, false);
    for (line, at) in page.text.lines().zip(1..) {
        fenced ^= line.starts_with("```");
        if fenced {
            continue;
        }
        number += usize::from(line.starts_with("## "));
        if let Some(table) = line.strip_prefix("<!-- keys: ") {
            found.entry(number).or_default().table = table.trim_end_matches(" -->");
        }
        let Some(section) = found.get_mut(&number) else { continue };
        if let Some(row) = line.strip_prefix("| `") {
            section.keys.extend(row.split('`').next());
        }
        if let Some((mistake, answer)) =
            line.strip_prefix("- `").and_then(|line| line.split_once("`: "))
        {
            section.mistakes.push((at, mistake, answer));
        }
    }
    found
}

/// What is said when the line of the key that the mistake starts with is this one instead. `no x`
/// leaves the line of `x` out.
fn answers(examples: &[&Block], mistake: &str) -> Vec<String> {
    let first = |line: &str| line.split([' ', '=']).next().unwrap_or_default().to_owned();
    let (key, instead) = match mistake.strip_prefix("no ") {
        Some(key) => (key.to_owned(), ""),
        None => (first(mistake), mistake),
    };
    let has = |block: &&&Block| block.text.lines().any(|line| first(line) == key);
    let block = examples.iter().rfind(has).or(examples.last()).expect("an example");
    let mut text = String::new();
    let mut replaced = false;
    let mut lines = block.text.lines();
    while let Some(line) = lines.next() {
        if replaced || first(line) != key {
            text.extend([line, "\n"]);
            continue;
        }
        replaced = true;
        text.extend([instead, "\n"]);
        // A list over several lines goes as a whole.
        if line.ends_with('[') {
            lines.by_ref().take_while(|line| !line.starts_with(['}', ']'])).for_each(drop);
        }
    }
    if !replaced {
        text += instead;
    }
    match block.marker.as_deref().unwrap_or_default().split(':').next() {
        Some("config") => vec![said_of_configuration(&text)],
        Some("test") => said_of_test(examples, &text),
        Some("portal") => said(&[("portal.toml", &overlaid(&portal(), &text))]),
        _ => said(&[("portal.toml", &portal()), ("x.toml", &as_file(&text, block.line))]),
    }
}

fn portal() -> String {
    page("docs/examples/portal.toml".into()).text
}

fn files(parts: &[(&str, &str)]) -> Vec<RuleFile> {
    let file = |(name, text): &(&str, &str)| RuleFile {
        name: (*name).to_owned(),
        text: (*text).to_owned(),
    };
    parts.iter().map(file).collect()
}

/// Message and hint of everything that `check` says.
fn said(parts: &[(&str, &str)]) -> Vec<String> {
    let found = compile_on(&files(parts), Some(jiff::civil::date(2026, 11, 24))).diagnostics;
    found.iter().map(sentences).collect()
}

/// What is wrong in `hubroute.toml`, without the line.
fn said_of_configuration(text: &str) -> String {
    let said = config(text).err().unwrap_or_default();
    said.split_once(": ").map(|(_, said)| said.to_owned()).unwrap_or_default()
}

/// The same of a test beside the rules of the section.
fn said_of_test(examples: &[&Block], text: &str) -> Vec<String> {
    let rules: String = examples
        .iter()
        .filter(|block| block.marker.as_deref().unwrap_or_default().starts_with("rules"))
        .map(|block| block.text.as_str())
        .collect();
    let portal = portal();
    let files = files(&[("portal.toml", &portal), ("r.toml", &rules), ("a.test.toml", text)]);
    let rules = compile_on(&files, None).rules.expect("the section's rules are right");
    let found = suite::run(&rules, &files).diagnostics;
    found.iter().map(sentences).collect()
}

fn sentences(found: &Diagnostic) -> String {
    let hint = found.hint.as_deref().unwrap_or_default();
    format!("{} {hint}", found.message).trim_end().to_owned()
}
