//! `hubroute fmt`: rules files in one style. What a file means never changes.

mod style;
#[cfg(test)]
mod tests;

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::{diagnostics, saved};
use crate::domain::diagnostic::Diagnostic;
use crate::domain::rule::RuleFile;
use crate::domain::rule::syntax::Source;
use crate::rules_folder::{self, FolderError};

/// What `fmt` answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// For standard output: a line for each file that is not in this style.
    pub output: String,
    /// For standard error: what is no TOML, and what could not be read or written.
    pub errors: String,
    /// 0; 1 where a file is no TOML, could not be read or written, or with `check` is not in
    /// this style.
    pub exit_code: u8,
}

/// The text in one style: spaces, alignment, blank lines. Comments, order and values stay.
/// The error holds every mistake of a text that is no TOML.
pub fn formatted(name: &str, text: &str) -> Result<String, Vec<Diagnostic>> {
    let source = Source::new(name, text);
    let before = source.parse();
    let after = style::formatted(text);
    let again = Source::new(name, &after);
    let same = same_table(before.get_ref(), again.parse().get_ref());
    let found = source.into_found();
    if !found.is_empty() {
        return Err(found);
    }
    // Belt and braces: a text that would mean something else is left as it is.
    Ok(if same && again.into_found().is_empty() { after } else { text.to_owned() })
}

/// Whether two tables hold the same values, written the same way.
fn same_table(one: &DeTable<'_>, other: &DeTable<'_>) -> bool {
    one.len() == other.len()
        && one.iter().zip(other).all(|((name, value), (other_name, other))| {
            name.get_ref() == other_name.get_ref() && same(value.get_ref(), other.get_ref())
        })
}

fn same(one: &DeValue<'_>, other: &DeValue<'_>) -> bool {
    match (one, other) {
        (DeValue::Table(one), DeValue::Table(other)) => same_table(one, other),
        (DeValue::Array(one), DeValue::Array(other)) => {
            one.len() == other.len()
                && one.iter().zip(other).all(|(a, b)| same(a.get_ref(), b.get_ref()))
        }
        (DeValue::String(one), DeValue::String(other)) => one == other,
        (DeValue::Integer(one), DeValue::Integer(other)) => {
            one.radix() == other.radix() && one.as_str() == other.as_str()
        }
        (DeValue::Float(one), DeValue::Float(other)) => one.as_str() == other.as_str(),
        (DeValue::Boolean(one), DeValue::Boolean(other)) => one == other,
        (DeValue::Datetime(one), DeValue::Datetime(other)) => one == other,
        _ => false,
    }
}

/// Formats files, and every `*.toml` file of folders. With `check` nothing is written. Files
/// that are in this style already are not written either.
pub fn run(paths: &[PathBuf], check: bool, color: bool) -> Answer {
    let mut answer = Answer::default();
    for path in paths {
        match files(path) {
            Ok(files) => {
                for (path, text) in files {
                    one(&path, text, check, color, &mut answer);
                }
            }
            Err(error) => answer.fail(&format!("error: {error}\n")),
        }
    }
    answer
}

/// Formats what an editor hands over on standard input. With `check` it is only judged. A text
/// that is no TOML comes to no output, so that an editor keeps what it has.
pub fn stdin(input: &mut impl Read, check: bool, color: bool) -> Answer {
    const NAME: &str = "standard input";
    let mut answer = Answer::default();
    let mut text = String::new();
    if let Err(error) = input.read_to_string(&mut text) {
        answer.fail(&format!("error: cannot read {NAME}: {error}\n"));
        return answer;
    }
    match formatted(NAME, &text) {
        Err(found) => {
            let file = RuleFile { name: NAME.to_owned(), text };
            answer.fail(&diagnostics::text(&found, &[file], "", color));
        }
        Ok(after) if !check => answer.output = after,
        Ok(after) if after == text => {}
        Ok(_) => {
            answer.say("would format", NAME);
            answer.exit_code = 1;
        }
    }
    answer
}

impl Answer {
    fn fail(&mut self, text: &str) {
        self.errors.push_str(text);
        self.exit_code = 1;
    }

    fn say(&mut self, what: &str, name: &str) {
        self.output.push_str(what);
        self.output.push(' ');
        self.output.push_str(name);
        self.output.push('\n');
    }
}

/// The files that `path` stands for. The lock file is written by a program: it is left alone.
fn files(path: &Path) -> Result<Vec<(PathBuf, String)>, FolderError> {
    let unreadable = |source| FolderError::Unreadable { path: path.to_owned(), source };
    if path.is_dir() {
        let files = rules_folder::read(path)?.into_iter();
        let wanted = files.filter(|it| is_toml(&it.name) && !it.name.starts_with('.'));
        return Ok(wanted.map(|file| (path.join(file.name), file.text)).collect());
    }
    let missing = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => FolderError::NoFile { path: path.to_owned() },
        _ => unreadable(source),
    };
    let bytes = fs::read(path).map_err(missing)?;
    match rules_folder::decode(&path.to_string_lossy(), bytes) {
        (text, None) => Ok(vec![(path.to_owned(), text)]),
        (_, Some(found)) => {
            Err(FolderError::NotText { path: path.to_owned(), found: Box::new(found) })
        }
    }
}

fn is_toml(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "toml")
}

fn one(path: &Path, text: String, check: bool, color: bool, answer: &mut Answer) {
    let name = path.to_string_lossy().into_owned();
    match formatted(&name, &text) {
        Err(found) => {
            let shown = diagnostics::text(&found, &[RuleFile { name, text }], "", color);
            answer.fail(&shown);
        }
        Ok(after) if after == text => {}
        Ok(_) if check => {
            answer.say("would format", &name);
            answer.exit_code = 1;
        }
        Ok(after) => match saved::replace(path, &after) {
            Ok(()) => answer.say("formatted", &name),
            Err(error) => answer.fail(&format!("error: cannot write {name}: {error}\n")),
        },
    }
}
