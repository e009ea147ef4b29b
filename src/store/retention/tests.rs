//! Months of events on small segments: the disk stays bounded, and what is left is enough.

use std::sync::Arc;

use super::Keep;
use crate::domain::id::ContactId;
use crate::domain::query::DecisionQuery;
use crate::domain::time::{DAY_MS, HOUR_MS, Timestamp};
use crate::port::{Ledger as _, Records as _};
use crate::store::StoreError;
use crate::store::disk::Disk as _;
use crate::store::index::{MemoryIndex, Pair};
use crate::store::journal::tests::memory_disk::MemoryDisk;
use crate::store::rig::Rig;

const KEEP: Keep = Keep { deliveries_ms: 10 * DAY_MS, history_ms: 60 * DAY_MS };
const WHOLE: usize = usize::MAX;

fn day(number: u64) -> Timestamp {
    Timestamp::from_unix_ms(20_000 * DAY_MS).plus_ms(number * DAY_MS)
}

fn open(disk: &MemoryDisk, index: Arc<MemoryIndex>) -> Rig<MemoryDisk> {
    Rig::open(disk, index).unwrap_or_else(|error| panic!("{error}"))
}

/// Works for a day: twelve changes of persons who come again, one of somebody who does not, and
/// now and then an enrollment and a merge.
fn work(rig: &mut Rig<MemoryDisk>, number: u64) {
    for change in 0..12 {
        let contact = 1 + (number * 5 + change) % 40;
        let value = if change % 3 == 0 { "mql" } else { "other" };
        rig.deliver(contact, value, day(number).plus_ms(change * HOUR_MS)).expect("kept");
    }
    rig.deliver(1_000 + number, "once", day(number).plus_ms(1)).expect("kept");
    rig.take().expect("judged");
    if number.is_multiple_of(4) {
        rig.enroll(1 + number % 40, day(number)).expect("booked");
    }
    if number.is_multiple_of(31) {
        rig.alias(1 + number % 40, 2 + number % 40, day(number)).expect("merged");
    }
    let oldest = day(number).minus_ms(5 * DAY_MS).unix_ms() / DAY_MS;
    rig.forget(day(number), u32::try_from(oldest).expect("small")).expect("forgotten");
}

/// Both are the same rows; else the first that differ.
#[track_caller]
fn check_same(were: &[Pair], are: &[Pair], number: u64) {
    let text = |pair: Option<&Pair>| {
        let part = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        pair.map(|(key, value)| (part(key), part(value)))
    };
    let rows = were.len().max(are.len());
    for (was, is) in (0..rows).map(|row| (were.get(row), are.get(row))) {
        assert_eq!(text(was), text(is), "day {number}: another index");
    }
}

fn bytes(disk: &MemoryDisk) -> usize {
    let names = disk.list().expect("works");
    names.iter().map(|name| disk.bytes(name).len()).sum()
}

#[test]
fn the_disk_stays_bounded_and_what_is_left_is_enough() {
    let disk = MemoryDisk::default();
    let mut rig = open(&disk, Arc::default());
    let mut largest = [0; 2];
    let mut compactions = 0;
    for number in 0..400 {
        work(&mut rig, number);
        let round = rig.retain(day(number), KEEP, WHOLE).expect("a round");
        compactions += u64::from(round.compacted);
        let half = usize::from(200 <= number);
        largest[half] = largest[half].max(bytes(&disk));
    }
    assert!(largest[1] <= largest[0] * 11 / 10, "it grows: {largest:?}");
    assert!((3..20).contains(&compactions), "{compactions}");
    // Of those who came once and long ago nothing is left, of enrollments everything.
    let once = |number: u64| rig.ledger.look(ContactId(1_000 + number)).expect("looks").person;
    assert_eq!(once(0).version, 0);
    assert_ne!(once(399).version, 0);
    let enrolled = rig.ledger.look(ContactId(1)).expect("looks").person;
    assert!(enrolled.claims.iter().any(|claim| claim.first_call_at == day(0)), "{enrolled:?}");
    let history_from = rig.ledger.history_from().expect("readable").expect("not whole");
    let kept_days = day(399).since_ms(history_from) / DAY_MS;
    assert!((60..75).contains(&kept_days), "{kept_days}");
    let query = DecisionQuery {
        contact: Some(ContactId(1)),
        limit: 10_000,
        history: true,
        ..DecisionQuery::default()
    };
    let page = rig.ledger.decisions(&query).expect("readable");
    assert!(!page.found.is_empty());
    assert_eq!(page.removed_before, Some(history_from));
    // What is left makes the same index.
    let (rows, totals) = (rig.rows(), rig.ledger.totals());
    rig.close();
    let rebuilt = open(&disk, Arc::default());
    check_same(&rows, &rebuilt.rows(), 400);
    assert_eq!(rebuilt.ledger.totals(), totals);
}

#[test]
fn a_compaction_that_is_cut_off_goes_on_and_nothing_is_taken_away_before_it_ended() {
    let disk = MemoryDisk::default();
    let mut rig = open(&disk, Arc::default());
    for number in 0..100 {
        work(&mut rig, number);
    }
    // A few steps at a time, with work in between, and each time a stop or a lost index.
    let mut index = rig.close();
    for number in 100..160 {
        let lose = number % 7 == 0;
        let mut rig = open(&disk, if lose { Arc::default() } else { index });
        let round = rig.retain(day(number), KEEP, 4).expect("a round");
        let under_way = rig.ledger.compaction().is_some();
        assert!(round.ledger == 0 || !under_way, "taken away before it ended");
        work(&mut rig, number);
        let rows = rig.rows();
        index = rig.close();
        let again = open(&disk, Arc::default());
        check_same(&rows, &again.rows(), number);
        again.close();
        if round.compacted {
            return;
        }
    }
    panic!("it never ended");
}

#[test]
fn a_journal_whose_beginning_is_missing_is_refused() {
    let disk = MemoryDisk::default();
    let mut rig = open(&disk, Arc::default());
    for number in 0..40 {
        work(&mut rig, number);
    }
    let index = rig.close();
    disk.remove("ledger-0000000001.seg").expect("there");
    for index in [index, Arc::default()] {
        let refused = Rig::open(&disk, index).err().expect("refused");
        assert!(matches!(refused, StoreError::Beginning { .. }), "{refused}");
    }
}
