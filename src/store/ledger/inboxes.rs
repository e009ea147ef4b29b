//! Slots of enrollments in memory, by inbox for budgets and by rule for limits
//! (CONSISTENCY.md 6.9 and 6.10).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{keys, waiters};
use crate::domain::claim::Claim;
use crate::domain::id::{ClaimId, ContactId, Inbox, RuleId};
use crate::domain::person::Item;
use crate::domain::queue::Queues;
use crate::domain::record::InboxState;
use crate::domain::slots::{Slot, Slots};
use crate::domain::time::Timestamp;
use crate::domain::view::{InboxUse, RuleSlots};
use crate::store::index::{Index, IndexError};

/// Rows read at once.
const PAGE_ROWS: usize = 4096;

#[derive(Clone, Debug, Default)]
struct InboxSlots {
    slots: Slots,
    /// The last call or enrollment; of what was under way before a restart, only what settled.
    last: Option<Timestamp>,
    state: InboxState,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Inboxes {
    slots: BTreeMap<Inbox, InboxSlots>,
    rules: Arc<RuleSlots>,
    queues: Arc<Queues>,
}

impl Inboxes {
    /// Reads what the index has.
    pub(super) fn load(index: &impl Index) -> Result<Self, IndexError> {
        let queues = Arc::new(waiters::load_all(index)?);
        let mut inboxes = Self { queues, ..Self::default() };
        for_each(index, keys::SLOT, |key, value| {
            if let [inbox, claim] = keys::parts(key)[..]
                && let Some((slot, _, rule)) = keys::slot_of(value)
            {
                if !inbox.is_empty() {
                    let inbox = inboxes.of(&Inbox::from(inbox));
                    inbox.last = inbox.last.max(slot.settled());
                    inbox.slots.set(ClaimId::from(claim), slot);
                }
                inboxes.of_rule(&rule).set(ClaimId::from(claim), slot);
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
        self.slots.entry(inbox.clone()).or_default()
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

    /// Takes in how a claim stands now.
    pub(super) fn claim(&mut self, claim: &Claim) {
        self.of_rule(&claim.rule).claim(claim);
        if let Some(sender) = &claim.sender {
            let inbox = self.of(&sender.inbox);
            if let Some(slot) = Slot::of(claim) {
                inbox.last = inbox.last.max(Some(claim.last_call_at)).max(slot.settled());
            }
            inbox.slots.claim(claim);
        }
    }

    /// Takes in what HubSpot told us of an inbox.
    pub(super) fn state(&mut self, inbox: &Inbox, state: &InboxState) {
        self.of(inbox).state = state.clone();
    }

    /// What an inbox has used.
    pub(super) fn used(&self, inbox: &Inbox) -> InboxUse {
        self.slots.get(inbox).map(InboxSlots::used).unwrap_or_default()
    }

    /// What every inbox has used.
    pub(super) fn all(&self) -> BTreeMap<Inbox, InboxUse> {
        self.slots.iter().map(|(inbox, slots)| (inbox.clone(), slots.used())).collect()
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

    /// Forgets settled slots that no budget counts any more.
    pub(super) fn forget_before(&mut self, at: Timestamp) {
        for slots in self.slots.values_mut() {
            slots.slots.forget_before(at);
        }
        for slots in Arc::make_mut(&mut self.rules).values_mut() {
            Arc::make_mut(slots).forget_before(at);
        }
    }
}

impl InboxSlots {
    fn used(&self) -> InboxUse {
        InboxUse {
            open: self.slots.open(),
            settled: self.slots.settled(),
            last: self.last,
            full_until: self.state.full_until,
            paused: self.state.paused.clone(),
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
