//! Every key, its default, and where its value comes from.

use std::collections::BTreeMap;

use toml::de::DeValue;

use super::secrets::SECRETS;
use super::{Environment, FILE};
use crate::domain::rule::suggest::nearest;
use crate::domain::rule::syntax::Source;

/// Table, key and default of every key. No default: it must be given.
pub(super) const KEYS: [(&str, &str, Option<&str>); 25] = [
    ("server", "listen", Some("127.0.0.1:8080")),
    ("server", "body_limit", Some("8 MiB")),
    ("server", "public_url", None),
    ("server", "connections_max", Some("1024")),
    ("server", "connections_per_peer", Some("256")),
    ("server", "backlog_limit", Some("1 GiB")),
    ("server", "backlog_age", Some("1 hour")),
    ("admin", "listen", Some("127.0.0.1:8081")),
    ("admin", "open_metrics", Some("false")),
    ("store", "url", Some("data")),
    ("store", "deliveries_for", Some("30 days")),
    ("rules", "path", Some("rules")),
    ("rules", "watch", Some("true")),
    ("hubspot", "base_url", Some("https://api.hubapi.com")),
    ("hubspot", "profile", Some("2026-03")),
    ("hubspot", "calls_per_10_seconds", Some("90")),
    ("hubspot", "daily_share", Some("50%")),
    ("hubspot", "verify_first", Some("5 seconds")),
    ("hubspot", "verify_for", Some("15 minutes")),
    ("hubspot", "timeout", Some("15 seconds")),
    ("hubspot", "workers", Some("8")),
    ("hubspot", "proxy", Some("")),
    ("signature", "accept", Some("v3")),
    ("log", "format", Some("auto")),
    ("log", "level", Some("info")),
];

/// One value, as text, and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) text: String,
    pub(super) place: String,
}

/// Every value, by table and key.
#[derive(Debug, Default)]
pub(super) struct Raw(BTreeMap<(&'static str, &'static str), Value>);

impl Raw {
    /// Reads the file, then lets the environment win.
    pub(super) fn read(
        text: &str,
        environment: &impl Environment,
        problems: &mut Vec<String>,
    ) -> Self {
        let mut raw = Self::default();
        raw.read_file(text, problems);
        for (table, key, _) in KEYS {
            let name = variable(table, key);
            if let Some(text) = environment.var(&name) {
                raw.0.insert((table, key), Value { text, place: name });
            }
        }
        raw
    }

    /// The value of a key, or its default; a problem where it has neither.
    pub(super) fn get(
        &self,
        table: &'static str,
        key: &'static str,
        problems: &mut Vec<String>,
    ) -> Option<Value> {
        if let Some(value) = self.0.get(&(table, key)) {
            return Some(value.clone());
        }
        let default = KEYS.iter().find(|known| (known.0, known.1) == (table, key));
        let Some(text) = default.and_then(|known| known.2) else {
            problems.push(format!(
                "{FILE}: [{table}] {key} is missing. Write {key} = \"…\" in [{table}], or set {}",
                variable(table, key)
            ));
            return None;
        };
        Some(Value { text: text.to_owned(), place: format!("the default of [{table}] {key}") })
    }

    fn read_file(&mut self, text: &str, problems: &mut Vec<String>) {
        let source = Source::new(FILE, text);
        let whole = source.parse();
        for (name, value) in whole.get_ref() {
            let place = source.place(&name.span());
            let name = name.get_ref().as_ref();
            let Some(table) = KEYS.iter().map(|known| known.0).find(|known| *known == name) else {
                let tables = KEYS.iter().map(|known| known.0);
                problems
                    .push(format!("{place}: [{name}] is not known{}", did_you_mean(name, tables)));
                continue;
            };
            let DeValue::Table(entries) = value.get_ref() else {
                problems.push(format!("{place}: {name} is a table. Write [{name}] above its keys"));
                continue;
            };
            for (key, value) in entries {
                let place = source.place(&key.span());
                let key = (key.get_ref().as_ref(), place.to_string());
                self.read_key(table, key, value.get_ref(), problems);
            }
        }
        for found in source.into_found() {
            // What is wrong is quoted, and in such a line it may be a secret.
            let line = text.lines().nth((found.line as usize).saturating_sub(1));
            let line = line.unwrap_or_default();
            let what = if is_secret(line) {
                "it is not written as TOML, and not shown, for it may be a secret"
            } else {
                &found.message
            };
            problems.push(format!("{}:{}:{}: {what}", found.file, found.line, found.column));
        }
    }

    fn read_key(
        &mut self,
        table: &'static str,
        (key, place): (&str, String),
        value: &DeValue<'_>,
        problems: &mut Vec<String>,
    ) {
        let keys = || KEYS.iter().filter(|known| known.0 == table).map(|known| known.1);
        let Some(key) = keys().find(|known| *known == key) else {
            let advice = if is_secret(key) {
                format!(". Secrets come from the environment: set {}", secret_like(table, key))
            } else {
                did_you_mean(key, keys())
            };
            problems.push(format!("{place}: [{table}] {key} is not known{advice}"));
            return;
        };
        match as_text(value) {
            Some(text) => {
                self.0.insert((table, key), Value { text, place });
            }
            None => problems.push(format!(
                "{place}: [{table}] {key} must be a text, a number, true or false, or a list of texts"
            )),
        }
    }
}

fn is_secret(text: &str) -> bool {
    let text = text.to_lowercase();
    ["secret", "token", "password"].iter().any(|word| text.contains(word))
}

/// The secret that somebody means who writes it as a key.
fn secret_like(table: &str, key: &str) -> String {
    let (table, key) = (table.to_uppercase(), key.to_uppercase());
    let meant = SECRETS.iter().find(|name| {
        let bare = name.trim_start_matches("HUBROUTE_");
        bare == key || *bare == format!("{table}_{key}")
    });
    meant.map_or_else(|| SECRETS.join(", "), |name| (*name).to_owned())
}

fn did_you_mean<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.collect();
    if let Some(near) = nearest(name, known.iter().copied()) {
        return format!(". Did you mean {near}?");
    }
    let mut names = known;
    names.dedup();
    format!(". Known here: {}", names.join(", "))
}

/// `HUBROUTE_<TABLE>_<KEY>`.
fn variable(table: &str, key: &str) -> String {
    format!("HUBROUTE_{}_{}", table.to_uppercase(), key.to_uppercase())
}

fn as_text(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.as_ref().to_owned()),
        DeValue::Integer(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(flag) => Some(flag.to_string()),
        DeValue::Array(items) => {
            let texts: Option<Vec<String>> =
                items.iter().map(|item| as_text(item.get_ref())).collect();
            texts.map(|texts| texts.join(","))
        }
        _ => None,
    }
}
