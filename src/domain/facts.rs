//! What conditions are evaluated on.

use std::collections::BTreeMap;

use super::civil::Zone;
use super::contact::{Contact, Owner};
use super::gates::past::{Past, Stay};
use super::id::OwnerId;
use super::rule::RuleSet;
use super::surroundings::Surroundings;
use super::time::Timestamp;
use super::view::View;

/// Everything a condition may look at.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The contact, read a moment ago.
    pub contact: &'a Contact,
    /// The time of the decision.
    pub now: Timestamp,
    /// The portal's zone: what "today" means.
    pub zone: &'a Zone,
    /// The owners that the fresh read resolved.
    pub owners: &'a BTreeMap<OwnerId, Owner>,
    /// What the person is and was in.
    pub stays: &'a [Stay],
    /// What dry-run rules would have done, for those that only watch (CONSISTENCY.md 6.1).
    pub shadows: &'a [Stay],
    /// Company, deals, lists and consent, where they were read.
    pub around: Option<&'a Surroundings>,
}

impl<'a> Facts<'a> {
    /// What there is to look at. What dry-run rules would have done is for those that only watch.
    pub fn of(rules: &'a RuleSet, view: &View<'a>, past: &'a Past<'_>, dry_run: bool) -> Self {
        Self {
            contact: view.contact,
            now: view.now,
            zone: &rules.portal.zone,
            owners: view.owners,
            stays: &past.stays,
            shadows: if dry_run { &past.shadows } else { &[] },
            around: view.around,
        }
    }

    /// Everything the person is and was in.
    pub fn past(&self) -> impl Iterator<Item = &'a Stay> {
        self.stays.iter().chain(self.shadows)
    }
}
