//! A backup taken beside a router is whole, comes back as it was, and says where it is not.

use super::*;
use crate::domain::id::ContactId;
use crate::domain::record::Paused;
use crate::port::Records as _;
use crate::store::verify::IndexFound;
use crate::store::{OpenStore, Store};

fn open(path: &Path) -> OpenStore {
    Store::open(path).expect("a store").open_ledger(|_, _| {}).expect("a ledger")
}

fn write(store: &OpenStore, records: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    for ms in 1..=records {
        let paused = Paused { at: Timestamp::from_unix_ms(ms), paused: ms % 2 == 0 };
        runtime.block_on(store.ledger.pause(paused)).expect("kept");
    }
}

fn take(store: &Path, into: &Path) -> Result<Manifest, BackupError> {
    backup(store, into, Timestamp::from_unix_ms(7), &mut |_, _, _| {})
}

fn bring(from: &Path, store: &Path) -> Result<Manifest, BackupError> {
    restore(from, store, Timestamp::from_unix_ms(9), &mut |_, _, _| {})
}

/// A store with records in two segments, still open, and a backup of it.
fn backed_up() -> (tempfile::TempDir, OpenStore, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = open(&folder.path().join("data"));
    write(&store, 20);
    store.ledger.seal_blocking().expect("sealed");
    write(&store, 10);
    let into = folder.path().join("backup");
    let manifest = take(&folder.path().join("data"), &into).expect("a backup");
    assert_eq!((manifest.ledger, manifest.deliveries), (30, 0), "the newest record is in it");
    (folder, store, into)
}

#[test]
fn a_backup_beside_a_router_comes_back_as_it_was_and_is_marked() {
    let (folder, store, into) = backed_up();
    write(&store, 5);
    let again = folder.path().join("again");
    let manifest = bring(&into, &again).expect("restored");
    assert_eq!(manifest.ledger, 30);
    assert!(matches!(bring(&into, &again), Err(BackupError::StoreThere { .. })), "not twice");
    let found = verify(&again, |_, _| {}).expect("whole");
    assert_eq!((found.ledger.last, found.index), (30, IndexFound::Missing));
    let restored = open(&again);
    assert_eq!(restored.ledger.totals().records, 30, "what came after the backup is not in it");
    let mark = restored.restored().expect("it is marked");
    assert_eq!((mark.taken_at.unix_ms(), mark.restored_at.unix_ms()), (7, 9));
    write(&restored, 3);
    restored.forget_restored().expect("forgotten");
    assert_eq!(restored.restored(), None);
}

#[test]
fn a_folder_that_is_not_empty_and_a_store_that_is_not_there_are_refused() {
    let (folder, _store, into) = backed_up();
    let data = folder.path().join("data");
    assert!(matches!(take(&data, &into), Err(BackupError::NotEmpty { .. })));
    let missing = take(&folder.path().join("nowhere"), &folder.path().join("new"));
    assert!(matches!(missing, Err(BackupError::Store(StoreError::Missing { .. }))));
    assert!(matches!(Store::open(&into), Err(StoreError::Backup { .. })), "no store to run on");
    assert!(matches!(bring(&data, &folder.path().join("b")), Err(BackupError::NoManifest { .. })));
    assert!(!folder.path().join("b").exists(), "nothing was begun");
}

#[test]
fn whatever_is_changed_in_a_backup_is_named_and_not_restored() {
    let (folder, _store, into) = backed_up();
    let segment = into.join("journal/ledger-0000000001.seg");
    let whole = fs::read(&segment).expect("a segment");
    let check = |bytes: &[u8], expected: &str| {
        fs::write(&segment, bytes).expect("written");
        let error = bring(&into, &folder.path().join("new")).expect_err("damaged").to_string();
        assert!(error.contains("ledger-0000000001.seg") && error.contains(expected), "{error}");
        assert!(!folder.path().join("new").exists(), "nothing was begun");
    };
    for at in [0, whole.len() / 2, whole.len() - 1] {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        check(&bytes, "its bytes");
    }
    check(&whole[..whole.len() - 1], "its length");
    check(&[whole.as_slice(), b"x"].concat(), "its length");
    fs::write(&segment, &whole).expect("written");
    bring(&into, &folder.path().join("new")).expect("whole again");
}

#[test]
fn a_restore_that_was_broken_off_leaves_no_store_that_opens() {
    let (folder, _store, into) = backed_up();
    let new = folder.path().join("new");
    bring(&into, &new).expect("restored");
    fs::remove_file(new.join("journal/ledger-0000000002.seg")).expect("removed");
    assert!(matches!(Store::open(&new), Err(StoreError::Lost { .. })));
}

#[test]
fn whoever_was_erased_after_a_backup_is_named_by_it_and_by_those_beside_it() {
    let (folder, store, older) = backed_up();
    let data = folder.path().join("data");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let press = || crate::domain::record::Press {
        what: "forget".to_owned(),
        who: "ann".to_owned(),
        note: String::new(),
    };
    let erase = |id| {
        let erased = store.ledger.erase(Timestamp::from_unix_ms(8), ContactId(id), press());
        runtime.block_on(erased).expect("erased");
    };
    let named = |from: &Path, to: &str| {
        let to = folder.path().join(to);
        bring(from, &to).expect("restored");
        restored(&to).expect("marked").erased
    };
    assert_eq!(named(&older, "a"), [], "nobody yet");
    erase(71);
    assert_eq!(store.tell_backups(), Vec::<PathBuf>::new(), "each could be told");
    assert_eq!(named(&older, "b"), [ContactId(71)], "it was told");
    // One that could not be told hears of it from a newer one of the same portal alone.
    fs::remove_file(older.join("ERASED")).expect("there");
    take(&data, &folder.path().join("newer")).expect("a backup");
    assert_eq!(named(&older, "c"), [], "nobody knows the portal yet");
    let rules = crate::domain::record::RulesAccepted {
        at: Timestamp::from_unix_ms(8),
        portal: crate::domain::id::PortalId(33),
        fingerprint: "0".into(),
        files: Vec::new(),
        previous: 0,
        born: Vec::new(),
    };
    runtime.block_on(store.ledger.accept_rules(rules)).expect("accepted");
    let (last, newest) = (folder.path().join("last"), folder.path().join("newest"));
    take(&data, &last).expect("a backup");
    erase(72);
    take(&data, &newest).expect("a backup");
    assert_eq!(named(&last, "d"), [ContactId(72)], "the newest names it");
    assert_eq!(named(&newest, "e"), [], "it is erased there already");
}
