//! What HubSpot has delivered so far, by the store: a subscription that is there shows here as
//! soon as something happens.

use std::collections::BTreeMap;

use super::needs::Subject;
use crate::domain::event::{Event, Kind};
use crate::domain::record::Record;
use crate::domain::strangers::Strangers;
use crate::domain::time::Timestamp;

/// The newest event of each kind.
#[derive(Clone, Debug, Default)]
pub struct Arrivals {
    newest: BTreeMap<Subject, Timestamp>,
    last: Option<Timestamp>,
    strangers: Strangers,
}

impl Arrivals {
    /// Takes one record of the ledger.
    pub fn record(&mut self, record: &Record) {
        if let Record::Turn(turn) = record {
            self.strangers.record(turn);
        }
        let Record::Taken(taken) = record else { return };
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

    /// When something of this kind last happened and arrived.
    pub fn of(&self, subject: &Subject) -> Option<Timestamp> {
        self.newest.get(subject).copied()
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
