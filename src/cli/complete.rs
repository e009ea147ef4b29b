//! Completions: each shell's script asks this binary what may come next, so that they are never
//! older than it and know the folder's own rules.
//!
//! An answer is a line for each candidate, `word<TAB>what it is`, and `:dirs` or `:files` where
//! the shell completes paths by itself.

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::Path;

use clap::{Arg, ArgAction, Command, ValueHint};

use super::args::Shell;

/// The hidden command that the scripts ask.
pub(super) const COMMAND: &str = "__complete";

/// The script of a shell.
pub(super) const fn script(shell: Shell) -> &'static str {
    match shell {
        Shell::Bash => include_str!("complete/bash.sh"),
        Shell::Zsh => include_str!("complete/zsh.zsh"),
        Shell::Fish => include_str!("complete/fish.fish"),
        Shell::Elvish => include_str!("complete/elvish.elv"),
        Shell::Powershell => include_str!("complete/powershell.ps1"),
    }
}

/// A word and what it is.
pub(super) type Candidate = (String, String);

/// What may stand in the place of the last of `words`; `next` adds an empty one. `rules` gives
/// the ids of rules where one is asked for.
pub(super) fn answer(
    command: &mut Command,
    words: &[OsString],
    next: bool,
    rules: impl FnOnce() -> Vec<Candidate>,
) -> String {
    command.build();
    // Bash makes a word of each "=" in --format=json.
    let mut words: Vec<String> = words
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .map(|word| if word == "=" { String::new() } else { word })
        .collect();
    if next {
        words.push(String::new());
    }
    let current = words.pop().unwrap_or_default();
    words.retain(|word| !word.is_empty());
    let place = Place::after(command, &words);
    place.candidates(&current, &words, rules)
}

/// Where the line has come to.
struct Place<'a> {
    command: &'a Command,
    /// Values without an option so far.
    values: usize,
    /// The option whose value comes next.
    option: Option<&'a Arg>,
    /// After `--`, when nothing is an option.
    only_values: bool,
}

impl<'a> Place<'a> {
    fn after(command: &'a Command, words: &[String]) -> Self {
        let mut place = Self { command, values: 0, option: None, only_values: false };
        for word in words {
            place.step(word);
        }
        place
    }

    fn step(&mut self, word: &str) {
        if self.option.take().is_some() {
            return;
        }
        if self.only_values || !word.starts_with('-') {
            match self.command.find_subcommand(word).filter(|_| self.values == 0) {
                Some(inner) => self.command = inner,
                None => self.values += 1,
            }
        } else if word == "--" {
            self.only_values = true;
        } else {
            self.option = self.named(word);
        }
    }

    /// The option of this name, when it takes a value.
    fn named(&self, word: &str) -> Option<&'a Arg> {
        let name = word.trim_start_matches('-');
        let mut all = self.command.get_arguments();
        all.find(|arg| arg.get_long() == Some(name) && arg.get_action().takes_values())
    }

    fn candidates(
        &self,
        current: &str,
        words: &[String],
        rules: impl FnOnce() -> Vec<Candidate>,
    ) -> String {
        if let Some(option) = self.option {
            return values(option, current, "", rules);
        }
        if let Some((name, value)) = current.split_once('=').filter(|_| !self.only_values)
            && let Some(option) = self.named(name)
        {
            return values(option, value, &format!("{name}="), rules);
        }
        if current.starts_with('-') && !self.only_values {
            return lines(self.options(words), current, "");
        }
        let positional = self.command.get_positionals().nth(self.values);
        let last = self.command.get_positionals().last();
        let many = last.filter(|arg| matches!(arg.get_action(), ArgAction::Append));
        let mut text = lines(self.commands(), current, "");
        if let Some(positional) = positional.or(many) {
            text += &values(positional, current, "", rules);
        }
        text
    }

    fn commands(&self) -> Vec<Candidate> {
        let inner = self.command.get_subcommands().filter(|it| !it.is_hide_set());
        let inner = inner.filter(|_| self.values == 0);
        inner.map(|it| (it.get_name().to_owned(), said(it.get_about()))).collect()
    }

    /// The options that are not there yet.
    fn options(&self, words: &[String]) -> Vec<Candidate> {
        let all = self.command.get_arguments().filter(|arg| !arg.is_hide_set());
        all.filter_map(|arg| Some((format!("--{}", arg.get_long()?), said(arg.get_help()))))
            .filter(|(name, _)| !words.contains(name))
            .collect()
    }
}

fn said(text: Option<&clap::builder::StyledStr>) -> String {
    text.map(ToString::to_string).unwrap_or_default()
}

/// What an argument takes, each behind `prefix`.
fn values(
    arg: &Arg,
    current: &str,
    prefix: &str,
    rules: impl FnOnce() -> Vec<Candidate>,
) -> String {
    let words = arg.get_possible_values();
    let words = words.iter().filter(|word| !word.is_hide_set());
    let mut all: Vec<Candidate> =
        words.map(|word| (word.get_name().to_owned(), said(word.get_help()))).collect();
    if arg.get_id() == "rule" {
        all.extend(rules());
    }
    let text = lines(all, current, prefix);
    match arg.get_value_hint() {
        ValueHint::DirPath => text + ":dirs\n",
        ValueHint::FilePath | ValueHint::AnyPath => text + ":files\n",
        _ => text,
    }
}

/// Those that begin with `current`, without what would end a line or a column.
fn lines(all: Vec<Candidate>, current: &str, prefix: &str) -> String {
    let mut text = String::new();
    for (word, says) in all.into_iter().filter(|(word, _)| word.starts_with(current)) {
        let says: String = says.chars().map(|it| if it.is_control() { ' ' } else { it }).collect();
        writeln!(text, "{prefix}{word}\t{says}").ok();
    }
    text
}

/// The ids of the folder's rules with what they say; none where the rules cannot be read.
pub(super) fn rule_ids(config: &Path) -> Vec<Candidate> {
    let folder = super::rules_folder(config).ok();
    let files = folder.and_then(|folder| crate::rules_folder::read(&folder).ok());
    let set = files.and_then(|files| crate::domain::rule::compile(&files).rules);
    let rules = set.into_iter().flat_map(|set| set.rules);
    rules.map(|rule| (rule.id.to_string(), rule.says)).collect()
}
