//! A count and a digest of the rows under each prefix, updated with every change: the proof
//! that the index is the one the journal made (CONSISTENCY.md section 3).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Index, IndexError};

/// Rows read at once while verifying.
const PAGE_ROWS: usize = 4096;

/// Count and digest of the rows whose keys share their first byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Sum {
    rows: u64,
    digest: u64,
}

/// Sums by the first byte of the key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally(BTreeMap<u8, Sum>);

impl Tally {
    /// Takes in that a row changed from `old` to `new`.
    pub fn change(&mut self, key: &[u8], old: Option<&[u8]>, new: Option<&[u8]>) {
        let Some(prefix) = key.first() else { return };
        let sum = self.0.entry(*prefix).or_default();
        if let Some(old) = old {
            sum.rows = sum.rows.wrapping_sub(1);
            sum.digest = sum.digest.wrapping_sub(digest(key, old));
        }
        if let Some(new) = new {
            sum.rows = sum.rows.wrapping_add(1);
            sum.digest = sum.digest.wrapping_add(digest(key, new));
        }
    }

    /// Rows under a prefix.
    pub fn rows(&self, prefix: u8) -> u64 {
        self.0.get(&prefix).map_or(0, |sum| sum.rows)
    }

    fn without_empty(&self) -> BTreeMap<u8, Sum> {
        self.0.iter().filter(|(_, sum)| sum.rows != 0).map(|(key, sum)| (*key, *sum)).collect()
    }
}

/// A row's share of its prefix's digest. Sums do not depend on the order of the rows.
fn digest(key: &[u8], value: &[u8]) -> u64 {
    let crc = crc32c::crc32c_append(crc32c::crc32c(key), value);
    u64::from(crc).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ (key.len() as u64) << 32
}

/// Reads every row but the ones under `except`, and compares with `expected`.
pub fn verify(index: &impl Index, expected: &Tally, except: u8) -> Result<(), IndexError> {
    let mut found = Tally::default();
    let mut from = Vec::new();
    loop {
        let page = index.range(&[], &from, PAGE_ROWS)?;
        let Some((last, _)) = page.last() else { break };
        from.clone_from(last);
        from.push(0);
        for (key, value) in &page {
            if key.first() != Some(&except) {
                found.change(key, None, Some(value));
            }
        }
    }
    if found.without_empty() == expected.without_empty() {
        Ok(())
    } else {
        Err(IndexError::Damaged("its rows are not those that were written".to_owned()))
    }
}
