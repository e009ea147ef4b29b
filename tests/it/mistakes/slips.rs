//! Slips of the fingers in every name and word of the folder.

use hubroute::domain::rule::RuleFile;

use super::chance::Chance;
use super::edit::Mistake;

/// Which files a slip is looked for in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Files {
    Rules,
    Book,
    Tests,
}

impl Files {
    fn hold(self, name: &str) -> bool {
        let found = match name {
            "portal.toml" => Self::Book,
            _ if name.ends_with(".test.toml") => Self::Tests,
            _ => Self::Rules,
        };
        self == found && !name.starts_with('.')
    }
}

/// Quoted values: sort of mistake, files, key, what stands before the name inside the quotes.
const VALUES: &[(&str, Files, &str, &str)] = &[
    ("sequence-name", Files::Rules, "sequence", ""),
    ("workflow-name", Files::Rules, "workflow", ""),
    ("theme-of-destination", Files::Book, "theme", ""),
    ("theme-blocked", Files::Book, "blocks", ""),
    ("theme-of-suppression", Files::Rules, "themes", ""),
    ("theme-of-cap", Files::Book, "themes", ""),
    ("team-member", Files::Book, "members", ""),
    ("team-name", Files::Rules, "sender", "team:"),
    ("owner-word", Files::Rules, "sender", ""),
    ("window-name", Files::Rules, "window", ""),
    ("window-default", Files::Book, "window", ""),
    ("calendar-name", Files::Book, "calendar", ""),
    ("subscription-name", Files::Book, "subscription", ""),
    ("property-name", Files::Rules, "property", ""),
    ("value-list", Files::Rules, "is_any_of", "@"),
    ("option", Files::Rules, "becomes", ""),
    ("option-of-several", Files::Rules, "contains_any_of", ""),
    ("domain-list", Files::Rules, "email_domain", ""),
    ("mode-word", Files::Rules, "mode", ""),
    ("limit-word", Files::Rules, "on_limit", ""),
    ("conflict-word", Files::Rules, "on_conflict", ""),
    ("time-zone", Files::Book, "time_zone", ""),
    ("share-word", Files::Book, "share", ""),
    ("consent-word", Files::Book, "require", ""),
    ("test-decision", Files::Tests, "decision", ""),
    ("test-reason", Files::Tests, "reason", ""),
    ("test-rule", Files::Tests, "rule", ""),
    ("test-destination", Files::Tests, "into", ""),
    ("test-sender", Files::Tests, "sender", ""),
    ("test-already", Files::Tests, "in", ""),
    ("test-suppression", Files::Tests, "by", ""),
];

/// Keys: sort of mistake, files, the keys; at the start of a line or inside a table.
const KEYS: &[(&str, Files, &[&str])] = &[
    (
        "rule-key",
        Files::Rules,
        &[
            "says",
            "mode",
            "when",
            "only_if",
            "unless",
            "wait_for",
            "enroll",
            "unenroll",
            "delay",
            "priority",
            "re_enroll",
            "tags",
            "owner",
            "window",
            "limits",
            "breaker",
            "expires",
            "starts",
            "ends",
            "approve_within",
            "on_conflict",
            "also_unenroll",
            "then_enroll",
        ],
    ),
    (
        "book-key",
        Files::Book,
        &[
            "time_zone",
            "cooldown",
            "blocks",
            "theme",
            "emails",
            "requires",
            "holds_for",
            "subscription",
            "email",
            "daily_budget",
            "weight",
            "away",
            "members",
            "share",
            "days",
            "from",
            "until",
            "holidays",
            "stale_after",
            "confirm_within",
            "our_domains",
        ],
    ),
    ("condition-key", Files::Rules, &["property", "or_unknown"]),
    (
        "operator",
        Files::Rules,
        &[
            "is_any_of",
            "is_none_of",
            "is_at_least",
            "is_unknown",
            "is_within_last",
            "is_within_next",
            "contains_any_of",
            "is_more_than_ago",
        ],
    ),
    ("trigger-word", Files::Rules, &["becomes", "changes", "rises_to"]),
    ("trigger-key", Files::Rules, &["from_sources", "not_from_sources"]),
    ("inner-key", Files::Rules, &["up_to", "within", "then", "per_day", "per_hour", "on_limit"]),
    ("action-key", Files::Rules, &["sequence", "workflow", "sender", "themes"]),
    ("test-key", Files::Tests, &["says", "contact", "event", "expect", "already", "used", "rows"]),
    ("test-inner-key", Files::Tests, &["decision", "reason", "source", "started", "delivered"]),
];

/// Every name and word of the folder, each with one slip.
pub(super) fn all(folder: &[RuleFile], chance: &mut Chance) -> Vec<Mistake> {
    let mut found = Vec::new();
    for file in folder {
        for (at, line) in file.text.lines().enumerate() {
            let code = without_comment(line);
            let site = Site { file: &file.name, line: at + 1, code };
            for value in VALUES {
                if value.1.hold(&file.name) {
                    site.values(value, chance, &mut found);
                }
            }
            for (kind, files, keys) in KEYS {
                if files.hold(&file.name) {
                    site.keys(kind, keys, chance, &mut found);
                }
            }
        }
    }
    found
}

struct Site<'a> {
    file: &'a str,
    line: usize,
    code: &'a str,
}

impl Site<'_> {
    /// A slip in each quoted name that stands after `key =`, alone or in a list.
    fn values(
        &self,
        (kind, _, key, before): &(&'static str, Files, &str, &str),
        chance: &mut Chance,
        found: &mut Vec<Mistake>,
    ) {
        let Some((start, rest)) = self.key(key) else { return };
        let Some(rest) = rest.trim_start().strip_prefix('=') else { return };
        let rest = rest.trim_start();
        let value = match rest.strip_prefix('[') {
            Some(list) => list.split(']').next().unwrap_or_default(),
            None if rest.starts_with('"') => &rest[..=rest[1..].find('"').map_or(0, |end| end + 1)],
            None => return,
        };
        for quoted in value.split('"').skip(1).step_by(2) {
            let Some(name) = quoted.strip_prefix(before) else { continue };
            let plain = before.is_empty() && quoted.contains([':', '@']);
            if plain || name.len() < 4 || name == "always" {
                continue;
            }
            let (whole, slipped) = (format!("\"{quoted}\""), chance.slip(name));
            // From the key on: the name may stand elsewhere in the line too.
            let from = &self.code[start..];
            let end = from.find(&whole).map_or(from.len(), |at| at + whole.len());
            let from = from[..end].to_owned();
            let to = from.replace(&whole, &format!("\"{before}{slipped}\""));
            let offers = if *before == "@" { format!("@{name}") } else { whole };
            found.push(self.mistake(kind, from, to, offers));
        }
    }

    /// A slip in each of `keys` that stands in the line.
    fn keys(
        &self,
        kind: &'static str,
        keys: &[&str],
        chance: &mut Chance,
        found: &mut Vec<Mistake>,
    ) {
        for key in keys {
            let Some((at, _)) = self.key(key) else { continue };
            let (before, slipped) = (&self.code[..at], chance.slip(key));
            let from = format!("{before}{key}");
            found.push(self.mistake(
                kind,
                from,
                format!("{before}{slipped}"),
                format!("\"{key}\""),
            ));
        }
    }

    /// Where `key` stands as a key, and what follows it.
    fn key(&self, key: &str) -> Option<(usize, &str)> {
        self.code.match_indices(key).find_map(|(at, _)| {
            let starts = self.code[..at].chars().next_back();
            let starts = starts.is_none_or(|letter| letter == ' ' || letter == '{');
            let rest = &self.code[at + key.len()..];
            let is_key = starts && rest.trim_start().starts_with('=');
            is_key.then_some((at, rest))
        })
    }

    fn mistake(&self, kind: &'static str, from: String, to: String, offers: String) -> Mistake {
        let (file, line) = (self.file.to_owned(), self.line);
        Mistake { kind, file, line, from, to, told: line, offers }
    }
}

/// The line up to its comment. A `#` inside quotes does not occur in the folder.
fn without_comment(line: &str) -> &str {
    line.split('#').next().unwrap_or_default()
}
