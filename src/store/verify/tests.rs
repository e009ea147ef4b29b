//! A store as it was written is whole; whatever is changed in it is named.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::domain::record::Paused;
use crate::domain::time::Timestamp;
use crate::store::Store;

/// A store with a few records, and nobody in it.
fn store() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path()).expect("a store");
    let store = store.open_ledger(|_, _| {}).expect("a ledger");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    for ms in 1..=30 {
        let paused = Paused { at: Timestamp::from_unix_ms(ms), paused: ms % 2 == 0 };
        runtime.block_on(store.ledger.pause(paused)).expect("kept");
    }
    runtime.block_on(store.ledger.flush()).expect("on disk");
    let beside = verify(folder.path(), |_, _| {}).expect("whole");
    assert_eq!(beside.index, IndexFound::InUse);
    let mut ends = [store.deliveries.failure(), store.ledger.failure()];
    store.deliveries.close();
    drop(store);
    for end in &mut ends {
        runtime.block_on(async { while end.changed().await.is_ok() {} });
    }
    folder
}

fn segment(folder: &Path) -> PathBuf {
    folder.join("journal/ledger-0000000001.seg")
}

#[test]
fn a_whole_store_is_told_in_figures() {
    let folder = store();
    let mut told = 0;
    let found = verify(folder.path(), |read, _| told = read).expect("whole");
    assert_eq!((found.ledger.first, found.ledger.last, found.ledger.segments), (1, 30, 1));
    assert_eq!(found.index, IndexFound::Whole { applied: 30 });
    assert_eq!(told, 30);
    assert!(matches!(verify(Path::new("nowhere"), |_, _| {}), Err(StoreError::Missing { .. })));
}

#[test]
fn a_changed_byte_is_named_with_segment_and_offset() {
    let folder = store();
    let whole = fs::read(segment(folder.path())).expect("a segment");
    let end = whole.iter().rposition(|byte| *byte != 0).expect("frames");
    for from in [40, end / 2, end - 100] {
        // What fills a frame up to eight bytes is zero, says nothing, and is not looked at.
        let at = (from..whole.len()).find(|at| whole[*at] != 0).expect("a byte of a frame");
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        fs::write(segment(folder.path()), bytes).expect("written");
        let found = verify(folder.path(), |_, _| {}).expect_err("damaged").to_string();
        assert!(found.contains("ledger-0000000001.seg at offset"), "{found}");
    }
}

#[test]
fn a_cut_journal_and_a_damaged_index_are_noticed() {
    let folder = store();
    fs::write(folder.path().join("index/db"), [7; 4096]).expect("written");
    let found = verify(folder.path(), |_, _| {}).expect("the journal is whole");
    assert!(matches!(found.index, IndexFound::ToBeRebuilt(_)), "{:?}", found.index);
    let ends = checkpoint::Checkpoint { deliveries: 0, ledger: 31 };
    checkpoint::write(folder.path(), &ends).expect("written");
    let found = verify(folder.path(), |_, _| {}).expect_err("a record is missing");
    assert!(matches!(found, StoreError::Lost { .. }), "{found}");
}

#[test]
fn a_record_that_follows_another_one_than_it_says_is_noticed() {
    use crate::domain::record::{Step, Turn};
    let turn = |previous| {
        let turn =
            Turn { previous, ..Turn::new(Step::Decided, ContactId(7), Timestamp::default()) };
        Record::Turn(Box::new(turn))
    };
    let mut chains = Chains { first: 10, last_rows: HashMap::from([(ContactId(7), 12)]) };
    assert!(chains.follow(13, &turn(12)).is_ok());
    assert!(matches!(chains.follow(14, &turn(11)), Err(StoreError::Chain { .. })));
    let mut chains = Chains { first: 10, ..Chains::default() };
    assert!(chains.follow(13, &turn(9)).is_ok(), "before the first there is");
    assert!(chains.follow(13, &turn(11)).is_err());
}
