//! One person under several ids. Claims are never re-keyed: the record of a merged id keeps those
//! that are settled. Whatever is open lies with the id that counts, so that one record says when
//! the person is due (CONSISTENCY.md 6.8).

use super::{Newest, Person};
use crate::domain::claim::Claim;
use crate::domain::id::ContactId;
use crate::domain::record::Aliased;

impl Person {
    /// Becomes a name of another person. What waits goes over there, with the claims given back:
    /// those whose outcome is open.
    pub fn merge_into(&mut self, seq: u64, into: ContactId) -> Vec<Claim> {
        self.merged_into = Some(into);
        self.merged.retain(|id| *id != into);
        self.items.clear();
        self.leavings.clear();
        self.settling = None;
        self.touch(seq, false);
        self.claims.extract_if(.., |claim| claim.is_unsettled()).collect()
    }

    /// Takes over what waits under an id that was merged into this one, with the claims that
    /// [`Self::merge_into`] gave back. Other claims stay where they are: a view is the union.
    pub fn take_over(&mut self, seq: u64, aliased: &Aliased, open: Vec<Claim>) {
        let news = |claim: &Claim| self.claims.iter().all(|known| known.id != claim.id);
        let open: Vec<Claim> = open.into_iter().filter(news).collect();
        self.claims.extend(open);
        // HubSpot may say the opposite of what it said before: its newest word counts.
        self.merged_into = None;
        if !self.merged.contains(&aliased.from) {
            self.merged.push(aliased.from);
        }
        self.items.clone_from(&aliased.items);
        self.leavings.clone_from(&aliased.leavings);
        self.touch(seq, false);
    }

    /// Takes in claims that lie with this id, after a step of the person's work.
    pub fn apply_claims(&mut self, seq: u64, claims: &[Claim]) {
        for claim in claims {
            if let Some(known) = self.claims.iter_mut().find(|known| known.id == claim.id) {
                known.clone_from(claim);
            }
        }
        self.touch(seq, false);
    }

    /// Adds what is known under a merged id to this view of the person. The stricter of both
    /// wins: a theme is held while any id holds it, and an erased id erases the person.
    pub fn unite(&mut self, other: Self) {
        self.items.extend(other.items);
        let theirs = other.claims.into_iter();
        let theirs: Vec<Claim> =
            theirs.filter(|claim| self.claims.iter().all(|known| known.id != claim.id)).collect();
        self.claims.extend(theirs);
        self.claims.sort_by_key(|claim| claim.first_call_at);
        self.leavings.extend(other.leavings);
        self.seen.extend(other.seen);
        self.seen.sort_by_key(|seen| seen.enrolled_at);
        self.seen.dedup();
        self.shadows.extend(other.shadows);
        for (property, theirs) in other.newest {
            let known = self.newest.get(&property);
            // Whose value the merged record has is HubSpot's to say: until its next change the
            // old value is not known.
            if known.is_none_or(|known| known.at < theirs.at) {
                self.newest.insert(property, Newest { at: theirs.at, value: None });
            }
        }
        self.barred = self.barred.take().or(other.barred);
        self.erased = self.erased.or(other.erased);
        for id in other.merged.into_iter().chain([other.contact]) {
            if !self.merged.contains(&id) && id != self.contact {
                self.merged.push(id);
            }
        }
    }
}
