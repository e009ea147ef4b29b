//! What the journal holds after the last delivery that was taken. A disk that refuses to be read
//! (a bad moment of it, too few open files) does not end the intake.

use super::next_batch;
use crate::store::disk::Disk;
use crate::store::journal::{JournalError, Reader};
use crate::store::ledger::Arrival;

/// See the module.
#[derive(Debug)]
pub(super) struct Source<D: Disk> {
    reader: Reader<D>,
    /// The reader stands behind the last delivery that was taken.
    placed: bool,
}

impl<D: Disk> Source<D> {
    pub(super) fn new(reader: Reader<D>) -> Self {
        Self { reader, placed: false }
    }

    /// The next deliveries after `last`, with about `events_max` events. `tell` hears each error
    /// of the disk, and `None` once it is over; where it says no there is an end (`None`). Damage
    /// is an error: trying again mends nothing.
    pub(super) fn after(
        &mut self,
        last: u64,
        events_max: usize,
        mut tell: impl FnMut(Option<&JournalError>) -> bool,
    ) -> Result<Option<Vec<Arrival>>, JournalError> {
        let mut was_refused = false;
        loop {
            match self.read(last, events_max) {
                Ok(batch) => {
                    let goes_on = !was_refused || tell(None);
                    return Ok(goes_on.then_some(batch));
                }
                Err(error @ JournalError::Io { .. }) => {
                    // It may have read some of them already.
                    (self.placed, was_refused) = (false, true);
                    if !tell(Some(&error)) {
                        return Ok(None);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn read(&mut self, last: u64, events_max: usize) -> Result<Vec<Arrival>, JournalError> {
        if !self.placed {
            // Also where nothing is new yet: a reader that was never placed begins at the
            // beginning.
            self.reader.seek(last + 1)?;
            self.placed = true;
        }
        next_batch(&mut self.reader, events_max)
    }
}

#[cfg(test)]
mod tests;
