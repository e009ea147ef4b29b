//! Reading test files: every key of RULES.md section 2 is known, every mistake has its place.

mod around;
mod counted;
mod event;
mod outcome;

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::scene::{Already, Around, Moment, Person, Stayed, Test};
use crate::domain::id::{ContactId, SenderName, SequenceId};
use crate::domain::rule::span::Span;
use crate::domain::rule::syntax::{Node, Source, Table};
use crate::domain::rule::{RuleSet, code, suggest};
use crate::domain::time::Timestamp;

/// The keys of `[[test]]`. What a row overrides is among them.
const KEYS: [&str; 17] = [
    "says", "at", "contact", "company", "deals", "in_lists", "consent", "already", "used",
    "recent", "breaker", "enrolled", "event", "events", "expect", "rows", "then",
];

/// The tests of one file that have no error.
pub(super) fn tests<'a>(
    rules: &'a RuleSet,
    source: &'a Source<'a>,
    root: &'a Spanned<DeTable<'a>>,
) -> Vec<Test> {
    let what = "a test file".to_owned();
    let root = Table { source, entries: root.get_ref(), span: root.span(), what };
    root.check_keys(&["test"]);
    let items = root.get("test").and_then(|node| node.items()).unwrap_or_default();
    if items.is_empty() {
        let hint = "Write [[test]] with says, at, contact, event and expect.";
        root.error(code::MISSING, "the file holds no tests.", hint);
    }
    items
        .into_iter()
        .filter_map(|item| item.table("test".to_owned()))
        .flat_map(|table| one(rules, &table))
        .collect()
}

/// A test, or its rows.
fn one(rules: &RuleSet, table: &Table<'_>) -> Vec<Test> {
    table.check_keys(&KEYS);
    let Some(rows) = table.get("rows") else {
        let layers = Layers { rules, base: table, row: None };
        return layers.test(None).into_iter().collect();
    };
    let rows = rows.items().unwrap_or_default().into_iter();
    rows.enumerate()
        .filter_map(|(index, row)| {
            let row = row.inline("rows")?;
            row.check_keys(&KEYS);
            Layers { rules, base: table, row: Some(&row) }.test(Some(index + 1))
        })
        .collect()
}

/// A test under a row that overrides its keys.
struct Layers<'t, 'a> {
    rules: &'t RuleSet,
    base: &'t Table<'a>,
    row: Option<&'t Table<'a>>,
}

impl<'a> Layers<'_, 'a> {
    fn get(&self, key: &str) -> Option<Node<'a>> {
        self.row.and_then(|row| row.get(key)).or_else(|| self.base.get(key))
    }

    fn test(&self, row: Option<usize>) -> Option<Test> {
        let says = self.base.require("says", "says = \"what this test shows\"");
        let example = "at = 2026-11-24T10:00:00-05:00";
        let at = self.get("at").or_else(|| self.base.require("at", example));
        let at = instant(at?)?;
        let then = self.moments();
        let expect = self.get("expect");
        if expect.is_none() && then.is_empty() {
            let message = "the test expects nothing.";
            self.base.error(code::MISSING, message, "Add expect = { decision = \"…\" }.");
        }
        let events = self.events(at)?;
        Some(Test {
            says: says?.text()?.to_owned(),
            place: self.row.unwrap_or(self.base).place(),
            row,
            at,
            contact: self.contact(),
            around: self.around(&events),
            already: self.already(at)?,
            used: self.used(),
            counted: counted::read(self.rules, |key| self.get(key)),
            events,
            expect: expect.map(|node| outcome::read(self.rules, node)),
            then,
        })
    }

    /// The test's contact, with the row's over it.
    fn contact(&self) -> Person {
        let of_row = self.row.and_then(|row| row.get("contact")).map(person);
        let base = self.base.get("contact").map(person).unwrap_or_default();
        of_row.map_or_else(|| base.clone(), |over| base.with(&over))
    }

    /// What the row says, else what the test says, key by key.
    fn around(&self, events: &[super::scene::Happening]) -> Around {
        let said = around::read(self.rules, |key| self.get(key));
        let marked = said
            .deals
            .as_ref()
            .is_some_and(|deals| deals.is_empty() || deals.iter().any(|deal| deal.is_trigger));
        if let Some(node) = self.get("deals")
            && events.iter().any(|event| event.what.is_of_deal())
            && !marked
        {
            let message = "no deal says that the event is its own.";
            node.error(code::MISSING, message, "Add trigger = true to the deal that started it.");
        }
        said
    }

    fn events(&self, at: Timestamp) -> Option<Vec<super::scene::Happening>> {
        // Whichever of the two a row says stands for both.
        for layer in self.row.into_iter().chain([self.base]) {
            if let Some(many) = layer.get("events") {
                let many = many.items()?.into_iter();
                return many.map(|node| event::read(self.rules, node, at)).collect();
            }
            if let Some(node) = layer.get("event") {
                return Some(vec![event::read(self.rules, node, at)?]);
            }
        }
        self.base.error(code::MISSING, "the test has no event.", "Add event = { … }.");
        None
    }

    fn already(&self, at: Timestamp) -> Option<Vec<Already>> {
        let Some(node) = self.get("already") else { return Some(Vec::new()) };
        node.items()?.into_iter().map(|item| already(self.rules, item, at)).collect()
    }

    fn used(&self) -> BTreeMap<SenderName, u32> {
        let table = self.get("used").and_then(|node| node.inline("used"));
        let nodes = table.iter().flat_map(Table::nodes);
        nodes
            .filter_map(|node| {
                known(node, node.key, self.rules.senders.keys().map(SenderName::as_str))?;
                Some((node.key.into(), node.whole_u32(0..=1_000_000)?))
            })
            .collect()
    }

    fn moments(&self) -> Vec<Moment> {
        let items = self.get("then").and_then(|node| node.items()).unwrap_or_default();
        items.into_iter().filter_map(|item| moment(self.rules, item)).collect()
    }
}

fn moment(rules: &RuleSet, node: Node<'_>) -> Option<Moment> {
    let table = node.inline("then")?;
    table.check_keys(&["later", "contact", "company", "deals", "in_lists", "consent", "expect"]);
    let later = table.require("later", "later = \"8 days\"")?.duration()?;
    let contact = table.get("contact").map(person).unwrap_or_default();
    let around = around::read(rules, |key| table.get(key));
    let expect = table.get("expect").map(|node| outcome::read(rules, node));
    Some(Moment { later, contact, around, expect })
}

/// Properties as HubSpot sends them, with `owner` and `id`.
fn person(node: Node<'_>) -> Person {
    let mut person = Person::default();
    let table = node.table("contact".to_owned());
    for node in table.iter().flat_map(Table::nodes) {
        match (node.key, raw(node)) {
            (_, None) => {}
            ("id", Some(text)) => person.id = number(node, text).map(ContactId),
            ("owner", Some(text)) => person.owner = Some(text.to_owned()),
            (key, Some(text)) => drop(person.properties.insert(key.into(), text.to_owned())),
        }
    }
    person
}

fn already(rules: &RuleSet, node: Node<'_>, at: Timestamp) -> Option<Already> {
    let table = node.inline("already")?;
    table.check_keys(&["in", "sequence_id", "started", "ended", "rule"]);
    let started = table.require("started", "started = \"3 days ago\"")?;
    let started = moment_before(rules, started, at)?;
    let ended = match table.get("ended") {
        Some(node) => Some(moment_before(rules, node, at)?),
        None => None,
    };
    if let Some(node) = table.get("sequence_id") {
        let place = Stayed::Elsewhere(SequenceId(node.whole(1..=u64::MAX)?));
        return Some(Already { place, started, ended });
    }
    let node = table.require("in", "in = \"name of a sequence or workflow\"")?;
    let name = node.text()?;
    known(node, name, outcome::targets(rules))?;
    let rule = match table.get("rule") {
        Some(node) => Some(outcome::rule(rules, node)?),
        None => None,
    };
    Some(Already { place: Stayed::Target(name.into(), rule), started, ended })
}

/// A text, which may be blank.
fn raw(node: Node<'_>) -> Option<&str> {
    let text = node.value.get_ref().as_str();
    if text.is_none() {
        let message = format!("{} is not a text.", node.key);
        let hint = format!("HubSpot sends texts: {} = \"{}\"", node.key, node.written());
        node.error(code::WRONG_KIND, message, hint);
    }
    text
}

fn number(node: Node<'_>, text: &str) -> Option<u64> {
    let number = text.trim().parse().ok();
    if number.is_none() {
        let message = format!("{} = \"{text}\" is not a number.", node.key);
        node.error(code::BAD_VALUE, message, "HubSpot's ids are whole numbers.");
    }
    number
}

/// A date-time with its offset.
fn instant(node: Node<'_>) -> Option<Timestamp> {
    let written = match node.value.get_ref() {
        DeValue::Datetime(moment) => moment.to_string(),
        _ => String::new(),
    };
    let instant = Timestamp::parse_rfc3339(&written);
    if instant.is_none() {
        let message = format!(
            "{} needs an offset such as -05:00, or the test would depend on this machine.",
            node.key
        );
        let hint = format!("Write {} = 2026-11-24T10:00:00-05:00, without quotes.", node.key);
        node.error(code::BAD_VALUE, message, hint);
    }
    instant
}

/// `"3 days ago"`, or a date-time with its offset.
fn moment_before(rules: &RuleSet, node: Node<'_>, at: Timestamp) -> Option<Timestamp> {
    let Some(text) = node.value.get_ref().as_str() else { return instant(node) };
    let ago = text.strip_suffix(" ago").map(Span::parse);
    if let Some(Ok(span)) = ago {
        return Some(span.before(at, &rules.portal.zone));
    }
    let message = format!("{} = \"{text}\" is not a moment.", node.key);
    node.error(code::BAD_VALUE, message, "Write \"3 days ago\", or a date-time with its offset.");
    None
}

/// Reports a name that stands for nothing.
fn known<'n>(at: Node<'_>, name: &str, names: impl Iterator<Item = &'n str> + Clone) -> Option<()> {
    if names.clone().any(|known| known == name) {
        return Some(());
    }
    let hint = suggest::hint(name, names, "Defined").unwrap_or_default();
    at.error(code::UNKNOWN_NAME, format!("\"{name}\" is not defined."), hint);
    None
}
