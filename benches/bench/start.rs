//! N9 and N10: starts, empty and with remembered events, and the size of the binary; memory
//! beside them.

use std::time::{Duration, Instant};

use crate::events::{Kind, UNWATCHED, Writer};
use crate::figures::{Line, grouped, median};
use crate::load::{Connection, closed_loop, on_this_thread};
use crate::machine::memory_mib;
use crate::server::{Server, Site, rules};
use crate::{Bench, Fallible};

const STARTS: usize = 5;
const KIND: Kind = Kind { batch: 1, property: UNWATCHED, value: "17" };

/// One start, in milliseconds from making the process.
pub(crate) struct Start {
    pub(crate) first_204: f64,
    ready: f64,
    server: Server,
}

/// Measures them.
pub(crate) fn run(bench: &Bench, lines: &mut Vec<Line>) -> Fallible {
    let site = Site::new(&bench.root, &bench.binary, &rules("dry-run", 1), "http://127.0.0.1:9")?;
    let mut empty = Vec::new();
    let mut idle = f64::NAN;
    for _ in 0..STARTS {
        site.clear()?;
        let start = start(&site, bench)?;
        idle = memory_mib(start.server.process())[0];
        empty.push(start.first_204);
    }
    let empty = median(empty);
    lines.push(Line {
        number: "N9",
        what: "cold start, empty, to the first 204".to_owned(),
        target: "≤ 30 ms".to_owned(),
        figure: format!("{empty:.0} ms (median of {STARTS}); then {idle:.0} MiB resident"),
        is_met: Some(empty <= 30.0),
    });
    lines.extend(remembered(&site, bench)?);
    let bytes = std::fs::metadata(&bench.binary)?.len() as f64;
    lines.push(Line {
        number: "N10",
        what: "stripped release binary".to_owned(),
        target: "≤ 12 MB".to_owned(),
        figure: format!("{:.1} MB", bytes / 1e6),
        is_met: Some(bytes <= 12e6),
    });
    Ok(())
}

fn remembered(site: &Site, bench: &Bench) -> Fallible<Vec<Line>> {
    site.clear()?;
    let every = bench.cores.every.as_deref();
    let server = site.start_ready(every)?;
    let kind = Kind { batch: 100, ..KIND };
    let mut fed = 0;
    let fed_from = Instant::now();
    while fed < bench.remembered {
        let report = closed_loop(server.address, 10, kind, Duration::from_millis(100))?;
        fed += report.answered * kind.batch;
    }
    site.wait_until_taken(Duration::from_mins(30))?;
    let [now, peak] = memory_mib(server.process());
    println!(
        "{} events fed and taken in {:.1} s; resident {now:.0} MiB, peak {peak:.0} MiB",
        grouped(fed as f64),
        fed_from.elapsed().as_secs_f64()
    );
    server.stop()?;
    let mut memory = Vec::new();
    let [first_204, ready] = starts(site, bench, |start| {
        memory.push(memory_mib(start.server.process())[0]);
        start.server.stop()
    })?;
    let events = grouped(fed as f64);
    let stopped = Line {
        number: "N9",
        what: format!("restart with {events} remembered events"),
        target: "first 204 ≤ 1 s, ready ≤ 3 s (1 M events)".to_owned(),
        figure: format!(
            "first 204 {first_204:.0} ms, ready {ready:.0} ms; resident {now:.0} MiB before, {:.0} after the restart",
            median(memory)
        ),
        is_met: Some(first_204 <= 1000.0 && ready <= 3000.0),
    };
    Ok(vec![stopped, killed(site, bench, &events)?, rebuilt(site, bench, &events)?])
}

/// Several starts, each ended by `end`: the medians of the first 204 and of being ready, in
/// milliseconds.
fn starts(
    site: &Site,
    bench: &Bench,
    mut end: impl FnMut(Start) -> Fallible,
) -> Fallible<[f64; 2]> {
    let (mut first_204, mut ready) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let start = start(site, bench)?;
        first_204.push(start.first_204);
        ready.push(start.ready);
        end(start)?;
    }
    Ok([median(first_204), median(ready)])
}

/// The same after a SIGKILL each time.
fn killed(site: &Site, bench: &Bench, events: &str) -> Fallible<Line> {
    // Dropping it kills it.
    drop(start(site, bench)?);
    let [first_204, ready] = starts(site, bench, |start| {
        drop(start);
        Ok(())
    })?;
    Ok(Line {
        number: "N9",
        what: format!("the same after a SIGKILL, {events} remembered events"),
        target: "first 204 ≤ 1 s, ready ≤ 3 s (1 M events)".to_owned(),
        figure: format!("first 204 {first_204:.0} ms, ready {ready:.0} ms"),
        is_met: Some(first_204 <= 1000.0 && ready <= 3000.0),
    })
}

/// The index is gone and made anew from the journal, while deliveries are taken.
fn rebuilt(site: &Site, bench: &Bench, events: &str) -> Fallible<Line> {
    site.lose_index()?;
    let start = start(site, bench)?;
    Ok(Line {
        number: "N9",
        what: format!("the whole index made anew, {events} remembered events"),
        target: "first 204 ≤ 1 s; the figure is published".to_owned(),
        figure: format!(
            "first 204 {:.0} ms, ready {:.1} s; intake is open meanwhile",
            start.first_204,
            start.ready / 1e3
        ),
        is_met: Some(start.first_204 <= 1000.0),
    })
}

/// Starts the router as it will run, on all cores.
pub(crate) fn start(site: &Site, bench: &Bench) -> Fallible<Start> {
    let from = Instant::now();
    let server = site.start(bench.cores.every.as_deref())?;
    let ms = || from.elapsed().as_secs_f64() * 1e3;
    server.wait_until_connects()?;
    let status = on_this_thread(async {
        Connection::open(server.address).await?.send(Writer::new(KIND).fresh()).await
    })??;
    let first_204 = ms();
    if status != 204 {
        return Err(format!("the first delivery was answered with {status}").into());
    }
    site.wait_until_ready()?;
    Ok(Start { first_204, ready: ms(), server })
}
