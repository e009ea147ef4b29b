//! Architecture as a test: imports point down, the domain is pure, permits are minted by the
//! store, files stay small, nothing is left half done, and every reason is documented.

mod secrets;
mod source;
mod supply;
mod threats;

use std::fs;
use std::path::{Path, PathBuf};

use hubroute::domain::reason::Reason;

use source::{climbs, code_of, depth, identifier, named, words};

const FILE_LINES_MAX: usize = 400;

/// A top module of the crate and the top modules it may name.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("domain", &["domain"]),
    ("port", &["domain"]),
    ("ingress", &["ingress", "port", "domain"]),
    ("router", &["router", "port", "domain"]),
    ("store", &["store", "port", "domain"]),
    ("hubspot", &["hubspot", "port", "domain"]),
    ("admin", &["admin", "port", "domain"]),
    // It judges the others: what it shared with them it could not judge.
    ("simulator", &["simulator"]),
    ("rules_folder", &["domain"]),
    // It reads `profile` into the client's own type.
    ("config", &["config", "domain", "hubspot"]),
    ("telemetry", &["config"]),
];

/// `app` and `cli` may name everything but these.
const MAY_NOT_IMPORT: &[(&str, &[&str])] = &[("app", &["cli"]), ("cli", &[])];

/// Words that no line of the domain's code may hold.
const IMPURE: &[&str] = &[
    "actix_web",
    "async",
    "await",
    "HashMap",
    "HashSet",
    "println",
    "eprintln",
    "reqwest",
    "sled",
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "std::time",
    "tokio",
    "tracing",
    "Timestamp::now",
    "Zoned::now",
];

/// What stands for work that was put off, in code.
const UNFINISHED_CODE: &[&str] = &["todo!", "unimplemented!", "dbg!", "#[ignore"];

/// The same in comments; in halves, so that this file does not find itself.
const UNFINISHED_TEXT: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME")];

#[test]
fn sources_are_tidy() {
    let mut errors = Vec::new();
    for path in sources() {
        let text = fs::read_to_string(&path).expect("sources are readable");
        errors.extend(findings(&path.to_string_lossy(), &text));
    }
    assert!(errors.is_empty(), "\n{}", errors.join("\n"));
}

#[test]
fn every_reason_has_a_section_that_says_what_to_do() {
    let book = fs::read_to_string("docs/reasons.md").expect("docs/reasons.md is readable");
    let errors = reason_findings(&book, Reason::ALL.iter().map(|reason| reason.code()));
    assert!(errors.is_empty(), "\n{}", errors.join("\n"));
}

#[test]
fn every_configuration_key_stands_in_the_example_and_in_the_book() {
    let read = |path: &str| fs::read_to_string(path).expect("the file is readable");
    let (example, book) = (read("hubroute.toml.example"), read("docs/operations.md"));
    let source = read("src/config/keys.rs");
    let keys = configuration_keys(&source);
    assert!(!keys.is_empty());
    for (table, key) in keys {
        let after = example.split_once(&format!("[{table}]\n")).map_or("", |it| it.1);
        let section = after.split("\n[").next().unwrap_or_default();
        let stands = section.lines().any(|line| identifier(line) == Some(key));
        assert!(stands, "hubroute.toml.example has no {key} in [{table}]");
        assert!(
            book.contains(&format!("`[{table}] {key}`")),
            "docs/operations.md: [{table}] {key}"
        );
    }
}

#[test]
fn every_crate_has_its_reason() {
    let manifest = fs::read_to_string("Cargo.toml").expect("Cargo.toml is readable");
    let story = fs::read_to_string("ARCHITECTURE.md").expect("ARCHITECTURE.md is readable");
    let tables = manifest.split("\n[").filter(|table| table.contains("dependencies]"));
    let entries = tables.flat_map(str::lines).filter_map(|line| line.split_once(" = "));
    for (name, _) in entries.filter(|(name, _)| !name.starts_with('#')) {
        assert!(story.contains(&format!("\n| `{name}` |")), "ARCHITECTURE.md: no row for {name}");
    }
}

/// Table and key of each row of `KEYS`, as `("server", "listen", …),`.
fn configuration_keys(source: &str) -> Vec<(&str, &str)> {
    let rows = source.lines().filter_map(|line| line.trim_start().strip_prefix("(\""));
    rows.filter_map(|row| row.split_once("\", \""))
        .filter_map(|(table, rest)| rest.split_once('"').map(|(key, _)| (table, key)))
        .collect()
}

#[test]
fn the_walk_finds_sources_and_tests() {
    for expected in ["src/domain/mod.rs", "src/main.rs", "tests/it/tidy.rs"] {
        assert!(sources().iter().any(|path| path == Path::new(expected)), "{expected}");
    }
}

#[test]
fn the_checker_finds_what_is_untidy() {
    check("src/domain/rule/mod.rs", "use crate::port::Ledger;", "domain may not name port");
    check("src/domain/x.rs", "fn f() { std::fs::read(p); }", "`std::fs` may not appear");
    check("src/domain/x.rs", "async fn f() {}", "`async` may not appear");
    check("src/port.rs", "use crate::store::Store;", "port may not name store");
    check("src/router/x.rs", "use crate::hubspot::Client;", "router may not name hubspot");
    check("src/router/x.rs", "use crate::{domain::id, store::Store};", "may not name store");
    check("src/router/x.rs", "use crate::{\n    domain::{id, time},\n    cli,\n};", "name cli");
    check("src/ingress/x.rs", "use super::super::store::Store;", "`super` leaves the module");
    check("src/cli/x.rs", "mod tests { use super::super::super::app; }", "`super` leaves");
    check("src/simulator/x.rs", "use crate::domain::id::ContactId;", "simulator may not name");
    check("src/app/serve.rs", "crate::cli::test::text(&report)", "app may not name cli");
    check("src/newcomer.rs", "//! A module.", "newcomer is not in MAY_IMPORT");
    check("src/router/x.rs", "let it = Permit::mint(claim);", "only a store mints permits");
    check("src/cli/x.rs", "fn f() { todo!() }", "`todo!` stands for unfinished work");
    check("tests/it/x.rs", "#[ignore = \"slow\"]\nfn f() {}", "`#[ignore` stands for");
    check("src/cli/x.rs", concat!("// TO", "DO: later"), "stands for unfinished work");
    check("src/cli/x.rs", &"\n".repeat(FILE_LINES_MAX + 1), "longer than 400 lines");
}

#[test]
fn the_checker_lets_the_tidy_pass() {
    let check = |name: &str, text: &str| assert_eq!(findings(name, text), Vec::<String>::new());
    check("src/domain/x.rs", "//! Not async, no tokio.\nuse crate::domain::id::ContactId;");
    check("src/domain/x.rs", "const SAYS: &str = \"async // sled\"; struct Awaited;");
    check("src/domain/x.rs", "const SAYS: &str = r#\"a \" tokio\"#; fn f<'a>() { '\"'; }");
    check("src/simulator/api/x.rs", "use super::super::clock::iso;");
    check("src/store/ledger/x.rs", "answer(Permit::mint(claim));");
    check("src/app/mod.rs", "use crate::{config::Config, store::Store};");
    check("src/main.rs", "use hubroute::cli;");
    check("src/rules_folder.rs", "mod tests {\n    use super::*;\n}");
}

#[test]
fn a_reason_without_advice_is_found() {
    let book = "## `matched`\n\nWhat to do: nothing.\n\n## `gone`\n\nNobody knows.\n";
    let codes = ["matched", "gone", "new"];
    assert_eq!(
        reason_findings(book, codes.into_iter()),
        ["docs/reasons.md: `gone` does not say \"What to do\"", "docs/reasons.md: no `new`"]
    );
}

#[track_caller]
fn check(name: &str, text: &str, expected: &str) {
    let found = findings(name, text);
    assert!(found.iter().any(|it| it.contains(expected)), "expected {expected}, got {found:?}");
}

/// Everything untidy about one file. `name` is its path from the package's folder.
fn findings(name: &str, text: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if FILE_LINES_MAX < text.lines().count() {
        errors.push(format!("{name}: longer than {FILE_LINES_MAX} lines"));
    }
    let code = code_of(text);
    let mut ban = |at: usize, what: &str| {
        let line = text[..at].matches('\n').count() + 1;
        errors.push(format!("{name}:{line}: {what}"));
    };
    for word in UNFINISHED_TEXT {
        words(text, word).for_each(|at| ban(at, &format!("{word} stands for unfinished work")));
    }
    for word in UNFINISHED_CODE {
        words(&code, word).for_each(|at| ban(at, &format!("`{word}` stands for unfinished work")));
    }
    let Some(inside) = name.strip_prefix("src/") else { return errors };
    let module = inside.split(['/', '.']).next().unwrap_or_default();
    if module == "domain" {
        for word in IMPURE {
            words(&code, word)
                .for_each(|at| ban(at, &format!("`{word}` may not appear in domain")));
        }
    }
    if module != "store" && !["main", "lib"].contains(&module) {
        words(&code, "Permit::mint").for_each(|at| ban(at, "only a store mints permits"));
    }
    for (at, other) in named(&code) {
        if !may_import(module, other) {
            ban(at, &format!("{module} may not name {other}"));
        }
    }
    for at in climbs(&code, depth(inside)) {
        ban(at, "`super` leaves the module; say crate::");
    }
    if !is_known(module) {
        ban(0, &format!("{module} is not in MAY_IMPORT of tests/it/tidy.rs"));
    }
    errors
}

fn is_known(module: &str) -> bool {
    let mut listed = MAY_IMPORT.iter().chain(MAY_NOT_IMPORT).map(|entry| entry.0);
    ["main", "lib"].contains(&module) || listed.any(|it| it == module)
}

fn may_import(module: &str, other: &str) -> bool {
    let of = |list: &[(&str, &'static [&'static str])]| {
        list.iter().find(|entry| entry.0 == module).map(|entry| entry.1)
    };
    match (of(MAY_IMPORT), of(MAY_NOT_IMPORT)) {
        (Some(allowed), _) => allowed.contains(&other),
        (None, Some(banned)) => !banned.contains(&other),
        (None, None) => true,
    }
}

/// Reasons without a section, or whose section has no advice.
fn reason_findings<'a>(book: &str, codes: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut errors = Vec::new();
    for code in codes {
        let heading = format!("## `{code}`\n");
        let Some((_, section)) = book.split_once(&heading) else {
            errors.push(format!("docs/reasons.md: no `{code}`"));
            continue;
        };
        let section = section.split("\n## ").next().unwrap_or_default();
        if !section.contains("What to do: ") {
            errors.push(format!("docs/reasons.md: `{code}` does not say \"What to do\""));
        }
    }
    errors
}

/// Every Rust file of `src` and `tests`, in order.
pub(crate) fn sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from("src"), PathBuf::from("tests")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the folder is readable") {
            let path = entry.expect("the entry is readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension() == Some("rs".as_ref()) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
