//! What HubSpot has delivered so far, by the store: a subscription that is there shows here as
//! soon as something happens.

use std::collections::BTreeMap;

use super::needs::Subject;
use crate::domain::event::{Event, Kind};
use crate::domain::recall::Recall;
use crate::domain::record::Record;
use crate::domain::time::Timestamp;

/// The newest event of each kind.
#[derive(Clone, Debug, Default)]
pub struct Arrivals {
    newest: BTreeMap<Subject, Timestamp>,
    last: Option<Timestamp>,
    recall: Recall,
}

impl Arrivals {
    /// Takes one record of the ledger.
    pub fn record(&mut self, record: &Record) {
        let taken = match record {
            Record::Taken(taken) => taken,
            Record::Recalled(recalled) => return self.recall = recalled.recall,
            Record::CompactionBegun(begun) => return self.recall = begun.recall,
            _ => return,
        };
        let rows = taken.events.iter().flat_map(|taken| &taken.rows);
        rows.filter_map(|row| row.event.as_ref()).for_each(|event| self.event(event));
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

    /// When anything last happened and arrived.
    pub const fn last(&self) -> Option<Timestamp> {
        self.last
    }
}
