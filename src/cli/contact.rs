//! Whom people mean: a contact id, the link of a record in HubSpot, or an email address. An
//! address is looked up in what the router has read and stored, so HubSpot is not asked.

use std::path::Path;

use indicatif::ProgressBar;
use thiserror::Error;

use crate::domain::id::ContactId;
use crate::domain::record::Record;
use crate::store::StoreError;
use crate::store::history::History;

/// Why nobody was found.
#[derive(Debug, Error)]
pub enum Unknown {
    /// It is none of the three.
    #[error(
        "\"{0}\" is no contact: give a contact id, an email address, or the link of the record in \
         HubSpot"
    )]
    Form(String),
    /// The address was never read.
    #[error(
        "no contact was ever read with this email address; give the contact id instead, the last \
         number of the record's link in HubSpot"
    )]
    Address,
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Finds the contact that `text` names; `store` is read for an address only.
pub(super) fn find(text: &str, store: &Path, progress: &ProgressBar) -> Result<ContactId, Unknown> {
    let text = text.trim();
    if let Some(id) = id_of(text) {
        return Ok(id);
    }
    if !text.contains('@') || text.contains('/') {
        return Err(Unknown::Form(text.to_owned()));
    }
    let mut history = History::open(store)?;
    progress.set_length(history.last());
    let mut found = None;
    while let Some((seq, record)) = history.advance()? {
        progress.set_position(seq);
        if let Record::Turn(turn) = record
            && let Some(viewed) = turn.viewed
            && viewed.email().is_some_and(|email| email.eq_ignore_ascii_case(text))
        {
            found = Some(viewed.id);
        }
    }
    found.ok_or(Unknown::Address)
}

/// A number, or the last number of a link: `…/contacts/PORTAL/record/0-1/51`, `…/contact/51`.
fn id_of(text: &str) -> Option<ContactId> {
    let number = |text: &str| text.parse().ok().map(ContactId);
    if let Some(id) = number(text) {
        return Some(id);
    }
    let path = text.split(['?', '#']).next()?;
    let is_link = path.contains("hubspot") && path.contains("/contact") || path.contains("/0-1/");
    let last = path.trim_end_matches('/').rsplit('/').find(|part| part.parse::<u64>().is_ok())?;
    is_link.then(|| number(last)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<u64>) {
        assert_eq!(id_of(text), expected.map(ContactId), "{text}");
    }

    #[test]
    fn ids_and_links_are_understood() {
        check("51", Some(51));
        check("https://app.hubspot.com/contacts/7/record/0-1/51", Some(51));
        check("https://app-eu1.hubspot.com/contacts/7/record/0-1/51/?eschref=%2Fx%2F9", Some(51));
        check("https://app.hubspot.com/contacts/7/contact/51/", Some(51));
        check("ann@bigco.example", None);
        check("https://example.com/51", None);
        check("ann", None);
    }
}
