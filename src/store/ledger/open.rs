//! Opening the ledger: the index is used when its rows are those the journal made, caught up
//! where it is behind, and rebuilt from the journal in every other case.

use std::sync::Arc;
use std::thread;

use tokio::sync::mpsc;

use super::book::Book;
use super::committer::{Committer, RECORD_VERSION};
use super::meta::Meta;
use super::shared::Shared;
use super::{COMMANDS_MAX, Embedded, keys};
use crate::domain::record::Record;
use crate::store::StoreError;
use crate::store::disk::Disk;
use crate::store::index::{Index, IndexError, verify};
use crate::store::journal::{Entry, Journal, Reader};

/// Records applied between two writes of the index while catching up.
const CATCH_UP_RECORDS: u64 = 64;

/// How a record that begins a compaction begins: the others are not read for it.
const COMPACTION: &[u8] = b"{\"record\":\"compaction-begun\"";

/// Rows removed at once.
const SWEPT_ROWS: usize = 256;

/// Why the index was rebuilt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rebuilt {
    /// What was wrong with it.
    pub why: String,
}

/// An opened ledger.
#[derive(Debug)]
pub struct Opened<D: Disk, I> {
    /// The ledger.
    pub ledger: Embedded<D, I>,
    /// Set where the index had to be rebuilt.
    pub rebuilt: Option<Rebuilt>,
}

/// Reads a record; `None` for a form this version does not know.
pub(in crate::store) fn decode(entry: &Entry) -> Option<Record> {
    if entry.version != RECORD_VERSION {
        return None;
    }
    serde_json::from_slice(&entry.payload).ok()
}

/// A ledger, and the committer that somebody must let work.
pub type Prepared<D, I> = (Opened<D, I>, Committer<D, I>);

impl<D: Disk, I: Index> Embedded<D, I> {
    /// Opens the ledger on `journal`. `existing` is the index as found; `fresh` makes an empty
    /// one in its place; `progress` hears how many records of how many are applied.
    pub fn open(
        journal: Journal<D>,
        existing: Result<I, IndexError>,
        fresh: impl FnOnce() -> Result<I, IndexError>,
        progress: impl FnMut(u64, u64),
    ) -> Result<Opened<D, I>, StoreError> {
        let (opened, committer) = Self::prepare(journal, existing, fresh, progress)?;
        thread::Builder::new()
            .name("committer".to_owned())
            .spawn(move || {
                crate::store::yield_to_intake();
                committer.run();
            })
            .map_err(StoreError::Thread)?;
        Ok(opened)
    }

    /// The same, without a thread: nothing is changed until somebody lets the committer work.
    pub fn prepare(
        journal: Journal<D>,
        existing: Result<I, IndexError>,
        fresh: impl FnOnce() -> Result<I, IndexError>,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<Prepared<D, I>, StoreError> {
        let (first, last) = (journal.reader().first(), journal.next_seq() - 1);
        let usable = existing.map(Arc::new).and_then(|index| {
            verify_index(&*index, last)?;
            let book = Book::open(Arc::clone(&index))?;
            if book.meta.clean < book.meta.swept {
                return Err(IndexError::Damaged("people were erased since it was made".to_owned()));
            }
            if book.meta.applied + 1 < first {
                return Err(IndexError::Damaged("it is older than the journal".to_owned()));
            }
            Ok((index, book))
        });
        let (index, mut book, rebuilt) = match usable {
            Ok((index, book)) => {
                let is_new = book.meta.applied == 0 && last != 0;
                let rebuilt = is_new.then(|| Rebuilt { why: "it was not there".to_owned() });
                (index, book, rebuilt)
            }
            Err(error) if error.is_of_the_disk() => return Err(error.into()),
            Err(error) => {
                let index = Arc::new(fresh()?);
                let book = Book::open(Arc::clone(&index))?;
                let rebuilt = (last != 0).then(|| Rebuilt { why: describe(&error) });
                (index, book, rebuilt)
            }
        };
        catch_up(&mut book, &mut journal.reader(), &mut progress)?;
        if book.meta.compacted < first && first != 1 {
            return Err(StoreError::Beginning { first });
        }
        if rebuilt.is_some() {
            book.begins_clean()?;
        }
        let shared = Arc::new(Shared::new(index, &journal, &book));
        let (commands, queue) = mpsc::channel(COMMANDS_MAX);
        let committer = Committer { journal, book, shared: Arc::clone(&shared), commands: queue };
        Ok((Opened { ledger: Embedded { shared, commands }, rebuilt }, committer))
    }
}

/// Applies what the journal has and the index has not.
fn catch_up<D: Disk, I: Index>(
    book: &mut Book<I>,
    records: &mut Reader<D>,
    progress: &mut impl FnMut(u64, u64),
) -> Result<(), StoreError> {
    let last = records.synced();
    if last <= book.meta.applied {
        return Ok(());
    }
    let first = records.first();
    if book.meta.applied + 1 < first {
        let from = beginning(records, first, progress)?;
        book.begin_partial(from.ok_or(StoreError::Beginning { first })?);
    }
    records.seek(book.meta.applied + 1)?;
    while let Some(entry) = records.advance()? {
        let record = decode(&entry).ok_or(StoreError::UnknownRecord { seq: entry.seq })?;
        book.apply(entry.seq, &record)?;
        if entry.seq.is_multiple_of(CATCH_UP_RECORDS) || entry.seq == last {
            book.write()?;
            progress(entry.seq, last);
        }
    }
    while book.sweep(SWEPT_ROWS)? != 0 {}
    Ok(())
}

/// Where to begin in a journal whose beginning was taken away: the first compaction. One that
/// began there has ended, or nothing before it would have been taken away.
fn beginning<D: Disk>(
    records: &mut Reader<D>,
    first: u64,
    progress: &mut impl FnMut(u64, u64),
) -> Result<Option<u64>, StoreError> {
    let last = records.synced();
    records.seek(first)?;
    while let Some(entry) = records.advance()? {
        if entry.seq.is_multiple_of(CATCH_UP_RECORDS) {
            progress(entry.seq, last);
        }
        if !entry.payload.starts_with(COMPACTION) {
            continue;
        }
        if let Some(Record::CompactionBegun(begun)) = decode(&entry) {
            return Ok((first <= begun.from).then_some(begun.from));
        }
    }
    Ok(None)
}

/// Whether the index is whole, and not ahead of a journal that ends with record `last`; how far
/// it has come.
pub(in crate::store) fn verify_index(index: &impl Index, last: u64) -> Result<u64, IndexError> {
    let meta = Meta::load(index)?;
    verify(index, &meta.tally, keys::META)?;
    if last < meta.applied {
        return Err(IndexError::Damaged("it is ahead of the journal".to_owned()));
    }
    if meta.partial {
        return Err(IndexError::Damaged("its making was cut off".to_owned()));
    }
    Ok(meta.applied)
}

fn describe(error: &IndexError) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
