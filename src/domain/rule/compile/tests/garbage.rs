//! Whatever the files hold, compiling answers.

use proptest::prelude::*;

use super::good::example;
use super::*;

/// Diagnostics point into their files, whatever these hold.
fn check(files: &[RuleFile]) -> Result<(), TestCaseError> {
    let compiled = compile(files);
    for found in &compiled.diagnostics {
        let text =
            files.iter().find(|file| *file.name == *found.file).map_or("", |file| &file.text);
        prop_assert!(found.span.start <= text.len() && found.span.end <= text.len(), "{found:?}");
        prop_assert!(1 <= found.line && 1 <= found.column);
    }
    prop_assert!(compiled.rules.is_some() || !compiled.accepted());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        check(&[file("portal.toml", BOOK), file("r.toml", text)])?;
    }

    #[test]
    fn random_toml_never_panics(text in "(\\[\\[?(rule|suppress|cap|values|portal)\\]\\]?\n|(id|when|if|any|only_if|is|max) ?= ?(1|\"@a\"|\\[|\\{|\\}|\\]|,|2026-01-01|true)\n?){0,30}") {
        check(&[file("portal.toml", BOOK), file("r.toml", text)])?;
    }

    #[test]
    fn a_damaged_example_never_panics(
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        length in 0_usize..40,
        inserted in "[\\[\\]{}=\",.\\n@a-z0-9 é]{0,12}",
    ) {
        let mut files = example();
        let damaged = which.index(files.len());
        let letters: Vec<char> = files[damaged].text.chars().collect();
        let from = at.index(letters.len());
        let to = (from + length).min(letters.len());
        let head: String = letters[..from].iter().collect();
        let tail: String = letters[to..].iter().collect();
        files[damaged].text = format!("{head}{inserted}{tail}");
        check(&files)?;
    }
}

/// What must never take the program down, each with the code it must get (none: it is accepted).
#[track_caller]
fn check_bomb(text: &str, code: Option<&str>) {
    let files = [file("portal.toml", BOOK), file("r.toml", text)];
    let found = compile(&files).diagnostics;
    assert!(check(&files).is_ok());
    let of_file = found.iter().filter(|found| &*found.file == "r.toml");
    match code {
        Some(code) => assert!(of_file.clone().any(|found| found.code == code), "no {code}"),
        None => assert_eq!(of_file.count(), 0, "{found:#?}"),
    }
}

#[test]
fn bombs_are_refused_with_a_diagnostic() {
    const DEEP: usize = 100_000;
    let syntax = Some(code::SYNTAX);
    check_bomb(&format!("values.a = {}", "[".repeat(DEEP)), syntax);
    check_bomb(&format!("values.a = {}{}", "[".repeat(DEEP), "]".repeat(DEEP)), syntax);
    check_bomb(&format!("values.a = {}", "{ a = ".repeat(DEEP)), syntax);
    check_bomb(&format!("values.{}a = 1", "a.".repeat(DEEP)), syntax);
    check_bomb(&format!("[values.{}a]\n", "a.".repeat(DEEP)), syntax);
    check_bomb(&"]".repeat(DEEP), syntax);
    check_bomb(&"\"".repeat(DEEP + 1), syntax);
    check_bomb(&"a = 1\n".repeat(DEEP), Some(code::TWICE));
    check_bomb(&format!("x = \"{}\"", "a".repeat(1024 * 1024)), Some(code::LIMIT));
    check_bomb("\u{0}", syntax);
}

#[test]
fn what_is_too_deep_is_told_in_words_of_ours() {
    let check = |text: &str| {
        let found = compile(&[file("portal.toml", BOOK), file("r.toml", text)]).diagnostics;
        let told = found.iter().any(|it| it.message == "this is nested too deep.");
        assert!(told, "{found:#?}");
    };
    check(&format!("values.a = {}{}", "[".repeat(1_000), "]".repeat(1_000)));
    check(&format!("{}a = 1", "a.".repeat(1_000)));
}

#[test]
fn marks_and_line_ends_of_other_systems_are_accepted() {
    let crlf = rule("").replace('\n', "\r\n");
    check_bomb(&crlf, None);
    check_bomb(&format!("\u{feff}{}", rule("")), None);
    check_bomb(&format!("\u{feff}{crlf}"), None);
}

/// A set as large as is accepted, and one rule more.
fn many(count: usize) -> [RuleFile; 2] {
    let one = |n| {
        format!(
            "[[rule]]\nid = \"r{n}\"\nsays = \"s\"\nwhen = {{ property = \"p{n}\", becomes = \"a\" }}\n\
             only_if = [{{ property = \"q\", is_any_of = [\"a\", \"b\"] }}, {{ property = \"n\", \
             is_at_least = 5 }}]\nenroll = {{ workflow = \"guide\" }}\npriority = {}\n",
            n % 1000 + 1
        )
    };
    [file("portal.toml", BOOK), file("r.toml", (0..count).map(one).collect::<String>())]
}

#[test]
fn more_rules_or_bytes_than_are_accepted_are_refused() {
    let mut files = many(4_000).to_vec();
    let lines: Vec<&str> = files[1].text.split_inclusive("[[rule]]").collect();
    assert!(4_000 <= lines.len());
    assert!(compile(&files).accepted());
    for n in 0..2 {
        let more = files[1].text.replace("id = \"r", &format!("id = \"s{n}"));
        files.push(file(&format!("s{n}.toml"), more));
    }
    assert!(compile(&files).diagnostics.iter().any(|found| found.code == code::LIMIT));
    let large = [file("portal.toml", BOOK), file("a.txt", "a\n".repeat(4 * 1024 * 1024 + 1))];
    assert!(compile(&large).diagnostics.iter().any(|found| found.code == code::LIMIT));
}
