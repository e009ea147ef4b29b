//! Rule files and their tests: never a panic, every refusal has its place, and formatting keeps
//! the meaning.
#![no_main]

use hubroute::cli::{diagnostics, fmt};
use hubroute::domain::rule::{Compiled, RuleFile, compile};
use hubroute::domain::suite;
use libfuzzer_sys::fuzz_target;

/// The address book that the fuzzed rules may name.
const BOOK: &str = include_str!("../../rules/portal.toml");

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    // The first character chooses what the rest is.
    let Some(kind) = text.chars().next() else { return };
    let text = &text[kind.len_utf8()..];
    match kind {
        'p' => check(&[file("portal.toml", text)]),
        't' => check(&[
            file("portal.toml", BOOK),
            file("inbound.toml", include_str!("../../rules/inbound.toml")),
            file("inbound.test.toml", text),
        ]),
        _ => {
            check(&[file("portal.toml", BOOK), file("rules.toml", text)]);
            check_format(text);
        }
    }
});

fn file(name: &str, text: &str) -> RuleFile {
    RuleFile { name: name.to_owned(), text: text.to_owned() }
}

fn check(files: &[RuleFile]) {
    let Compiled { rules, diagnostics: found } = compile(files);
    assert!(rules.is_some() || !found.is_empty(), "a refusal without a reason");
    for finding in &found {
        let file = files.iter().find(|file| file.name == *finding.file).expect("a file of the set");
        assert!(file.text.get(finding.span.clone()).is_some(), "no such place: {finding:?}");
        assert!(finding.line >= 1 && finding.column >= 1, "{finding:?}");
        assert!(!finding.message.is_empty(), "{finding:?}");
    }
    // Drawing carets and escaping must survive whatever the text is.
    diagnostics::text(&found, files, "rules", true);
    diagnostics::json(&found, None);
    diagnostics::github(&found, "rules");
    if let Some(rules) = rules {
        suite::run(&rules, files);
    }
}

fn check_format(text: &str) {
    let Ok(once) = fmt::formatted("rules.toml", text) else { return };
    let twice = fmt::formatted("rules.toml", &once).expect("what was formatted is TOML");
    assert_eq!(once, twice, "formatting is done once");
}
