//! Power cuts and rot: nothing acknowledged is ever lost in silence.

use super::*;

/// xorshift: the seed is printed with every failure.
fn random(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}

/// Power cuts tried: PROVE_IMAGES raises it.
fn images() -> u64 {
    std::env::var("PROVE_IMAGES").ok().and_then(|text| text.parse().ok()).unwrap_or(10_000)
}

/// Runs a workload up to a random moment in a group, cuts the power, and opens what is left.
/// Every acknowledged frame must be there, and a torn tail must never be called corruption.
fn check_power_cut(seed: u64) {
    let mut random = random(seed);
    let disk = MemoryDisk::default();
    let (mut journal, _) = open(&disk).expect("an empty disk");
    let mut acknowledged = Vec::new();
    for group in 0..random() % 6 {
        let payloads: Vec<_> = (0..=(random() % 4))
            .map(|n| payload(seed ^ (group << 8 | n), (random() % 1500) as usize))
            .collect();
        let seqs: Vec<_> = payloads.iter().map(|payload| journal.put(&draft(&[payload]))).collect();
        journal.commit().expect("the disk works");
        acknowledged.extend(seqs.into_iter().zip(payloads));
        if random().is_multiple_of(3) {
            journal.mark();
        }
    }
    // A last group that is written and never synced.
    disk.fail_syncs(true);
    for n in 0..=(random() % 4) {
        journal.put(&draft(&[&payload(seed ^ 0xFFFF ^ n, (random() % 1500) as usize)]));
    }
    assert!(journal.commit().is_err());
    drop(journal);

    let image = disk.after_power_cut(&mut random);
    let (mut journal, _) = open(&image).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    let read = read_all(&journal).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    assert!(acknowledged.len() <= read.len(), "seed {seed}: an acknowledged frame is lost");
    assert!(read[..acknowledged.len()] == acknowledged, "seed {seed}: a frame differs");
    // And it goes on: what was cut can never come back.
    append(&mut journal, &[b"after".to_vec()]);
    journal.mark();
    drop(journal);
    let (journal, cut) = open(&image).expect("whole");
    assert_eq!(cut, None, "seed {seed}");
    assert_eq!(journal.next_seq(), read.len() as u64 + 2, "seed {seed}");
}

#[test]
#[expect(clippy::print_stdout, reason = "scripts/prove collects the figures")]
fn no_power_cut_loses_what_was_acknowledged() {
    let images = images();
    for seed in 0..images {
        check_power_cut(seed);
    }
    println!("\nevidence: {images} power cuts, seeds 0 to {}: 0 acknowledged lost", images - 1);
}

#[test]
#[expect(clippy::print_stdout, reason = "scripts/prove collects the figures")]
fn no_flipped_byte_of_a_64_kib_segment_passes_in_silence() {
    const SEGMENT: usize = 64 << 10;
    let name = "test-0000000001.seg";
    let disk = MemoryDisk::default();
    let sizes = Sizes { first: SEGMENT as u64, full: SEGMENT as u64 };
    let (mut journal, _) = Journal::open_sized(&disk, "test", sizes).expect("an empty disk");
    let mut expected = Vec::new();
    for group in 0.. {
        let payloads: Vec<_> = (0..=(group % 3))
            .map(|n| payload(group << 4 | n, 20 + (group * 37 % 900) as usize))
            .collect();
        let bytes: usize = payloads.iter().map(|payload| payload.len() + 64).sum();
        if SEGMENT < index(journal.tail) + bytes + 64 {
            break;
        }
        expected.extend(append(&mut journal, &payloads).into_iter().zip(payloads));
    }
    journal.mark();
    drop(journal);
    let mut whole = disk.bytes(name);
    whole.truncate(SEGMENT);

    let (mut silent, mut refused, mut harmless) = (0, 0, 0);
    for at in 0..SEGMENT {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        let disk = MemoryDisk::holding(name, bytes);
        let read = open(&disk).and_then(|(journal, _)| read_all(&journal));
        match read {
            Ok(read) if read == expected => harmless += 1,
            Ok(_) => silent += 1,
            Err(JournalError::Corrupt { .. }) => refused += 1,
            Err(other) => panic!("byte {at}: {other}"),
        }
    }
    assert_eq!(silent, 0, "{refused} refused, {harmless} harmless");
    assert!(harmless * 20 < refused, "padding and the mark only: {harmless} against {refused}");
    println!(
        "\nevidence: {SEGMENT} bytes of a segment flipped, one at a time: {refused} refused by \
         name, {harmless} in padding, 0 lost in silence"
    );
}
