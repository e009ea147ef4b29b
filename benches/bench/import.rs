//! N7: a million contacts change at once, while HubSpot takes 19 calls a second. N12: what an
//! event costs on disk once it is decided.

use std::time::{Duration, Instant};

use hubroute::simulator::{Options, Simulator};

use crate::enroll::state;
use crate::events::{FIRING_VALUE, Kind, OTHER_VALUE, WATCHED, Writer, contact, take};
use crate::figures::{Line, grouped};
use crate::load::{Connection, closed_loop, on_this_thread};
use crate::machine::memory_mib;
use crate::server::{Site, rules};
use crate::start::start;
use crate::{Bench, Fallible};

const SENDERS: usize = 10;
const IMPORT: Kind = Kind { batch: 100, property: WATCHED, value: FIRING_VALUE };
/// Of another rule, whose people do not wait behind the import.
const FRESH: Kind = Kind { batch: 1, property: "asked_for_a_demo", value: "yes" };
const FRESH_EVENTS: u64 = 3;
/// 19 calls a second.
const CALLS_PER_10_SECONDS: &str = "190";
const PATIENCE: Duration = Duration::from_mins(30);

/// Measures them.
pub(crate) fn run(bench: &Bench, lines: &mut Vec<Line>) -> Fallible {
    import(bench, lines)?;
    size(bench, lines)
}

fn import(bench: &Bench, lines: &mut Vec<Line>) -> Fallible {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let fresh = take(FRESH_EVENTS);
    let simulator = {
        let _guard = runtime.enter();
        let state = state((FRESH.property, FRESH.value), fresh, FRESH_EVENTS);
        Simulator::start(Options { state: Some(state), ..Options::default() })?
    };
    let rules = rules("live", SENDERS) + &fresh_rule();
    let site = Site::new(&bench.root, &bench.binary, &rules, &simulator.url())?
        .with("HUBROUTE_HUBSPOT_CALLS_PER_10_SECONDS", CALLS_PER_10_SECONDS);
    let server = site.start_ready(bench.cores.every.as_deref())?;
    let (began, mut events, mut errors) = (Instant::now(), 0, 0);
    while events < bench.remembered {
        let report = closed_loop(server.address, 10, IMPORT, Duration::from_millis(100))?;
        events += report.answered * IMPORT.batch;
        errors += report.errors;
    }
    let acknowledged = began.elapsed().as_secs_f64();
    site.wait_until_taken(PATIENCE)?;
    let taken = began.elapsed().as_secs_f64();
    let slowest = slowest_fresh(&site, &simulator, fresh)?;
    let [_, peak] = memory_mib(server.process());
    server.stop()?;
    let again = start(&site, bench)?;
    let known = site.status()?["events"]["accepted"].as_u64().unwrap_or_default();
    // The starts' own first deliveries are of a property that nobody watches.
    let lost = (events + FRESH_EVENTS).saturating_sub(known);
    println!(
        "import: {} events acknowledged in {acknowledged:.1} s, taken after {taken:.1} s, {} bytes on disk each",
        grouped(events as f64),
        site.bytes_on_disk()? / events
    );
    let is_met = acknowledged <= 30.0
        && errors == 0
        && peak <= 160.0
        && again.first_204 <= 1_000.0
        && slowest <= 2.0
        && lost == 0;
    lines.push(Line {
        number: "N7",
        what: format!(
            "import of {} events, batch 100, 10 connections, 19 calls/s; a fresh event of another rule while it waits",
            grouped(events as f64)
        ),
        target: "acknowledged ≤ 30 s; peak ≤ 160 MiB; restart to first 204 ≤ 1 s; 0 lost; fresh one enrolled ≤ 2 s"
            .to_owned(),
        figure: format!(
            "acknowledged {acknowledged:.1} s ({errors} refused); peak {peak:.0} MiB; first 204 {:.0} ms; {lost} lost; fresh one {slowest:.2} s",
            again.first_204
        ),
        is_met: Some(is_met),
    });
    drop(again);
    runtime.block_on(simulator.stop());
    Ok(())
}

fn fresh_rule() -> String {
    format!(
        "[[rule]]\nid = \"demo\"\nsays = \"Whoever asks for a demo hears from a rep\"\n\
         mode = \"live\"\nwhen = {{ property = \"{}\", becomes = \"{}\" }}\n\
         enroll = {{ sequence = \"intro\", sender = [\"team:reps\"] }}\nre_enroll = \"never\"\n",
        FRESH.property, FRESH.value
    )
}

/// Seconds from sending a fresh event to its enrollment, of the slowest one.
fn slowest_fresh(site: &Site, simulator: &Simulator, first: u64) -> Fallible<f64> {
    let mut slowest = 0.0_f64;
    for number in first..first + FRESH_EVENTS {
        let sent = Instant::now();
        let status = on_this_thread(async {
            let mut writer = Writer::new(FRESH);
            Connection::open(site.webhook).await?.send(writer.write(number)).await
        })??;
        if status != 204 {
            return Err(format!("a fresh event was answered with {status}").into());
        }
        let wanted = contact(number).to_string();
        while !simulator.state().enrolled.iter().any(|it| it.contact.to_string() == wanted) {
            if Duration::from_mins(1) < sent.elapsed() {
                return Err("a fresh event was not enrolled within a minute".into());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        slowest = slowest.max(sent.elapsed().as_secs_f64());
    }
    Ok(slowest)
}

/// Every event is watched and decided: no rule matched.
fn size(bench: &Bench, lines: &mut Vec<Line>) -> Fallible {
    let site = Site::new(&bench.root, &bench.binary, &rules("dry-run", 1), "http://127.0.0.1:9")?;
    let server = site.start_ready(bench.cores.every.as_deref())?;
    let kind = Kind { value: OTHER_VALUE, ..IMPORT };
    let mut events = 0;
    while events < bench.remembered {
        events += closed_loop(server.address, 10, kind, Duration::from_millis(100))?.answered
            * kind.batch;
    }
    site.wait_until_taken(PATIENCE)?;
    server.stop()?;
    let bytes = site.bytes_on_disk()? / events;
    lines.push(Line {
        number: "N12",
        what: format!("bytes on disk of each of {} decided events", grouped(events as f64)),
        target: "≤ 600".to_owned(),
        figure: format!("{bytes}"),
        is_met: Some(bytes <= 600),
    });
    Ok(())
}
