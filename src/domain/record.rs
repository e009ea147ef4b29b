//! What the journal keeps: domain records with the states *after*, never differences
//! (CONSISTENCY.md section 3). Applying one twice is applying it once.

mod aliased;
mod at;
mod mended;
mod proven;

use serde::{Deserialize, Serialize};

use super::bar::Barring;
use super::breaker::{Fuse, Tripped};
use super::claim::{Claim, State};
use super::compaction::{CompactionBegun, CompactionDone, Forgot, Kept};
use super::contact::{Contact, Owner};
use super::erasure::{Erased, Swept};
use super::event::Event;
use super::id::{
    ContactId, Fingerprint, Inbox, LeavingId, PortalId, PropertyName, RowId, RuleId, SenderName,
    TargetName,
};
use super::leaving::Leaving;
use super::person::{Item, Newest, Seen, Settling, Shadow};
use super::reason::{Decision, Reason};
use super::rule::Mode;
use super::time::Timestamp;

pub use aliased::Aliased;
pub use mended::{InboxesCleared, Paused};
pub use proven::{ProvenReads, ReadsProven};

/// One line of the audit: what was decided about an event, or about an event and a rule.
/// A later row with the same id supersedes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Stable id of the pair.
    pub id: RowId,
    /// Who; `None` for an item that cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<ContactId>,
    /// The event it is about; `None` for an item that cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Event>,
    /// The rule, where one is concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleId>,
    /// The rule's mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// What was decided.
    pub decision: Decision,
    /// Why.
    pub reason: Reason,
    /// The same for people, with the values filled in.
    pub sentence: String,
    /// The suppression, or the rule that came first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What the person was taken out of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<TargetName>,
    /// When it comes back, or may come back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Where to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<TargetName>,
    /// In whose name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<SenderName>,
    /// The arm of a split.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arm: Option<String>,
    /// Each step of the decision, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trace: Vec<TraceStep>,
    /// The rule set that decided.
    pub rules: Fingerprint,
}

impl Row {
    /// A record that says no more than this, with the reason's usual decision.
    pub fn new(id: RowId, reason: Reason, sentence: String, rules: Fingerprint) -> Self {
        Self {
            id,
            contact: None,
            event: None,
            rule: None,
            mode: None,
            decision: reason.decisions()[0],
            reason,
            sentence,
            by: None,
            from: Vec::new(),
            until: None,
            target: None,
            sender: None,
            arm: None,
            trace: Vec::new(),
            rules,
        }
    }

    /// A record of an item of `contact`, with the reason's usual decision.
    pub fn of_item(
        item: &Item,
        contact: ContactId,
        (reason, sentence): (Reason, String),
        rules: Fingerprint,
    ) -> Self {
        Self {
            contact: Some(contact),
            event: Some(item.event.clone()),
            rule: item.of_rule().cloned(),
            mode: Some(item.mode),
            target: item.target.clone(),
            sender: item.sender.clone(),
            ..Self::new(item.id.clone(), reason, sentence, rules)
        }
    }

    /// Whether a later row with the same id may still follow.
    pub fn is_open(&self) -> bool {
        self.decision.is_open() || self.reason == Reason::BridgePending
    }
}

/// One step of a decision: a gate or a condition, how it went, and what it saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceStep {
    /// The gate or condition (`only_if`, `unless`, `theme`, `budget` …).
    pub step: String,
    /// Whether it let the person through.
    pub passed: bool,
    /// The actual value, in words.
    pub detail: String,
}

/// What one event of a delivery did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TakenEvent {
    /// The contact it belongs to; `None` for an item that cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<ContactId>,
    /// Remember its identity: it was not seen before. Hexadecimal, 32 digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// When it happened: the dedupe memory is kept by day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<Timestamp>,
    /// The newest change of its property, after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<(PropertyName, Newest)>,
    /// All items of the person after it, where it changed any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<Item>>,
    /// The person's settle time after it, where it changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settling: Option<Settling>,
    /// The rules whose trigger it fired, as breakers count them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fired: Vec<Fuse>,
    /// When that counts, where it is not when it was received: it was found in HubSpot's history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted_at: Option<Timestamp>,
    /// Breakers it opened, each as it stands after it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub opened: Vec<Tripped>,
    /// Ids that were merged into the contact: an [`Aliased`] of each follows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub merged: Vec<ContactId>,
    /// Every id of the person, where everything but ids is erased from now on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub erased: Vec<ContactId>,
    /// Its decision records.
    pub rows: Vec<Row>,
    /// The person's previous record with rows; 0 for none. The ledger fills it in.
    #[serde(default)]
    pub previous: u64,
}

/// A delivery was read, and each of its events judged against the store and the triggers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Taken {
    /// The delivery's number in the journal.
    pub delivery: u64,
    /// When it was received.
    pub at: Timestamp,
    /// Its events, in their order.
    pub events: Vec<TakenEvent>,
}

/// Which step of a person's work a [`Turn`] records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Verdicts, without a call.
    Decided,
    /// A claim was reserved; the call leaves next.
    Reserved,
    /// A call's outcome, or what a read-back showed.
    Settled,
    /// A person pressed something.
    Pressed,
}

/// What HubSpot told us of an inbox, besides enrollments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxState {
    /// SEND_LIMIT_EXCEEDED: full until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_until: Option<Timestamp>,
    /// Refusals of the sender in a row.
    #[serde(default)]
    pub refusals: u32,
    /// The last of them, once there were three: no call leaves in its name until a person
    /// mends it or a reload clears it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused: Option<String>,
}

/// Who pressed what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Press {
    /// What: `resolve`, `release`, `discard`, `take-out`, `never-contact-again`, `allow-again`,
    /// `forget`.
    pub what: String,
    /// Their name.
    pub who: String,
    /// Their words.
    pub note: String,
}

/// One step of one person's work, with everything it changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    /// Which step.
    pub step: Step,
    /// Who.
    pub contact: ContactId,
    /// When.
    pub at: Timestamp,
    /// What the decision saw of the contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub viewed: Option<Contact>,
    /// The contact's owner, as the decision saw them: a replay asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
    /// HubSpot's id of the call that was settled (`X-HubSpot-Correlation-Id`), where its answer
    /// had one: its support asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<String>,
    /// Decision records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<Row>,
    /// Waiting and held items after it, each whole; others stay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Item>,
    /// Items that are finally decided.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub done: Vec<RowId>,
    /// Claims after it, each whole; others stay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<Claim>,
    /// Leavings after it, each whole; others stay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leavings: Vec<Leaving>,
    /// Leavings that are forgotten: everything their item waited for has ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<LeavingId>,
    /// All sequences seen after it; `None` leaves them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Vec<Seen>>,
    /// Dry-run would-enrolls after it; `None` leaves them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shadows: Option<Vec<Shadow>>,
    /// What is known of inboxes after it, each whole; others stay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inboxes: Vec<(Inbox, InboxState)>,
    /// Who pressed what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub press: Option<Press>,
    /// "Never contact again" was said, or taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub barring: Option<Barring>,
    /// The person's previous record with rows; 0 for none. The ledger fills it in.
    #[serde(default)]
    pub previous: u64,
}

impl Turn {
    /// A turn that changes nothing yet.
    pub fn new(step: Step, contact: ContactId, at: Timestamp) -> Self {
        Self {
            step,
            contact,
            at,
            viewed: None,
            owner: None,
            correlation: None,
            rows: Vec::new(),
            items: Vec::new(),
            done: Vec::new(),
            claims: Vec::new(),
            leavings: Vec::new(),
            left: Vec::new(),
            seen: None,
            shadows: None,
            inboxes: Vec::new(),
            press: None,
            barring: None,
            previous: 0,
        }
    }

    /// Takes HubSpot's id of the call that is settled: with the record, and with what stays in
    /// doubt.
    pub fn of_call(&mut self, correlation: Option<String>) {
        let in_doubt = |claim: &&mut Claim| matches!(claim.state, State::InDoubt { .. });
        for claim in self.claims.iter_mut().filter(in_doubt).filter(|_| correlation.is_some()) {
            claim.evidence.get_or_insert_default().call.clone_from(&correlation);
        }
        self.correlation = correlation;
    }
}

/// A rule set was accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RulesAccepted {
    /// When.
    pub at: Timestamp,
    /// The portal it serves: a store belongs to one.
    pub portal: PortalId,
    /// Its content hash.
    pub fingerprint: Fingerprint,
    /// Its files, name and text.
    pub files: Vec<(String, String)>,
    /// The record that accepted the set before it; 0 for none. The ledger fills it in.
    #[serde(default)]
    pub previous: u64,
    /// Rules that came after the store's first set, and when each came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub born: Vec<(RuleId, Timestamp)>,
}

/// One domain record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "record")]
pub enum Record {
    /// A delivery was judged.
    Taken(Taken),
    /// A step of a person's work.
    Turn(Box<Turn>),
    /// A person has another id.
    Aliased(Aliased),
    /// A rule set was accepted.
    RulesAccepted(RulesAccepted),
    /// Calls were paused or resumed.
    Paused(Paused),
    /// Paused inboxes are tried again.
    InboxesCleared(InboxesCleared),
    /// A read of enrollments is known to work.
    ReadsProven(ReadsProven),
    /// The memory of enrollments became more or less whole.
    Recalled(super::recall::Recalled),
    /// People were erased by hand.
    Erased(Erased),
    /// What was erased is gone from the journal too.
    Swept(Swept),
    /// Old identities are forgotten.
    Forgot(Forgot),
    /// A compaction began.
    CompactionBegun(CompactionBegun),
    /// State that a compaction kept.
    Kept(Box<Kept>),
    /// A compaction ended.
    CompactionDone(CompactionDone),
}
