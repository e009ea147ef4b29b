//! N3: the highest rate of watched and judged events that is held without a growing backlog.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::events::{Kind, OTHER_VALUE, WATCHED};
use crate::figures::{Line, grouped};
use crate::load::{Rate, open_loop};
use crate::machine::cpu_seconds;
use crate::server::{Site, backlog, rules};
use crate::{Bench, Fallible};

const BATCH: u64 = 100;
/// Deliveries in one second; 250 are the target's 25,000 events.
const TARGET: u32 = 250;
const LOWER: [u32; 4] = [200, 150, 100, 50];
const HIGHER: [u32; 5] = [300, 400, 600, 800, 1000];

/// Tries the target, then upwards or downwards.
pub(crate) fn run(bench: &Bench, lines: &mut Vec<Line>) -> Fallible {
    let first = hold(bench, TARGET)?;
    let mut best = first.then_some(TARGET);
    let others: &[u32] = if first { &HIGHER } else { &LOWER };
    for rate in others {
        let is_held = hold(bench, *rate)?;
        if is_held {
            best = Some(*rate);
        }
        // Upwards until one fails, downwards until one holds.
        if is_held != first {
            break;
        }
    }
    let events = best.map_or(0.0, |rate| f64::from(rate) * BATCH as f64);
    lines.push(Line {
        number: "N3",
        what: format!("every event watched and judged, held {} s, all cores", bench.hold_seconds),
        target: "≥ 25,000 events/s".to_owned(),
        figure: format!("{} events/s", grouped(events)),
        is_met: Some(first),
    });
    Ok(())
}

/// Whether this rate is held: no error, and the backlog does not grow.
fn hold(bench: &Bench, per_second: u32) -> Fallible<bool> {
    let site = Site::new(&bench.root, &bench.binary, &rules("dry-run", 1), "http://127.0.0.1:9")?;
    let server = site.start_ready(bench.cores.every.as_deref())?;
    let kind = Kind { batch: BATCH, property: WATCHED, value: OTHER_VALUE };
    let rate = Rate { per_second, seconds: bench.hold_seconds, connections: 10, exact: false };
    let done = Arc::new(AtomicBool::new(false));
    let watcher = {
        let (done, admin) = (Arc::clone(&done), site.admin);
        thread::spawn(move || {
            let mut samples = Vec::new();
            while !done.load(Ordering::Relaxed) {
                samples.extend(backlog(admin).ok());
                thread::sleep(Duration::from_millis(250));
            }
            samples
        })
    };
    let sent = open_loop(server.address, rate, kind);
    done.store(true, Ordering::Relaxed);
    let samples = watcher.join().map_err(|_| "the watcher gave up")?;
    let sent = sent?;
    let end = Instant::now();
    let left = site.backlog()?;
    site.wait_until_taken(Duration::from_mins(10))?;
    let drained = end.elapsed().as_secs_f64();
    // The steadiest figure under a neighbor's load: acknowledging and taking, by event.
    let events = (sent.report.answered * BATCH).max(1) as f64;
    let cpu_us = cpu_seconds(server.process()) * 1e6 / events;
    let is_held = sent.report.errors == 0 && !is_growing(&samples, u64::from(per_second));
    println!(
        "{} events/s for {} s: {}, backlog at the end {left} deliveries, taken {drained:.1} s later, cpu {cpu_us:.1} us an event, samples {samples:?}",
        grouped(f64::from(per_second) * BATCH as f64),
        bench.hold_seconds,
        if is_held { "held" } else { "not held" },
    );
    drop(server);
    Ok(is_held)
}

/// Whether the last quarter's backlog lies above the second's by more than a quarter of a second of deliveries.
fn is_growing(samples: &[u64], second: u64) -> bool {
    let quarter = (samples.len() / 4).max(1);
    let mean = |part: &[u64]| part.iter().sum::<u64>() / part.len().max(1) as u64;
    let early = samples.get(quarter..2 * quarter).map_or(0, mean);
    let late = mean(&samples[samples.len().saturating_sub(quarter)..]);
    early + second / 4 < late
}
