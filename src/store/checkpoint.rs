//! CHECKPOINT: how far both streams had come at some moment. A journal that ends earlier has
//! lost a segment, which no segment itself can tell.

use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{StoreError, deliveries, ledger};

/// The last record of each stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Checkpoint {
    pub(super) deliveries: u64,
    pub(super) ledger: u64,
}

/// Compares what is there with what was there.
pub(super) fn check(folder: &Path, ends: &Checkpoint) -> Result<(), StoreError> {
    let Ok(text) = fs::read_to_string(folder.join("CHECKPOINT")) else { return Ok(()) };
    let Ok(was) = serde_json::from_str::<Checkpoint>(&text) else { return Ok(()) };
    let lost = |stream, found, expected| Err(StoreError::Lost { stream, found, expected });
    if ends.deliveries < was.deliveries {
        return lost(deliveries::STREAM, ends.deliveries, was.deliveries);
    }
    if ends.ledger < was.ledger {
        return lost(ledger::STREAM, ends.ledger, was.ledger);
    }
    Ok(())
}

/// Replaces the file as a whole.
pub(super) fn write(folder: &Path, ends: &Checkpoint) -> io::Result<()> {
    let text = serde_json::to_string(ends)?;
    let temporary = folder.join("CHECKPOINT.new");
    fs::write(&temporary, text)?;
    fs::File::open(&temporary)?.sync_all()?;
    fs::rename(&temporary, folder.join("CHECKPOINT"))?;
    fs::File::open(folder)?.sync_all()
}
