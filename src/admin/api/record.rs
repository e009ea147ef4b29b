//! A decision record as the API shows it (PRODUCT.md, "Decision records").

use serde::Serialize;

use crate::admin::shape::{Instant, Text, instant};
use crate::domain::event::Event;
use crate::domain::id::{ContactId, Fingerprint, RowId, RuleId, SenderName, TargetName};
use crate::domain::query::Found;
use crate::domain::reason::{Decision, Reason};
use crate::domain::record::TraceStep;
use crate::domain::rule::Mode;
use crate::domain::time::Timestamp;

/// A decision record. The names of its fields are the API's keys, in their order.
#[derive(Debug, Serialize)]
pub struct Shown {
    id: RowId,
    seq: u64,
    at: Text<Timestamp>,
    contact: Option<Text<ContactId>>,
    event: Option<ShownEvent>,
    rule: Option<RuleId>,
    mode: Option<Mode>,
    decision: Decision,
    reason: Reason,
    sentence: String,
    by: Option<String>,
    from: Vec<TargetName>,
    until: Instant,
    /// The arm of a split.
    arm: Option<String>,
    target: Option<TargetName>,
    sender: Option<SenderName>,
    trace: Vec<TraceStep>,
    rules: Fingerprint,
}

/// The event of a decision record (CONSISTENCY.md section 7).
#[derive(Debug, Serialize)]
struct ShownEvent {
    event_id: Option<String>,
    subscription_type: String,
    object_id: Text<ContactId>,
    property: Option<String>,
    value: Option<String>,
    occurred_at: Text<Timestamp>,
    source: Option<String>,
}

impl From<Found> for Shown {
    fn from(found: Found) -> Self {
        let row = found.row;
        Self {
            id: row.id,
            seq: found.seq,
            at: Text(found.at),
            contact: row.contact.map(Text),
            event: row.event.map(ShownEvent::from),
            rule: row.rule,
            mode: row.mode,
            decision: row.decision,
            reason: row.reason,
            sentence: row.sentence,
            by: row.by,
            from: row.from,
            until: instant(row.until),
            arm: row.arm,
            target: row.target,
            sender: row.sender,
            trace: row.trace,
            rules: row.rules,
        }
    }
}

impl From<Event> for ShownEvent {
    fn from(event: Event) -> Self {
        let (property, value) =
            event.change().map(|(name, value)| (name.to_string(), value.to_owned())).unzip();
        Self {
            event_id: event.event_id,
            subscription_type: event.subscription_type,
            object_id: Text(event.contact),
            property,
            value,
            occurred_at: Text(event.occurred_at),
            source: event.source,
        }
    }
}
