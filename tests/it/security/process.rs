//! What the system lets the router's process do: no core files (T11), enough open files (T7, F22).

use std::fs;

use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{Harness, LONG, Process, Setup, rule};

fn setup() -> Setup {
    Setup::with(rule("stage", "sequence intro"))
}

/// Soft and hard limit of a running process, as the kernel words them.
fn limit(process: u32, name: &str) -> (String, String) {
    let limits = fs::read_to_string(format!("/proc/{process}/limits")).expect("it runs");
    let line = limits.lines().find_map(|line| line.strip_prefix(name)).expect("the limit");
    let mut words = line.split_whitespace().map(str::to_owned);
    (words.next().expect("a soft limit"), words.next().expect("a hard limit"))
}

#[test]
fn a_crash_leaves_no_memory_on_the_disk() {
    let harness = Harness::prepare(setup());
    let mut router = Process::serve_below(harness.folder(), "ulimit -c unlimited");
    router.wait_until_ready();
    let none = || "0".to_owned();
    assert_eq!(limit(router.id(), "Max core file size"), (none(), none()));
    let id = i32::try_from(router.id()).ok().and_then(Pid::from_raw).expect("a process id");
    kill_process(id, Signal::QUIT).expect("it runs");
    let ended = router.wait(LONG);
    assert_eq!(ended.code, None, "a signal ended it: {}", ended.output);
    let names = fs::read_dir(harness.folder()).expect("the folder");
    let names = names.map(|entry| entry.expect("an entry").file_name());
    let cores: Vec<_> = names.filter(|name| name.to_string_lossy().starts_with("core")).collect();
    assert!(cores.is_empty(), "{cores:?}");
}

#[test]
fn open_files_are_raised_to_what_the_connections_need() {
    let harness = Harness::prepare(setup().server("connections_max = 500"));
    let mut router = Process::serve_below(harness.folder(), "ulimit -S -n 64");
    let hard = limit(std::process::id(), "Max open files").1;
    router.wait_until_ready();
    // 500 connections, 8 workers, and 192 for everything else.
    assert_eq!(limit(router.id(), "Max open files"), ("700".to_owned(), hard));
    router.stop();
}

#[test]
fn too_few_open_files_end_the_start_with_what_would_do() {
    let harness = Harness::prepare(setup().server("connections_max = 500"));
    let ended = Process::serve_below(harness.folder(), "ulimit -n 650").wait(LONG);
    assert_eq!(ended.code, Some(4), "{}", ended.output);
    for part in ["connections_max = 500 needs 700", "may have 650", "450 at most", "LimitNOFILE"] {
        assert!(ended.output.contains(part), "{}", ended.output);
    }
    assert!(!harness.store("").exists(), "nothing was begun");
}
