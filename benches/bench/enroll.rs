//! N6: from the intended sending of an event to the enrollment in a HubSpot on loopback.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, UNIX_EPOCH};

use hubroute::simulator::{Options, Simulator};
use serde_json::{Value, json};

use crate::events::{FIRING_VALUE, Kind, OTHER_VALUE, PORTAL, WATCHED, contact, now_ms, take};
use crate::figures::{Line, percentile_ms};
use crate::load::{Rate, Sent, open_loop};
use crate::server::{Site, rules};
use crate::{Bench, Fallible};

/// Inboxes that share the enrollments.
const SENDERS: usize = 10;
const RATE: Rate = Rate { per_second: 100, seconds: 10, connections: 10, exact: true };
/// Sent before, so that owners and users are known and connections open.
const WARM_UP: Rate = Rate { seconds: 1, ..RATE };
/// How long the last enrollment may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Measures it.
pub(crate) fn run(bench: &Bench, lines: &mut Vec<Line>) -> Fallible {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    // The numbers that the two loads below take, for nobody else takes any meanwhile.
    let first = take(0);
    let count = WARM_UP.requests() + RATE.requests();
    let simulator = {
        let _guard = runtime.enter();
        Simulator::start(Options {
            state: Some(state((WATCHED, FIRING_VALUE), first, count)),
            ..Options::default()
        })?
    };
    let site = Site::new(&bench.root, &bench.binary, &rules("live", SENDERS), &simulator.url())?;
    let server = site.start_ready(bench.cores.server.as_deref())?;
    let kind = Kind { batch: 1, property: WATCHED, value: FIRING_VALUE };
    open_loop(server.address, WARM_UP, kind)?;
    let sent = open_loop(server.address, RATE, kind)?;
    let end = Instant::now();
    while (simulator.state().enrolled.len() as u64) < count && end.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_millis(50));
    }
    let (times, missing) = latencies(&simulator, &sent)?;
    let [p50, p99, max] = [50.0, 99.0, 100.0].map(|percent| percentile_ms(&times, percent));
    println!(
        "enrollments: p50 {p50:.1}, p99 {p99:.1}, max {max:.1} ms, {missing} missing, calls {}",
        serde_json::to_string(&simulator.counts().calls)?
    );
    lines.push(Line {
        number: "N6",
        what: "event to enrollment at a loopback HubSpot, 100 events/s, settle 0".to_owned(),
        target: "p99 ≤ 20 ms".to_owned(),
        figure: format!("p50 {p50:.1}, p99 {p99:.1}, max {max:.1} ms, {missing} missing"),
        is_met: Some(p99 <= 20.0 && missing == 0),
    });
    drop(server);
    runtime.block_on(simulator.stop());
    Ok(())
}

/// A portal in which every contact of the load may be enrolled: each becomes a lead during the
/// run, so the history says so from a moment that no event precedes by much.
pub(crate) fn state((property, value): (&str, &str), first: u64, count: u64) -> Value {
    let now = now_ms();
    let history = json!({ property: [
        { "value": OTHER_VALUE, "at": now - 3_600_000, "source": "FORM" },
        { "value": value, "at": now + 3_600_000, "source": "CRM_UI" },
    ] });
    let contacts: Vec<Value> = (first..first + count)
        .map(|n| {
            let email = format!("lead{n}@prospect.test");
            let properties = json!({ "email": email, property: value });
            json!({ "id": contact(n), "properties": properties, "history": history })
        })
        .collect();
    let emails: Vec<String> = (1..=SENDERS).map(|n| format!("rep{n}@acme.test")).collect();
    let ids = 71..;
    let users: Vec<Value> = ids
        .clone()
        .zip(&emails)
        .map(|(id, email)| {
            json!({ "id": id, "email": email, "seats": ["sales-pro"], "inboxes": [email] })
        })
        .collect();
    let owners: Vec<Value> = ids
        .zip(&emails)
        .map(|(id, email)| json!({ "id": id - 30, "user": id, "email": email }))
        .collect();
    json!({
        "portal": PORTAL, "contacts": contacts, "owners": owners, "users": users,
        "sequences": [{ "id": 101, "name": "Intro" }],
    })
}

/// From the intended sending to the enrollment, sorted, and how many contacts were not enrolled.
/// Both times are of one clock. The simulator's counts whole milliseconds, so one is added.
fn latencies(simulator: &Simulator, sent: &Sent) -> Fallible<(Vec<Duration>, u64)> {
    let state = simulator.state();
    let enrolled: BTreeMap<String, i64> =
        state.enrolled.iter().map(|entry| (entry.contact.to_string(), entry.at)).collect();
    let start = sent.start.duration_since(UNIX_EPOCH)?;
    let (mut times, mut missing) = (Vec::new(), 0);
    for slot in 0..RATE.requests() {
        match enrolled.get(&contact(sent.first + slot).to_string()) {
            None => missing += 1,
            Some(at) => {
                let at = Duration::from_millis(u64::try_from(*at)? + 1);
                times.push(at.saturating_sub(start + RATE.due(slot)));
            }
        }
    }
    times.sort_unstable();
    Ok((times, missing))
}
