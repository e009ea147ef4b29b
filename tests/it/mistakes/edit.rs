//! One mistake: where it is made, where it must be told, and what the answer must offer.

use hubroute::domain::rule::RuleFile;

/// A single edit of the folder and what `check` must say to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    /// The sort of mistake, for the figures.
    pub(super) kind: &'static str,
    pub(super) file: String,
    /// The line that is changed, from 1.
    pub(super) line: usize,
    /// What stands there, and what is put in its place.
    pub(super) from: String,
    pub(super) to: String,
    /// The line that the diagnostic must name.
    pub(super) told: usize,
    /// What the diagnostic must offer, the mistaken word itself taken out.
    pub(super) offers: String,
}

impl Mistake {
    /// A row of the tables: told in its own line.
    pub(super) fn row(kind: &'static str, place: &str, edit: (&str, &str), offers: &str) -> Self {
        let (file, line) = place.split_once(':').expect("file:line");
        let line = line.parse().expect("a number");
        let (from, to) = (edit.0.to_owned(), edit.1.to_owned());
        let file = format!("{file}.toml");
        Self { kind, file, line, from, to, told: line, offers: offers.to_owned() }
    }

    /// The folder with this one mistake in it.
    pub(super) fn made_in(&self, folder: &[RuleFile]) -> Vec<RuleFile> {
        let mut files = folder.to_vec();
        let file = files.iter_mut().find(|file| file.name == self.file).expect("a file");
        let mut lines: Vec<String> = file.text.lines().map(str::to_owned).collect();
        let line = &mut lines[self.line - 1];
        assert!(line.contains(&self.from), "{}:{}: no {:?}", self.file, self.line, self.from);
        *line = line.replacen(&self.from, &self.to, 1);
        file.text = lines.join("\n") + "\n";
        files
    }

    /// One line of the committed expectations.
    pub(super) fn expectation(&self) -> String {
        let Self { kind, file, told, from, to, offers, .. } = self;
        let to = to.replace('\n', "\\n");
        format!("{kind} | {file}:{told} | {from} -> {to} | {offers}")
    }
}
