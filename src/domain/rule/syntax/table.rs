//! A table being read.

use std::ops::Range;

use toml::de::DeTable;

use super::{Node, Source};
use crate::domain::rule::model::Place;
use crate::domain::rule::{code, suggest};

/// A table, with the words that name it in messages.
#[derive(Clone, Debug)]
pub struct Table<'a> {
    /// Its file.
    pub source: &'a Source<'a>,
    /// Its entries.
    pub entries: &'a DeTable<'a>,
    /// Its bytes.
    pub span: Range<usize>,
    /// What people call it, for example `rule "inbound-mql"`.
    pub what: String,
}

impl<'a> Table<'a> {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<Node<'a>> {
        let (key, value) = self.entries.get_key_value(key)?;
        Some(Node { source: self.source, key: key.get_ref(), value })
    }

    /// The value of a key that must be there. `example` completes "Add …".
    pub fn require(&self, key: &str, example: &str) -> Option<Node<'a>> {
        let node = self.get(key);
        if node.is_none() {
            let message = format!("{} has no {key}.", self.what);
            self.error(code::MISSING, message, format!("Add {example}."));
        }
        node
    }

    /// Every entry, by key.
    pub fn nodes(&self) -> impl Iterator<Item = Node<'a>> + use<'a> {
        let (source, entries) = (self.source, self.entries);
        entries.iter().map(move |(key, value)| Node { source, key: key.get_ref(), value })
    }

    /// Reports every key that is not one of `known`.
    pub fn check_keys(&self, known: &[&str]) {
        #[cfg(test)]
        super::asked::note_keys(&self.what, known);
        for (key, value) in self.entries {
            let name = key.get_ref().as_ref();
            if known.contains(&name) {
                continue;
            }
            let message = format!("unknown key \"{name}\" in {}.", self.what);
            let header = value.get_ref().is_table() && !self.source.is_inline(&value.span());
            let hint = if header {
                format!("Everything below [{name}] belongs to it. Is a table name misspelled?")
            } else {
                let known = known.iter().copied();
                suggest::hint(name, known, "Known keys").unwrap_or_default()
            };
            self.source.error(code::UNKNOWN_KEY, key.span(), message, hint);
        }
    }

    /// Whether one of `words` stands here misspelled, as a key that is not one of `known`.
    pub fn misspells(&self, known: &[&str], words: &[&str]) -> bool {
        let unknown = self.nodes().filter(|node| !known.contains(&node.key));
        unknown.into_iter().any(|node| suggest::nearest(node.key, words.iter().copied()).is_some())
    }

    /// Where it stands.
    pub fn place(&self) -> Place {
        self.source.place(&self.span)
    }

    /// Reports an error about the table as a whole.
    pub fn error(&self, code: &'static str, message: impl Into<String>, hint: impl Into<String>) {
        self.source.error(code, self.span.clone(), message, hint);
    }
}
