//! Budget slots by inbox, in memory: a slot belongs to the inbox, an unsettled claim counts
//! whatever its age, a settled one for 24 hours (CONSISTENCY.md 6.9).

use std::collections::BTreeMap;

use super::keys;
use crate::domain::claim::{Claim, State};
use crate::domain::id::{ClaimId, Inbox};
use crate::domain::record::InboxState;
use crate::domain::time::Timestamp;
use crate::domain::view::InboxUse;
use crate::store::index::{Index, IndexError};

/// Rows read at once.
const PAGE_ROWS: usize = 4096;

/// A claim's slot: open, or counted from this instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    Open,
    Settled(Timestamp),
}

impl Slot {
    fn settled(self) -> Option<Timestamp> {
        match self {
            Self::Open => None,
            Self::Settled(at) => Some(at),
        }
    }
}

#[derive(Clone, Debug, Default)]
struct InboxSlots {
    slots: BTreeMap<ClaimId, Slot>,
    /// The last call or enrollment; of what was under way before a restart, only what settled.
    last: Option<Timestamp>,
    state: InboxState,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Inboxes(BTreeMap<Inbox, InboxSlots>);

impl Inboxes {
    /// Reads what the index has.
    pub(super) fn load(index: &impl Index) -> Result<Self, IndexError> {
        let mut inboxes = Self::default();
        for_each(index, keys::SLOT, |key, value| {
            if let [inbox, claim] = keys::parts(key)[..]
                && let Ok(bytes) = value.try_into()
            {
                let since = u64::from_be_bytes(bytes);
                let slot = match since {
                    keys::OPEN => Slot::Open,
                    at => Slot::Settled(Timestamp::from_unix_ms(at)),
                };
                let inbox = inboxes.of(&Inbox::from(inbox));
                inbox.last = inbox.last.max(slot.settled());
                inbox.slots.insert(ClaimId::from(claim), slot);
            }
        })?;
        for_each(index, keys::INBOX, |key, value| {
            if let [inbox] = keys::parts(key)[..]
                && let Ok(state) = serde_json::from_slice(value)
            {
                inboxes.of(&Inbox::from(inbox)).state = state;
            }
        })?;
        Ok(inboxes)
    }

    fn of(&mut self, inbox: &Inbox) -> &mut InboxSlots {
        self.0.entry(inbox.clone()).or_default()
    }

    /// Takes in how a claim stands now.
    pub(super) fn claim(&mut self, claim: &Claim) {
        let Some(sender) = &claim.sender else { return };
        let slot = match &claim.state {
            State::Released { .. } => None,
            State::Confirmed { enrolled_at, .. } => Some(Slot::Settled(*enrolled_at)),
            _ => Some(Slot::Open),
        };
        let inbox = self.of(&sender.inbox);
        if let Some(slot) = slot {
            inbox.last = inbox.last.max(Some(claim.last_call_at)).max(slot.settled());
            inbox.slots.insert(claim.id.clone(), slot);
        } else {
            inbox.slots.remove(&claim.id);
        }
    }

    /// Takes in what HubSpot told us of an inbox.
    pub(super) fn state(&mut self, inbox: &Inbox, state: &InboxState) {
        self.of(inbox).state = state.clone();
    }

    /// What an inbox has used.
    pub(super) fn used(&self, inbox: &Inbox) -> InboxUse {
        self.0.get(inbox).map(InboxSlots::used).unwrap_or_default()
    }

    /// What every inbox has used.
    pub(super) fn all(&self) -> BTreeMap<Inbox, InboxUse> {
        self.0.iter().map(|(inbox, slots)| (inbox.clone(), slots.used())).collect()
    }

    /// What HubSpot told us of an inbox.
    pub(super) fn state_of(&self, inbox: &Inbox) -> InboxState {
        self.0.get(inbox).map(|slots| slots.state.clone()).unwrap_or_default()
    }

    /// Every inbox that HubSpot told us something of.
    pub(super) fn marked(&self) -> Vec<Inbox> {
        let marked = self.0.iter().filter(|(_, slots)| slots.state != InboxState::default());
        marked.map(|(inbox, _)| inbox.clone()).collect()
    }

    /// Forgets settled slots that no budget counts any more.
    pub(super) fn forget_before(&mut self, at: Timestamp) {
        for slots in self.0.values_mut() {
            slots.slots.retain(|_, slot| match slot {
                Slot::Open => true,
                Slot::Settled(since) => at <= *since,
            });
        }
    }
}

impl InboxSlots {
    fn used(&self) -> InboxUse {
        let mut settled = Vec::new();
        let mut open = 0;
        for slot in self.slots.values() {
            match slot {
                Slot::Open => open += 1,
                Slot::Settled(at) => settled.push(*at),
            }
        }
        settled.sort_unstable();
        InboxUse {
            open,
            settled,
            last: self.last,
            full_until: self.state.full_until,
            paused: self.state.paused.clone(),
            turns: self.slots.len() as u64,
        }
    }
}

/// Calls `each` with every row under a prefix.
pub(super) fn for_each(
    index: &impl Index,
    prefix: u8,
    mut each: impl FnMut(&[u8], &[u8]),
) -> Result<(), IndexError> {
    let mut from = vec![prefix];
    loop {
        let page = index.range(&[prefix], &from, PAGE_ROWS)?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        from.clone_from(last);
        from.push(0);
        for (key, value) in &page {
            each(key, value);
        }
    }
}
