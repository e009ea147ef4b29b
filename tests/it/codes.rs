//! docs/diagnostics.md: every code has its section, every wrong example gets its code, and no right
//! one does.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use hubroute::domain::rule::{RuleFile, compile_on};

/// Codes whose example would be too large, or needs more than one folder of rules.
const WITHOUT_EXAMPLE: [&str; 6] = ["HR011", "HR012", "HR021", "HR112", "HR113", "HR118"];

/// Codes that only HubSpot can give: tests/it/doctor.rs shows them.
const OF_PORTAL: &str = "HR2";

const BOOK: &str = r#"
[portal]
id = 1
time_zone = "America/New_York"
[themes.sales]
[themes.nurture]
[sequences.intro]
id = 10
theme = "sales"
[workflows.guide]
id = 20
theme = "nurture"
holds_for = "45 days"
[senders.dana]
email = "dana@acme.com"
"#;

const LOCK: &str = r#"
[contact]
country = { type = "string", field_type = "text" }
lead_score = { type = "number", field_type = "number" }
demo_at = { type = "datetime", field_type = "date" }
[contact.lifecyclestage]
type = "enumeration"
field_type = "radio"
options = [{ value = "lead", label = "Lead" }, { value = "marketingqualifiedlead", label = "Marketing Qualified Lead" }, { value = "customer", label = "Customer" }]
[contact.topics_of_interest]
type = "enumeration"
field_type = "checkbox"
options = [{ value = "automation", label = "Automation" }]
"#;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The sections of the page: code and text.
fn sections() -> Vec<(String, String)> {
    let page = fs::read_to_string(root().join("docs/diagnostics.md")).expect("readable");
    let parts = page.split("\n## ").skip(1).map(str::to_owned);
    parts.map(|part| (part[..5].to_owned(), part)).collect()
}

#[test]
fn every_code_has_one_section_and_every_section_a_code() {
    let source = fs::read_to_string(root().join("src/domain/rule/code.rs")).expect("readable");
    let codes: Vec<&str> =
        source.split('"').filter(|word| word.len() == 5 && word.starts_with("HR")).collect();
    let unique: BTreeSet<&str> = codes.iter().copied().collect();
    assert_eq!(codes.len(), unique.len(), "a code is used twice");
    let sections = sections();
    let described: Vec<&str> = sections.iter().map(|(code, _)| code.as_str()).collect();
    assert_eq!(described, codes, "sections in the order of code.rs");
}

#[test]
fn wrong_examples_get_their_code_and_right_ones_do_not() {
    for (code, text) in sections() {
        let blocks: Vec<&str> =
            text.split("```toml\n").skip(1).filter_map(|part| part.split("```").next()).collect();
        let (Some(wrong), right) = (blocks.first(), blocks.get(1)) else {
            let none = WITHOUT_EXAMPLE.contains(&code.as_str()) || code.starts_with(OF_PORTAL);
            assert!(none, "{code} has no example");
            continue;
        };
        assert!(found(wrong).contains(&code), "{code}: {wrong} gives {:?}", found(wrong));
        if let Some(right) = right {
            assert!(!found(right).contains(&code), "{code}: {right} gives {:?}", found(right));
            let errors = found(right).into_iter().filter(|it| it.starts_with("HR0"));
            // Keys that only `hubroute test` judges are right all the same.
            let errors: Vec<String> = errors.filter(|it| it != "HR012").collect();
            assert_eq!(errors, [""; 0], "{code}: {right}");
        }
    }
}

/// The codes that an example gets beside the address book.
fn found(example: &str) -> BTreeSet<String> {
    let rules = if example.starts_with('[') {
        example.to_owned()
    } else {
        let says = |key: &str| example.lines().any(|line| line.starts_with(key));
        let when = "when = { property = \"country\", changes = true }\n";
        let enroll = "enroll = { workflow = \"guide\" }\n";
        let mut rule = "[[rule]]\nid = \"example\"\nsays = \"A sentence\"\n".to_owned();
        rule += if says("when") { "" } else { when };
        rule += if says("enroll") { "" } else { enroll };
        rule + example
    };
    let file = |name: &str, text: &str| RuleFile { name: name.to_owned(), text: text.to_owned() };
    let files =
        [file(".properties.lock.toml", LOCK), file("portal.toml", BOOK), file("r.toml", &rules)];
    let today = Some(jiff::civil::date(2026, 11, 24));
    let found = compile_on(&files, today).diagnostics.into_iter();
    let found = found.filter(|found| &*found.file == "r.toml");
    found.map(|found| found.code.to_owned()).collect()
}
