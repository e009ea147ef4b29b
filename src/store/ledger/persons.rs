//! Persons as they lie in the index, and the union of everybody merged into one.

use std::collections::BTreeSet;

use super::inboxes::for_each;
use super::keys;
use crate::domain::erasure::ErasedIds;
use crate::domain::id::ContactId;
use crate::domain::person::Person;
use crate::store::index::{Index, IndexError};

/// One record of a person by id, as it lies in the index.
pub(super) fn load(index: &impl Index, contact: ContactId) -> Result<Option<Person>, IndexError> {
    index.get(&keys::person(contact))?.as_deref().map(read_person).transpose()
}

pub(super) fn read_person(row: &[u8]) -> Result<Person, IndexError> {
    serde_json::from_slice(row)
        .map_err(|error| IndexError::Damaged(format!("a person's row cannot be read: {error}")))
}

/// Everybody who was erased.
pub(super) fn load_erased(index: &impl Index) -> Result<ErasedIds, IndexError> {
    let mut erased = ErasedIds::new();
    for_each(index, keys::ERASED, |key, _| erased.extend(keys::contact_of(key)))?;
    Ok(erased)
}

/// The id that counts now for `contact`: whatever it was merged into, and so on. Ids that name
/// each other in a circle count as the one the circle is entered at.
pub(super) fn home(
    contact: ContactId,
    person: impl Fn(ContactId) -> Result<Option<Person>, IndexError>,
) -> Result<ContactId, IndexError> {
    let (mut home, mut met) = (contact, BTreeSet::from([contact]));
    while let Some(into) = person(home)?.and_then(|person| person.merged_into)
        && met.insert(into)
    {
        home = into;
    }
    Ok(home)
}

/// See `Book::union`; also used by readers outside the committer.
pub(super) fn unite(
    contact: ContactId,
    person: impl Fn(ContactId) -> Result<Option<Person>, IndexError>,
) -> Result<(Person, Vec<(ContactId, u64)>), IndexError> {
    let mut whole = person(contact)?.unwrap_or_else(|| Person::new(contact));
    if whole.merged_into.is_some() {
        let home = home(contact, &person)?;
        whole = person(home)?.unwrap_or_else(|| Person::new(home));
    }
    let mut versions = vec![(whole.contact, whole.version)];
    let mut merged = whole.merged.clone();
    while let Some(id) = merged.pop() {
        if versions.iter().any(|(known, _)| *known == id) {
            continue;
        }
        if let Some(other) = person(id)? {
            versions.push((id, other.version));
            merged.extend(&other.merged);
            whole.unite(other);
        }
    }
    Ok((whole, versions))
}
