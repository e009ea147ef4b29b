//! What would change under another rule set.

use std::collections::BTreeMap;

use super::Source;
use super::summary::{Fate, Outcome, Summary};
use crate::domain::id::ContactId;
use crate::domain::reason::{Decision, Reason};

/// Contacts shown as a sample.
const SAMPLE_MAX: usize = 20;
/// Sources shown.
const SOURCES_SHOWN: usize = 10;

/// The difference between two replays of the same events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Contacts with any record that differs.
    pub contacts: u64,
    /// Of them, contacts enrolled more often than before.
    pub gained: u64,
    /// Of them, contacts enrolled less often than before.
    pub lost: u64,
    /// Decisions and reasons whose counts differ: before and after.
    pub counts: Vec<((Decision, Reason), u64, u64)>,
    /// Where the changes of contacts that gained came from, largest first.
    pub gained_by_source: Vec<(Source, u64)>,
    /// The same of contacts that lost.
    pub lost_by_source: Vec<(Source, u64)>,
    /// Some of the contacts, lowest ids first: those that gained or lost before others.
    pub sample: Vec<Changed>,
}

/// A contact whose fate differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Who.
    pub contact: ContactId,
    /// What became of them, in words.
    pub before: String,
    /// The same under the other rule set.
    pub after: String,
}

/// Compares two replays; both must have kept contacts.
pub fn difference(before: &Summary, after: &Summary) -> Difference {
    let mut found = Difference { counts: counts(before, after), ..Difference::default() };
    let (mut gained, mut lost) = (BTreeMap::new(), BTreeMap::new());
    let mut others = Vec::new();
    let nothing = Fate::default();
    let ids = before.contacts.keys().chain(after.contacts.keys());
    let ids: std::collections::BTreeSet<ContactId> = ids.copied().collect();
    for contact in ids {
        let fate = |of: &Summary| of.contacts.get(&contact).cloned().unwrap_or(nothing.clone());
        let (old, new) = (fate(before), fate(after));
        if old.digest == new.digest {
            continue;
        }
        found.contacts += 1;
        let moved = old.enrolled != new.enrolled;
        if old.enrolled < new.enrolled {
            found.gained += 1;
            count(&mut gained, after, &new);
        } else if moved {
            found.lost += 1;
            count(&mut lost, before, &old);
        }
        let sample = if moved { &mut found.sample } else { &mut others };
        if sample.len() < SAMPLE_MAX {
            sample.push(Changed { contact, before: words(&old), after: words(&new) });
        }
    }
    let left = SAMPLE_MAX - found.sample.len();
    found.sample.extend(others.into_iter().take(left));
    found.gained_by_source = largest(gained);
    found.lost_by_source = largest(lost);
    found
}

fn counts(before: &Summary, after: &Summary) -> Vec<((Decision, Reason), u64, u64)> {
    let keys: std::collections::BTreeSet<_> =
        before.counts.keys().chain(after.counts.keys()).copied().collect();
    let of =
        |summary: &Summary, key: &(Decision, Reason)| summary.counts.get(key).copied().unwrap_or(0);
    let both = keys.into_iter().map(|key| (key, of(before, &key), of(after, &key)));
    both.filter(|(_, before, after)| before != after).collect()
}

fn count(by_source: &mut BTreeMap<Source, u64>, of: &Summary, fate: &Fate) {
    if let Some(source) = of.sources.get(fate.source) {
        *by_source.entry(source.clone()).or_default() += 1;
    }
}

fn largest(by_source: BTreeMap<Source, u64>) -> Vec<(Source, u64)> {
    let mut all: Vec<(Source, u64)> = by_source.into_iter().collect();
    all.sort_by(|(a, a_count), (b, b_count)| b_count.cmp(a_count).then_with(|| a.cmp(b)));
    all.truncate(SOURCES_SHOWN);
    all
}

fn words(fate: &Fate) -> String {
    let Some(Outcome { decision, reason, rule, target }) = &fate.last else {
        return "no decision".to_owned();
    };
    let target = target.as_ref().filter(|_| *decision == Decision::Enroll);
    let target = target.map_or_else(String::new, |target| format!(" into {target}"));
    let rule = rule.as_ref().map_or_else(String::new, |rule| format!(" (rule {rule})"));
    format!("{decision}{target} {reason}{rule}")
}
