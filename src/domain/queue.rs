//! Who waits for a sender's budget or pace, and in which order: by when they were first due, then
//! by sequence number (RULES.md section 6). Each waits for a place of their own, so a place that
//! becomes free wakes one person and not everybody.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::id::{ContactId, Inbox, RowId, SenderName};
use super::line::Line;
use super::person::Item;
use super::reason::{Decision, Reason};
use super::rule::RuleSet;
use super::time::{MINUTE_MS, Timestamp};
use super::view::InboxUse;

/// Whoever is due for longer than this and was not decided keeps nobody else from a place.
const OVERDUE_MS_MAX: u64 = MINUTE_MS;

/// A waiter's turn: the smaller one comes first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket {
    first_due: Timestamp,
    /// The sequence number of the delivery that fired it, then its place there.
    sequence: Vec<u64>,
    item: RowId,
}

impl Ticket {
    /// The turn of an item.
    pub fn of(item: &Item) -> Self {
        let numbers = item.id.as_str().split('.').map_while(|part| part.parse().ok());
        Self { first_due: item.first_due, sequence: numbers.collect(), item: item.id.clone() }
    }
}

/// A place in a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    sender: SenderName,
    ticket: Arc<Ticket>,
    due: Timestamp,
}

/// The places of those of a person's items that wait for a sender.
pub fn places(items: &[Item]) -> Vec<Place> {
    let place = |item: &Item| {
        let (sender, due) = awaited(item)?;
        Some(Place { sender: sender.clone(), ticket: Arc::new(Ticket::of(item)), due })
    };
    items.iter().filter_map(place).collect()
}

/// Somebody who waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Waiter {
    contact: ContactId,
    due: Timestamp,
}

/// Whoever waits for one sender.
#[derive(Clone, Debug, Default)]
struct Queue {
    by_turn: Line<Arc<Ticket>, Waiter>,
    /// The same people by when they are due.
    by_due: Line<(Timestamp, Arc<Ticket>), ()>,
}

impl Queue {
    fn put(&mut self, ticket: Arc<Ticket>, waiter: Waiter) {
        if let Some(before) = self.by_turn.insert(Arc::clone(&ticket), waiter) {
            self.by_due.remove(&(before.due, Arc::clone(&ticket)));
        }
        self.by_due.insert((waiter.due, ticket), ());
    }

    fn take(&mut self, ticket: &Arc<Ticket>) {
        if let Some(before) = self.by_turn.remove(ticket) {
            self.by_due.remove(&(before.due, Arc::clone(ticket)));
        }
    }
}

/// Whoever waits, by sender.
#[derive(Clone, Debug, Default)]
pub struct Queues(BTreeMap<SenderName, Arc<Queue>>);

/// Whether an item waits for a sender's place.
pub fn waits(item: &Item) -> bool {
    awaited(item).is_some()
}

/// The sender whose place an item waits for.
fn awaited(item: &Item) -> Option<(&SenderName, Timestamp)> {
    let waits = item.decision == Decision::Wait && item.reason == Reason::BudgetExhausted;
    item.sender.as_ref().filter(|_| waits).zip(item.due)
}

impl Queues {
    /// Takes in what a person's items were and are.
    pub fn change(&mut self, contact: ContactId, before: &[Item], after: &[Item]) {
        self.replace(contact, &places(before), places(after));
    }

    /// The same, by the places they had and have.
    pub fn replace(&mut self, contact: ContactId, before: &[Place], after: Vec<Place>) {
        for place in before {
            if let Some(queue) = self.0.get_mut(&place.sender) {
                Arc::make_mut(queue).take(&place.ticket);
            }
        }
        for Place { sender, ticket, due } in after {
            let queue = self.0.entry(sender).or_default();
            Arc::make_mut(queue).put(ticket, Waiter { contact, due });
        }
        self.0.retain(|_, queue| !queue.by_turn.is_empty());
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many wait for `sender` and come before `ticket`.
    pub fn before(&self, sender: &SenderName, ticket: &Ticket) -> usize {
        self.0.get(sender).map_or(0, |queue| queue.by_turn.rank(|it| **it < *ticket))
    }

    /// How many of them are due at `now`, and will take a place before it.
    pub fn due_before(&self, sender: &SenderName, ticket: &Ticket, now: Timestamp) -> usize {
        let Some(queue) = self.0.get(sender) else { return 0 };
        // Each waits for a place of their own, so few are due within the same minute.
        let oldest = now.minus_ms(OVERDUE_MS_MAX);
        let due = queue.by_due.from(|(due, _)| *due < oldest).map(|(key, ())| key);
        let due = due.take_while(|(due, _)| *due <= now);
        due.filter(|(_, it)| **it < *ticket).count()
    }

    /// Who is to be woken at `now`: for each sender the first in line, as many as there are
    /// places that nobody who is due will take. A place becomes free early where a budget was
    /// raised, a call turned out to have done nothing, or somebody in line stopped waiting.
    pub fn to_wake(
        &self,
        rules: &RuleSet,
        inboxes: &BTreeMap<Inbox, InboxUse>,
        now: Timestamp,
    ) -> Vec<ContactId> {
        let mut woken = Vec::new();
        for (name, queue) in &self.0 {
            let Some(spec) = rules.senders.get(name) else { continue };
            let fresh = InboxUse::default();
            let inbox = inboxes.get(&spec.inbox).unwrap_or(&fresh);
            let free = inbox.free(spec.daily_budget, spec.pace_ms(), now) as usize;
            if free == 0 {
                continue;
            }
            let due = queue.by_due.rank(|(due, _)| *due <= now);
            let all = queue.by_turn.iter().map(|(_, waiter)| waiter);
            let later = all.filter(|waiter| now < waiter.due);
            woken.extend(later.take(free.saturating_sub(due)).map(|waiter| waiter.contact));
        }
        woken
    }
}

/// The items of a person that wait for a place after `now`, due at once.
pub fn woken(items: Vec<Item>, now: Timestamp) -> Vec<Item> {
    let waits = |item: &Item| awaited(item).is_some_and(|(_, due)| now < due);
    let items = items.into_iter().filter(waits);
    items.map(|item| Item { due: Some(now), ..item }).collect()
}

#[cfg(test)]
mod tests;
