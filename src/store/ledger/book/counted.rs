//! What is counted of persons and of decision records.

use std::collections::BTreeMap;

use super::keys;
use crate::domain::event::Identity;
use crate::domain::id::RowId;
use crate::domain::person::{Item, Person};
use crate::domain::reason::Decision;
use crate::domain::record::Row;

/// What the rows supersede, as counted: the person's open items, and earlier rows of the same id.
pub(super) fn superseded(person: &Person, rows: &[Row]) -> Vec<Vec<u8>> {
    let mut newest: BTreeMap<&RowId, Vec<u8>> = BTreeMap::new();
    if !rows.is_empty() {
        let counted = |item: &Item| keys::count(item.of_rule(), item.decision, item.reason);
        newest.extend(person.items.iter().map(|item| (&item.id, counted(item))));
    }
    let counted = |row: &Row| keys::count(row.rule.as_ref(), row.decision, row.reason);
    rows.iter().filter_map(|row| newest.insert(&row.id, counted(row))).collect()
}

/// Waiting items, held items, claims in doubt or in need of review.
pub(super) fn open_counts(person: &Person) -> [u64; 3] {
    let items =
        |wanted: fn(&Item) -> bool| person.items.iter().filter(|item| wanted(item)).count() as u64;
    let held = |item: &Item| item.decision == Decision::Hold;
    let doubts = person.claims.iter().filter(|claim| claim.is_doubted());
    [items(Item::is_waiting), items(held), doubts.count() as u64]
}

/// Reads the 32 hexadecimal digits that an identity is shown as.
pub(super) fn identity_from_hex(text: &str) -> Option<Identity> {
    let number = u128::from_str_radix(text, 16).ok()?;
    (text.len() == 32).then_some(Identity(number.to_be_bytes()))
}
