//! `hubroute verify`: whether the store is what was written.

use std::fmt::Write as _;
use std::path::Path;

use super::backup::show;
use super::{ExitStatus, fail, finish, progress, store_folder};
use crate::store::backup::verify_backup;
use crate::store::verify::{IndexFound, Stream, Verified, verify};

pub(super) fn run(config: &Path, backup: Option<&Path>) -> ExitStatus {
    if let Some(folder) = backup {
        return of_backup(folder);
    }
    let store = match store_folder(config) {
        Ok(store) => store,
        Err(status) => return status,
    };
    let bar = progress::bar();
    let found = verify(&store, |read, all| show(&bar, read, all));
    bar.finish_and_clear();
    match found {
        Ok(found) => finish(&text(&found), 0),
        Err(error) => fail(&error, ExitStatus::Environment),
    }
}

fn of_backup(folder: &Path) -> ExitStatus {
    let bar = progress::bar();
    let found = verify_backup(folder, &mut |_, done, all| show(&bar, done, all));
    bar.finish_and_clear();
    match found {
        Ok((_, found)) => finish(&text(&found), 0),
        Err(error) => fail(&error, ExitStatus::Environment),
    }
}

fn text(found: &Verified) -> String {
    let mut text = String::new();
    for (name, stream) in [("deliveries", found.deliveries), ("ledger", found.ledger)] {
        writeln!(text, "{name:<11} {}", of_stream(stream)).ok();
    }
    writeln!(text, "chains      {} persons, each record names the one before it", found.persons)
        .ok();
    let index = match &found.index {
        IndexFound::Whole { applied } => {
            format!("whole, up to record {applied} of {}", found.ledger.last)
        }
        IndexFound::ToBeRebuilt(why) => format!("{why}; the next start makes it anew"),
        IndexFound::InUse => "not looked at: a router has it".to_owned(),
        IndexFound::Missing => "there is none; the next start makes it".to_owned(),
    };
    writeln!(text, "index       {index}").ok();
    text
}

fn of_stream(stream: Stream) -> String {
    let Stream { segments, first, last, bytes } = stream;
    if last < first {
        return format!("{segments} segments, no record");
    }
    format!("{segments} segments, records {first} to {last}, {} KiB, whole", bytes.div_ceil(1024))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_part_has_its_line() {
        let stream = |last| Stream { segments: 2, first: 1, last, bytes: 2049 };
        let found = Verified {
            deliveries: stream(0),
            ledger: stream(9),
            persons: 3,
            index: IndexFound::Whole { applied: 9 },
            portal: None,
            erased: BTreeSet::default(),
        };
        let expected = "deliveries  2 segments, no record\n\
                        ledger      2 segments, records 1 to 9, 3 KiB, whole\n\
                        chains      3 persons, each record names the one before it\n\
                        index       whole, up to record 9 of 9\n";
        assert_eq!(text(&found), expected);
    }
}
