//! The journal against a disk that loses, tears and flips.

mod images;
pub(in crate::store) mod memory_disk;
mod sweep;

use memory_disk::MemoryDisk;

use super::*;

fn draft<'a>(parts: &'a [&'a [u8]]) -> Draft<'a> {
    Draft { kind: FrameKind::Record, version: 1, parts }
}

const SMALL: Sizes = Sizes { first: 8 << 10, full: 16 << 10 };

fn open<D: Disk>(disk: &D) -> Result<(Journal<D>, Option<Cut>), JournalError> {
    Journal::open_sized(disk, "test", SMALL)
}

/// Appends one group; the numbers given.
fn append<D: Disk>(journal: &mut Journal<D>, payloads: &[Vec<u8>]) -> Vec<u64> {
    let seqs = payloads.iter().map(|payload| journal.put(&draft(&[payload]))).collect();
    journal.commit().expect("the disk works");
    seqs
}

fn index(number: u64) -> usize {
    usize::try_from(number).expect("small")
}

fn read_all<D: Disk>(journal: &Journal<D>) -> Result<Vec<(u64, Vec<u8>)>, JournalError> {
    let mut reader = journal.reader();
    let mut all = Vec::new();
    while let Some(entry) = reader.advance()? {
        all.push((entry.seq, entry.payload));
    }
    Ok(all)
}

fn payload(number: u64, bytes: usize) -> Vec<u8> {
    let mut state = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..bytes)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[3]
        })
        .collect()
}

/// What is written can be read: a group many times as long as a segment, and the longest record.
#[test]
fn a_record_of_the_greatest_length_reads_back_after_a_restart() {
    let disk = MemoryDisk::default();
    let (mut journal, _) = open(&disk).expect("an empty disk");
    let mut longest = payload(1, 1 << 20);
    longest.resize(PAYLOAD_BYTES_MAX, 7);
    let payloads = [payload(2, 10), payload(3, 1 << 20), longest, payload(4, 10)];
    append(&mut journal, &payloads[..3]);
    append(&mut journal, &payloads[3..]);
    drop(journal);
    let (journal, cut) = open(&disk).expect("it opens");
    assert_eq!(cut, None);
    let expected: Vec<_> = (1..).zip(payloads).collect();
    assert!(read_all(&journal).expect("readable") == expected, "it is not what was written");
}

#[test]
fn what_was_appended_reads_back_in_order_and_by_number() {
    let disk = MemoryDisk::default();
    let (mut journal, cut) = open(&disk).expect("an empty disk");
    assert_eq!(cut, None);
    let mut expected = Vec::new();
    for group in 0..50 {
        let payloads: Vec<_> = (0..7).map(|n| payload(group * 7 + n, index(n * 97))).collect();
        expected.extend(append(&mut journal, &payloads).into_iter().zip(payloads));
    }
    assert_eq!(read_all(&journal).expect("readable"), expected);
    let mut reader = journal.reader();
    for seq in [1, 350, 64, 65, 63, 200, 2] {
        let entry = reader.read(seq).expect("readable").expect("there");
        assert_eq!((entry.seq, entry.payload), expected[index(seq) - 1]);
    }
    assert_eq!(reader.read(351).expect("readable"), None);
    assert_eq!(reader.read(0).expect("readable"), None);
}

#[test]
fn a_reader_follows_the_writer() {
    let disk = MemoryDisk::default();
    let (mut journal, _) = open(&disk).expect("an empty disk");
    let mut reader = journal.reader();
    for number in 1..200 {
        assert_eq!(reader.advance().expect("readable"), None);
        append(&mut journal, &[payload(number, 3000)]);
        if number % 3 == 0 {
            journal.mark();
        }
        assert_eq!(reader.advance().expect("readable").map(|entry| entry.seq), Some(number));
    }
}

#[test]
fn segments_follow_each_other() {
    let disk = MemoryDisk::default();
    let (mut journal, _) = open(&disk).expect("an empty disk");
    let mut expected = Vec::new();
    for number in 0..40 {
        let payloads = vec![payload(number, 3000)];
        expected.extend(append(&mut journal, &payloads).into_iter().zip(payloads));
        while journal.tail > journal.capacity / 2 && !journal.spare.is_ready() {
            std::thread::yield_now();
        }
    }
    drop(journal);
    let segments = disk.list().expect("works").into_iter().filter(|n| n.contains(".seg")).count();
    assert!(1 < segments, "{segments}");
    let (journal, _) = open(&disk).expect("whole");
    assert_eq!(journal.next_seq(), 41);
    assert!(read_all(&journal).expect("readable") == expected);
    assert_eq!(journal.reader().read(3).expect("readable").map(|entry| entry.seq), Some(3));
    drop(journal);
    disk.remove("test-0000000001.seg").expect("there");
    let (journal, _) = open(&disk).expect("old segments may be gone");
    assert!(1 < journal.reader().first());
}

#[test]
fn a_write_that_fails_is_not_counted_and_the_next_one_is() {
    let disk = MemoryDisk::default();
    let (mut journal, _) = open(&disk).expect("an empty disk");
    append(&mut journal, &[b"one".to_vec()]);
    disk.fail_writes(true);
    journal.put(&draft(&[b"lost"]));
    assert!(matches!(journal.commit(), Err(JournalError::Io { .. })));
    disk.fail_writes(false);
    assert_eq!(append(&mut journal, &[b"two".to_vec()]), [2]);
    assert_eq!(read_all(&journal).expect("readable").len(), 2);
}

#[test]
fn a_sync_that_fails_is_final() {
    let disk = MemoryDisk::default();
    let (mut journal, _) = open(&disk).expect("an empty disk");
    append(&mut journal, &[b"one".to_vec()]);
    disk.fail_syncs(true);
    journal.put(&draft(&[b"two"]));
    assert!(matches!(journal.commit(), Err(JournalError::Io { .. })));
    disk.fail_syncs(false);
    journal.put(&draft(&[b"three"]));
    assert!(matches!(journal.commit(), Err(JournalError::Poisoned)));
    assert!(journal.is_poisoned());
}
