//! `[values]`, `[domains]`, and the values a rule author writes, literal or by `@name`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use toml::de::DeValue;
use toml::value::Datetime;

use super::RuleFile;
use super::book::Book;
use crate::domain::rule::syntax::Node;
use crate::domain::rule::{code, suggest};

/// Addresses that belong to people, not to companies. `[domains] free-mail` adds to them.
const FREE_MAIL: &str = include_str!("free_mail.txt");

/// The name of the built-in list.
const FREE_MAIL_NAME: &str = "free-mail";

/// One value as written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    Text(String),
    Number(String),
    Flag(bool),
    Moment(Datetime),
}

impl Literal {
    /// The value of a scalar; reports anything else.
    pub(super) fn read(node: Node<'_>) -> Option<Self> {
        match node.value.get_ref() {
            DeValue::String(text) => Some(Self::Text(text.as_ref().to_owned())),
            DeValue::Integer(number) => {
                let decimal = i128::from_str_radix(number.as_str(), number.radix());
                Some(Self::Number(decimal.map_or_else(|_| number.to_string(), |n| n.to_string())))
            }
            DeValue::Float(number) => Some(Self::Number(number.as_str().to_owned())),
            DeValue::Boolean(flag) => Some(Self::Flag(*flag)),
            DeValue::Datetime(moment) => Some(Self::Moment(*moment)),
            DeValue::Array(_) | DeValue::Table(_) => {
                let message =
                    format!("{} holds a list or a table where one value belongs.", node.key);
                node.error(
                    code::WRONG_KIND,
                    message,
                    "Write a text, a number, a date, true or false.",
                );
                None
            }
        }
    }

    /// The value as text, as HubSpot would send it.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Text(text) | Self::Number(text) => text.clone(),
            Self::Flag(flag) => flag.to_string(),
            Self::Moment(moment) => moment.to_string(),
        }
    }
}

/// All lists, by name.
#[derive(Debug, Default)]
pub(super) struct Lists<'a> {
    values: BTreeMap<&'a str, Vec<Literal>>,
    domains: BTreeMap<&'a str, Arc<BTreeSet<String>>>,
}

impl<'a> Lists<'a> {
    /// Reads `[values]` and `[domains]`; list files come from `files`.
    pub(super) fn read(book: &Book<'a>, files: &[RuleFile]) -> Self {
        let mut lists = Self::default();
        for node in book.lists("values") {
            lists.values.insert(node.key, list(node, files));
        }
        lists.domains.insert(FREE_MAIL_NAME, Arc::new(lines(FREE_MAIL).collect()));
        for node in book.lists("domains") {
            let mut domains: BTreeSet<String> =
                list(node, files).iter().filter_map(|value| domain(node, &value.text())).collect();
            if node.key == FREE_MAIL_NAME {
                domains.extend(lines(FREE_MAIL));
            }
            lists.domains.insert(node.key, Arc::new(domains));
        }
        lists
    }

    /// The domains of a list; reports an unknown name.
    pub(super) fn domains(&self, name: &str, at: Node<'_>) -> Option<Arc<BTreeSet<String>>> {
        let found = self.domains.get(name).cloned();
        if found.is_none() {
            let hint = suggest::hint(name, self.domains.keys().copied(), "Defined");
            let message = format!("\"{name}\" is not in [domains].");
            at.error(code::UNKNOWN_NAME, message, hint.unwrap_or_default());
        }
        found
    }

    /// The values of a list operand: `"@name"`, or a list whose items may be `"@name"` too.
    pub(super) fn operands(&self, node: Node<'a>) -> Option<Vec<(Literal, Node<'a>)>> {
        if let Some(name) = at_name(node) {
            return self.expand(name, node);
        }
        if !node.value.get_ref().is_array() {
            let message = format!("{} needs a list.", node.key);
            let hint = format!(
                "Write {} = [{}] or {} = \"@name\" of [values].",
                node.key,
                node.written(),
                node.key
            );
            node.error(code::WRONG_KIND, message, hint);
            return None;
        }
        let mut found = Vec::new();
        for item in node.items()? {
            match at_name(item) {
                Some(name) => found.extend(self.expand(name, item)?),
                None => found.push((Literal::read(item)?, item)),
            }
        }
        if found.is_empty() {
            let message = format!("{} is an empty list: nothing can match it.", node.key);
            node.error(code::BAD_VALUE, message, "Write at least one value.");
            return None;
        }
        Some(found)
    }

    fn expand(&self, name: &str, at: Node<'a>) -> Option<Vec<(Literal, Node<'a>)>> {
        if let Some(values) = self.values.get(name) {
            return Some(values.iter().map(|value| (value.clone(), at)).collect());
        }
        let near = suggest::nearest(name, self.values.keys().copied());
        let hint = match near {
            Some(near) => format!("Did you mean @{near}?"),
            None => suggest::hint(name, self.values.keys().copied(), "Defined").unwrap_or_default(),
        };
        at.error(code::UNKNOWN_NAME, format!("@{name} is not in [values]."), hint);
        None
    }
}

/// The name behind an `@`.
pub(super) fn at_name(node: Node<'_>) -> Option<&str> {
    node.value.get_ref().as_str()?.strip_prefix('@')
}

fn list(node: Node<'_>, files: &[RuleFile]) -> Vec<Literal> {
    if let DeValue::Table(_) = node.value.get_ref() {
        return list_file(node, files).unwrap_or_default();
    }
    node.items().unwrap_or_default().into_iter().filter_map(Literal::read).collect()
}

/// `{ file = "competitors.txt" }`: one value a line, `#` begins a comment.
fn list_file(node: Node<'_>, files: &[RuleFile]) -> Option<Vec<Literal>> {
    let table = node.inline(&format!("list \"{}\"", node.key))?;
    table.check_keys(&["file"]);
    let path = table.require("file", "file = \"names.txt\"")?;
    let name = path.text()?;
    let Some(file) = files.iter().find(|file| file.name == name) else {
        let texts = files.iter().filter(|file| !file.is_rules()).map(|file| file.name.as_str());
        let near = suggest::nearest(name, texts).map(|near| format!("Did you mean \"{near}\"?"));
        let hint = near.unwrap_or_else(|| {
            "The path is relative to the rules folder and stays inside it.".to_owned()
        });
        path.error(
            code::UNKNOWN_NAME,
            format!("file \"{name}\" is not in the rules folder."),
            hint,
        );
        return None;
    };
    Some(lines(&file.text).map(Literal::Text).collect())
}

fn lines(text: &str) -> impl Iterator<Item = String> {
    let text = text.trim_start_matches('\u{feff}');
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or("").trim());
    lines.filter(|line| !line.is_empty()).map(str::to_owned)
}

/// A domain in lower case; reports what is none.
pub(super) fn domain(node: Node<'_>, text: &str) -> Option<String> {
    let domain = text.trim().trim_start_matches('@').trim_end_matches('.').to_lowercase();
    let valid =
        domain.contains('.') && !domain.contains(['@', '/', ':', ' ']) && !domain.starts_with('.');
    if !valid {
        let hint = "Write a name such as \"rival.com\"; sub-domains are included.";
        node.error(code::BAD_VALUE, format!("\"{text}\" is not a domain."), hint);
        return None;
    }
    Some(domain)
}
