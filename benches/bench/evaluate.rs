//! N11: what an event costs under 1 to 10,000 rules, where the other rules watch other properties.
//! Two steps of its way are measured apart, as they are taken apart: the intake's, from the event
//! to the rules that it fires; and the decision about a contact of whom one rule fired.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use hubroute::domain::assumed;
use hubroute::domain::breaker::Fires;
use hubroute::domain::contact::Contact;
use hubroute::domain::decide::decide;
use hubroute::domain::event::{Event, Kind};
use hubroute::domain::id::{ContactId, PortalId};
use hubroute::domain::intake::{Incoming, judge};
use hubroute::domain::person::Person;
use hubroute::domain::record::TakenEvent;
use hubroute::domain::rule::RuleSet;
use hubroute::domain::rule::compile;
use hubroute::domain::time::Timestamp;
use hubroute::domain::view::{Counters, Memory, View};

use crate::command::watched;
use crate::events::{FIRING_VALUE, PORTAL, WATCHED};
use crate::figures::{Line, grouped, median, percentile_ms};
use crate::machine::memory_mib;
use crate::{Bench, Fallible, folder};

const COUNTS: [usize; 4] = [1, 100, 1_000, 10_000];
const ROUNDS: usize = 3;
/// Events of one round.
const EVENTS: usize = 100_000;
/// The target: p99 with 1,000 rules, in microseconds.
const TARGET_US: f64 = 10.0;
/// What counts as flat: 10,000 rules against one, with half a microsecond for the clock.
const FLAT: f64 = 1.5;
const AT: Timestamp = Timestamp::from_unix_ms(1_795_532_400_000);

/// p50 and p99 of each step, in microseconds, of every round.
#[derive(Default)]
struct Times {
    intake: [Vec<f64>; 2],
    decision: [Vec<f64>; 2],
}

/// Measures them; rounds of all sizes in turns.
pub(crate) fn run(_: &Bench, lines: &mut Vec<Line>) -> Fallible {
    let sets: Vec<RuleSet> =
        COUNTS.into_iter().map(|count| folder::set(count, "live")).collect::<Fallible<_>>()?;
    let mut times: [Times; 4] = Default::default();
    for _ in 0..ROUNDS {
        for (rules, times) in sets.iter().zip(&mut times) {
            for (step, into) in
                [(intake(rules), &mut times.intake), (decision(rules)?, &mut times.decision)]
            {
                into[0].push(percentile_ms(&step, 50.0) * 1e3);
                into[1].push(percentile_ms(&step, 99.0) * 1e3);
            }
        }
    }
    drop(sets);
    let intake = times.each_mut().map(|it| it.intake.each_mut().map(|all| median(take(all))));
    let decision = times.each_mut().map(|it| it.decision.each_mut().map(|all| median(take(all))));
    lines.push(line("an event to the rules that it fires", intake));
    lines.push(line("the decision about a contact of whom one rule fired", decision));
    lines.push(compiling()?);
    Ok(())
}

fn take(all: &mut Vec<f64>) -> Vec<f64> {
    std::mem::take(all)
}

fn line(what: &str, found: [[f64; 2]; 4]) -> Line {
    let figure = |at: usize| found.map(|it| format!("{:.1}", it[at])).join(" / ");
    let [one, _, thousand, most] = found.map(|it| it[1]);
    let is_flat = most <= FLAT * one + 0.5;
    Line {
        number: "N11",
        what: format!("{what}, 1 / 100 / 1,000 / 10,000 rules"),
        target: "p99 ≤ 10 µs with 1,000, flat".to_owned(),
        figure: format!("p50 {}, p99 {} µs", figure(0), figure(1)),
        is_met: Some(thousand <= TARGET_US && is_flat),
    }
}

/// Events that fire the one rule, each of somebody nothing is known of.
fn intake(rules: &RuleSet) -> Vec<Duration> {
    let (fires, person, event) = (Fires::default(), Person::new(contact().id), event());
    let one = || {
        let start = Instant::now();
        black_box(fire(rules, &person, &event, &fires));
        start.elapsed()
    };
    sorted((0..EVENTS).map(|_| one()).collect())
}

/// The decision on the same contact each time: matched, with a sender of the team.
fn decision(rules: &RuleSet) -> Fallible<Vec<Duration>> {
    let contact = contact();
    let mut person = Person::new(contact.id);
    let taken = fire(rules, &person, &event(), &Fires::default());
    person.apply_event(1, &taken);
    let counters = Counters::default();
    let memory = Memory { person, versions: Vec::new(), inboxes: Arc::default(), counters };
    let owners = assumed::owners(rules);
    let view = View { now: AT, contact: &contact, memory: &memory, owners: &owners, around: None };
    if decide(rules, &view).enroll.is_none() {
        return Err("the contact of this benchmark is not enrolled".into());
    }
    let one = || {
        let start = Instant::now();
        black_box(decide(rules, &view));
        start.elapsed()
    };
    Ok(sorted((0..EVENTS / 5).map(|_| one()).collect()))
}

fn fire(rules: &RuleSet, person: &Person, event: &Event, fires: &Fires) -> TakenEvent {
    let incoming = Incoming { event, received: AT, id: "1.0", duplicate: false, fires };
    judge(rules, person, &incoming)
}

fn sorted(mut times: Vec<Duration>) -> Vec<Duration> {
    times.sort_unstable();
    times
}

fn event() -> Event {
    Event {
        portal: PortalId(PORTAL),
        contact: contact().id,
        kind: Kind::Property { name: WATCHED.into(), value: FIRING_VALUE.to_owned() },
        occurred_at: AT,
        subscription_type: "contact.propertyChange".to_owned(),
        source: Some("CRM_UI".to_owned()),
        source_id: None,
        app: None,
        event_id: None,
    }
}

fn contact() -> Contact {
    let properties = [("email", "ann@bigco.example"), ("country", "US"), (WATCHED, FIRING_VALUE)];
    Contact {
        id: ContactId(51_000_051),
        properties: properties.map(|(name, value)| (name.into(), value.to_owned())).into(),
        history: BTreeMap::new(),
        merged: Vec::new(),
    }
}

/// A process of its own compiles the largest set: its memory is nobody else's.
fn compiling() -> Fallible<Line> {
    let mut found = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        let mut command = Command::new(std::env::current_exe()?);
        let run = watched(command.arg("--compile").arg("10000").stdout(Stdio::piped()))?;
        let numbers: Vec<f64> =
            run.output.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        for (all, number) in found.iter_mut().zip(numbers) {
            all.push(number);
        }
    }
    let [ms, kept, peak] = found.map(median);
    Ok(Line {
        number: "N11",
        what: "compiling 10,000 rules".to_owned(),
        target: String::new(),
        figure: format!("{} ms; the set keeps {kept:.0} MiB, peak {peak:.0} MiB", grouped(ms)),
        is_met: None,
    })
}

/// Compiles so many rules and prints milliseconds, the memory that the set keeps, and the most
/// there was meanwhile, both above what was there before, MiB.
pub(crate) fn compile_and_tell(count: &str) -> Fallible {
    let files = folder::files(count.parse()?, "live");
    let own = std::process::id();
    let before = memory_mib(own)[0];
    let start = Instant::now();
    let compiled = compile(&files);
    let ms = start.elapsed().as_secs_f64() * 1e3;
    let rules = compiled.rules.ok_or("the rules of this benchmark do not compile")?;
    drop(compiled.diagnostics);
    let [now, peak] = memory_mib(own);
    println!("{ms} {} {}", now - before, peak - before);
    drop(rules);
    Ok(())
}
