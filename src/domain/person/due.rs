//! What is to be done about a person, and when: items, claims in doubt, leavings.

use std::collections::BTreeMap;

use super::{Item, Person};
use crate::domain::claim::{Claim, State};
use crate::domain::id::{ClaimId, RowId, RuleId};
use crate::domain::leaving::Leaving;
use crate::domain::time::Timestamp;

impl Person {
    /// When somebody must look at this person next: an item that is due, a claim in doubt, or a
    /// leaving.
    pub fn next_due(&self) -> Option<Timestamp> {
        let items = self.items.iter().filter(|item| !self.is_left_for(&item.id));
        let items = items.filter_map(|item| item.due);
        items.chain(self.next_urgent()).min()
    }

    /// When somebody must look at a claim in doubt, at a leaving, or at an item that takes the
    /// person out: that cannot wait behind what enrolls.
    pub fn next_urgent(&self) -> Option<Timestamp> {
        let doubts = self.claims.iter().filter_map(|claim| match claim.state {
            State::InDoubt { next_check, .. } if !self.is_left(&claim.id) => Some(next_check),
            _ => None,
        });
        let leaving = self.open_leaving().map(|leaving| leaving.next);
        let exits =
            self.items.iter().filter(|item| item.takes_out() && !self.is_left_for(&item.id));
        doubts.chain(leaving).chain(exits.filter_map(|item| item.due)).min()
    }

    /// When the items of each rule are due first.
    pub fn due_by_rule(&self) -> BTreeMap<&RuleId, Timestamp> {
        let mut by_rule = BTreeMap::new();
        for item in self.items.iter().filter(|item| !self.is_left_for(&item.id)) {
            if let Some(due) = item.due {
                let first = by_rule.entry(&item.rule).or_insert(due);
                *first = (*first).min(due);
            }
        }
        by_rule
    }

    /// Items whose time has come, with their places. One that waits for a leaving is not due.
    pub fn due_items(&self, now: Timestamp) -> impl Iterator<Item = (usize, &Item)> {
        let due = move |item: &Item| item.due.is_some_and(|due| due <= now);
        let items = self.items.iter().enumerate();
        items.filter(move |(_, item)| due(item) && !self.is_left_for(&item.id))
    }

    /// The claim in doubt that is to be read back at `now`. One that is being left is looked at
    /// by its leaving.
    pub fn doubt_due(&self, now: Timestamp) -> Option<&Claim> {
        let due = |claim: &&Claim| matches!(claim.state, State::InDoubt { next_check, .. } if next_check <= now);
        self.claims.iter().find(|claim| due(claim) && !self.is_left(&claim.id))
    }

    /// The leaving that is gone on with: one at a time.
    pub fn open_leaving(&self) -> Option<&Leaving> {
        self.leavings.iter().find(|leaving| leaving.is_open())
    }

    /// Whether this claim is being left.
    pub fn is_left(&self, claim: &ClaimId) -> bool {
        let leavings = self.leavings.iter().filter(|leaving| leaving.is_open());
        leavings.into_iter().any(|leaving| leaving.claim.as_ref() == Some(claim))
    }

    /// Whether the item waits for a leaving.
    pub fn is_left_for(&self, item: &RowId) -> bool {
        self.leavings.iter().any(|leaving| leaving.item == *item && leaving.is_open())
    }
}
