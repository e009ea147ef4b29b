//! Rules folders of any size: one rule that the events are about, and others that watch other
//! properties.

use std::fs;
use std::path::Path;

use hubroute::domain::rule::{RuleFile, RuleSet, compile};

use crate::Fallible;
use crate::server;

/// Rules in one file.
const RULES_A_FILE: usize = 500;

/// The files of a folder with `count` rules. The first rule is about [`WATCHED`], in the mode
/// `mode`; every other one is live and watches a property of its own.
///
/// [`WATCHED`]: crate::events::WATCHED
pub(crate) fn files(count: usize, mode: &str) -> Vec<RuleFile> {
    let first = RuleFile { name: "portal.toml".to_owned(), text: server::rules(mode, 1) };
    let others: Vec<usize> = (1..count).collect();
    let others = others.chunks(RULES_A_FILE).zip(1..).map(|(numbers, file)| RuleFile {
        name: format!("rules-{file}.toml"),
        text: numbers.iter().map(|number| rule(*number)).collect(),
    });
    std::iter::once(first).chain(others).collect()
}

/// The set of these files.
pub(crate) fn set(count: usize, mode: &str) -> Fallible<RuleSet> {
    Ok(compile(&files(count, mode)).rules.ok_or("the rules of this benchmark do not compile")?)
}

/// Writes the files, and a file of tests where `tests` is not 0: each of one rule.
pub(crate) fn write(folder: &Path, files: &[RuleFile], tests: usize) -> Fallible {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    for file in files {
        fs::write(folder.join(&file.name), &file.text)?;
    }
    if tests != 0 {
        let text: String = (1..=tests).map(test).collect();
        fs::write(folder.join("rules.test.toml"), text)?;
    }
    Ok(())
}

fn rule(number: usize) -> String {
    format!(
        "[[rule]]\nid = \"answer-{number}\"\nsays = \"Who answered question {number} hears from a rep\"\n\
         mode = \"live\"\nwhen = {{ property = \"question_{number}\", becomes = \"yes\" }}\n\
         only_if = [{{ property = \"country\", is_any_of = [\"US\", \"CA\"] }}]\n\
         unless = [{{ email_domain = \"free-mail\" }}]\n\
         enroll = {{ sequence = \"intro\", sender = [\"team:reps\"] }}\n\n"
    )
}

fn test(number: usize) -> String {
    format!(
        "[[test]]\nsays = \"Question {number} was answered in the US\"\n\
         at = 2026-11-24T10:00:00-05:00\n\
         contact = {{ email = \"ann@bigco.example\", country = \"US\", question_{number} = \"yes\" }}\n\
         event = {{ property = \"question_{number}\", from = \"no\", to = \"yes\" }}\n\
         expect = {{ decision = \"enroll\", rule = \"answer-{number}\", into = \"intro\", \
         sender = \"rep1\" }}\n\n"
    )
}
