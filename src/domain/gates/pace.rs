//! A sender's `pace`: the first mail leaves at enrollment, so enrollments of one inbox are spaced
//! (CONSISTENCY.md section 7). The ledger asks the same again when it reserves.

use crate::domain::rule::SenderSpec;
use crate::domain::time::Timestamp;
use crate::domain::view::InboxUse;

/// When the next enrollment of the inbox may follow, where that is still ahead.
pub fn next(spec: &SenderSpec, inbox: &InboxUse, now: Timestamp) -> Option<Timestamp> {
    inbox.paced_until(spec.pace_ms(), now)
}

/// Why the sender is not taken now.
pub fn words(spec: &SenderSpec) -> String {
    let pace = spec.pace.map(|pace| pace.to_string()).unwrap_or_default();
    format!("{} keeps {pace} between enrollments", spec.name)
}
