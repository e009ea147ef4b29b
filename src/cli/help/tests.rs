//! Every help text, walked.

use clap::{Arg, error::ErrorKind};

use super::*;

/// The widest terminal the texts are written for.
const COLUMNS: usize = 100;

/// Every command with its words, the hidden one of the scripts apart.
fn walk(command: &Command, path: &[String], visit: &mut impl FnMut(&[String], &Command)) {
    visit(path, command);
    for inner in command.get_subcommands().filter(|it| !it.is_hide_set()) {
        if inner.get_name() != "help" {
            let path: Vec<String> = path.iter().cloned().chain([inner.get_name().into()]).collect();
            walk(inner, &path, visit);
        }
    }
}

fn each(mut visit: impl FnMut(&[String], &Command)) {
    let mut root = command();
    root.build();
    walk(&root, &[], &mut visit);
}

/// What `hubroute WORDS` prints instead of running, and how it would end.
#[track_caller]
fn refused(words: &[&str]) -> (ErrorKind, i32, String) {
    let words = ["hubroute"].iter().chain(words);
    let error = command().try_get_matches_from(words).expect_err("nothing to run");
    (error.kind(), error.exit_code(), error.to_string())
}

#[test]
fn every_command_says_what_it_does_in_one_sentence() {
    each(|path, command| {
        let about = command.get_about().expect("says what it does").to_string();
        assert!(about.starts_with(|letter: char| letter.is_uppercase()), "{path:?}: {about}");
        assert!(10 < about.len() && !about.contains('\n'), "{path:?}: {about}");
    });
}

/// The commands that a row of README.md's table names, as words.
fn readme_rows() -> Vec<Vec<&'static str>> {
    let (_, section) =
        include_str!("../../../README.md").split_once("\n## Commands\n").expect("there");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter(|line| line.starts_with("| `hubroute "));
    // A bar inside a cell has a backslash before it.
    let commands = rows.filter_map(|row| row.trim_start_matches('|').split(" | ").next());
    let is_part = |letter: char| letter.is_ascii_lowercase() || letter == '-';
    commands.map(|cell| cell.split(|letter| !is_part(letter)).collect()).collect()
}

#[test]
fn every_command_stands_in_the_readme() {
    let rows = readme_rows();
    each(|path, command| {
        if path.is_empty() || command.has_subcommands() {
            return;
        }
        let named = |row: &Vec<&str>| path.iter().all(|word| row.contains(&word.as_str()));
        assert!(rows.iter().any(named), "README.md, \"Commands\": no row for {}", path.join(" "));
    });
    let named = |words: &[&str]| rows.iter().any(|row| words.iter().all(|it| row.contains(it)));
    assert!(
        named(&["in-doubt", "resolve"]) && !named(&["in-doubt", "forget"]) && !named(&["nope"])
    );
}

#[test]
fn every_argument_and_every_word_it_takes_has_its_help() {
    each(|path, command| {
        for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(3 < help.len(), "{path:?}: {} has no help", arg.get_id());
            for word in Arg::get_possible_values(arg) {
                assert!(
                    word.get_help().is_some() || !arg.get_action().takes_values(),
                    "{path:?}: {} of {} has no help",
                    word.get_name(),
                    arg.get_id()
                );
            }
        }
    });
}

#[test]
fn every_command_that_runs_has_an_example_that_the_parser_takes() {
    each(|path, inner| {
        if inner.has_subcommands() && !path.is_empty() {
            return;
        }
        let words = path.join(" ");
        let help = inner.clone().render_help().to_string();
        // `simulate` has its own pages of them.
        let own = ["simulate"].contains(&words.as_str());
        let found = EXAMPLES.iter().find(|entry| entry.0 == words);
        assert!(own || found.is_some_and(|entry| help.contains(entry.1)), "{words}: no example");
    });
    for (_, examples) in EXAMPLES {
        let lines = examples.lines().flat_map(|line| line.split(" && "));
        for line in lines.filter_map(|line| line.trim().strip_prefix("hubroute ")) {
            let line = line.split([';', '|', '>', '<']).next().unwrap_or_default();
            // A text in quotes is one word.
            let parts = line.split('"').enumerate();
            let words = parts.flat_map(|(index, part)| match index % 2 {
                0 => part.split_whitespace().collect(),
                _ => vec![part],
            });
            let words: Vec<&str> = ["hubroute"].into_iter().chain(words).collect();
            let taken = command().try_get_matches_from(&words);
            assert!(taken.is_ok(), "{words:?}: {}", taken.expect_err("refused"));
        }
    }
}

#[test]
fn help_ends_well_and_fits_a_terminal() {
    each(|path, _| {
        for flag in ["-h", "--help"] {
            let words: Vec<&str> = path.iter().map(String::as_str).chain([flag]).collect();
            let (kind, code, text) = refused(&words);
            assert_eq!((kind, code), (ErrorKind::DisplayHelp, 0), "{words:?}");
            let wide = text.lines().find(|line| COLUMNS < line.chars().count());
            assert_eq!(wide, None, "{words:?}");
            assert!(text.contains("Usage: hubroute"), "{words:?}: {text}");
        }
    });
}

#[track_caller]
fn check_meant(words: &[&str], meant: &str) {
    let (_, code, text) = refused(words);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("similar") && text.contains(meant), "{words:?}: {text}");
}

#[test]
fn a_slip_gets_what_was_meant() {
    check_meant(&["chekc"], "'check'");
    check_meant(&["explan", "1"], "'explain'");
    check_meant(&["held", "relase"], "'release'");
    check_meant(&["check", "--formt", "json"], "'--format'");
    check_meant(&["check", "--format", "jsn"], "'json'");
    check_meant(&["completions", "bsh"], "'bash'");
}

#[test]
fn a_day_that_is_none_says_how_days_are_written() {
    let (_, code, text) = refused(&["check", "--today", "tomorrow"]);
    assert!(code == 2 && text.contains("2026-11-24"), "{text}");
}
