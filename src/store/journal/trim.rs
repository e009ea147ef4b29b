//! Taking whole segments away from the front of a stream, once nothing needs them any more.
//!
//! One segment at a time, the oldest first, its name durably gone before the next one goes: a
//! crash at any step leaves a stream without a gap.

use std::io;
use std::sync::{Arc, PoisonError};

use super::{Journal, JournalError, Reader, Shared, segment};
use crate::store::disk::{Disk, DiskFile};

/// One segment of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Its number.
    pub number: u64,
    /// The number of its first record.
    pub first: u64,
    /// The first record of the next segment; `None` for the one that is written.
    pub end: Option<u64>,
}

/// Takes segments away. It works beside the writer and the readers.
#[derive(Debug)]
pub struct Trimmer<D: Disk> {
    shared: Arc<Shared<D>>,
}

impl<D: Disk> Clone for Trimmer<D> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<D: Disk> Journal<D> {
    /// Takes segments of this stream away.
    pub fn trimmer(&self) -> Trimmer<D> {
        Trimmer { shared: Arc::clone(&self.shared) }
    }
}

impl<D: Disk> Trimmer<D> {
    /// A reader of the same stream.
    pub fn reader(&self) -> Reader<D> {
        Reader::new(Arc::clone(&self.shared))
    }

    /// Every segment, oldest first.
    pub fn extents(&self) -> Vec<Extent> {
        let segments = self.shared.segments();
        let ends = segments.iter().skip(1).map(|(_, first)| Some(*first)).chain([None]);
        let extents = segments.iter().zip(ends);
        extents.map(|(&(number, first), end)| Extent { number, first, end }).collect()
    }

    /// The bytes that the stream takes on disk, the prepared segment included.
    pub fn bytes(&self) -> io::Result<u64> {
        let ours = |name: &String| name.strip_prefix(self.shared.stream).is_some();
        let names = self.shared.disk.list()?.into_iter().filter(ours);
        let mut bytes = 0;
        for name in names {
            match self.shared.disk.open(&name).and_then(|file| file.bytes()) {
                Ok(length) => bytes += length,
                // Taken away, or renamed, since the folder was listed.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(bytes)
    }

    /// Takes the oldest segment away when all its records are numbered below `seq`; never the
    /// one that is written. `None`: there was nothing to take.
    pub fn remove_before(&self, seq: u64) -> Result<Option<Extent>, JournalError> {
        let _files = self.shared.files.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = self.extents().into_iter().next();
        let Some(oldest) = oldest.filter(|it| it.end.is_some_and(|end| end <= seq)) else {
            return Ok(None);
        };
        // Readers are told first: a record that may be gone is not looked for.
        let mut segments = self.shared.segments.lock().unwrap_or_else(PoisonError::into_inner);
        segments.retain(|(number, _)| *number != oldest.number);
        drop(segments);
        let name = segment::name(self.shared.stream, oldest.number);
        let removed = self.shared.disk.remove(&name);
        let gone = match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => self.shared.disk.sync_names(),
        };
        if let Err(error) = gone {
            // Until its name is durably gone no other may go.
            self.shared.register(oldest.number, oldest.first);
            return Err(JournalError::io(&name, error));
        }
        Ok(Some(oldest))
    }
}
