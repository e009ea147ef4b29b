//! Who waits for whose budget, as the index has it.

use std::sync::Arc;

use super::inboxes::{Inboxes, for_each};
use super::keys;
use super::persons::load as person;
use crate::domain::id::ContactId;
use crate::domain::person::{Item, Person};
use crate::domain::queue::Queues;
use crate::store::index::{Index, IndexError};

/// Reads everybody who waits.
pub(super) fn load_all(index: &impl Index) -> Result<Queues, IndexError> {
    let mut waiting = Vec::new();
    for_each(index, keys::WAITING, |key, _| waiting.extend(keys::contact_of(key)))?;
    let mut queues = Queues::default();
    for contact in waiting {
        if let Some(person) = person(index, contact)? {
            queues.change(contact, &[], &person.items);
        }
    }
    Ok(queues)
}

/// The items of a person that are so.
pub(super) fn of(person: &Person, is: fn(&Item) -> bool) -> Vec<Item> {
    person.items.iter().filter(|item| is(item)).cloned().collect()
}

/// Takes in a person's items that waited, and those that do now.
pub(super) fn change(
    inboxes: &mut Arc<Inboxes>,
    contact: ContactId,
    before: &[Item],
    after: &[Item],
) {
    if before != after {
        Arc::make_mut(inboxes).wait(contact, before, after);
    }
}
