//! `hubroute backup` and `hubroute restore`.

use std::path::Path;

use indicatif::ProgressBar;

use super::{ExitStatus, fail, finish, progress, store_folder};
use crate::app::SystemClock;
use crate::port::Clock as _;
use crate::store::backup::{BackupError, Manifest, Step, backup, restore};

/// Copies the store beside a running router, or alone.
pub(super) fn take(config: &Path, into: &Path) -> ExitStatus {
    run(config, "backed up", |store, told| backup(store, into, SystemClock.now(), told))
}

/// Makes the store of a backup.
pub(super) fn bring_back(config: &Path, from: &Path) -> ExitStatus {
    run(config, "restored", |store, told| restore(from, store, SystemClock.now(), told))
}

fn run(
    config: &Path,
    what: &str,
    work: impl FnOnce(&Path, &mut dyn FnMut(Step, u64, u64)) -> Result<Manifest, BackupError>,
) -> ExitStatus {
    let store = match store_folder(config) {
        Ok(store) => store,
        Err(status) => return status,
    };
    let bar = progress::bar();
    let ended = work(&store, &mut |_, done, all| show(&bar, done, all));
    bar.finish_and_clear();
    match ended {
        Ok(manifest) => finish(&text(what, &manifest), 0),
        Err(error) => fail(&error, ExitStatus::Environment),
    }
}

/// Each step fills the bar once.
pub(super) fn show(bar: &ProgressBar, done: u64, all: u64) {
    bar.set_length(all);
    bar.set_position(done);
}

fn text(what: &str, manifest: &Manifest) -> String {
    let Manifest { deliveries, ledger, .. } = manifest;
    let (bytes, taken) = (manifest.bytes().div_ceil(1024), manifest.taken_at);
    format!(
        "{what}: deliveries up to {deliveries}, records up to {ledger}, {bytes} KiB, every one \
         read back; taken at {taken}\n"
    )
}
