//! What HubSpot has delivered so far, by the store: a subscription that is there shows here as
//! soon as something happens.

use std::collections::BTreeMap;

use super::needs::Subject;
use crate::domain::event::{Event, Kind};
use crate::domain::recall::Recall;
use crate::domain::record::Record;
use crate::domain::strangers::Strangers;
use crate::domain::time::{DAY_MS, Timestamp};

/// What arrived within so long of the last delivery is recent.
const RECENT_MS: u64 = 30 * DAY_MS;

/// The newest event of each kind.
#[derive(Clone, Debug, Default)]
pub struct Arrivals {
    newest: BTreeMap<Subject, Timestamp>,
    last: Option<Timestamp>,
    /// The last delivery of each `changeSource`, in upper case as rules have it.
    sources: BTreeMap<String, Timestamp>,
    recall: Recall,
    strangers: Strangers,
}

impl Arrivals {
    /// Takes one record of the ledger.
    pub fn record(&mut self, record: &Record) {
        let taken = match record {
            Record::Taken(taken) => taken,
            Record::Turn(turn) => return self.strangers.record(turn),
            Record::Recalled(recalled) => return self.recall = recalled.recall,
            Record::CompactionBegun(begun) => return self.recall = begun.recall,
            _ => return,
        };
        let rows = taken.events.iter().flat_map(|taken| &taken.rows);
        for event in rows.filter_map(|row| row.event.as_ref()) {
            self.event(event);
            self.source(event, taken.at);
        }
    }

    fn source(&mut self, event: &Event, at: Timestamp) {
        let Some(source) = &event.source else { return };
        if let Some(newest) = self.sources.get_mut(source) {
            *newest = at.max(*newest);
        } else {
            let newest = self.sources.entry(source.to_uppercase()).or_default();
            *newest = at.max(*newest);
        }
    }

    fn event(&mut self, event: &Event) {
        self.last = self.last.max(Some(event.occurred_at));
        let subject = match &event.kind {
            Kind::Property { name, .. } => Subject::Property(name.clone()),
            Kind::Created => Subject::Creation,
            Kind::Restored => Subject::Restore,
            Kind::Merged { .. } => Subject::Merge,
            Kind::Deleted => Subject::Deletion,
            Kind::PrivacyDeleted => Subject::PrivacyDeletion,
            _ => return,
        };
        let newest = self.newest.entry(subject).or_default();
        *newest = event.occurred_at.max(*newest);
    }

    /// How whole the memory of enrollments is.
    pub const fn recall(&self) -> Recall {
        self.recall
    }

    /// When something of this kind last happened and arrived.
    pub fn of(&self, subject: &Subject) -> Option<Timestamp> {
        self.newest.get(subject).copied()
    }

    /// Whether anything ever came from this `changeSource`, in upper case.
    pub fn came_from(&self, source: &str) -> bool {
        self.sources.contains_key(source)
    }

    /// Every `changeSource` of the 30 days before the last delivery, in upper case.
    pub fn recent_sources(&self) -> Vec<&str> {
        let last = self.sources.values().max().copied().unwrap_or_default();
        let recent = self.sources.iter().filter(|(_, at)| last.minus_ms(RECENT_MS) <= **at);
        recent.map(|(source, _)| source.as_str()).collect()
    }

    /// Who else enrolls the same contacts.
    pub(super) const fn strangers(&self) -> &Strangers {
        &self.strangers
    }

    /// When anything last happened and arrived.
    pub const fn last(&self) -> Option<Timestamp> {
        self.last
    }
}
