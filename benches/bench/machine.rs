//! What the figures depend on: cores, disk, neighbors.

use std::fs;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::Fallible;
use crate::figures::percentile_ms;

/// Synchronizations that the disk is asked for.
const PROBES: usize = 300;
/// Bytes of each, overwritten in place.
const PROBE_BYTES: usize = 4096;

/// How processes are kept to cores.
#[derive(Clone, Debug)]
pub(crate) struct Cores {
    /// For a server that is measured alone; the last argument of `taskset -c`.
    pub(crate) server: Option<String>,
    /// For one that may use the whole machine.
    pub(crate) every: Option<String>,
}

impl Cores {
    /// Keeps this process to the second core, and servers to the first, where there are two and
    /// `taskset` is installed.
    pub(crate) fn assign() -> Fallible<Self> {
        let cores = std::thread::available_parallelism()?.get();
        let own = std::process::id().to_string();
        let pinned = cores > 1
            && Command::new("taskset")
                .args(["-pc", "1", &own])
                .output()
                .is_ok_and(|it| it.status.success());
        let list = |text: String| pinned.then_some(text);
        Ok(Self { server: list("0".to_owned()), every: list(format!("0-{}", cores - 1)) })
    }
}

/// Prints what this machine is, and refuses a disk that is none.
pub(crate) fn describe(folder: &Path, cores: &Cores) -> Fallible {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("?", |rest| rest.trim_start_matches([' ', '\t', ':']));
    let sha = if cpu.contains(" sha_ni") { "with sha_ni" } else { "without sha_ni" };
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("cpu: {model}, {sha}; load before: {}", load.trim());
    match &cores.server {
        Some(core) => println!("server on core {core}, generator on core 1; N3 on all"),
        None => println!("NOT PINNED: one core, or no taskset; ratios mean little"),
    }
    let kind = file_system(folder)?;
    if kind == "tmpfs" || kind == "ramfs" {
        return Err(format!("{} is on {kind}: a sync costs nothing there", folder.display()).into());
    }
    let sorted = probe(folder)?;
    let (p50, p99) = (percentile_ms(&sorted, 50.0), percentile_ms(&sorted, 99.0));
    println!("disk: {kind}; fdatasync of 4 KiB in place: p50 {p50:.2} ms, p99 {p99:.2} ms");
    Ok(())
}

/// The type of the file system that holds `folder`.
fn file_system(folder: &Path) -> Fallible<String> {
    let output = Command::new("df").arg("--output=fstype").arg(folder).output()?;
    let text = String::from_utf8(output.stdout)?;
    Ok(text.lines().last().unwrap_or_default().trim().to_owned())
}

/// What one synchronization takes, sorted.
fn probe(folder: &Path) -> Fallible<Vec<Duration>> {
    let path = folder.join("probe");
    let mut file = fs::File::create(&path)?;
    let block = [7; PROBE_BYTES];
    file.write_all(&block)?;
    file.sync_all()?;
    let mut times = Vec::with_capacity(PROBES);
    for _ in 0..PROBES {
        let start = Instant::now();
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&block)?;
        file.sync_data()?;
        times.push(start.elapsed());
    }
    fs::remove_file(path)?;
    times.sort_unstable();
    Ok(times)
}

/// Processor seconds that a process has used.
pub(crate) fn cpu_seconds(process: u32) -> f64 {
    /// Of `sysconf(_SC_CLK_TCK)`: 100 on every Linux of today.
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name before it may hold blanks; it ends with the last parenthesis.
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    let ticks: f64 = fields.skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
    ticks / TICKS_PER_SECOND
}

/// Resident memory of a process now and at most, MiB.
pub(crate) fn memory_mib(process: u32) -> [f64; 2] {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    ["VmRSS:", "VmHWM:"].map(|key| {
        let line = status.lines().find_map(|line| line.strip_prefix(key));
        let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
        kib.map_or(f64::NAN, |kib| kib / 1024.0)
    })
}
