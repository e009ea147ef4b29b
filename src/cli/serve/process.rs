//! What the system lets this process do: no copy of its memory on a disk, and enough open files
//! for the connections it allows.

use std::io;

use rustix::process::{
    DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit,
};
use thiserror::Error;

/// Open files besides the connections of the webhook listener and the calls of the workers: the
/// admin listener's connections, the store, the rules, the runtime's own.
const OTHER_FILES: u64 = 192;

/// Keeps secrets and contact data out of core dumps and away from debuggers: no core file, also
/// where a handler of the system collects them, and nobody without privileges reads this
/// process's memory or environment (RELIABILITY.md T11).
pub(super) fn keep_memory_private() -> io::Result<()> {
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    // A handler that the kernel pipes dumps into ignores that limit, and heeds this.
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}

/// The system does not allow as many open files as the configuration needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "[server] connections_max = {connections} needs {needed} open files, and this process may have \
     {allowed}; raise the hard limit (LimitNOFILE= of systemd, --ulimit nofile= of docker, ulimit \
     -Hn of a shell), or set connections_max to {fits} at most"
)]
pub(super) struct TooFewFiles {
    connections: usize,
    needed: u64,
    allowed: u64,
    fits: u64,
}

/// Raises the soft limit of open files to what `connections` and `workers` need, where it is
/// lower. Fails where the hard limit is lower too: a connection too many would take a file from
/// the store.
pub(super) fn allow_files(connections: usize, workers: usize) -> Result<(), TooFewFiles> {
    let needs = Needs { connections, others: OTHER_FILES + workers as u64 };
    match needs.raised(getrlimit(Resource::Nofile))? {
        Some(raised) => setrlimit(Resource::Nofile, raised).map_err(|_| needs.refused(0)),
        None => Ok(()),
    }
}

/// Open files that the configuration needs.
#[derive(Clone, Copy, Debug)]
struct Needs {
    connections: usize,
    others: u64,
}

impl Needs {
    /// The limit with room for them; `None` where there is room already.
    fn raised(self, limit: Rlimit) -> Result<Option<Rlimit>, TooFewFiles> {
        let needed = self.others + self.connections as u64;
        let is_low = |limit: Option<u64>| limit.is_some_and(|limit| limit < needed);
        if is_low(limit.maximum) {
            return Err(self.refused(limit.maximum.unwrap_or_default()));
        }
        Ok(is_low(limit.current).then_some(Rlimit { current: Some(needed), ..limit }))
    }

    fn refused(self, allowed: u64) -> TooFewFiles {
        let Self { connections, others } = self;
        let needed = others + connections as u64;
        TooFewFiles { connections, needed, allowed, fits: allowed.saturating_sub(others) }
    }
}

#[cfg(test)]
mod tests {
    use rustix::process::dumpable_behavior;

    use super::*;

    #[test]
    fn nothing_dumps_this_processs_memory() {
        keep_memory_private().expect("it may always be given up");
        let limit = getrlimit(Resource::Core);
        assert_eq!((limit.current, limit.maximum), (Some(0), Some(0)));
        assert_eq!(dumpable_behavior().ok(), Some(DumpableBehavior::NotDumpable));
    }

    const NEEDS: Needs = Needs { connections: 800, others: 200 };

    #[test]
    fn a_limit_is_raised_to_what_is_needed_and_never_lowered() {
        let limit = |current, maximum| Rlimit { current, maximum };
        let check = |before, after| assert_eq!(NEEDS.raised(before), Ok(after));
        check(limit(Some(1_000), Some(4_000)), None);
        check(limit(None, None), None);
        check(limit(Some(64), Some(4_000)), Some(limit(Some(1_000), Some(4_000))));
        check(limit(Some(64), None), Some(limit(Some(1_000), None)));
    }

    #[test]
    fn too_few_files_are_said_with_what_would_do() {
        let limit = Rlimit { current: Some(64), maximum: Some(900) };
        let told = NEEDS.raised(limit).expect_err("refused").to_string();
        for part in ["connections_max = 800", "needs 1000 open", "may have 900", "700 at most"] {
            assert!(told.contains(part), "{told}");
        }
    }
}
