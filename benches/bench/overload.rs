//! N5: twice the load that is taken for good. What is answered 204 is kept; the rest is asked to
//! come again, quickly.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::events::{Kind, OTHER_VALUE, WATCHED, Writer};
use crate::figures::{Line, grouped, percentile_ms};
use crate::load::{Connection, closed_loop, on_this_thread};
use crate::server::{Site, rules};
use crate::{Bench, Fallible};

const KIND: Kind = Kind { batch: 100, property: WATCHED, value: OTHER_VALUE };
/// Senders: more than HubSpot's ten, so that answers that are late do not slow the load down.
const SENDERS: u32 = 64;
/// What may wait, so that an overload of seconds meets the limit that one of an hour would.
const BACKLOG: &str = "8 MiB";
/// How long the part that finds the capacity lasts.
const PROBE: Duration = Duration::from_secs(4);

/// What one sender saw.
#[derive(Debug, Default)]
struct Seen {
    kept: u64,
    refused: u64,
    others: u64,
    refusals: Vec<Duration>,
}

/// Measures it.
pub(crate) fn run(bench: &Bench, lines: &mut Vec<Line>) -> Fallible {
    let site = Site::new(&bench.root, &bench.binary, &rules("dry-run", 1), "http://127.0.0.1:9")?;
    let server = site.start_ready(bench.cores.every.as_deref())?;
    let began = Instant::now();
    let report = closed_loop(server.address, 10, KIND, PROBE)?;
    site.wait_until_taken(Duration::from_mins(5))?;
    let capacity = report.answered as f64 / began.elapsed().as_secs_f64();
    server.stop()?;
    site.clear()?;
    let site = site.with("HUBROUTE_SERVER_BACKLOG_LIMIT", BACKLOG);
    let server = site.start_ready(bench.cores.every.as_deref())?;
    let rate = 2.0 * capacity;
    let seen = overload(server.address, rate, Duration::from_secs(bench.burst_seconds))?;
    site.wait_until_taken(Duration::from_mins(5))?;
    let events = site.status()?["events"]["accepted"].as_u64().unwrap_or_default();
    let lost = (seen.kept * KIND.batch).saturating_sub(events);
    let slowest = percentile_ms(&seen.refusals, 100.0);
    let is_met = lost == 0 && seen.others == 0 && (seen.refused == 0 || slowest <= 1_000.0);
    lines.push(Line {
        number: "N5",
        what: format!(
            "{} events/s, twice what is taken, for {} s; {BACKLOG} may wait",
            grouped(rate * KIND.batch as f64),
            bench.burst_seconds
        ),
        target: "0 lost of those answered 204; the rest 503 within 1 s".to_owned(),
        figure: format!(
            "{} deliveries answered 204 and {lost} events lost; {} answered 503, the slowest in \
             {slowest:.0} ms; {} otherwise",
            seen.kept, seen.refused, seen.others
        ),
        is_met: Some(is_met),
    });
    drop(server);
    Ok(())
}

/// Sends at this rate, whatever is answered.
fn overload(address: SocketAddr, per_second: f64, time: Duration) -> Fallible<Seen> {
    let every = Duration::from_secs_f64(f64::from(SENDERS) / per_second);
    on_this_thread(async {
        let (start, mut tasks) = (Instant::now(), JoinSet::new());
        for number in 0..SENDERS {
            let first = start + every * number / SENDERS;
            tasks.spawn_local(send(address, first, every, start + time));
        }
        let mut whole = Seen::default();
        while let Some(seen) = tasks.join_next().await {
            let seen = seen??;
            whole.kept += seen.kept;
            whole.refused += seen.refused;
            whole.others += seen.others;
            whole.refusals.extend(seen.refusals);
        }
        whole.refusals.sort_unstable();
        Ok(whole)
    })?
}

async fn send(
    address: SocketAddr,
    first: Instant,
    every: Duration,
    end: Instant,
) -> io::Result<Seen> {
    let (mut seen, mut writer) = (Seen::default(), Writer::new(KIND));
    let (mut due, mut connection) = (first, None);
    while due < end {
        tokio::time::sleep_until(due.into()).await;
        due += every;
        let mut open = match connection.take() {
            Some(open) => open,
            None => Connection::open(address).await?,
        };
        let sent = Instant::now();
        match open.send(writer.fresh()).await {
            Ok(204) => seen.kept += 1,
            Ok(503) => {
                seen.refused += 1;
                seen.refusals.push(sent.elapsed());
                // An answer before the signature was looked at closes the connection.
                continue;
            }
            Ok(_) | Err(_) => {
                seen.others += 1;
                continue;
            }
        }
        connection = Some(open);
    }
    Ok(seen)
}
