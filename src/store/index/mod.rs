//! The index: what the journal says, arranged for lookups. It can always be rebuilt.

mod memory;
mod sled;
mod tally;

use std::io;

use thiserror::Error;

pub use memory::MemoryIndex;
pub use sled::SledIndex;
pub use tally::{Tally, verify};

/// A key with its value.
pub type Pair = (Vec<u8>, Vec<u8>);

/// Why the index cannot be used. The answer is always the same: rebuild it.
#[derive(Debug, Error)]
pub enum IndexError {
    /// sled's own error.
    #[error("the index failed")]
    Engine(#[source] ::sled::Error),
    /// sled panicked on what it read.
    #[error("the index is damaged: its engine gave up on it")]
    Panicked,
    /// Its rows are not those that were written.
    #[error("the index is damaged: {0}")]
    Damaged(String),
    /// The disk failed.
    #[error("cannot use the index folder")]
    Io(#[from] io::Error),
}

impl IndexError {
    /// Whether the disk is full or not writable: then there is nothing wrong with the index.
    pub fn is_of_the_disk(&self) -> bool {
        match self {
            Self::Engine(::sled::Error::Io(error)) | Self::Io(error) => {
                super::space::is_of_the_disk(error)
            }
            _ => false,
        }
    }
}

/// One change of one row: its key, and its value or `None` to remove it.
pub type Change = (Vec<u8>, Option<Vec<u8>>);

/// Rows by key. Only the committer writes; everybody reads.
pub trait Index: Send + Sync + 'static {
    /// The value of a key.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError>;
    /// At most `limit` rows from `from` on, in order, whose keys begin with `prefix`.
    fn range(&self, prefix: &[u8], from: &[u8], limit: usize) -> Result<Vec<Pair>, IndexError>;
    /// Makes all changes or none.
    fn apply(&self, changes: &[Change]) -> Result<(), IndexError>;
    /// Waits until everything applied so far would survive a power cut.
    fn flush(&self) -> Result<(), IndexError>;
}
