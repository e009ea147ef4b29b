//! Everything known of one person: the aggregate (CONSISTENCY.md section 1).

mod due;
mod item;
mod known;
mod merge;
mod purpose;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::bar::{Bar, Barring};
use super::claim::{Claim, State};
use super::id::{ContactId, PropertyName, RuleId, SequenceId, TargetName, ThemeName};
use super::leaving::Leaving;
use super::record::{TakenEvent, Turn};
use super::time::Timestamp;

pub use item::{Holder, Item, Released};
pub use known::Known;
pub use purpose::Purpose;

/// Past enrollments and sightings kept of one person, besides those still open.
pub const HISTORY_MAX: usize = 64;

/// The newest change seen of a property.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Newest {
    /// When, for order: min(occurredAt, received), so that one event dated 2100 silences nobody.
    pub at: Timestamp,
    /// The value, kept for watched properties.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// A sequence HubSpot showed on the contact, ours or made by hand (CONSISTENCY.md 6.5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Which.
    pub sequence: SequenceId,
    /// When it began (`hs_latest_sequence_enrolled_date`).
    pub enrolled_at: Timestamp,
    /// When it ended, once seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
}

/// What a dry-run rule would have enrolled; only dry-run rules see it (CONSISTENCY.md 6.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shadow {
    /// The rule.
    pub rule: RuleId,
    /// The theme.
    pub theme: ThemeName,
    /// Where to.
    pub target: TargetName,
    /// When.
    pub at: Timestamp,
    /// When it would be over.
    pub holds_until: Timestamp,
}

/// The person's settle time: it starts again with each event that may fire a rule, and lasts
/// at most ten times its length (CONSISTENCY.md 6.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settling {
    /// When the first event of the burst came.
    pub first: Timestamp,
    /// When it is over.
    pub until: Timestamp,
}

/// Everything known of one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Who.
    pub contact: ContactId,
    /// The sequence number of the last record applied: a reservation names it.
    pub version: u64,
    /// The sequence number of the last record with rows of this person; 0 for none.
    #[serde(default)]
    pub last_row: u64,
    /// The newest change seen, by property.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub newest: BTreeMap<PropertyName, Newest>,
    /// Events taken, by which a second delivery is known.
    #[serde(default, skip_serializing_if = "Known::is_empty")]
    pub known: Known,
    /// Triggers fired and not finally decided.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Item>,
    /// Claims, live and past, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<Claim>,
    /// What they are being taken out of, one after the other in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leavings: Vec<Leaving>,
    /// Sequences seen on the contact, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<Seen>,
    /// What dry-run rules would have done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shadows: Vec<Shadow>,
    /// The settle time that runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settling: Option<Settling>,
    /// Ids that were merged into this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub merged: Vec<ContactId>,
    /// The id this one was merged into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<ContactId>,
    /// A person said that they are never to be contacted again. Kept for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub barred: Option<Bar>,
    /// Since when everything but ids is erased. Kept for ever: whatever comes later is ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased: Option<Timestamp>,
}

impl Person {
    /// Somebody nothing is known of.
    pub fn new(contact: ContactId) -> Self {
        Self {
            contact,
            version: 0,
            last_row: 0,
            newest: BTreeMap::new(),
            known: Known::default(),
            items: Vec::new(),
            claims: Vec::new(),
            leavings: Vec::new(),
            seen: Vec::new(),
            shadows: Vec::new(),
            settling: None,
            merged: Vec::new(),
            merged_into: None,
            barred: None,
            erased: None,
        }
    }

    /// Takes in what one event did. A record already applied changes nothing.
    pub fn apply_event(&mut self, seq: u64, event: &TakenEvent) {
        if let Some((property, newest)) = &event.newest {
            self.newest.insert(property.clone(), newest.clone());
        }
        if let Some(items) = &event.items {
            self.items.clone_from(items);
        }
        if event.settling.is_some() {
            self.settling = event.settling;
        }
        self.touch(seq, !event.rows.is_empty());
    }

    /// Takes in one step of work. A record already applied changes nothing.
    pub fn apply_turn(&mut self, seq: u64, turn: &Turn) {
        for item in &turn.items {
            match self.items.iter_mut().find(|known| known.id == item.id) {
                Some(known) => known.clone_from(item),
                // A step that began before an erasure brings nothing back.
                None if self.erased.is_some() => {}
                None => self.items.push(item.clone()),
            }
        }
        self.items.retain(|item| !turn.done.contains(&item.id));
        if self.items.is_empty() {
            self.settling = None;
        }
        for claim in &turn.claims {
            match self.claims.iter_mut().find(|known| known.id == claim.id) {
                Some(known) => known.clone_from(claim),
                None => self.claims.push(claim.clone()),
            }
        }
        for leaving in &turn.leavings {
            match self.leavings.iter_mut().find(|known| known.id == leaving.id) {
                Some(known) => known.clone_from(leaving),
                None => self.leavings.push(leaving.clone()),
            }
        }
        self.leavings.retain(|leaving| !turn.left.contains(&leaving.id));
        if let Some(seen) = &turn.seen {
            self.seen.clone_from(seen);
        }
        if let Some(shadows) = &turn.shadows {
            self.shadows.clone_from(shadows);
        }
        match &turn.barring {
            Some(Barring::Set(bar)) => self.barred = Some(bar.clone()),
            Some(Barring::Lifted) => self.barred = None,
            None => {}
        }
        self.trim();
        self.touch(seq, !turn.rows.is_empty());
    }

    /// The live claim that keeps `theme` from being reserved: one of the theme itself, or of a
    /// theme that blocks it. The one place that decides exclusivity, across both channels
    /// (CONSISTENCY.md 6.3): the gate asks it, and the ledger asks it again when it reserves.
    pub fn holder(
        &self,
        theme: &ThemeName,
        blockers: &BTreeSet<ThemeName>,
        now: Timestamp,
    ) -> Option<&Claim> {
        let live = self.claims.iter().filter(|claim| claim.is_live(now));
        live.filter(|claim| claim.theme == *theme || blockers.contains(&claim.theme))
            .min_by_key(|claim| claim.theme != *theme)
    }

    /// Released claims say nothing once they are old; the rest is history that decisions need.
    fn trim(&mut self) {
        while HISTORY_MAX < self.claims.len() {
            let Some(index) =
                self.claims.iter().position(|claim| matches!(claim.state, State::Released { .. }))
            else {
                break;
            };
            self.claims.remove(index);
        }
        if HISTORY_MAX < self.seen.len() {
            self.seen.drain(..self.seen.len() - HISTORY_MAX);
        }
        if HISTORY_MAX < self.shadows.len() {
            self.shadows.drain(..self.shadows.len() - HISTORY_MAX);
        }
    }

    /// Whether there is nothing but what changed: no enrollment, no alias, no bar, nothing that
    /// waits, and no event whose second delivery must be known.
    pub fn has_only_changes(&self) -> bool {
        self.known.is_empty()
            && self.items.is_empty()
            && self.claims.is_empty()
            && self.leavings.is_empty()
            && self.seen.is_empty()
            && self.shadows.is_empty()
            && self.settling.is_none()
            && self.merged.is_empty()
            && self.merged_into.is_none()
            && self.barred.is_none()
            && self.erased.is_none()
    }

    /// Counts a record that was applied, and whether it has rows of this person.
    pub fn touch(&mut self, seq: u64, has_rows: bool) {
        self.version = seq;
        if has_rows {
            self.last_row = seq;
        }
    }
}
