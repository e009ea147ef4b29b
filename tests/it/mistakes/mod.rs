//! Two hundred mistakes that people make, and whether each is told in the right line with the
//! right word. What is expected was written down before the messages that answer it.

pub(crate) mod chance;
mod edit;
mod meaning;
mod slips;
mod syntax;
mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use hubroute::domain::diagnostic::Diagnostic;
use hubroute::domain::rule::{RuleFile, compile};
use hubroute::domain::suite;

use chance::Chance;
use edit::Mistake;

use crate::harness::evidence;

const SEED: u64 = 20_261_124;
const MISTAKES: usize = 200;
const KINDS_MIN: usize = 25;
/// Of a hundred mistakes, how many must be answered with the right suggestion.
const SUGGESTED_MIN_PERCENT: usize = 95;

#[test]
fn two_hundred_mistakes_are_told_where_they_are_with_what_to_write_instead() {
    let folder = folder();
    let mistakes = mistakes(&folder);
    let kinds: BTreeSet<&str> = mistakes.iter().map(|mistake| mistake.kind).collect();
    assert!(KINDS_MIN <= kinds.len(), "{} kinds", kinds.len());
    assert_as_committed(&mistakes);

    let accepted = diagnostics(&folder);
    let mut missed = Vec::new();
    let mut unhelpful = Vec::new();
    for mistake in &mistakes {
        let told = diagnostics(&mistake.made_in(&folder));
        let here: Vec<&Diagnostic> = told
            .iter()
            .filter(|found| *found.file == *mistake.file && found.line as usize == mistake.told)
            .filter(|found| !accepted.iter().any(|before| says(before) == says(found)))
            .collect();
        if here.is_empty() {
            missed.push(report(mistake, &told.iter().collect::<Vec<_>>()));
        } else if !here.iter().any(|found| offers(mistake, found)) {
            unhelpful.push(report(mistake, &here));
        }
    }
    let caught = MISTAKES - missed.len();
    let suggested = caught - unhelpful.len();
    let figures = format!(
        "{MISTAKES} mistakes of {} kinds, seed {SEED}: {caught} told in the right line, {suggested} with the \
         right suggestion",
        kinds.len()
    );
    let details = missed.join("") + "---- without the right suggestion\n" + &unhelpful.join("");
    let enough = missed.is_empty() && SUGGESTED_MIN_PERCENT * MISTAKES <= 100 * suggested;
    assert!(enough, "{figures}\n{details}");
    evidence(figures);
}

fn data() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

/// rules-example with the property definitions that a real portal would give.
fn folder() -> Vec<RuleFile> {
    let example = data().join("rules-example");
    let mut files: Vec<RuleFile> = fs::read_dir(example)
        .expect("a folder")
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            RuleFile { name, text: fs::read_to_string(path).expect("text") }
        })
        .collect();
    let lock = fs::read_to_string(data().join("mistakes/properties.lock.toml")).expect("text");
    files.push(RuleFile { name: ".properties.lock.toml".to_owned(), text: lock });
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files
}

/// As many of every kind, by turns, until there are enough.
fn mistakes(folder: &[RuleFile]) -> Vec<Mistake> {
    let mut chance = Chance(SEED);
    let mut all = slips::all(folder, &mut chance);
    all.extend(syntax::all());
    all.extend(values::all());
    all.extend(meaning::all(|file, line| {
        let file = folder.iter().find(|known| known.name == file).expect("a file");
        file.text.lines().nth(line - 1).expect("a line").to_owned()
    }));
    let mut kinds: BTreeMap<&str, Vec<Mistake>> = BTreeMap::new();
    for mistake in all {
        kinds.entry(mistake.kind).or_default().push(mistake);
    }
    for kind in kinds.values_mut() {
        chance.shuffle(kind);
    }
    let mut taken = Vec::new();
    while taken.len() < MISTAKES {
        let before = taken.len();
        taken.extend(kinds.values_mut().filter_map(Vec::pop));
        assert_ne!(before, taken.len(), "there are too few mistakes to make");
    }
    taken.truncate(MISTAKES);
    taken.sort_by(|a, b| (a.kind, &a.file, a.line).cmp(&(b.kind, &b.file, b.line)));
    taken
}

/// The expectations stand in the repository: whoever changes them shows it.
#[track_caller]
fn assert_as_committed(mistakes: &[Mistake]) {
    let committed = data().join("mistakes/expected.txt");
    let made: Vec<String> = mistakes.iter().map(Mistake::expectation).collect();
    let made = made.join("\n") + "\n";
    if fs::read_to_string(&committed).ok().as_deref() != Some(made.as_str()) {
        let fresh = Path::new(env!("CARGO_TARGET_TMPDIR")).join("expected.txt");
        fs::write(&fresh, made).expect("written");
        panic!(
            "the mistakes differ from the committed expectations; made now: {}",
            fresh.display()
        );
    }
}

/// Everything that `check` says.
fn diagnostics(files: &[RuleFile]) -> Vec<Diagnostic> {
    let compiled = compile(files);
    let tests = compiled.rules.as_ref().map(|rules| suite::run(rules, files)).unwrap_or_default();
    compiled.diagnostics.into_iter().chain(tests.diagnostics).collect()
}

fn says(found: &Diagnostic) -> String {
    format!("{} {}", found.message, found.hint.as_deref().unwrap_or_default())
}

/// Whether the right word is offered: repeating what was written wrong does not count.
fn offers(mistake: &Mistake, found: &Diagnostic) -> bool {
    let said = says(found);
    let repeats = mistake.to.contains(&mistake.offers);
    let said = if repeats { said.replace(&mistake.to, "") } else { said };
    said.contains(&mistake.offers)
}

fn report(mistake: &Mistake, told: &[&Diagnostic]) -> String {
    let told: Vec<String> = told
        .iter()
        .take(4)
        .map(|found| format!("     {}:{} {} {}\n", found.file, found.line, found.code, says(found)))
        .collect();
    format!("{}\n{}", mistake.expectation(), told.concat())
}
