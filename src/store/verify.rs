//! Verifying a store: every segment is read, every checksum, number and chain compared. Nothing
//! is changed, and it runs beside a router.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use super::history::ReadOnly;
use super::index::{Index as _, SledIndex};
use super::journal::{Reader, glance, newest_is_whole};
use super::{Lock, StoreError, checkpoint, deliveries, ledger, version};
use crate::domain::erasure::ErasedIds;
use crate::domain::id::{ContactId, PortalId};
use crate::domain::record::{Record, TakenEvent};

/// A stream that is being written may look damaged where it was read too early: it is read again.
const LOOKS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(200);
/// Records between two words about the progress.
const TOLD_EVERY: u64 = 1024;

/// What was read of one stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stream {
    /// Segments.
    pub segments: usize,
    /// The first record there is.
    pub first: u64,
    /// The last one; 0 for none.
    pub last: u64,
    /// Bytes of payload.
    pub bytes: u64,
}

/// What was found of the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexFound {
    /// Its rows are those that were counted, up to this record.
    Whole {
        /// The last record applied.
        applied: u64,
    },
    /// It is damaged or from another version: the next start makes it anew.
    ToBeRebuilt(String),
    /// A router has it.
    InUse,
    /// There is none: the next start makes it.
    Missing,
}

/// A whole store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// What HubSpot sent.
    pub deliveries: Stream,
    /// What was decided.
    pub ledger: Stream,
    /// Persons whose chain of records was followed.
    pub persons: usize,
    /// The index.
    pub index: IndexFound,
    /// The portal it belongs to, once a rule set was accepted.
    pub portal: Option<PortalId>,
    /// Everybody who was erased.
    pub erased: ErasedIds,
}

/// Reads the store in `path`; `progress` hears how many records of how many were read. The first
/// damage of the journal ends it.
pub fn verify(path: &Path, mut progress: impl FnMut(u64, u64)) -> Result<Verified, StoreError> {
    let folder = path.join("journal");
    if !folder.is_dir() {
        return Err(StoreError::Missing { path: path.to_owned() });
    }
    version::check(path)?;
    // Held, where nobody has it, so that no router begins meanwhile.
    let lock = Lock::take(path);
    let disk = ReadOnly::of(folder);
    for stream in [deliveries::STREAM, ledger::STREAM] {
        newest(&disk, stream)?;
    }
    let mut inbound = glance(&disk, deliveries::STREAM)?;
    let mut records = glance(&disk, ledger::STREAM)?;
    let all = span(&inbound) + span(&records);
    let mut read = 0;
    let mut count = || {
        read += 1;
        if read % TOLD_EVERY == 0 || read == all {
            progress(read, all);
        }
    };
    let mut found = stream(&disk, deliveries::STREAM, &inbound)?;
    while let Some(entry) = next(&mut inbound)? {
        found.bytes += entry.payload.len() as u64;
        count();
    }
    let deliveries = found;
    let mut ledger = stream(&disk, ledger::STREAM, &records)?;
    let (mut portal, mut erased) = (None, ErasedIds::new());
    let mut chains = Chains { first: ledger.first, ..Chains::default() };
    while let Some(entry) = next(&mut records)? {
        ledger.bytes += entry.payload.len() as u64;
        let record = ledger::decode(&entry).ok_or(StoreError::UnknownRecord { seq: entry.seq })?;
        chains.follow(entry.seq, &record)?;
        portal = portal_of(&record).or(portal);
        erased.extend(record.erases());
        if let Record::Kept(kept) = &record {
            let theirs = kept.persons.iter().filter(|person| person.erased.is_some());
            erased.extend(theirs.map(|person| person.contact));
        }
        count();
    }
    if lock.is_ok() {
        let ends = checkpoint::Checkpoint { deliveries: deliveries.last, ledger: ledger.last };
        checkpoint::check(path, &ends)?;
    }
    let index = match &lock {
        Err(_) => IndexFound::InUse,
        Ok(_) => index(&path.join("index"), ledger.last),
    };
    let persons = chains.last_rows.len();
    Ok(Verified { deliveries, ledger, persons, index, portal, erased })
}

fn portal_of(record: &Record) -> Option<PortalId> {
    match record {
        Record::RulesAccepted(rules) => Some(rules.portal),
        Record::CompactionBegun(begun) => begun.portal,
        _ => None,
    }
}

/// The newest segment, which readers leave where they find no further frame.
fn newest(disk: &ReadOnly, stream: &'static str) -> Result<(), StoreError> {
    let mut found = newest_is_whole(disk, stream);
    for _ in 1..LOOKS {
        if found.is_ok() {
            break;
        }
        std::thread::sleep(PAUSE);
        found = newest_is_whole(disk, stream);
    }
    Ok(found?)
}

fn span(reader: &Reader<ReadOnly>) -> u64 {
    (reader.synced() + 1).saturating_sub(reader.first())
}

fn stream(disk: &ReadOnly, name: &str, reader: &Reader<ReadOnly>) -> Result<Stream, StoreError> {
    use super::disk::Disk as _;
    let names = disk
        .list()
        .map_err(|source| StoreError::Folder { path: disk.path().to_owned(), source })?;
    let ours = |it: &&String| {
        it.strip_prefix(name).is_some()
            && Path::new(it.as_str()).extension().is_some_and(|extension| extension == "seg")
    };
    let segments = names.iter().filter(ours).count();
    Ok(Stream { segments, first: reader.first(), last: reader.synced(), bytes: 0 })
}

fn next(reader: &mut Reader<ReadOnly>) -> Result<Option<super::journal::Entry>, StoreError> {
    // An empty stream has no first record to go to.
    if reader.synced() < reader.first() {
        return Ok(None);
    }
    Ok(reader.advance()?)
}

/// Each record of a person names the one before it.
#[derive(Debug, Default)]
struct Chains {
    /// The first record there still is: chains may lead before it.
    first: u64,
    last_rows: HashMap<ContactId, u64>,
}

impl Chains {
    fn follow(&mut self, seq: u64, record: &Record) -> Result<(), StoreError> {
        match record {
            Record::Taken(taken) => {
                taken.events.iter().try_for_each(|event| self.event(seq, event))
            }
            Record::Turn(turn) => {
                self.link(seq, (turn.contact, turn.previous), !turn.rows.is_empty())
            }
            Record::Kept(kept) => {
                for person in &kept.persons {
                    self.link(seq, (person.contact, person.last_row), false)?;
                    self.last_rows.insert(person.contact, person.last_row);
                }
                for contact in &kept.forgotten {
                    self.last_rows.remove(contact);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn event(&mut self, seq: u64, event: &TakenEvent) -> Result<(), StoreError> {
        let Some(contact) = event.contact else { return Ok(()) };
        self.link(seq, (contact, event.previous), !event.rows.is_empty())
    }

    fn link(
        &mut self,
        seq: u64,
        (contact, previous): (ContactId, u64),
        has_rows: bool,
    ) -> Result<(), StoreError> {
        let known = self.last_rows.get(&contact).copied();
        let fits = match known {
            Some(last) => last == previous,
            // The first one there still is.
            None => previous == 0 || previous < self.first,
        };
        if !fits {
            return Err(StoreError::Chain { seq, previous, expected: known.unwrap_or_default() });
        }
        if has_rows {
            self.last_rows.insert(contact, seq);
        }
        Ok(())
    }
}

/// The index, where nobody else has it.
fn index(path: &Path, last: u64) -> IndexFound {
    if !path.is_dir() || fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none()) {
        return IndexFound::Missing;
    }
    let found = SledIndex::open(path).and_then(|index| {
        let applied = ledger::verify_index(&index, last)?;
        index.flush()?;
        Ok(applied)
    });
    match found {
        // sled takes what it cannot read at all for a new one.
        Ok(0) if last != 0 => IndexFound::ToBeRebuilt("the index is empty".to_owned()),
        Ok(applied) => IndexFound::Whole { applied },
        Err(error) => IndexFound::ToBeRebuilt(error.to_string()),
    }
}

#[cfg(test)]
mod tests;
