//! MANIFEST: what a backup holds. It is written last: a folder without one is no backup.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::pour::{Poured, pour, sync_folder};
use super::{BackupError, Progress, Step};
use crate::domain::erasure::ErasedIds;
use crate::domain::id::PortalId;
use crate::domain::time::Timestamp;
use crate::store::checkpoint::Checkpoint;
use crate::store::verify::{Verified, verify};

/// The file's name.
pub const MANIFEST: &str = "MANIFEST";

/// A file that was copied, by its path from the backup's folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CopiedFile {
    pub(super) name: String,
    #[serde(flatten)]
    pub(super) poured: Poured,
}

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of hubroute that took it.
    pub version: String,
    /// When, in milliseconds since the Unix epoch.
    pub taken_at: Timestamp,
    /// The last delivery in it; 0 for none.
    pub deliveries: u64,
    /// The last record of the ledger in it; 0 for none.
    pub ledger: u64,
    /// The portal it is of, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portal: Option<PortalId>,
    /// Everybody who was erased before it: an older backup must not bring them back.
    #[serde(default, skip_serializing_if = "ErasedIds::is_empty")]
    pub erased: ErasedIds,
    pub(super) files: Vec<CopiedFile>,
}

impl Manifest {
    pub(super) fn of(
        files: &[CopiedFile],
        ends: &Checkpoint,
        found: Verified,
        taken_at: Timestamp,
    ) -> Self {
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            taken_at,
            deliveries: ends.deliveries,
            ledger: ends.ledger,
            portal: found.portal,
            erased: found.erased,
            files: files.to_vec(),
        }
    }

    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.poured.bytes).sum()
    }

    /// Writes it, durably and as a whole.
    pub(super) fn write(&self, folder: &Path) -> Result<(), BackupError> {
        let temporary = folder.join("MANIFEST.new");
        let text = serde_json::to_string_pretty(self).map_err(std::io::Error::from);
        text.and_then(|text| fs::write(&temporary, text + "\n"))
            .and_then(|()| fs::File::open(&temporary)?.sync_all())
            .and_then(|()| fs::rename(&temporary, folder.join(MANIFEST)))
            .map_err(BackupError::file(&temporary))?;
        sync_folder(folder)
    }

    /// Reads that of the backup in `folder`.
    pub(super) fn read(folder: &Path) -> Result<Self, BackupError> {
        let text = fs::read_to_string(folder.join(MANIFEST)).ok();
        let manifest: Option<Self> = text.and_then(|text| serde_json::from_str(&text).ok());
        let is_inside = |name: &str| {
            let segment = name.strip_prefix("journal/").and_then(|it| it.strip_suffix(".seg"));
            segment.is_some_and(|it| !it.contains('/'))
        };
        manifest
            .filter(|it| it.files.iter().all(|file| is_inside(&file.name)))
            .ok_or_else(|| BackupError::NoManifest { path: folder.to_owned() })
    }

    /// Reads every file, into `into` where that is given, and compares it with what was copied.
    pub(super) fn pour(
        &self,
        folder: &Path,
        into: Option<&Path>,
        progress: Progress<'_>,
    ) -> Result<(), BackupError> {
        let step = if into.is_some() { Step::Copying } else { Step::Comparing };
        let (all, mut done) = (self.bytes(), 0);
        for file in &self.files {
            let target = into.map(|into| into.join(&file.name));
            // One byte more shows a file that has grown.
            let limit = file.poured.bytes.saturating_add(1);
            let poured = pour(&folder.join(&file.name), target.as_deref(), limit, &mut |read| {
                done += read;
                progress(step, done.min(all), all);
            })?;
            if poured != file.poured {
                let what =
                    if poured.bytes == file.poured.bytes { "its bytes" } else { "its length" };
                return Err(BackupError::Damaged { name: file.name.clone(), what });
            }
        }
        Ok(())
    }
}

/// Whether the folder says that it is a backup.
pub fn is_backup(folder: &Path) -> bool {
    folder.join(MANIFEST).exists()
}

/// Reads a whole backup: its files against its manifest, then every record. Changes nothing.
pub fn verify_backup(
    folder: &Path,
    progress: Progress<'_>,
) -> Result<(Manifest, Verified), BackupError> {
    let manifest = Manifest::read(folder)?;
    manifest.pour(folder, None, progress)?;
    let found = verify(folder, |read, all| progress(Step::Reading, read, all))?;
    // Its reading took a lock, where it could; a backup has none.
    fs::remove_file(folder.join("LOCK")).ok();
    Ok((manifest, found))
}
