//! Slots of enrollments in memory, by inbox for budgets and by rule for limits
//! (CONSISTENCY.md 6.9 and 6.10). Only those that may count still: enrollments are kept for ever.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::{keys, waiters};
use crate::domain::claim::Claim;
use crate::domain::id::{ClaimId, ContactId, Inbox, RuleId};
use crate::domain::person::Item;
use crate::domain::queue::Queues;
use crate::domain::record::InboxState;
use crate::domain::slots::{Slot, Slots};
use crate::domain::time::Timestamp;
use crate::domain::view::{BUDGET_MS, InboxUse, RuleSlots};
use crate::store::index::{Index, IndexError};

/// Rows read at once.
const PAGE_ROWS: usize = 4096;

#[derive(Clone, Debug, Default)]
struct InboxSlots {
    slots: Slots,
    /// The last call or enrollment; of what was under way before a restart, only what settled.
    last: Option<Timestamp>,
    state: InboxState,
    /// What looks see of it: made for the first one, and shared until it changes.
    shown: OnceLock<InboxUse>,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Inboxes {
    slots: BTreeMap<Inbox, InboxSlots>,
    rules: Arc<RuleSlots>,
    queues: Arc<Queues>,
    /// Settled slots from before this are forgotten.
    from: Timestamp,
    /// What looks see: made for the first one, and shared until something changes.
    shown: OnceLock<Arc<BTreeMap<Inbox, InboxUse>>>,
}

impl Inboxes {
    /// Reads what the index has, but for settled slots from before `from`.
    pub(super) fn load(index: &impl Index, from: Timestamp) -> Result<Self, IndexError> {
        let queues = Arc::new(waiters::load_all(index)?);
        let mut inboxes = Self { queues, from, ..Self::default() };
        for_each(index, keys::SLOT, |key, value| {
            if let [inbox, claim] = keys::parts(key)[..]
                && let Some((slot, _, rule)) = keys::slot_of(value)
            {
                let counted = inboxes.counted(slot);
                if !inbox.is_empty() {
                    let inbox = inboxes.of(&Inbox::from(inbox));
                    inbox.last = inbox.last.max(slot.settled());
                    if let Some(slot) = counted {
                        inbox.slots.set(ClaimId::from(claim), slot);
                    }
                }
                if let Some(slot) = counted {
                    inboxes.of_rule(&rule).set(ClaimId::from(claim), slot);
                }
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

    /// The slot, unless it settled before all that may count still.
    fn counted(&self, slot: Slot) -> Option<Slot> {
        slot.settled().is_none_or(|at| self.from <= at).then_some(slot)
    }

    /// An inbox that is about to change.
    fn of(&mut self, inbox: &Inbox) -> &mut InboxSlots {
        self.shown = OnceLock::new();
        let slots = self.slots.entry(inbox.clone()).or_default();
        slots.shown = OnceLock::new();
        slots
    }

    fn of_rule(&mut self, rule: &RuleId) -> &mut Slots {
        Arc::make_mut(Arc::make_mut(&mut self.rules).entry(rule.clone()).or_default())
    }

    /// Enrollments by rule.
    pub(super) fn rules(&self) -> &Arc<RuleSlots> {
        &self.rules
    }

    /// Who waits for whose budget.
    pub(super) fn queues(&self) -> &Arc<Queues> {
        &self.queues
    }

    /// Takes in a person's items that waited, and all that they have now.
    pub(super) fn wait(&mut self, contact: ContactId, before: &[Item], after: &[Item]) {
        Arc::make_mut(&mut self.queues).change(contact, before, after);
    }

    /// Takes in how a claim stands now. The end of an old one takes no place again.
    pub(super) fn claim(&mut self, claim: &Claim) {
        let slot = Slot::of(claim);
        let counted = slot.and_then(|slot| self.counted(slot));
        self.of_rule(&claim.rule).replace(&claim.id, counted);
        if let Some(sender) = &claim.sender {
            let inbox = self.of(&sender.inbox);
            if let Some(slot) = slot {
                inbox.last = inbox.last.max(Some(claim.last_call_at)).max(slot.settled());
            }
            inbox.slots.replace(&claim.id, counted);
        }
    }

    /// Takes in what HubSpot told us of an inbox.
    pub(super) fn state(&mut self, inbox: &Inbox, state: &InboxState) {
        self.of(inbox).state = state.clone();
    }

    /// What an inbox has used.
    pub(super) fn used(&self, inbox: &Inbox) -> InboxUse {
        self.slots.get(inbox).map(|slots| slots.used().clone()).unwrap_or_default()
    }

    /// What every inbox has used. Looks share it: nothing is copied while nothing changes.
    pub(super) fn all(&self) -> Arc<BTreeMap<Inbox, InboxUse>> {
        let used = |(inbox, slots): (&Inbox, &InboxSlots)| (inbox.clone(), slots.used().clone());
        Arc::clone(self.shown.get_or_init(|| Arc::new(self.slots.iter().map(used).collect())))
    }

    /// What HubSpot told us of an inbox.
    pub(super) fn state_of(&self, inbox: &Inbox) -> InboxState {
        self.slots.get(inbox).map(|slots| slots.state.clone()).unwrap_or_default()
    }

    /// Every inbox that HubSpot told us something of.
    pub(super) fn marked(&self) -> Vec<Inbox> {
        let marked = self.slots.iter().filter(|(_, slots)| slots.state != InboxState::default());
        marked.map(|(inbox, _)| inbox.clone()).collect()
    }

    /// Forgets settled slots from before `at`, which nothing counts any more. Those of the last
    /// day before the newest one stay, whatever the clock said that chose `at`.
    pub(super) fn forget_before(&mut self, at: Timestamp) {
        let by_inbox = self.slots.values().map(|inbox| &inbox.slots);
        let by_rule = self.rules.values().map(|slots| &**slots);
        let newest = by_inbox.chain(by_rule).filter_map(Slots::newest).max();
        let Some(newest) = newest else { return };
        self.from = self.from.max(at.min(newest.minus_ms(BUDGET_MS)));
        self.shown = OnceLock::new();
        for inbox in self.slots.values_mut() {
            inbox.slots.forget_before(self.from);
            inbox.shown = OnceLock::new();
        }
        for slots in Arc::make_mut(&mut self.rules).values_mut() {
            Arc::make_mut(slots).forget_before(self.from);
        }
    }

    /// From when settled slots are kept.
    pub(super) fn from(&self) -> Timestamp {
        self.from
    }
}

impl InboxSlots {
    fn used(&self) -> &InboxUse {
        self.shown.get_or_init(|| InboxUse {
            open: self.slots.open(),
            settled: Arc::new(self.slots.settled()),
            last: self.last,
            full_until: self.state.full_until,
            paused: self.state.paused.clone(),
        })
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

#[cfg(test)]
mod tests;
