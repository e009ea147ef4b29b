//! Persons as they lie in the index, and the union of everybody merged into one.

use super::keys;
use crate::domain::id::ContactId;
use crate::domain::person::Person;
use crate::store::index::{Index, IndexError};

/// Ids a person may have been merged through, one after the other.
const MERGES_MAX: usize = 16;

/// One record of a person by id, as it lies in the index.
pub(super) fn load(index: &impl Index, contact: ContactId) -> Result<Option<Person>, IndexError> {
    index.get(&keys::person(contact))?.as_deref().map(read_person).transpose()
}

pub(super) fn read_person(row: &[u8]) -> Result<Person, IndexError> {
    serde_json::from_slice(row)
        .map_err(|error| IndexError::Damaged(format!("a person's row cannot be read: {error}")))
}

/// See `Book::union`; also used by readers outside the committer.
pub(super) fn unite(
    contact: ContactId,
    person: impl Fn(ContactId) -> Result<Option<Person>, IndexError>,
) -> Result<(Person, Vec<(ContactId, u64)>), IndexError> {
    let mut whole = person(contact)?.unwrap_or_else(|| Person::new(contact));
    for _ in 0..MERGES_MAX {
        let Some(into) = whole.merged_into else { break };
        whole = person(into)?.unwrap_or_else(|| Person::new(into));
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
