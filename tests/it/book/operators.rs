//! docs/operators.md: its matrix is what the compiler accepts, and every operator has an example in
//! the section of every type that it works on. The same of the words of a trigger.

use std::collections::{BTreeMap, BTreeSet};

use hubroute::cli::schema;
use serde_json::Value;

use super::page::{Page, page};
use super::snippets::{as_file, told};

/// A column of the matrix and the property of that type.
const TYPES: &[(&str, &str)] = &[
    ("Text", "country"),
    ("Number", "lead_score"),
    ("Date", "renewal_date"),
    ("Date and time", "last_reply_at"),
    ("One option", "lifecyclestage"),
    ("Several options", "topics"),
    ("True or false", "newsletter"),
    ("Owner", "hubspot_owner_id"),
];
/// Keys of a condition that are no operators.
const NO_OPERATORS: &[&str] = &[
    "property",
    "company",
    "deal",
    "which",
    "email_domain",
    "in_list",
    "in_theme",
    "was_enrolled_in",
    "within",
    "any",
    "all",
    "none",
    "or_unknown",
    "exact_case",
];
/// Keys of `when` that are no trigger words.
const NO_TRIGGERS: &[&str] =
    &["property", "company", "deal", "event", "contacts", "from_sources", "not_from_sources"];

#[test]
fn the_matrix_is_what_the_compiler_accepts() {
    let page = page("docs/operators.md".into());
    let mut expected = String::new();
    for operator in &keys("condition", NO_OPERATORS) {
        expected.extend(["| `", operator, "` |"]);
        for (_, property) in TYPES {
            expected += if accepts(&page, property, operator) { " ✓ |" } else { " |" };
        }
        expected.push('\n');
    }
    let rows = page.text.lines().filter(|line| line.starts_with("| `is") || line.contains("✓"));
    let mut rows: BTreeSet<&str> = rows.collect();
    let mut missing = Vec::new();
    for row in expected.lines() {
        if !rows.remove(row) {
            missing.push(row);
        }
    }
    assert!(missing.is_empty(), "docs/operators.md has no row\n{}", missing.join("\n"));
    assert!(rows.is_empty(), "docs/operators.md has rows too many: {rows:#?}");
}

#[test]
fn every_operator_has_an_example_of_every_type_it_works_on() {
    let page = page("docs/operators.md".into());
    for (heading, property) in TYPES {
        let examples = examples(&page, heading);
        for operator in &keys("condition", NO_OPERATORS) {
            let example = format!("property = \"{property}\", {operator} = ");
            let shown = examples.contains(&example);
            assert_eq!(shown, accepts(&page, property, operator), "{heading}: {operator}");
        }
    }
}

#[test]
fn every_trigger_word_has_a_row_and_an_example() {
    let page = page("docs/operators.md".into());
    let examples = examples(&page, "Triggers");
    let (_, section) = page.text.split_once("\n## Triggers\n").expect("a section");
    let written = section.lines().filter_map(|line| line.strip_prefix("| `"));
    let written: BTreeSet<String> =
        written.filter_map(|row| row.split('`').next()).map(str::to_owned).collect();
    let known = keys("when", NO_TRIGGERS);
    assert_eq!(written, known);
    for word in known {
        assert!(examples.contains(&format!(", {word} = ")), "no example of {word}");
    }
}

/// The keys of a table of the schema without `others`.
fn keys(table: &str, others: &[&str]) -> BTreeSet<String> {
    let schema: Value = serde_json::from_str(&schema::text(schema::Of::Rules)).expect("it is JSON");
    let properties = schema["definitions"][table]["properties"].as_object().expect("an object");
    let mut keys: BTreeSet<String> = properties.keys().cloned().collect();
    for other in others {
        assert!(keys.remove(*other), "{table} has no {other}");
    }
    keys
}

/// Whether the compiler takes the operator for the page's property of that type.
fn accepts(page: &Page, property: &str, operator: &str) -> bool {
    let blocks = page.blocks();
    let lock = blocks.iter().find(|block| block.text.starts_with("[contact]")).expect("the types");
    let condition = format!("only_if = [{{ property = \"{property}\", {operator} = 1 }}]\n");
    let portal = super::page::page("docs/examples/portal.toml".into()).text;
    let owner = "hubspot_owner_id = { type = \"enumeration\", field_type = \"select\" }\n";
    let lock = lock.text.replacen("[contact]\n", &format!("[contact]\n{owner}"), 1);
    let files = BTreeMap::from([
        ("portal.toml".to_owned(), portal),
        (".properties.lock.toml".to_owned(), lock),
        ("x.toml".to_owned(), as_file(&condition, 1)),
    ]);
    !told(&files).iter().any(|found| found.code == "HR014")
}

/// The snippets under a `##` heading, with single blanks.
fn examples(page: &Page, heading: &str) -> String {
    let headings: Vec<&str> =
        page.text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let at = headings.iter().position(|it| *it == heading).expect("the heading");
    let blocks = page.blocks();
    blocks.iter().filter(|block| block.section == at + 1).map(|it| it.text.as_str()).collect()
}
