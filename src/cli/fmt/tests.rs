//! The style as data, and what no formatting may change.

use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::domain::rule::compile;

#[track_caller]
fn check(text: &str, expected: &str) {
    let got = formatted("a.toml", text).expect("it is TOML");
    assert_eq!(got, expected);
    assert_eq!(formatted("a.toml", &got).as_deref(), Ok(expected), "a second time");
}

#[test]
fn spaces_go_around_signs_and_inside_braces() {
    check("a=1", "a = 1\n");
    check("  a = [ 1,2 ,3 ]  \n", "a = [1, 2, 3]\n");
    check("a={b=1,c = { }}", "a = { b = 1, c = {} }\n");
    check("[ a . b ]\n'c' . d=1.5\n", "[a.b]\n'c'.d = 1.5\n");
    check("[[a]] # x\nb = 2026-11-24 10:00:00\n", "[[a]] # x\nb = 2026-11-24 10:00:00\n");
}

#[test]
fn aligned_signs_stay_aligned_at_the_longest_key_of_the_paragraph() {
    check("a  = 1\nlonger = 2\n", "a      = 1\nlonger = 2\n");
    check("a = 1\nlonger = 2\n", "a = 1\nlonger = 2\n");
    check("a  = 1\n# why\nbcd = 2\n\ne = 3\n", "a   = 1\n# why\nbcd = 2\n\ne = 3\n");
    check("a  = 1\n[t]\nbcd = 2\n", "a = 1\n[t]\nbcd = 2\n");
}

#[test]
fn lists_over_several_lines_are_indented_and_keep_their_own_alignment() {
    check(
        "a = [\n{b = 1,    c=2},\n      # why\n {b = 10,   c = 2},  # x\n\n\n]\n",
        "a = [\n  { b = 1,    c = 2 },\n  # why\n  { b = 10,   c = 2 },  # x\n\n]\n",
    );
    check("a = [{\nb = [\n1,\n]}]\n", "a = [{\n    b = [\n      1,\n] }]\n");
}

#[test]
fn comments_stay_and_keep_their_column_where_they_can() {
    check("#!x\n#y  \n", "#!x\n#y\n");
    check("a = 1# x\n", "a = 1 # x\n");
    check("a=1        # x\nbc = 1234567890  # y\n", "a = 1      # x\nbc = 1234567890  # y\n");
    check("a=[1,2,3]   # x\n", "a = [1, 2, 3] # x\n");
}

#[test]
fn blank_lines_mark_paragraphs_once() {
    check("\n\na = 1\n\n\n\n[t]\nb = 1\n\n", "a = 1\n\n[t]\nb = 1\n");
    check("", "");
    check("\n \n", "");
}

#[test]
fn marks_and_line_ends_of_other_systems_go_and_texts_stay() {
    check("\u{feff}a = 1\r\nb = 2\r\n", "a = 1\nb = 2\n");
    check("a = \"\"\"x  \n  y=1\n\"\"\"   # z\n", "a = \"\"\"x  \n  y=1\n\"\"\"  # z\n");
    check("a = '#  ='\n", "a = '#  ='\n");
}

#[test]
fn what_is_no_toml_is_shown_with_its_place_and_left_alone() {
    let found = formatted("a.toml", "a = 1\nb = = 2\n").expect_err("no TOML");
    assert_eq!((found[0].file.as_ref(), found[0].line), ("a.toml", 2));
    let folder = tempfile::tempdir().expect("temporary folder");
    let (bad, good) = (folder.path().join("bad.toml"), folder.path().join("good.toml"));
    fs::write(&bad, "b = = 2\n").expect("written");
    fs::write(&good, "b=2").expect("written");
    let answer = run(&[folder.path().to_owned()], false, false);
    assert_eq!(answer.exit_code, 1);
    assert!(answer.errors.contains("bad.toml:1:"), "{}", answer.errors);
    assert_eq!(fs::read_to_string(&bad).ok().as_deref(), Some("b = = 2\n"));
    assert_eq!(fs::read_to_string(&good).ok().as_deref(), Some("b = 2\n"), "the others are done");
}

#[test]
fn check_writes_nothing_and_what_is_in_style_is_not_written() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("a.toml");
    fs::write(&path, "b=2").expect("written");
    let paths = [path.clone()];
    let would = run(&paths, true, false);
    assert_eq!((would.exit_code, would.output.contains("would format")), (1, true));
    assert_eq!(fs::read_to_string(&path).ok().as_deref(), Some("b=2"));
    assert_eq!(run(&paths, false, false).exit_code, 0);
    let written = fs::metadata(&path).and_then(|it| it.modified()).expect("times");
    assert_eq!(run(&paths, false, false), Answer::default());
    assert_eq!(fs::metadata(&path).and_then(|it| it.modified()).ok(), Some(written));
    assert_eq!(run(&paths, true, false).exit_code, 0);
    let missing = run(&[folder.path().join("none.toml")], false, false);
    assert_eq!((missing.exit_code, missing.errors.contains("none.toml")), (1, true));
}

#[track_caller]
fn check_stdin(text: &[u8], only_check: bool, code: u8, output: &str) {
    let answer = stdin(&mut &*text, only_check, false);
    assert_eq!((answer.exit_code, answer.output.as_str()), (code, output), "{}", answer.errors);
    assert_eq!(answer.errors.is_empty(), code == 0 || only_check && !output.is_empty());
}

#[test]
fn an_editor_hands_over_a_text_and_gets_it_back() {
    check_stdin(b"b=2", false, 0, "b = 2\n");
    check_stdin(b"b = 2\n", false, 0, "b = 2\n");
    check_stdin(b"b=2", true, 1, "would format standard input\n");
    check_stdin(b"b = 2\n", true, 0, "");
    check_stdin(b"b = = 2\n", false, 1, "");
    check_stdin(b"a = \"\xe9\"", false, 1, "");
}

/// Every file of the worked examples.
fn examples() -> Vec<RuleFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["rules", "tests/data/rules-example"].map(|name| root.join(name));
    folders.iter().flat_map(|it| rules_folder::read(it).expect("readable")).collect()
}

/// HUBROUTE_TEST_WRITE=1 formats them; the test fails once then.
#[test]
fn the_projects_own_rules_are_in_this_style() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let only_check = std::env::var_os("HUBROUTE_TEST_WRITE").is_none();
    for path in ["rules", "hubroute.toml.example"] {
        let answer = run(&[root.join(path)], only_check, false);
        assert_eq!(answer, Answer::default());
    }
}

#[test]
fn the_examples_mean_the_same_afterwards() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["rules", "tests/data/rules-example"] {
        let before = rules_folder::read(&root.join(folder)).expect("readable");
        let style = |file: &RuleFile| RuleFile {
            name: file.name.clone(),
            text: formatted(&file.name, &file.text).expect("it is TOML"),
        };
        let after: Vec<RuleFile> = before.iter().map(style).collect();
        assert_eq!(meaning(&after), meaning(&before), "{folder}");
    }
}

/// The compiled set and what was found, without places and the fingerprint.
fn meaning(files: &[RuleFile]) -> (Vec<String>, Vec<String>) {
    let compiled = compile(files);
    let found = compiled.diagnostics.iter().map(|it| format!("{} {}", it.code, it.message));
    let rules = compiled.rules.iter().flat_map(|set| &set.rules).map(|rule| {
        let conditions: Vec<&str> = rule.conditions().map(|it| it.text.as_str()).collect();
        format!("{} {:?} {:?} {:?} {conditions:?}", rule.id, rule.mode, rule.when, rule.action)
    });
    (rules.collect(), found.map(|it| without_places(&it)).collect())
}

/// Messages name other lines, which may move where blank lines go.
fn without_places(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_ascii_digit()).collect()
}

/// The comments of a text in their order, each without the spaces at its end.
fn comments(text: &str) -> Vec<&str> {
    let tokens = toml_parser::Source::new(text).lex();
    let comments = tokens.filter(|it| it.kind() == toml_parser::lexer::TokenKind::Comment);
    comments.map(|it| text[it.span().start()..it.span().end()].trim_end()).collect()
}

/// What an editor may do to a text: spaces, line breaks, comments and signs where they fit.
const PIECES: [&str; 14] =
    [" ", "    ", "\t", "\n", "\n\n", "\r\n", "# x\n", "#", "=", ",", "[", "{", "\"", "\u{feff}"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn formatting_twice_is_formatting_once_and_never_changes_the_meaning(
        file in 0_usize..64,
        edits in proptest::collection::vec((any::<prop::sample::Index>(), 0..PIECES.len(), 0..3_usize), 0..6),
    ) {
        let examples = examples();
        let file = &examples[file % examples.len()];
        let mut text = file.text.clone();
        for (at, piece, cut) in edits {
            let places: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            let Some(start) = (!places.is_empty()).then(|| *at.get(&places)) else { continue };
            let end = places.iter().copied().find(|end| start + cut <= *end).unwrap_or(start);
            text.replace_range(start..end, PIECES[piece]);
        }
        if let Ok(once) = formatted(&file.name, &text) {
            let twice = formatted(&file.name, &once).expect("it was TOML");
            prop_assert_eq!(&twice, &once);
            let source = Source::new(&file.name, &text);
            let again = Source::new(&file.name, &once);
            prop_assert!(same_table(source.parse().get_ref(), again.parse().get_ref()));
            prop_assert_eq!(comments(&once), comments(&text));
            // The text itself was changed, not kept because the style would have broken it.
            prop_assert_eq!(style::formatted(&text), once);
        }
    }
}
