//! What is offered at each place of the line, and bash itself asked.

use super::*;
use crate::cli::help;

/// The words offered after `line`; a space at its end begins another word.
fn offered(line: &str) -> Vec<String> {
    let mut words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
    if line.is_empty() || line.ends_with(' ') {
        words.push(OsString::new());
    }
    let rules = || vec![("inbound-mql".to_owned(), "An MQL\nmeets\ta rep".to_owned())];
    let text = answer(&mut help::command(), &words, false, rules);
    text.lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect()
}

#[track_caller]
fn check(line: &str, expected: &[&str]) {
    assert_eq!(offered(line), expected, "{line:?}");
}

#[test]
fn commands_are_offered_and_the_hidden_one_is_not() {
    let all = offered("");
    for name in ["serve", "check", "in-doubt", "completions", "man", "help"] {
        assert!(all.iter().any(|it| it == name), "{name}: {all:?}");
    }
    assert!(!all.iter().any(|it| it == COMMAND), "{all:?}");
    check("re", &["replay", "restore", "reconcile", "resume", "reload"]);
    check("held ", &["list", "release", "discard", "help"]);
    check("held rel", &["release"]);
    check("help in", &["in-doubt"]);
}

#[test]
fn options_are_offered_once() {
    check("check --f", &["--format"]);
    check("check --format json --f", &[]);
    check("--conf", &["--config"]);
    check("held release --fi", &["--first"]);
    check("check -- --f", &[":dirs"]);
}

#[test]
fn values_are_offered() {
    check("completions ", &["bash", "zsh", "fish", "elvish", "powershell"]);
    check("schema c", &["config"]);
    check("check --format ", &["text", "json", "github"]);
    check("check rules --format g", &["github"]);
    check("check --format=g", &["--format=github"]);
    check("check --format = g", &["github"]);
    check("in-doubt resolve x --as ", &["enrolled", "not-enrolled"]);
    check("held release --rule in", &["inbound-mql"]);
    check("held release --rule=", &["--rule=inbound-mql"]);
}

#[test]
fn paths_are_left_to_the_shell() {
    check("check ", &[":dirs"]);
    check("test --junit ", &[":files"]);
    check("fmt rules ", &[":files"]);
    check("--config ", &[":files"]);
    check("replay --against ", &[":dirs"]);
    check("check rules ", &[]);
}

#[test]
fn the_help_of_a_word_stays_on_its_line() {
    let rules = || vec![("r".to_owned(), "one\ntwo\tthree".to_owned())];
    let words = ["held", "release", "--rule"].map(OsString::from);
    assert_eq!(answer(&mut help::command(), &words, true, rules), "r\tone two three\n");
}

#[test]
fn every_script_asks_for_the_answer_and_knows_paths() {
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::Elvish, Shell::Powershell] {
        let script = script(shell);
        for part in [COMMAND, "'hubroute'", ":dirs", ":files"] {
            let there = script.contains(part) || script.contains(part.trim_matches('\''));
            assert!(there, "{shell:?}: {part}");
        }
    }
}
