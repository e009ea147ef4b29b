//! Records of a compaction: the state of everything, written anew, so that older records are
//! history and no more, and can be taken away when `keep_history` is over.
//!
//! ```text
//! … older records … | Kept* | CompactionBegun | Kept, Taken, Turn … | CompactionDone
//!                     ^ from                                          nothing before `from` is needed
//! ```
//! The figures stand before [`CompactionBegun`], in one group with it, so it proves that all of
//! them are there. Persons follow while work goes on: whoever changes and was not kept since the
//! beginning is kept first, so that a person's first record after it is whole. A journal that
//! begins anywhere before `from` is therefore read from `from` on, and gives the same state as
//! the whole one. A compaction that began is always ended, also after a restart.

use serde::{Deserialize, Serialize};

use super::breaker::{Fuse, Tripped};
use super::id::{ContactId, Inbox, PortalId, RuleId};
use super::person::Person;
use super::recall::Recall;
use super::record::{InboxState, ProvenReads};
use super::time::Timestamp;

/// A compaction began: every figure that belongs to nobody in particular, as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompactionBegun {
    /// When.
    pub at: Timestamp,
    /// The record that the figures begin with.
    pub from: u64,
    /// The last delivery judged.
    pub taken: u64,
    /// Events taken.
    pub events: u64,
    /// When the newest event was received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_event: Option<Timestamp>,
    /// The portal this store belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portal: Option<PortalId>,
    /// Calls are paused.
    pub paused: bool,
    /// Reads of enrollments that are known to work.
    pub proven: ProvenReads,
    /// The oldest day (since 1970) whose identities are remembered.
    pub oldest_day: u32,
    /// How whole the memory of enrollments is.
    #[serde(default)]
    pub recall: Recall,
    /// The newest record that erased somebody, or is about somebody who was erased; 0 for none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub erased: u64,
    /// The delivery that was judged last then.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub erased_delivery: u64,
    /// The newest record whose erasures are gone from the journal too; 0 for none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub swept: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// State that was kept, each piece whole. Keeping it twice is keeping it once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// When.
    pub at: Timestamp,
    /// Persons as they are, without identities that are forgotten.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub persons: Vec<Person>,
    /// Persons of whom only old changes were known: nothing is known of them any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forgotten: Vec<ContactId>,
    /// Identities of events that lie beside persons: the day, and 32 hexadecimal digits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identities: Vec<(u32, String)>,
    /// What fired: the fuse, the second, and the running total after it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<(Fuse, u64, u64)>,
    /// Open breakers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub breakers: Vec<Tripped>,
    /// How much of each fuse is held.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<(Fuse, u64)>,
    /// What is known of inboxes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inboxes: Vec<(Inbox, InboxState)>,
    /// Decision records counted, by rule, decision and reason (their codes).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counts: Vec<(Option<RuleId>, String, String, u64)>,
}

/// A compaction ended: records before `from` are history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompactionDone {
    /// When.
    pub at: Timestamp,
    /// The record that its figures begin with.
    pub from: u64,
}

/// Identities of events before a day are forgotten, and so is what no breaker looks back at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forgot {
    /// When.
    pub at: Timestamp,
    /// The oldest day (since 1970) that is remembered.
    pub day: u32,
}

/// What a compaction does with a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was kept already, after the compaction began.
    Done,
    /// It is kept.
    Keep(Box<Person>),
    /// Nothing of it is needed any more.
    Forget,
}

/// What a compaction that began with record `begun` does with a person. Enrollments, aliases and
/// whatever waits are never forgotten; somebody of whom there is only what changed is, once all
/// of it lies before `horizon`, from which on history is kept.
pub fn fate(mut person: Person, begun: u64, horizon: u64, oldest_day: u32) -> Fate {
    if begun <= person.version {
        return Fate::Done;
    }
    person.known.forget_before(oldest_day);
    if person.version < horizon && person.has_only_changes() {
        return Fate::Forget;
    }
    Fate::Keep(Box::new(person))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::Identity;
    use crate::domain::id::SequenceId;
    use crate::domain::person::Seen;

    fn person(version: u64) -> Person {
        Person { version, ..Person::new(ContactId(7)) }
    }

    #[track_caller]
    fn check(person: Person, expected: &str) {
        let fate = match fate(person, 100, 50, 20_000) {
            Fate::Done => "done",
            Fate::Keep(_) => "keep",
            Fate::Forget => "forget",
        };
        assert_eq!(fate, expected);
    }

    #[test]
    fn only_old_changes_are_forgotten() {
        check(person(49), "forget");
        check(person(50), "keep");
        check(person(99), "keep");
        check(person(100), "done");
        check(Person { merged_into: Some(ContactId(8)), ..person(1) }, "keep");
        check(Person { merged: vec![ContactId(6)], ..person(1) }, "keep");
        let seen =
            Seen { sequence: SequenceId(1), enrolled_at: Timestamp::default(), ended_at: None };
        check(Person { seen: vec![seen], ..person(1) }, "keep");
        let mut remembered = person(1);
        remembered.known.add(20_000, Identity([1; 16]));
        check(remembered, "keep");
        let mut old = person(1);
        old.known.add(19_999, Identity([1; 16]));
        check(old, "forget");
    }
}
