//! Sweeping: payloads change in their place, and everything else stays as it was.

use super::*;

/// A stream of two sealed segments and the one that is written.
fn three(disk: &MemoryDisk) -> (Journal<MemoryDisk>, Vec<Vec<u8>>) {
    let (mut journal, _) = open(disk).expect("an empty disk");
    let payloads: Vec<Vec<u8>> =
        (0..90).map(|n| format!("{{\"n\":{n},\"says\":\"secret\"}}").into_bytes()).collect();
    for (group, of_group) in payloads.chunks(30).enumerate() {
        if group != 0 {
            journal.seal().expect("a segment of its own");
        }
        append(&mut journal, of_group);
    }
    journal.mark();
    (journal, payloads)
}

fn redacted(entry: &Entry) -> Option<Vec<u8>> {
    let hit = entry.seq.is_multiple_of(2) && entry.payload.ends_with(b"\"secret\"}");
    hit.then(|| b"{}".to_vec())
}

#[test]
fn a_swept_payload_keeps_its_place_and_the_others_are_as_they_were() {
    let disk = MemoryDisk::default();
    let (journal, payloads) = three(&disk);
    assert_eq!(journal.sweeper().end(), 61);
    assert_eq!(journal.sweeper().sweep(redacted).expect("swept"), 30, "in sealed segments");
    assert_eq!(journal.sweeper().sweep(redacted).expect("swept"), 0, "a second time");
    let check = |journal: &Journal<MemoryDisk>| {
        for (seq, payload) in read_all(journal).expect("whole") {
            let before = &payloads[index(seq) - 1];
            if seq.is_multiple_of(2) && seq < 61 {
                assert_eq!((payload.len(), payload.trim_ascii()), (before.len(), &b"{}"[..]));
            } else {
                assert_eq!(&payload, before);
            }
        }
    };
    check(&journal);
    drop(journal);
    let (journal, cut) = open(&disk).expect("it opens");
    assert_eq!((cut, journal.next_seq()), (None, 91));
    check(&journal);
}

#[test]
fn a_payload_that_would_need_more_place_is_refused_and_nothing_changes() {
    let disk = MemoryDisk::default();
    let (journal, payloads) = three(&disk);
    let longer = |entry: &Entry| Some([&entry.payload[..], b" more"].concat());
    assert!(matches!(journal.sweeper().sweep(longer), Err(Unswept::NoPlace { seq: 1 })));
    let all = read_all(&journal).expect("whole");
    assert!(all.into_iter().map(|(_, payload)| payload).eq(payloads));
}
