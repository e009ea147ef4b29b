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

/// What decisions see. A copy shares what does not change.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    /// What every inbox has used.
    pub(super) inboxes: BTreeMap<Inbox, InboxUse>,
    /// Enrollments by rule.
    pub(super) rules: Arc<RuleSlots>,
    /// Who waits for whose budget.
    pub(super) queues: Arc<Queues>,
    /// What HubSpot told us of inboxes.
    states: BTreeMap<Inbox, InboxState>,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Inboxes {
    /// The place each claim takes up, for as long as anything counts it.
    places: BTreeMap<ClaimId, Slot>,
    slots: BTreeMap<Inbox, Slots>,
    seen: Arc<Seen>,
}

impl Inboxes {
    /// Reads what the index has.
    pub(super) fn load(index: &impl Index) -> Result<Self, IndexError> {
        let queues = Arc::new(waiters::load_all(index)?);
        let mut seen = Seen { queues, ..Seen::default() };
        let mut inboxes = Self::default();
        for_each(index, keys::SLOT, |key, value| {
            if let [inbox, claim] = keys::parts(key)[..]
                && let Some((slot, _, rule)) = keys::slot_of(value)
            {
                if !inbox.is_empty() {
                    let inbox = Inbox::from(inbox);
                    let used = seen.inboxes.entry(inbox.clone()).or_default();
                    used.last = used.last.max(slot.settled());
                    inboxes.slots.entry(inbox).or_default().add(slot);
                }
                of_rule(&mut seen, &rule).add(slot);
                inboxes.places.insert(ClaimId::from(claim), slot);
            }
        })?;
        for_each(index, keys::INBOX, |key, value| {
            if let [inbox] = keys::parts(key)[..]
                && let Ok(state) = serde_json::from_slice(value)
            {
                seen.states.insert(Inbox::from(inbox), state);
            }
        })?;
        inboxes.seen = Arc::new(seen);
        let known = inboxes.slots.keys().chain(inboxes.seen.states.keys());
        let known: Vec<Inbox> = known.cloned().collect();
        for inbox in &known {
            inboxes.show(inbox);
        }
        Ok(inboxes)
    }

    /// What decisions see of it now.
    pub(super) fn seen(&self) -> &Arc<Seen> {
        &self.seen
    }

    /// Takes in a person's items that waited, and all that they have now.
    pub(super) fn wait(&mut self, contact: ContactId, before: &[Item], after: &[Item]) {
        let queues = &mut Arc::make_mut(&mut self.seen).queues;
        Arc::make_mut(queues).change(contact, before, after);
    }

    /// Takes in how a claim stands now.
    pub(super) fn claim(&mut self, claim: &Claim) {
        let now = Slot::of(claim);
        let before = match now {
            Some(slot) => self.places.insert(claim.id.clone(), slot),
            None => self.places.remove(&claim.id),
        };
        let change = |slots: &mut Slots| {
            if let Some(slot) = before {
                slots.remove(slot);
            }
            if let Some(slot) = now {
                slots.add(slot);
            }
        };
        let seen = Arc::make_mut(&mut self.seen);
        change(of_rule(seen, &claim.rule));
        let Some(sender) = &claim.sender else { return };
        if let Some(slot) = now {
            let used = seen.inboxes.entry(sender.inbox.clone()).or_default();
            used.last = used.last.max(Some(claim.last_call_at)).max(slot.settled());
        }
        change(self.slots.entry(sender.inbox.clone()).or_default());
        self.show(&sender.inbox);
    }

    /// Takes in what HubSpot told us of an inbox.
    pub(super) fn state(&mut self, inbox: &Inbox, state: &InboxState) {
        Arc::make_mut(&mut self.seen).states.insert(inbox.clone(), state.clone());
        self.show(inbox);
    }

    /// Shows what an inbox has used now.
    fn show(&mut self, inbox: &Inbox) {
        let Seen { inboxes, states, .. } = Arc::make_mut(&mut self.seen);
        let used = inboxes.entry(inbox.clone()).or_default();
        if let Some(slots) = self.slots.get(inbox) {
            used.open = slots.open();
            used.settled = Arc::new(slots.settled());
        }
        if let Some(state) = states.get(inbox) {
            used.full_until = state.full_until;
            used.paused.clone_from(&state.paused);
        }
    }

    /// What an inbox has used.
    pub(super) fn used(&self, inbox: &Inbox) -> InboxUse {
        self.seen.inboxes.get(inbox).cloned().unwrap_or_default()
    }

    /// What HubSpot told us of an inbox.
    pub(super) fn state_of(&self, inbox: &Inbox) -> InboxState {
        self.seen.state_of(inbox)
    }

    /// Every inbox that HubSpot told us something of.
    pub(super) fn marked(&self) -> Vec<Inbox> {
        let marked = self.seen.states.iter().filter(|(_, state)| **state != InboxState::default());
        marked.map(|(inbox, _)| inbox.clone()).collect()
    }

    /// Forgets settled slots that no budget counts any more.
    pub(super) fn forget_before(&mut self, at: Timestamp) {
        self.places.retain(|_, slot| slot.settled().is_none_or(|since| at <= since));
        let rules = &mut Arc::make_mut(&mut self.seen).rules;
        for slots in Arc::make_mut(rules).values_mut() {
            Arc::make_mut(slots).forget_before(at);
        }
        self.slots.values_mut().for_each(|slots| slots.forget_before(at));
        let inboxes: Vec<Inbox> = self.slots.keys().cloned().collect();
        for inbox in &inboxes {
            self.show(inbox);
        }
    }
}

impl Seen {
    /// What HubSpot told us of an inbox.
    pub(super) fn state_of(&self, inbox: &Inbox) -> InboxState {
        self.states.get(inbox).cloned().unwrap_or_default()
    }
}

fn of_rule<'a>(seen: &'a mut Seen, rule: &RuleId) -> &'a mut Slots {
    Arc::make_mut(Arc::make_mut(&mut seen.rules).entry(rule.clone()).or_default())
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
