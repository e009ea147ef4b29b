//! A mistake in the thread that writes stops the store where everybody sees it.

use std::sync::Arc;

use crate::domain::delivery;
use crate::domain::time::Timestamp;
use crate::port::LedgerError;
use crate::store::journal::tests::memory_disk::MemoryDisk;
use crate::store::ledger::{Arrival, Judge};
use crate::store::rig::Rig;

#[test]
fn where_the_writer_gives_up_the_store_has_failed() {
    let rig = Rig::open(&MemoryDisk::default(), Arc::default()).expect("an empty store");
    let mut failure = rig.ledger.failure();
    assert_eq!(*failure.borrow(), None);
    let judge: Arc<Judge> = Arc::new(|_, _, _| panic!("a mistake"));
    let arrival =
        Arrival { delivery: 1, received: Timestamp::default(), items: delivery::read(b"[{}]") };
    let taken = rig.ledger.take_blocking(Arc::new(vec![arrival]), &judge);
    assert_eq!(taken, Err(LedgerError::Stopped));
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let why = runtime.block_on(failure.wait_for(Option::is_some)).expect("it says so").clone();
    assert!(why.is_some_and(|why| why.contains("gave up")));
}
