//! docs/threats.md against the tests there are: each threat and each fault has its row, and each
//! test it names exists under that name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::source::{code_of, identifier};
use super::sources;

const PAGE: &str = "docs/threats.md";
/// What says that a fault has no test of its own yet, and what is missing.
const OPEN: &str = "**open**";

#[test]
fn every_threat_and_fault_has_a_row_that_names_tests_which_exist() {
    let page = fs::read_to_string(PAGE).expect("the page is readable");
    let errors = findings(&page, &tests());
    assert!(errors.is_empty(), "\n{}", errors.join("\n"));
}

#[test]
fn a_row_that_is_missing_or_names_no_test_is_found() {
    let tests: BTreeSet<String> =
        ["webhook::good", "domain::x::tests::good"].map(str::to_owned).into();
    let rows = |numbers: std::ops::RangeInclusive<u32>, letter: char| {
        let row = |n| format!("| {letter}{n} | a | b | `webhook::good` |\n");
        numbers.map(row).collect::<Vec<_>>().concat()
    };
    let whole = rows(1..=24, 'T') + &rows(1..=26, 'F');
    let check = |page: &str, expected: &[&str]| assert_eq!(findings(page, &tests), expected);
    check(&whole, &[]);
    check(&whole.replace("| T7 |", "| t7 |"), &["T7 has no row"]);
    check(
        &whole.replacen("`webhook::good`", "`webhook::gone`, `domain::x::tests::good`", 1),
        &["T1: there is no test webhook::gone"],
    );
    check(&whole.replacen("`webhook::good`", "later", 1), &["T1 names no test"]);
    check(&whole.replace("| F3 | a | b | `webhook::good`", "| F3 | a | b | **open**: all"), &[]);
    check(
        &whole.replace("| T3 | a | b | `webhook::good`", "| T3 | a | b | **open**: all"),
        &["T3 names no test"],
    );
    check(&(whole.clone() + &rows(2..=2, 'T')), &["T2 has two rows"]);
}

#[test]
fn tests_are_known_by_the_names_that_cargo_calls_them() {
    let tests = tests();
    for name in [
        "domain::signature::tests::one_changed_bit_anywhere_is_refused",
        "domain::secret::tests::a_secret_is_not_printed_and_not_empty",
        "tidy::threats::tests_are_known_by_the_names_that_cargo_calls_them",
        "hubspot::tests::access::refused_twice_the_access_is_halted",
        "model::every_promise_holds_in_every_state",
    ] {
        assert!(tests.contains(name), "{name}");
    }
    assert!(!tests.contains("domain::secret::tests::reveal"), "no test");
}

/// Everything wrong with the page.
fn findings(page: &str, tests: &BTreeSet<String>) -> Vec<String> {
    let mut rows: BTreeMap<String, &str> = BTreeMap::new();
    let mut errors = Vec::new();
    for line in page.lines() {
        let Some((name, last)) = row(line) else { continue };
        if rows.insert(name.clone(), last).is_some() {
            errors.push(format!("{name} has two rows"));
        }
    }
    let wanted = (1..=24).map(|n| format!("T{n}")).chain((1..=26).map(|n| format!("F{n}")));
    for name in wanted {
        let Some(cell) = rows.get(&name) else {
            errors.push(format!("{name} has no row"));
            continue;
        };
        let quoted: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
        let named = quoted.iter().filter(|it| it.contains("::"));
        if named.clone().count() == 0 && !(name.starts_with('F') && cell.contains(OPEN)) {
            errors.push(format!("{name} names no test"));
        }
        let gone = named.filter(|named| !tests.contains(**named));
        errors.extend(gone.map(|gone| format!("{name}: there is no test {gone}")));
    }
    errors
}

/// The number and the last cell of a table row about a threat or a fault.
fn row(line: &str) -> Option<(String, &str)> {
    let cells: Vec<&str> = line.trim().strip_prefix('|')?.strip_suffix('|')?.split('|').collect();
    let name = cells.first()?.trim();
    let number = name.strip_prefix(['T', 'F'])?;
    let is_number = !number.is_empty() && number.bytes().all(|it| it.is_ascii_digit());
    is_number.then(|| (name.to_owned(), cells.last().copied().unwrap_or_default()))
}

/// Every test of the package, by the name that cargo calls it.
fn tests() -> BTreeSet<String> {
    sources()
        .iter()
        .flat_map(|path| {
            let text = fs::read_to_string(path).expect("sources are readable");
            tests_of(path, &code_of(&text))
        })
        .collect()
}

fn tests_of(path: &Path, code: &str) -> Vec<String> {
    let name = path.with_extension("").to_string_lossy().into_owned();
    let inside = name.strip_prefix("src/").or_else(|| name.strip_prefix("tests/it/"));
    let inside = inside.unwrap_or(&name).trim_end_matches("/mod").replace('/', "::");
    let inline = code.find("mod tests {");
    let marks = ["#[test]", "#[tokio::test", "fn "];
    let mut found = Vec::new();
    let mut is_test = false;
    let mut at = 0;
    while let Some((start, mark)) = next(code, at, &marks) {
        at = start + mark.len();
        if mark != "fn " {
            is_test = true;
        } else if std::mem::take(&mut is_test) {
            let module = if inline.is_some_and(|inline| inline < start) { "::tests" } else { "" };
            let name = identifier(&code[at..]).unwrap_or_default();
            found.push(format!("{inside}{module}::{name}"));
        }
    }
    found
}

/// Where the next of `marks` stands from `at` on, and which it is.
fn next<'m>(code: &str, at: usize, marks: &[&'m str]) -> Option<(usize, &'m str)> {
    let found = marks.iter().filter_map(|mark| code[at..].find(mark).map(|it| (at + it, *mark)));
    found.min_by_key(|found| found.0)
}
