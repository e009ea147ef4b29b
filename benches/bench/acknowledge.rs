//! N1, N2 and N4: what an acknowledgement costs, beside a bare handler and one that verifies.

use std::time::Duration;

use crate::events::{Kind, UNWATCHED};
use crate::figures::{Line, grouped, median, percentile_ms};
use crate::load::{Rate, Report, closed_loop, open_loop};
use crate::machine::cpu_seconds;
use crate::server::{Server, Site, rules};
use crate::{Bench, Fallible};

/// Rounds; servers take turns within each, so that a neighbor disturbs all of them.
const ROUNDS: usize = 3;
const SERVERS: [&str; 3] = ["bare", "verify", "serve"];
/// Nothing listens there, and nothing is called.
const NOBODY: &str = "http://127.0.0.1:9";

/// One load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Load {
    /// Closed loop: connections, events in a delivery.
    Closed(usize, u64),
    /// Open loop: 200 deliveries of 100 events a second.
    Open,
}

const LOADS: [Load; 4] =
    [Load::Closed(10, 1), Load::Closed(64, 1), Load::Closed(10, 100), Load::Open];

/// One server under one load.
struct Cell {
    server: &'static str,
    load: Load,
    report: Report,
    /// Processor time of the server for each request, microseconds.
    cpu_us: f64,
}

/// Measures all of them.
pub(crate) fn run(bench: &Bench, lines: &mut Vec<Line>) -> Fallible {
    let mut cells = Vec::new();
    for round in 1..=ROUNDS {
        for load in LOADS {
            for server in SERVERS {
                if load == Load::Open && server == "bare" {
                    continue;
                }
                let cell = one(bench, server, load)?;
                println!(
                    "round {round} {server:6} {load:?}: {}/s, cpu {:.1} us, p50 {:.2} p99 {:.2} max {:.1} ms, {} errors",
                    grouped(cell.report.rate()),
                    cell.cpu_us,
                    percentile_ms(&cell.report.latencies, 50.0),
                    percentile_ms(&cell.report.latencies, 99.0),
                    percentile_ms(&cell.report.latencies, 100.0),
                    cell.report.errors,
                );
                cells.push(cell);
            }
        }
    }
    let errors: u64 = cells.iter().map(|cell| cell.report.errors).sum();
    if errors != 0 {
        println!("ERRORS: {errors} requests were not answered with 2xx");
    }
    compare(&cells, lines);
    Ok(())
}

fn one(bench: &Bench, name: &'static str, load: Load) -> Fallible<Cell> {
    let core = bench.cores.server.as_deref();
    // Acknowledging is measured, at rates that no HubSpot sends: what waits is not bounded here.
    let site = Site::new(&bench.root, &bench.binary, &rules("dry-run", 1), NOBODY)?
        .with("HUBROUTE_SERVER_BACKLOG_LIMIT", "64 GiB");
    let server =
        if name == "serve" { site.start_ready(core)? } else { Server::handler(name, core)? };
    let before = cpu_seconds(server.process());
    let report = match load {
        Load::Closed(connections, batch) => {
            let kind = Kind { batch, property: UNWATCHED, value: "17" };
            let time = Duration::from_secs(bench.burst_seconds);
            closed_loop(server.address, connections, kind, time)?
        }
        Load::Open => {
            let kind = Kind { batch: 100, property: UNWATCHED, value: "17" };
            let seconds = bench.open_seconds;
            let rate = Rate { per_second: 200, seconds, connections: 10, exact: true };
            open_loop(server.address, rate, kind)?.report
        }
    };
    let used = cpu_seconds(server.process()) - before;
    let cpu_us = used * 1e6 / report.answered.max(1) as f64;
    drop(server);
    Ok(Cell { server: name, load, report, cpu_us })
}

fn compare(cells: &[Cell], lines: &mut Vec<Line>) {
    let rate = |server: &str, load: Load| of(cells, server, load, Report::rate);
    for (number, load, other, least) in [
        ("N1", LOADS[0], "bare", 0.15),
        ("N1", LOADS[1], "bare", 0.35),
        ("N2", LOADS[2], "verify", 0.6),
    ] {
        let Load::Closed(connections, batch) = load else { continue };
        let (serve, against) = (rate("serve", load), rate(other, load));
        let p99 = of(cells, "serve", load, |report| percentile_ms(&report.latencies, 99.0));
        lines.push(Line {
            number,
            what: format!("durable before 204, batch {batch}, {connections} connections"),
            target: format!("≥ {least} × {other}"),
            figure: format!(
                "{:.2} × ({}/s of {}/s), p99 {p99:.1} ms",
                serve / against,
                grouped(serve),
                grouped(against)
            ),
            is_met: Some(least <= serve / against),
        });
    }
    lines.push(open_line(cells));
}

/// The median over the rounds of one server under one load.
fn of(cells: &[Cell], server: &str, load: Load, value: impl Fn(&Report) -> f64) -> f64 {
    let found = cells.iter().filter(|cell| cell.server == server && cell.load == load);
    median(found.map(|cell| value(&cell.report)).collect())
}

fn open_line(cells: &[Cell]) -> Line {
    let at = |server: &str, percent: f64| {
        of(cells, server, Load::Open, |report| percentile_ms(&report.latencies, percent))
    };
    let (p50, p99, max, other) =
        (at("serve", 50.0), at("serve", 99.0), at("serve", 100.0), at("verify", 99.0));
    let open = cells.iter().filter(|cell| cell.server == "serve" && cell.load == Load::Open);
    let errors: u64 = open.map(|cell| cell.report.errors).sum();
    Line {
        number: "N4",
        what: "ack from intended send, 200/s of 100 events".to_owned(),
        target: "p99 ≤ 10 ms and ≤ 6 × verify, max < 250 ms, 0 errors".to_owned(),
        figure: format!(
            "p50 {p50:.2}, p99 {p99:.2} ms = {:.1} × verify ({other:.2} ms), max {max:.1} ms, {errors} errors",
            p99 / other
        ),
        is_met: Some(p99 <= 10.0 && p99 <= 6.0 * other && max < 250.0 && errors == 0),
    }
}
