//! A mistake in the thread that keeps deliveries stops the store where everybody sees it.

use super::*;
use crate::store::journal::tests::memory_disk::MemoryDisk;

/// Its length can be asked for, and no more.
struct Brittle(AtomicBool);

impl AsRef<[u8]> for Brittle {
    fn as_ref(&self) -> &[u8] {
        assert!(!self.0.swap(true, Ordering::SeqCst), "a mistake");
        b"[]"
    }
}

#[test]
fn where_the_keeper_gives_up_nothing_is_kept_and_the_store_has_failed() {
    let (journal, _) = Journal::open(&MemoryDisk::default(), STREAM).expect("an empty one");
    let deliveries = Deliveries::start(journal).expect("a thread");
    let mut failure = deliveries.failure();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let brittle = Box::new(Brittle(AtomicBool::new(false)));
    let kept = runtime.block_on(deliveries.keep(Timestamp::default(), brittle));
    assert_eq!(kept, Err(NotKept::Stopped));
    let why = runtime.block_on(failure.wait_for(Option::is_some)).expect("it says so").clone();
    assert!(why.is_some_and(|why| why.contains("gave up")));
    let later = runtime.block_on(deliveries.append_found(Vec::new(), Timestamp::default()));
    assert_eq!(later, Err(NotKept::Stopped));
}
