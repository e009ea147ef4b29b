//! All tables of all files, gathered by kind and name before any of them is read: files are
//! read together and their order never matters.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::domain::rule::syntax::{Node, Source, Table};
use crate::domain::rule::{code, suggest};

/// The lock file with the portal's property definitions.
pub(super) const LOCK_FILE: &str = ".properties.lock.toml";

/// Tables that exist once.
const SINGLE: [&str; 2] = ["portal", "defaults"];
/// Tables of named tables.
const NAMED: [&str; 9] = [
    "themes",
    "sequences",
    "workflows",
    "subscriptions",
    "senders",
    "teams",
    "windows",
    "calendars",
    "hubspot_lists",
];
/// Tables of named lists.
const LISTS: [&str; 2] = ["values", "domains"];
/// Arrays of tables.
const ARRAYS: [&str; 4] = ["rule", "suppress", "quiet_period", "cap"];

/// Everything the files say, unread.
#[derive(Debug, Default)]
pub(super) struct Book<'a> {
    single: BTreeMap<&'static str, Table<'a>>,
    named: BTreeMap<&'static str, BTreeMap<&'a str, Table<'a>>>,
    lists: BTreeMap<&'static str, BTreeMap<&'a str, Node<'a>>>,
    arrays: BTreeMap<&'static str, Vec<Table<'a>>>,
    /// The lock file's root.
    pub(super) lock: Vec<Table<'a>>,
}

impl<'a> Book<'a> {
    /// Adds one file.
    pub(super) fn add(&mut self, source: &'a Source<'a>, root: &'a Spanned<DeTable<'a>>) {
        let entries = root.get_ref();
        let what = "the file".to_owned();
        let table = Table { source, entries, span: 0..0, what };
        if &*source.name == LOCK_FILE {
            self.lock.push(table);
            return;
        }
        let all: Vec<&str> = [&SINGLE[..], &NAMED, &LISTS, &ARRAYS].concat();
        check_names(&table, &all);
        for node in table.nodes() {
            if let Some(kind) = find(&SINGLE, node.key) {
                self.add_single(kind, node);
            } else if let Some(kind) = find(&NAMED, node.key) {
                self.add_named(kind, node);
            } else if let Some(kind) = find(&LISTS, node.key) {
                self.add_lists(kind, node);
            } else if let Some(kind) = find(&ARRAYS, node.key) {
                self.add_array(kind, node);
            }
        }
    }

    fn add_single(&mut self, kind: &'static str, node: Node<'a>) {
        let Some(table) = node.table(format!("[{kind}]")) else { return };
        match self.single.get(kind) {
            Some(first) => twice(node, &format!("[{kind}]"), first),
            None => drop(self.single.insert(kind, table)),
        }
    }

    fn add_named(&mut self, kind: &'static str, node: Node<'a>) {
        let Some(group) = node.table(format!("[{kind}]")) else { return };
        let known = self.named.entry(kind).or_default();
        for node in group.nodes() {
            let what = format!("{} \"{}\"", singular(kind), node.key);
            let Some(table) = node.table(what) else { continue };
            match known.get(node.key) {
                Some(first) => twice(node, &table.what, first),
                None => drop(known.insert(node.key, table)),
            }
        }
    }

    fn add_lists(&mut self, kind: &'static str, node: Node<'a>) {
        let Some(group) = node.table(format!("[{kind}]")) else { return };
        let known = self.lists.entry(kind).or_default();
        for node in group.nodes() {
            if let Some(first) = known.get(node.key) {
                let message = format!(
                    "\"{}\" in [{kind}] is written twice (also {}).",
                    node.key,
                    first.place()
                );
                node.error(code::TWICE, message, "Merge the two lists.");
                continue;
            }
            known.insert(node.key, node);
        }
    }

    fn add_array(&mut self, kind: &'static str, node: Node<'a>) {
        let what = |table: &Table<'_>| match table.get("id").map(|id| id.value.get_ref()) {
            Some(DeValue::String(id)) => format!("{kind} \"{id}\""),
            _ => format!("[[{kind}]]"),
        };
        let mut add = |node: Node<'a>| {
            if let Some(mut table) = node.table(format!("[[{kind}]]")) {
                table.what = what(&table);
                self.arrays.entry(kind).or_default().push(table);
            }
        };
        match node.value.get_ref() {
            DeValue::Table(_) if kind == "cap" => add(node),
            DeValue::Table(_) => {
                let message = format!("[{kind}] stands for one of many.");
                node.error(code::WRONG_KIND, message, format!("Write [[{kind}]]."));
            }
            _ => node.items().unwrap_or_default().into_iter().for_each(add),
        }
    }

    /// A table that exists once.
    pub(super) fn single(&self, kind: &str) -> Option<&Table<'a>> {
        self.single.get(kind)
    }

    /// Named tables of one kind.
    pub(super) fn named(&self, kind: &str) -> impl Iterator<Item = (&'a str, &Table<'a>)> + Clone {
        self.named.get(kind).into_iter().flatten().map(|(name, table)| (*name, table))
    }

    /// The names of one kind.
    pub(super) fn names(&self, kind: &str) -> impl Iterator<Item = &'a str> + Clone {
        self.named(kind).map(|(name, _)| name)
    }

    /// One named table.
    pub(super) fn one(&self, kind: &str, name: &str) -> Option<&Table<'a>> {
        self.named.get(kind)?.get(name)
    }

    /// Named lists of one kind.
    pub(super) fn lists(&self, kind: &str) -> impl Iterator<Item = Node<'a>> {
        self.lists.get(kind).into_iter().flatten().map(|(_, node)| *node)
    }

    /// Tables of an array.
    pub(super) fn array(&self, kind: &str) -> &[Table<'a>] {
        self.arrays.get(kind).map_or(&[], Vec::as_slice)
    }
}

/// Reports tables that no rules file has, with the name in its brackets that was meant.
fn check_names(root: &Table<'_>, known: &[&str]) {
    #[cfg(test)]
    crate::domain::rule::syntax::asked::note_keys(&root.what, known);
    for (key, value) in root.entries {
        let name = key.get_ref().as_ref();
        if known.contains(&name) {
            continue;
        }
        let near = suggest::nearest(name, known.iter().copied());
        let hint = match near {
            Some(near) if ARRAYS.contains(&near) => format!("Did you mean [[{near}]]?"),
            Some(near) if value.get_ref().is_table() => {
                format!("Did you mean \"{near}\"? Everything below [{name}] belongs to it.")
            }
            Some(near) => format!("Did you mean \"{near}\"?"),
            None => format!("Tables are {}.", known.join(", ")),
        };
        let message = format!("unknown table or key \"{name}\".");
        root.source.error(code::UNKNOWN_KEY, key.span(), message, hint);
    }
}

fn find(kinds: &[&'static str], key: &str) -> Option<&'static str> {
    kinds.iter().find(|kind| **kind == key).copied()
}

/// `themes` -> `theme`, for messages.
pub(super) fn singular(kind: &str) -> &str {
    kind.strip_suffix('s').unwrap_or(kind)
}

fn twice(node: Node<'_>, what: &str, first: &Table<'_>) {
    let message = format!("{what} is written twice (also {}).", first.place());
    node.error(code::TWICE, message, "Keep one of them.");
}
