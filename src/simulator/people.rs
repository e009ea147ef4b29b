//! Contacts that are merged, deleted, restored and erased for privacy (HUBSPOT.md 1.5 and 5).

use super::hub::Hub;
use super::id::Id;
use super::state::{Contact, Version};

/// Where a merged contact keeps the addresses it had besides the primary one.
pub(super) const OTHER_EMAILS: &str = "hs_additional_emails";
/// What HubSpot names as the source of what a merge writes.
pub(super) const MERGE_SOURCE: &str = "MERGE_OBJECTS";

/// What a merge did.
#[derive(Debug)]
pub(super) struct Merged {
    /// The id that counts now.
    pub(super) id: Id,
    /// Properties whose value the merge wrote.
    pub(super) written: Vec<(String, String)>,
    /// When.
    pub(super) at: i64,
}

impl Hub {
    /// Deletes a contact, under whichever id; its enrollments stay in the record. One that is
    /// erased for privacy cannot be restored.
    pub(super) fn delete_contact(&mut self, id: &Id, privacy: bool) -> Option<Id> {
        let current = self.canonical(id);
        let deleted = || self.deleted.remove(&current).map(|(_, contact)| contact);
        let gone = self.state.contacts.remove(&current).or_else(deleted)?;
        if !privacy {
            self.deleted.insert(current.clone(), (self.now(), gone));
        }
        self.index();
        Some(current)
    }

    /// Brings a deleted contact back. Whether there was one.
    pub(super) fn restore_contact(&mut self, id: &Id) -> bool {
        let Some((_, contact)) = self.deleted.remove(id) else { return false };
        self.state.contacts.insert(id.clone(), contact);
        self.index();
        true
    }

    /// Merges `others` into `primary`, which gets the id `new_id` where one is given. The
    /// primary's values stay; what is blank there comes from the others.
    ///
    /// # Errors
    /// Names the contact that does not exist; nothing is changed then.
    pub(super) fn merge(
        &mut self,
        primary: &Id,
        others: &[Id],
        new_id: Option<Id>,
    ) -> Result<Merged, String> {
        let primary = self.canonical(primary);
        let all: Vec<Id> = std::iter::once(primary.clone())
            .chain(others.iter().map(|o| self.canonical(o)))
            .collect();
        if let Some(missing) = all.iter().find(|id| !self.state.contacts.contains_key(id)) {
            return Err(format!("contact {missing} does not exist"));
        }
        let (id, at) = (new_id.unwrap_or_else(|| primary.clone()), self.now());
        let mut merged = Contact { id: id.clone(), ..Contact::default() };
        let mut written = Vec::new();
        for old in &all {
            let Some(part) = self.state.contacts.remove(old) else { continue };
            merged.merged.extend(part.merged.iter().cloned());
            if *old != id {
                merged.merged.push(old.clone());
            }
            if *old == primary {
                merged.created = part.created;
                merged.properties = part.properties;
                merged.history = part.history;
            } else {
                written.extend(take_over(&mut merged, part, at));
            }
        }
        self.state.contacts.insert(id.clone(), merged);
        for entry in &mut self.state.enrolled {
            if all.contains(&entry.contact) {
                entry.contact = id.clone();
            }
        }
        self.index();
        Ok(Merged { id, written, at })
    }
}

/// What the merged contact takes from another one: values it has none of, and the address.
fn take_over(merged: &mut Contact, part: Contact, at: i64) -> Vec<(String, String)> {
    let mut written = Vec::new();
    for (name, value) in part.properties {
        let own = merged.properties.get(&name).filter(|own| !own.is_empty());
        let (name, value) = match own {
            None => (name, value),
            Some(own) if name == "email" && *own != value => {
                let others = merged.properties.get(OTHER_EMAILS).cloned().unwrap_or_default();
                let all = if others.is_empty() { value } else { format!("{others};{value}") };
                (OTHER_EMAILS.to_owned(), all)
            }
            Some(_) => continue,
        };
        let version =
            Version { value: value.clone(), at, source: MERGE_SOURCE.to_owned(), source_id: None };
        merged.history.entry(name.clone()).or_default().push(version);
        merged.properties.insert(name.clone(), value.clone());
        written.push((name, value));
    }
    written
}
