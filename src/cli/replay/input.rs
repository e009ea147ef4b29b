//! What is replayed, fed to one rule set.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;

use super::{ReplayError, What};
use crate::domain::replay::{FileReplay, JournalReplay, Told};
use crate::domain::rule::RuleSet;
use crate::domain::time::Timestamp;
use crate::store::history::History;

/// The longest line that is read: twice the largest delivery accepted.
const LINE_BYTES_MAX: u64 = 16 << 20;
/// Lines or records between two steps of the bar.
const STEP: u64 = 1_024;

/// See the module.
#[derive(Clone, Debug)]
pub(super) enum Input {
    File(PathBuf),
    /// The store, and from when on events are replayed.
    Journal(PathBuf, Timestamp),
}

impl Input {
    pub(super) fn new(what: &What, now: Timestamp) -> Self {
        match what {
            What::File(path) => Self::File(path.clone()),
            What::Journal(store, last) => {
                // Days back are 24 hours each: the rules' zone is not known yet.
                let since = last.map(|last| now.minus_ms(last.approximate_ms()));
                Self::Journal(store.clone(), since.unwrap_or_default())
            }
        }
    }

    /// What it is called for people.
    pub(super) fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Journal(_, since) if *since == Timestamp::default() => "the journal".to_owned(),
            Self::Journal(_, since) => format!("the journal from {since} on"),
        }
    }

    /// Feeds all of it, and gives every finding to `each`.
    pub(super) fn feed(
        &self,
        rules: &RuleSet,
        progress: &ProgressBar,
        mut each: impl FnMut(Told) -> io::Result<()>,
    ) -> Result<(), ReplayError> {
        let mut each =
            |told: Vec<Told>| told.into_iter().try_for_each(&mut each).map_err(ReplayError::Output);
        match self {
            Self::File(path) => feed_file(path, rules, progress, &mut each),
            Self::Journal(store, since) => {
                feed_journal(store, *since, (rules, progress), &mut each)
            }
        }
    }
}

type Each<'e> = dyn FnMut(Vec<Told>) -> Result<(), ReplayError> + 'e;

fn feed_file(
    path: &Path,
    rules: &RuleSet,
    progress: &ProgressBar,
    each: &mut Each<'_>,
) -> Result<(), ReplayError> {
    let unreadable = |source| ReplayError::File { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    progress.set_length(file.metadata().map_err(unreadable)?.len());
    let mut lines = BufReader::with_capacity(1 << 20, file);
    let mut replay = FileReplay::new(rules);
    let (mut line, mut bytes) = (Vec::new(), 0);
    for number in 1.. {
        line.clear();
        let read = lines.by_ref().take(LINE_BYTES_MAX + 1).read_until(b'\n', &mut line);
        let read = read.map_err(unreadable)? as u64;
        if read == 0 {
            break;
        }
        if LINE_BYTES_MAX < read {
            let why = format!("line {number} is longer than 16 MiB");
            return Err(unreadable(io::Error::new(io::ErrorKind::InvalidData, why)));
        }
        replay.line(number, &String::from_utf8_lossy(&line));
        bytes += read;
        if number % STEP == 0 {
            progress.set_position(bytes);
            each(replay.told())?;
        }
    }
    replay.finish();
    each(replay.told())?;
    progress.finish_and_clear();
    match replay.nothing_read() {
        Some(why) => Err(ReplayError::Nothing { path: path.to_owned(), why }),
        None => Ok(()),
    }
}

fn feed_journal(
    store: &Path,
    since: Timestamp,
    (rules, progress): (&RuleSet, &ProgressBar),
    each: &mut Each<'_>,
) -> Result<(), ReplayError> {
    let mut history = History::open(store)?;
    progress.set_length(history.last());
    let mut replay = JournalReplay::new(rules, since);
    while let Some((seq, record)) = history.advance()? {
        replay.record(seq, &record);
        if seq % STEP == 0 {
            progress.set_position(seq);
            each(replay.told())?;
        }
    }
    replay.finish();
    each(replay.told())?;
    progress.finish_and_clear();
    Ok(())
}
