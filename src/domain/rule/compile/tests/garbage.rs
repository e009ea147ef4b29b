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
