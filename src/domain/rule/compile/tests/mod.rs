//! The compiler against bad files, good files and garbage.

mod bad_books;
mod bad_rules;
mod garbage;
mod good;
mod markers;
mod timing;
mod whole;

use super::*;

/// An address book that every test shares.
pub(super) const BOOK: &str = r#"
[portal]
id = 1
time_zone = "America/New_York"
[themes.sales]
[themes.nurture]
[sequences.inbound-sdr]
id = 10
theme = "sales"
[workflows.guide]
id = 20
theme = "nurture"
holds_for = "45 days"
[senders.dana]
email = "dana@acme.com"
[teams.sdr-us]
members = ["dana"]
[windows.office-hours]
days = ["mon"]
from = "09:00"
until = "17:00"
[values]
dach-and-nordics = ["DE", "AT"]
[hubspot_lists.vip]
id = 7
"#;

/// A lock file: with it names, labels and types are checked.
pub(super) const LOCK: &str = r#"
[contact.lifecyclestage]
type = "enumeration"
field_type = "radio"
options = [{ value = "lead", label = "Lead" }, { value = "marketingqualifiedlead", label = "Marketing Qualified Lead" }]
[contact.topics_of_interest]
type = "enumeration"
field_type = "checkbox"
options = [{ value = "automation", label = "Automation" }, { value = "reporting", label = "Reporting" }]
[contact.country]
type = "string"
field_type = "text"
[contact.lead_score]
type = "number"
field_type = "number"
[contact.vip]
type = "bool"
field_type = "booleancheckbox"
[contact.demo_at]
type = "datetime"
field_type = "date"
"#;

pub(super) fn file(name: &str, text: impl Into<String>) -> RuleFile {
    RuleFile { name: name.to_owned(), text: text.into() }
}

/// A rule that is right, with `more` keys.
pub(super) fn rule(more: &str) -> String {
    format!(
        "[[rule]]\nid = \"r\"\nsays = \"s\"\nwhen = {{ property = \"p\", changes = true }}\n\
         enroll = {{ workflow = \"guide\" }}\n{more}"
    )
}

/// Checks that `files` are refused (or, for HR1xx, warned about) with exactly this finding.
#[track_caller]
pub(super) fn check_files(files: &[RuleFile], code: &str, at: &str, part: &str) {
    let compiled = compile(files);
    let shown: Vec<String> = compiled
        .diagnostics
        .iter()
        .filter(|found| found.code != code::LINT_UNUSED || code == code::LINT_UNUSED)
        .map(|found| {
            let Diagnostic { code, file, line, column, message, .. } = found;
            format!(
                "{code} {file}:{line}:{column} {message} {}",
                found.hint.as_deref().unwrap_or("")
            )
        })
        .collect();
    let [only] = shown.as_slice() else { panic!("not one finding: {shown:#?}") };
    assert!(only.starts_with(&format!("{code} {at} ")), "{only}");
    assert!(only.contains(part), "{only}");
    assert_eq!(compiled.accepted(), code.starts_with("HR1"), "{only}");
    let usable = code.starts_with("HR1") || code == code::THEN_STAGE;
    assert_eq!(compiled.rules.is_some(), usable, "{only}");
}
