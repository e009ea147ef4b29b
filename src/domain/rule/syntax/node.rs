//! One value being read: the kinds a rule author writes, each with its own complaint.

use std::ops::{Range, RangeInclusive};

use jiff::civil::Date;
use toml::Spanned;
use toml::de::DeValue;

use super::{Source, Table, sentence};
use crate::domain::civil::Edge;
use crate::domain::rule::model::Place;
use crate::domain::rule::span::Span;
use crate::domain::rule::{code, suggest};
use crate::domain::time::Timestamp;

/// A value, and the key it stands behind.
#[derive(Clone, Copy, Debug)]
pub struct Node<'a> {
    /// Its file.
    pub source: &'a Source<'a>,
    /// Its key; for an item of a list the key of the list.
    pub key: &'a str,
    /// The value.
    pub value: &'a Spanned<DeValue<'a>>,
}

impl<'a> Node<'a> {
    /// Its bytes.
    pub fn span(&self) -> Range<usize> {
        self.value.span()
    }

    /// Where it stands.
    pub fn place(&self) -> Place {
        self.source.place(&self.span())
    }

    /// Reports an error about it.
    pub fn error(&self, code: &'static str, message: impl Into<String>, hint: impl Into<String>) {
        self.source.error(code, self.span(), message, hint);
    }

    /// Reports a lint about it.
    pub fn warning(&self, code: &'static str, message: impl Into<String>, hint: impl Into<String>) {
        self.source.warning(code, self.span(), message, hint);
    }

    /// The value's own text, as its author wrote it.
    fn source_text(&self) -> &'a str {
        self.source.written(self.span())
    }

    /// Whether it is an entry of a list, not the value of its key.
    fn is_item(&self) -> bool {
        let before = self.source.written(0..self.span().start);
        before.trim_end().ends_with(['[', ','])
    }

    /// `key = value`, or the value alone in a list.
    fn shown(&self, value: &str) -> String {
        if self.is_item() { value.to_owned() } else { format!("{} = {value}", self.key) }
    }

    /// A value of the wrong kind. `wanted` completes "Write …" where nothing better is known.
    fn wrong<T>(&self, wanted: &str) -> Option<T> {
        self.wrong_kind(&format!("Write {wanted}."))
    }

    fn wrong_kind<T>(&self, hint: &str) -> Option<T> {
        let is = match self.value.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        let what =
            if self.is_item() { format!("an entry of {}", self.key) } else { self.key.to_owned() };
        self.error(code::WRONG_KIND, format!("{what} is {is}."), hint);
        None
    }

    /// A text that is not blank.
    pub fn text(&self) -> Option<&'a str> {
        match self.value.get_ref() {
            DeValue::String(text) if text.trim().is_empty() => {
                self.error(code::BAD_VALUE, format!("{} is empty.", self.key), "Write a text.");
                None
            }
            DeValue::String(text) => Some(text),
            DeValue::Array(_) | DeValue::Table(_) => {
                self.wrong(&format!("a text in quotes: {} = \"…\"", self.key))
            }
            _ => self.wrong(&format!(
                "it in quotes: {}",
                self.shown(&format!("\"{}\"", self.source_text()))
            )),
        }
    }

    /// One of a few words.
    pub fn word<T: Copy>(&self, words: &[(&str, T)]) -> Option<T> {
        #[cfg(test)]
        super::asked::note_words(self.key, words.iter().map(|(word, _)| *word));
        let quoted: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        let quoted: Vec<&str> = quoted.iter().map(String::as_str).collect();
        let all = suggest::few(&quoted);
        let DeValue::String(text) = self.value.get_ref() else {
            let message = format!("{} = {} is not known.", self.key, self.written());
            self.error(code::BAD_VALUE, message, format!("Use {all}."));
            return None;
        };
        let text = text.as_ref();
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let near = suggest::nearest(text, words.iter().map(|(word, _)| *word));
            let hint = match near {
                Some(word) if suggest::FEW < words.len() => format!("Did you mean \"{word}\"?"),
                Some(word) => format!("Did you mean \"{word}\"? Use {all}."),
                None => format!("Use {all}."),
            };
            let message = format!("{} = \"{text}\" is not known.", self.key);
            self.error(code::BAD_VALUE, message, hint);
        }
        found
    }

    /// The value as its author wrote it, for scalars.
    pub fn written(&self) -> String {
        match self.value.get_ref() {
            DeValue::String(text) => format!("\"{text}\""),
            DeValue::Integer(number) => number.to_string(),
            DeValue::Float(number) => number.as_str().to_owned(),
            DeValue::Boolean(flag) => flag.to_string(),
            DeValue::Datetime(moment) => moment.to_string(),
            DeValue::Array(_) => "[…]".to_owned(),
            DeValue::Table(_) => "{…}".to_owned(),
        }
    }

    /// A whole number within a range.
    pub fn whole(&self, range: RangeInclusive<u64>) -> Option<u64> {
        let DeValue::Integer(number) = self.value.get_ref() else {
            return match self.text_that(|text| text.parse::<u64>().is_ok()) {
                Some(text) => self.wrong(&format!("it without quotes: {}", self.shown(text))),
                None => self.wrong(&format!("a whole number: {} = {}", self.key, range.start())),
            };
        };
        let value = u64::from_str_radix(number.as_str(), number.radix()).ok();
        let value = value.filter(|value| range.contains(value));
        if value.is_none() {
            let message = format!("{} = {number} is out of range.", self.key);
            // Where the end is only a guard, saying it would suggest that it means something.
            let hint = if 1_000_000 <= *range.end() {
                format!("Write a whole number that is at least {}.", range.start())
            } else {
                format!("Write a whole number from {} to {}.", range.start(), range.end())
            };
            self.error(code::OUT_OF_RANGE, message, hint);
        }
        value
    }

    /// [`Node::whole`] where 32 bits hold the range.
    pub fn whole_u32(&self, range: RangeInclusive<u32>) -> Option<u32> {
        let wide = u64::from(*range.start())..=u64::from(*range.end());
        self.whole(wide).and_then(|value| u32::try_from(value).ok())
    }

    /// `true` or `false`.
    pub fn flag(&self) -> Option<bool> {
        match self.value.get_ref() {
            DeValue::Boolean(flag) => Some(*flag),
            _ => match self.text_that(|text| matches!(text, "true" | "false")) {
                Some(text) => self.wrong(&format!("it without quotes: {}", self.shown(text))),
                None => self.wrong(&format!("{} = true or {} = false", self.key, self.key)),
            },
        }
    }

    /// A key that only makes sense as `true`.
    pub fn only_true(&self, otherwise: &str) {
        if self.flag() == Some(false) {
            self.error(code::BAD_VALUE, format!("{} = false says nothing.", self.key), otherwise);
        }
    }

    /// A duration.
    pub fn duration(&self) -> Option<Span> {
        let DeValue::String(text) = self.value.get_ref() else {
            return self.wrong_kind(&match self.value.get_ref() {
                DeValue::Integer(number) => suggest::with_unit(number.as_str()),
                _ => format!("Write a duration: {} = \"30 minutes\".", self.key),
            });
        };
        match Span::parse(text) {
            Ok(span) => Some(span),
            Err(message) => {
                let (message, hint) = match message.split_once(": ") {
                    Some((what, instead)) => (format!("{what}."), sentence(instead)),
                    None => (sentence(&message), String::new()),
                };
                self.error(code::DURATION, message, hint);
                None
            }
        }
    }

    /// A TOML date, without a time.
    pub fn date(&self) -> Option<Date> {
        let DeValue::Datetime(moment) = self.value.get_ref() else {
            let is_date = |text: &str| text.parse::<Date>().is_ok();
            let shown = self.text_that(is_date).unwrap_or("2026-12-31");
            return self.wrong(&format!("a date without quotes: {}", self.shown(shown)));
        };
        let day = moment.date.and_then(|date| {
            let part = |number: u8| i8::try_from(number).ok();
            let year = i16::try_from(date.year).ok()?;
            Date::new(year, part(date.month)?, part(date.day)?).ok()
        });
        day.or_else(|| self.wrong(&format!("a date: {} = 2026-12-31", self.key)))
    }

    /// A TOML date or date-time, as one end of a range.
    pub fn edge(&self) -> Option<Edge> {
        let DeValue::Datetime(moment) = self.value.get_ref() else {
            return self.wrong(&format!("a date without quotes: {} = 2026-12-31", self.key));
        };
        let written = moment.to_string();
        let edge = match (moment.date, moment.time, moment.offset) {
            (Some(_), None, None) => self.date().map(Edge::Day),
            (Some(_), Some(_), None) => written.parse().ok().map(Edge::Local),
            (Some(_), Some(_), Some(_)) => Timestamp::parse_rfc3339(&written).map(Edge::Instant),
            _ => None,
        };
        edge.or_else(|| self.wrong(&format!("a date: {} = 2026-12-31", self.key)))
    }

    /// The items of a list.
    pub fn items(&self) -> Option<Vec<Node<'a>>> {
        match self.value.get_ref() {
            DeValue::Array(items) => Some(
                items
                    .iter()
                    .map(|value| Node { source: self.source, key: self.key, value })
                    .collect(),
            ),
            DeValue::Table(_) => self.wrong(&format!("a list: {} = [ … ]", self.key)),
            _ => self.wrong(&format!("a list: {} = [{}]", self.key, self.source_text())),
        }
    }

    /// A list of texts, each with its place.
    pub fn texts(&self) -> Vec<(&'a str, Node<'a>)> {
        let items = self.items().unwrap_or_default();
        items.into_iter().filter_map(|item| Some((item.text()?, item))).collect()
    }

    /// An inline table. Inside a rule a `[header]` is refused: the keys below it would belong
    /// to it, the commonest beginner's mistake.
    pub fn inline(&self, what: &str) -> Option<Table<'a>> {
        let DeValue::Table(entries) = self.value.get_ref() else {
            return self.wrong(&format!("an inline table: {} = {{ … }}", self.key));
        };
        if !self.source.is_inline(&self.span()) {
            let message = format!("{} is written as a table of its own.", self.key);
            let hint = format!(
                "Every key below a [header] belongs to that table, not to the rule. Write it on \
                 one line: {} = {{ … }}",
                self.key
            );
            self.error(code::NESTED_TABLE, message, hint);
            return None;
        }
        Some(Table { source: self.source, entries, span: self.span(), what: what.to_owned() })
    }

    /// The text, trimmed, where the value is one that passes.
    fn text_that(&self, passes: impl Fn(&str) -> bool) -> Option<&'a str> {
        self.value.get_ref().as_str().map(str::trim).filter(|text| passes(text))
    }

    /// A list of tables comes of double brackets, which are for what has no name of its own.
    fn table_hint(&self) -> String {
        let first = self.value.get_ref().as_array().and_then(|items| items.iter().next());
        let header = first.map(|item| self.source.written(item.span()).trim());
        match header.and_then(|header| header.strip_prefix("[[")?.strip_suffix("]]")) {
            Some(name) => format!("Write it in single brackets: [{name}]."),
            None => format!("Write a table: [{}].", self.key),
        }
    }

    /// A table of any spelling.
    pub fn table(&self, what: String) -> Option<Table<'a>> {
        match self.value.get_ref() {
            DeValue::Table(entries) => {
                Some(Table { source: self.source, entries, span: self.span(), what })
            }
            _ => self.wrong_kind(&self.table_hint()),
        }
    }
}
