//! Stored events through a rule set, without effects (RULES.md section 6, "Replay"): the same
//! [`intake`] and [`decide`] as the server, in virtual time, every enrollment assumed confirmed
//! at once.
//!
//! [`Stage`] is the virtual world. [`FileReplay`] feeds it from JSON lines, [`JournalReplay`]
//! from the records of a ledger. What cannot be judged is told as such, never guessed.
//!
//! [`intake`]: super::intake
//! [`decide`]: super::decide

mod difference;
mod file;
mod journal;
mod known;
mod line;
mod needs;
mod obstacle;
#[cfg(test)]
mod properties;
mod shelf;
mod shorten;
mod stage;
mod summary;
#[cfg(test)]
mod tests;

pub use difference::{Changed, Difference, difference};
pub use file::FileReplay;
pub use journal::JournalReplay;
pub use stage::Stage;
pub use summary::{Source, Summary};

use super::event::Event;
use super::id::{ContactId, RowId, RuleId};
use super::record::Row;
use super::time::Timestamp;

/// One thing a replay found out.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The number of the line or of the journal record that led to it.
    pub seq: u64,
    /// When, in virtual time.
    pub at: Timestamp,
    /// What.
    pub what: Finding,
}

/// What a replay found out.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// A decision record: final, or what still waited at the end.
    Decided(Box<Row>),
    /// An item that cannot be judged.
    NotJudged(Box<NotJudged>),
}

/// An item that cannot be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotJudged {
    /// The record it would have had.
    pub id: RowId,
    /// Who.
    pub contact: ContactId,
    /// Whose trigger fired.
    pub rule: RuleId,
    /// The event that fired it.
    pub event: Event,
    /// What is missing.
    pub why: Why,
    /// The property, or the key, that is missing; empty where nothing can be named.
    pub detail: String,
}

/// Why an item cannot be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Nothing says what the contact looked like: no rule watched the event then, or the file
    /// has no line about the contact.
    NoContactData,
    /// The contact was read, but not a property that the rule asks for.
    PropertyNotRead,
    /// The rule sends in the owner's name, and the journal does not say who that was.
    OwnerNotKept,
    /// The rule uses a key that only `hubroute test` judges so far: what it needs was not read.
    ThenStage,
    /// The rules never come to rest on this person.
    Restless,
}

impl Why {
    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoContactData => "no-contact-data",
            Self::PropertyNotRead => "property-not-read",
            Self::OwnerNotKept => "owner-not-kept",
            Self::ThenStage => "then-stage",
            Self::Restless => "restless",
        }
    }

    /// The same for people.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::NoContactData => "nothing says what the contact looked like then",
            Self::PropertyNotRead => "a property that the rule asks for was not read then",
            Self::OwnerNotKept => "who owned the contact was not kept",
            Self::ThenStage => "the rule uses a key that only `hubroute test` judges so far",
            Self::Restless => "the rules never come to rest on this person",
        }
    }
}
