//! A test, read: what is the case, what happens, and what is expected.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::event::{Kind, Nearby};
use crate::domain::id::{ContactId, PropertyName, RuleId, SenderName, SequenceId, TargetName};
use crate::domain::reason::{Decision, Reason};
use crate::domain::rule::Place;
use crate::domain::rule::span::Span;
use crate::domain::surroundings::{Company, Consent, Deal};
use crate::domain::time::Timestamp;

/// One test, or one of its rows.
#[derive(Clone, Debug)]
pub(super) struct Test {
    pub(super) says: String,
    pub(super) place: Place,
    pub(super) row: Option<usize>,
    /// "Now".
    pub(super) at: Timestamp,
    pub(super) contact: Person,
    pub(super) around: Around,
    pub(super) already: Vec<Already>,
    /// Enrollments of a sender in 24 hours.
    pub(super) used: BTreeMap<SenderName, u32>,
    pub(super) counted: Counted,
    pub(super) events: Vec<Happening>,
    pub(super) expect: Option<Expect>,
    pub(super) then: Vec<Moment>,
}

/// A contact, as far as a test says.
#[derive(Clone, Debug, Default)]
pub(super) struct Person {
    pub(super) id: Option<ContactId>,
    /// `owner = "dana"`.
    pub(super) owner: Option<String>,
    pub(super) properties: BTreeMap<PropertyName, String>,
}

impl Person {
    /// What `other` says, over what this one says.
    pub(super) fn with(&self, other: &Self) -> Self {
        let mut all = self.clone();
        all.id = other.id.or(all.id);
        all.owner = other.owner.clone().or(all.owner);
        all.properties.extend(other.properties.clone());
        all
    }
}

/// Company, deals, lists and consent, as far as a test says. What a row or a later moment says
/// replaces the whole of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Around {
    pub(super) company: Option<Company>,
    pub(super) deals: Option<Vec<Deal>>,
    pub(super) lists: Option<BTreeSet<String>>,
    pub(super) consent: Option<BTreeMap<String, Consent>>,
}

impl Around {
    /// What `other` says, instead of what this one says.
    pub(super) fn with(&self, other: &Self) -> Self {
        Self {
            company: other.company.clone().or_else(|| self.company.clone()),
            deals: other.deals.clone().or_else(|| self.deals.clone()),
            lists: other.lists.clone().or_else(|| self.lists.clone()),
            consent: other.consent.clone().or_else(|| self.consent.clone()),
        }
    }
}

/// What was counted of rules before: `recent`, `breaker`, `enrolled`.
#[derive(Clone, Debug, Default)]
pub(super) struct Counted {
    /// Matches of a rule inside its breaker's time.
    pub(super) recent: BTreeMap<RuleId, u32>,
    /// Rules whose breaker is open.
    pub(super) open: Vec<RuleId>,
    /// Enrollments inside each of a rule's limits.
    pub(super) enrolled: BTreeMap<RuleId, u32>,
}

/// What the person is or was in.
#[derive(Clone, Debug)]
pub(super) struct Already {
    pub(super) place: Stayed,
    pub(super) started: Timestamp,
    pub(super) ended: Option<Timestamp>,
}

/// Where they were.
#[derive(Clone, Debug)]
pub(super) enum Stayed {
    /// In a target of the address book, by a rule or by every rule that enrolls into it.
    Target(TargetName, Option<RuleId>),
    /// In a sequence that is not in the address book.
    Elsewhere(SequenceId),
}

/// What happens.
#[derive(Clone, Debug)]
pub(super) struct Happening {
    pub(super) what: What,
    pub(super) source: Option<String>,
    /// HubSpot delivers it this often.
    pub(super) delivered: u32,
    /// When it happened, if not when it came in.
    pub(super) occurred: Option<Timestamp>,
    /// How long after the one before it.
    pub(super) after: Option<Span>,
    /// Written by a merge.
    pub(super) merged: bool,
    /// Written by this router's app.
    pub(super) own: bool,
}

/// Which event.
#[derive(Clone, Debug)]
pub(super) enum What {
    /// A property changed: of the contact, or of an object around it.
    Property { object: Option<Nearby>, name: PropertyName, from: Option<String>, to: String },
    /// Another event, and the subscription it comes from.
    Plain(Kind, &'static str),
}

impl What {
    /// Whether it is about a deal.
    pub(super) fn is_of_deal(&self) -> bool {
        matches!(
            self,
            Self::Property { object: Some(Nearby::Deal), .. }
                | Self::Plain(Kind::DealCreated | Kind::DealAssociated, _)
        )
    }
}

/// What must be decided; only what is named is compared.
#[derive(Clone, Debug, Default)]
pub(super) struct Expect {
    pub(super) decision: Option<Decision>,
    pub(super) reason: Option<Reason>,
    pub(super) rule: Option<RuleId>,
    pub(super) into: Option<TargetName>,
    pub(super) sender: Option<SenderName>,
    pub(super) by: Option<String>,
    pub(super) until: Option<Timestamp>,
    /// The arm of a split.
    pub(super) arm: Option<String>,
    pub(super) from: Option<Vec<TargetName>>,
}

/// A later moment, counted from the test's "now".
#[derive(Clone, Debug)]
pub(super) struct Moment {
    pub(super) later: Span,
    pub(super) contact: Person,
    pub(super) around: Around,
    pub(super) expect: Option<Expect>,
}
