//! Who was deleted or merged while nobody told us: everybody the store knows is asked for. Who is
//! among the deleted is fed to the intake; who is nowhere was erased, or deleted over 90 days ago
//! (HUBSPOT.md 5), and that is for a person to tell apart.

use std::collections::BTreeSet;

use super::reconcile::{MERGED, Reconciler};
use crate::domain::contact::Contact;
use crate::domain::delivery;
use crate::domain::id::ContactId;
use crate::port::Wanted;

/// Contacts asked for at once.
const AT_ONCE: usize = 100;
/// So many who are nowhere are named; the others are counted.
const NAMED_MAX: usize = 100;

/// See the module.
pub(super) async fn look(of: &Reconciler) -> Result<(), String> {
    let wanted = Wanted { properties: MERGED.map(Into::into).to_vec(), history: Vec::new() };
    let mut after = None;
    loop {
        let ids = of.store.ledger.known_contacts(after, AT_ONCE);
        let ids = ids.map_err(|error| error.to_string())?;
        let Some(last) = ids.last().copied() else { return Ok(()) };
        after = Some(last);
        let read = of.router.contacts(&ids, &wanted).await;
        let read = read.map_err(|failure| failure.message().to_owned())?;
        for contact in &read {
            of.merges(contact).await?;
        }
        let missing = missing(&ids, &read);
        if !missing.is_empty() {
            look_for(of, missing).await?;
        }
    }
}

/// Those who did not answer, under their id or as a part of another.
fn missing(ids: &[ContactId], read: &[Contact]) -> Vec<ContactId> {
    let there: BTreeSet<ContactId> =
        read.iter().flat_map(|it| it.merged.iter().copied().chain([it.id])).collect();
    ids.iter().filter(|id| !there.contains(id)).copied().collect()
}

async fn look_for(of: &Reconciler, missing: Vec<ContactId>) -> Result<(), String> {
    let portal = of.rules.load().portal.id;
    let deleted = of.router.deleted(&missing).await;
    let deleted = deleted.map_err(|failure| failure.message().to_owned())?;
    let mut found = Vec::new();
    for (contact, at) in &deleted {
        let change = delivery::reconciled_deletion((portal, *contact), *at);
        let Ok(event) = delivery::read_item(&change.to_string()) else { continue };
        if !of.store.ledger.knows(&event).map_err(|error| error.to_string())? {
            found.push(change);
        }
    }
    of.feed(&found).await?;
    let is_deleted = |id: &ContactId| deleted.iter().any(|(known, _)| known == id);
    let nowhere: Vec<ContactId> = missing.into_iter().filter(|id| !is_deleted(id)).collect();
    of.set(|it| {
        it.deleted += found.len() as u64;
        it.gone_count += nowhere.len() as u64;
        let room = NAMED_MAX.saturating_sub(it.gone.len());
        it.gone.extend(nowhere.iter().take(room));
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn whoever_answers_under_another_id_is_not_missing() {
        let contact = |id, merged: &[u64]| Contact {
            id: ContactId(id),
            properties: BTreeMap::new(),
            history: BTreeMap::new(),
            merged: merged.iter().copied().map(ContactId).collect(),
        };
        let ids = [1, 2, 3, 4].map(ContactId);
        let read = [contact(1, &[]), contact(9, &[3, 8])];
        assert_eq!(missing(&ids, &read), [ContactId(2), ContactId(4)]);
    }
}
