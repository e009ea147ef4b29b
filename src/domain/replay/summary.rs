//! What a whole replay comes to: decisions counted, what could not be judged, and for a
//! comparison what became of each contact. Memory grows with contacts and sources, not events.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::{Finding, NotJudged, Told, Why};
use crate::domain::event::Event;
use crate::domain::id::{ContactId, RuleId, TargetName};
use crate::domain::reason::{Decision, Reason};
use crate::domain::record::Row;
use crate::domain::time::MINUTE_MS;

/// Sources told apart; the rest are one.
const SOURCES_MAX: usize = 10_000;

/// Where a change came from; of an import, in which minute.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// `changeSource`.
    pub source: String,
    /// `sourceId`.
    pub source_id: String,
    /// The minute of an import, as Unix time in milliseconds.
    pub minute: Option<u64>,
}

impl Source {
    fn of(event: &Event) -> Self {
        let source = event.source.clone().unwrap_or_else(|| "unknown".to_owned());
        let is_import = source.to_uppercase().contains("IMPORT");
        let at = event.occurred_at.unix_ms();
        Self {
            source_id: event.source_id.clone().unwrap_or_default(),
            minute: is_import.then_some(at - at % MINUTE_MS),
            source,
        }
    }

    fn others() -> Self {
        Self { source: "others".to_owned(), source_id: String::new(), minute: None }
    }
}

/// What became of one contact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fate {
    /// A digest of every record, in whatever order they came.
    pub(super) digest: u64,
    /// Enrollments, would-be ones of dry-run rules included.
    pub(super) enrolled: u32,
    /// The most telling record: an enrollment, else the newest.
    pub(super) last: Option<Outcome>,
    /// Where the last enrollment's event, else the last event, came from.
    pub(super) source: usize,
}

/// How a record ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) decision: Decision,
    pub(super) reason: Reason,
    pub(super) rule: Option<RuleId>,
    pub(super) target: Option<TargetName>,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Decision records, those not judged apart.
    pub records: u64,
    /// Records by decision and reason.
    pub counts: BTreeMap<(Decision, Reason), u64>,
    /// Items that could not be judged, by why.
    pub not_judged: BTreeMap<Why, u64>,
    /// Which property or key that was for want of, with how often.
    pub missing: BTreeMap<String, u64>,
    pub(super) contacts: BTreeMap<ContactId, Fate>,
    pub(super) sources: Vec<Source>,
    by_source: BTreeMap<Source, usize>,
    with_contacts: bool,
}

impl Summary {
    /// Counts only, or with what became of each contact, as a comparison needs it.
    pub fn new(with_contacts: bool) -> Self {
        Self { with_contacts, ..Self::default() }
    }

    /// How many items could not be judged.
    pub fn not_judged(&self) -> u64 {
        self.not_judged.values().sum()
    }

    /// How many contacts have a record; 0 without contacts.
    pub fn known_contacts(&self) -> usize {
        self.contacts.len()
    }

    /// Takes in one finding.
    pub fn add(&mut self, told: &Told) {
        match &told.what {
            Finding::Decided(row) => self.decided(row),
            Finding::NotJudged(missed) => self.missed(missed),
        }
    }

    fn decided(&mut self, row: &Row) {
        self.records += 1;
        *self.counts.entry((row.decision, row.reason)).or_default() += 1;
        let (true, Some(contact), Some(event)) = (self.with_contacts, row.contact, &row.event)
        else {
            return;
        };
        let source = self.source(event);
        let fate = self.contacts.entry(contact).or_default();
        let target = row.target.as_ref().map_or("", TargetName::as_str);
        let parts = [row.id.as_str(), row.decision.code(), row.reason.code(), target];
        fate.digest = fate.digest.wrapping_add(digest(&parts));
        let enrolls = row.decision == Decision::Enroll;
        fate.enrolled += u32::from(enrolls);
        if enrolls || fate.enrolled == 0 {
            let (rule, target) = (row.rule.clone(), row.target.clone());
            let (decision, reason) = (row.decision, row.reason);
            fate.last = Some(Outcome { decision, reason, rule, target });
            fate.source = source;
        }
    }

    fn missed(&mut self, missed: &NotJudged) {
        *self.not_judged.entry(missed.why).or_default() += 1;
        if !missed.detail.is_empty() {
            *self.missing.entry(missed.detail.clone()).or_default() += 1;
        }
        if self.with_contacts {
            let fate = self.contacts.entry(missed.contact).or_default();
            fate.digest =
                fate.digest.wrapping_add(digest(&[missed.id.as_str(), missed.why.code()]));
        }
    }

    fn source(&mut self, event: &Event) -> usize {
        let full = SOURCES_MAX <= self.sources.len();
        let source = Source::of(event);
        let is_one_too_many = full && !self.by_source.contains_key(&source);
        let source = if is_one_too_many { Source::others() } else { source };
        match self.by_source.entry(source) {
            Entry::Occupied(place) => *place.get(),
            Entry::Vacant(place) => {
                self.sources.push(place.key().clone());
                *place.insert(self.sources.len() - 1)
            }
        }
    }
}

/// FNV-1a over the parts, mixed at the end: sums of these tell sets of records apart.
fn digest(parts: &[&str]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in parts.iter().flat_map(|part| part.bytes().chain([0])) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash ^= hash >> 32;
    hash.wrapping_mul(0xd6e8_feb8_6659_fd93)
}
