//! Journals whose bytes were changed, and domain records: what is read is what was written, or
//! the journal is refused.
#![no_main]

mod disk;

use disk::Memory;
use hubroute::domain::record::Record;
use hubroute::store::journal::{Draft, FrameKind, Journal, Sizes};
use libfuzzer_sys::fuzz_target;

const SIZES: Sizes = Sizes { first: 4 << 10, full: 8 << 10 };

fuzz_target!(|data: &[u8]| {
    let Some((kind, rest)) = data.split_first() else { return };
    match kind % 3 {
        0 => check_record(rest),
        1 => check_bytes(rest),
        _ => check_edits(rest),
    }
});

/// A record that reads is written and read again as the same.
fn check_record(bytes: &[u8]) {
    let Ok(record) = serde_json::from_slice::<Record>(bytes) else { return };
    let kept = serde_json::to_vec(&record).expect("a record is written");
    let again: Record = serde_json::from_slice(&kept).expect("and read back");
    assert_eq!(serde_json::to_vec(&again).expect("a record is written"), kept);
}

/// A segment of any bytes at all.
fn check_bytes(bytes: &[u8]) {
    let disk = Memory::default();
    disk.put("fuzz-0000000001.seg", bytes.to_vec());
    read(&disk, &[]);
}

/// A journal as it should be, changed in a few places: `offset, offset, what` each.
fn check_edits(input: &[u8]) {
    let disk = Memory::default();
    let (edits, payloads) = input.split_at(input.len().min(12));
    let mut written = Vec::new();
    {
        let (mut journal, _) = Journal::open_sized(&disk, "fuzz", SIZES).expect("an empty disk");
        for group in payloads.chunks(200) {
            for payload in group.chunks(67) {
                journal.put(&Draft { kind: FrameKind::Record, version: 1, parts: &[payload] });
                written.push(payload.to_vec());
            }
            journal.commit().expect("memory");
        }
        journal.mark();
    }
    for edit in edits.chunks_exact(3) {
        disk.edit(usize::from(u16::from_le_bytes([edit[0], edit[1]])), edit[2]);
    }
    read(&disk, &written);
}

/// Opens and reads; nothing but a beginning of `written` may come out, where anything was written.
fn read(disk: &Memory, written: &[Vec<u8>]) {
    let Ok((journal, _)) = Journal::open_sized(disk, "fuzz", SIZES) else { return };
    let mut reader = journal.reader();
    let mut number = 0;
    while let Ok(Some(entry)) = reader.advance() {
        if let Some(expected) = written.get(number) {
            assert_eq!(&entry.payload, expected, "record {} is another", entry.seq);
            assert_eq!(entry.seq, number as u64 + 1);
        } else {
            assert!(written.is_empty(), "a record that nobody wrote");
        }
        number += 1;
    }
}
