//! `GET /metrics`: OpenMetrics text, gathered when somebody looks.

use std::sync::atomic::AtomicU64;

use actix_web::{HttpResponse, http::StatusCode, web};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::api::read;
use super::metrics::{Counted, Metrics};
use super::office::{Office, Standing};
use super::problem::Problem;
use super::status::{Events, behind};
use crate::domain::query::{Counts, Totals};
use crate::domain::reason::Reason;
use crate::domain::rule::RuleSet;
use crate::domain::time::Timestamp;
use crate::port::Records as _;

/// The content type of OpenMetrics text.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Labels = Vec<(&'static str, String)>;
type Counters = Family<Labels, Counter>;
type Gauges = Family<Labels, Gauge<u64, AtomicU64>>;

/// All figures as text.
pub(super) async fn metrics<O: Office>(
    office: web::Data<O>,
    metrics: web::Data<Metrics>,
) -> Result<HttpResponse, Problem> {
    let text = read(&office, move |office| {
        let mut registry = Registry::with_prefix("hubroute");
        let counts = office.records().counts()?;
        let totals = office.records().totals();
        live(&mut registry, &metrics);
        decisions(&mut registry, &counts, &totals);
        standing(&mut registry, &office.standing(), &totals, office.now());
        rules(&mut registry, office, &office.rules());
        let mut text = String::new();
        Ok(encode(&mut text, &registry).map(|()| text))
    })
    .await?;
    let text = text.map_err(|_| {
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "metrics-failed",
            "The metrics cannot be written as text.",
            "Please report it.",
        )
    })?;
    Ok(HttpResponse::Ok().content_type(OPEN_METRICS).body(text))
}

/// What the parts count while they work.
fn live(registry: &mut Registry, metrics: &Metrics) {
    for of in Counted::ALL {
        let [name, label, help] = of.family();
        let family = Counters::default();
        for (value, count) in metrics.counts(of) {
            family.get_or_create(&vec![(label, value.to_owned())]).inc_by(count);
        }
        registry.register(name, help, family);
    }
}

/// Events and decisions, every reason with each decision it can stand beside, also at 0. Final
/// decisions only grow; an open one leaves its count when the next row supersedes it.
fn decisions(registry: &mut Registry, counts: &Counts, totals: &Totals) {
    let (done, open) = (Counters::default(), Gauges::default());
    for reason in Reason::ALL {
        for decision in reason.decisions() {
            let of = counts
                .iter()
                .filter(|((_, found, why), _)| found == decision.code() && why == reason.code());
            let count = of.map(|(_, count)| count).sum();
            let labels = vec![("decision", decision.to_string()), ("reason", reason.to_string())];
            if decision.is_open() {
                open.get_or_create(&labels).set(count);
            } else {
                done.get_or_create(&labels).inc_by(count);
            }
        }
    }
    registry.register("decisions", "Final decisions", done);
    registry.register("open_decisions", "Decisions that another will follow", open);
    let events = Counters::default();
    let Events { accepted, duplicate, stale, unreadable } = Events::of(totals, counts);
    for (outcome, count) in [
        ("accepted", accepted),
        ("duplicate", duplicate),
        ("stale", stale),
        ("unreadable", unreadable),
    ] {
        events.get_or_create(&vec![("outcome", outcome.to_owned())]).inc_by(count);
    }
    registry.register("events", "Events taken", events);
}

/// How the router stands.
fn standing(registry: &mut Registry, standing: &Standing, totals: &Totals, now: Timestamp) {
    let queues = Gauges::default();
    for (queue, depth) in [
        ("journal", behind(standing, totals)),
        ("waiting", totals.waiting),
        ("held", totals.held),
        ("in_doubt", totals.in_doubt),
    ] {
        queues.get_or_create(&vec![("queue", queue.to_owned())]).set(depth);
    }
    registry.register("queue_depth", "What is not finally decided", queues);
    let bytes = Gauges::default();
    for (stream, used) in
        [("deliveries", standing.disk.deliveries_bytes), ("ledger", standing.disk.ledger_bytes)]
    {
        bytes.get_or_create(&vec![("stream", stream.to_owned())]).set(used);
    }
    registry.register_with_unit("store", "What the journal takes on disk", Unit::Bytes, bytes);
    let removed = Counter::<u64>::default();
    removed.inc_by(standing.disk.segments_removed);
    registry.register("segments_removed", "Old segments taken away", removed);
    let alerts = Gauges::default();
    for alert in &standing.alerts {
        alerts.get_or_create(&vec![("code", alert.code.to_owned())]).set(1);
    }
    registry.register("alert", "1 while a person should look at it", alerts);
    flag(registry, "ready", "1 while deliveries can be stored", standing.ready.is_ok());
    let refused = standing.rules.refused.is_some();
    flag(registry, "rules_refused", "1 while the rules on disk are not in use", refused);
    flag(registry, "paused", "1 while calls are paused by a person", standing.paused);
    for (name, help, since) in [
        ("oldest_undecided", "Age of the oldest undecided event", standing.oldest_undecided),
        ("oldest_unsettled", "Age of the oldest open claim", standing.oldest_unsettled),
        ("since_last_event", "Since the last event was received", totals.last_event),
    ] {
        let gauge = Gauge::<f64, AtomicU64>::default();
        let age = since.map_or(0, |since| now.since_ms(since));
        gauge.set(std::time::Duration::from_millis(age).as_secs_f64());
        registry.register_with_unit(name, help, Unit::Seconds, gauge);
    }
}

fn flag(registry: &mut Registry, name: &str, help: &str, on: bool) {
    let gauge = Gauge::<u64, AtomicU64>::default();
    gauge.set(u64::from(on));
    registry.register(name, help, gauge);
}

/// The rule set, its senders, and which program this is.
fn rules(registry: &mut Registry, office: &impl Office, rules: &RuleSet) {
    let (used, budget) = (Gauges::default(), Gauges::default());
    let inboxes = office.records().inboxes();
    let now = office.now();
    for spec in rules.senders.values() {
        let labels = vec![("sender", spec.name.to_string())];
        let taken = inboxes.get(&spec.inbox).map_or(0, |inbox| inbox.used(now));
        used.get_or_create(&labels).set(u64::from(taken));
        budget.get_or_create(&labels).set(u64::from(spec.daily_budget));
    }
    registry.register("sender_used", "Enrollments of a sender in the last 24 hours", used);
    registry.register("sender_budget", "Enrollments a sender may make in 24 hours", budget);
    let set = Info::new(vec![("fingerprint", rules.fingerprint.to_string())]);
    registry.register("rules", "The rule set in use", set);
    let build = Info::new(vec![("version", env!("CARGO_PKG_VERSION").to_owned())]);
    registry.register("build", "Which program this is", build);
}
