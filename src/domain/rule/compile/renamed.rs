//! A rule that got another id between two sets: its history stays under the old one.

use std::collections::BTreeMap;

use super::RuleFile;
use crate::domain::diagnostic::Diagnostic;
use crate::domain::rule::code;
use crate::domain::rule::syntax::{Node, Source, Table};

/// Lints about rules of `now` that look like a rule of `before` under another id. Files that are
/// no TOML are passed over: [`super::compile`] reports them.
pub fn renamed(before: &[RuleFile], now: &[RuleFile]) -> Vec<Diagnostic> {
    let all = |files: &[RuleFile]| -> Vec<toml::Table> {
        files.iter().filter(|file| file.is_rules()).flat_map(rules).collect()
    };
    let id = |rule: &toml::Table| rule.get("id")?.as_str().map(str::to_owned);
    let mut gone: BTreeMap<String, toml::Table> =
        all(before).into_iter().filter_map(|rule| Some((id(&rule)?, content(rule)))).collect();
    for rule in all(now) {
        for key in ["id", "was"] {
            rule.get(key).and_then(|value| value.as_str()).map(|name| gone.remove(name));
        }
    }
    let known: Vec<String> = all(before).iter().filter_map(id).collect();
    let mut found = Vec::new();
    for file in now.iter().filter(|file| file.is_rules()) {
        let source = Source::new(&file.name, &file.text);
        for (index, rule) in rules(file).into_iter().enumerate() {
            let Some(new) = id(&rule).filter(|new| !known.contains(new)) else { continue };
            let rule = content(rule);
            if let Some((old, _)) = gone.iter().find(|(_, content)| **content == rule) {
                report(&source, index, old, &new);
            }
        }
        found.extend(source.into_found());
    }
    found
}

/// The rules of one file, in order.
fn rules(file: &RuleFile) -> Vec<toml::Table> {
    let root: toml::Table = toml::from_str(&file.text).unwrap_or_default();
    let rules = root.get("rule").and_then(|rules| rules.as_array()).cloned().unwrap_or_default();
    rules.into_iter().filter_map(|rule| rule.as_table().cloned()).collect()
}

/// A rule without what may change with its name.
fn content(mut rule: toml::Table) -> toml::Table {
    for key in ["id", "was", "says"] {
        rule.remove(key);
    }
    rule
}

fn report(source: &Source<'_>, index: usize, old: &str, new: &str) {
    let root = source.parse();
    let what = "the file".to_owned();
    let table = Table { source, entries: root.get_ref(), span: 0..0, what };
    let rules = table.get("rule").and_then(|rules| rules.items()).unwrap_or_default();
    let rule = rules.get(index).and_then(|rule| rule.table("[[rule]]".to_owned()));
    let node: Option<Node<'_>> = rule.and_then(|rule| rule.get("id"));
    if let Some(node) = node {
        let message = format!(
            "id \"{old}\" disappeared and \"{new}\" is new with the same content: history stays \
             under \"{old}\"."
        );
        node.warning(code::LINT_RENAMED, message, format!("Add was = \"{old}\"."));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> [RuleFile; 1] {
        [RuleFile { name: "r.toml".to_owned(), text: text.to_owned() }]
    }

    #[track_caller]
    fn check(before: &str, now: &str, expected: Option<u32>) {
        let found = renamed(&file(before), &file(now));
        let lines: Vec<u32> = found.iter().map(|found| found.line).collect();
        assert_eq!(lines, Vec::from_iter(expected), "{found:?}");
    }

    #[test]
    fn a_rule_that_only_changed_its_id_is_found() {
        let a = "[[rule]]\nid = \"a\"\npriority = 1\n";
        let b = "[[rule]]\nid = \"b\"\npriority = 1\n";
        check(a, b, Some(2));
        check(a, &b.replace("id", "says = \"new words\"\nid"), Some(3));
        check(a, &format!("{a}{b}"), None);
        check(a, &b.replace('1', "2"), None);
        check(a, &format!("{b}was = \"a\"\n"), None);
        check(a, "[[rule]\n", None);
        check("", b, None);
    }
}
