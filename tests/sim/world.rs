//! One simulated life of a router: the account, its people, HubSpot's bad days, the machine that
//! stops, the clock that is set wrong, all from one seed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use hubroute::domain::rule::RuleFile;
use hubroute::simulator::{By, Portal, Target};
use serde_json::{Value, json};

use crate::account;
use crate::carrier::InProcess;
use crate::checker::{Checker, Effect, Law};
use crate::disk::{SimDisk, Stop};
use crate::index::SimIndex;
use crate::node::{Machine, Node};
use crate::random::Random;
use crate::time::{BEGIN_MS, DAY, HOUR, MINUTE, SECOND, Time, WallClock};
use crate::traffic::{Rate, Traffic};
use crate::trap::{Cut, Trap};
use crate::weather::Weather;

/// Time after the last change in which everything must come to its end.
pub(crate) const AFTERMATH: u64 = 25 * DAY;

/// What one run is.
pub(crate) struct Plan {
    pub(crate) seed: u64,
    /// Days in which something happens.
    pub(crate) days: u64,
    pub(crate) rate: Rate,
    pub(crate) workers: usize,
    /// Calls in any ten seconds.
    pub(crate) calls: u32,
    pub(crate) state: Value,
    pub(crate) law: Law,
    /// The rules folder, by edition.
    pub(crate) rules: Box<dyn Fn(usize) -> Vec<RuleFile>>,
    pub(crate) weather: Weather,
    /// Whether each day is told.
    pub(crate) progress: bool,
    /// How often, on average, the machine stops; `None`: never.
    pub(crate) stops: Option<u64>,
    /// How often, on average, the clock is set wrong.
    pub(crate) clocks: Option<u64>,
    /// By how much at most.
    pub(crate) wrong_by: u64,
    /// How often, on average, people change rules, senders and the bridge, and pause calls.
    pub(crate) changes: Option<u64>,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) digest: u64,
    pub(crate) events: u64,
    pub(crate) acknowledged: usize,
    pub(crate) enrollments: usize,
    pub(crate) stops: usize,
    pub(crate) recovered: usize,
    pub(crate) in_doubt: BTreeMap<String, usize>,
    pub(crate) reasons: BTreeMap<String, usize>,
    pub(crate) violations: usize,
    pub(crate) shown: Vec<String>,
    /// Milliseconds after the beginning at which HubSpot booked the last enrollment of ours.
    pub(crate) drained: u64,
    /// Calls, by endpoint and outcome.
    pub(crate) calls: String,
    pub(crate) effects: Vec<Effect>,
    /// Inboxes that reached their budget.
    pub(crate) full: usize,
    /// How often the router's clock was set.
    pub(crate) jumps: usize,
}

/// What happens beside the traffic, and when next.
#[derive(Debug)]
pub(crate) struct Agenda {
    weather: u64,
    people: u64,
    hourly: u64,
    daily: u64,
    stop: u64,
    start: u64,
    pub(crate) clock: u64,
    pub(crate) change: u64,
    pub(crate) mend: u64,
}

/// See the module.
pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) time: Time,
    pub(crate) random: Random,
    pub(crate) portal: Portal,
    weather: Arc<Mutex<Weather>>,
    pub(crate) machine: Machine,
    pub(crate) node: Option<Node>,
    trap: Trap,
    how: Stop,
    /// The machine stopped while a call of which the disk knows was under way.
    was_calling: bool,
    traffic: Traffic,
    pub(crate) checker: Checker,
    pub(crate) agenda: Agenda,
    pub(crate) edition: usize,
    /// Ends of sequences that HubSpot will see: when, and whose.
    ends: BTreeSet<(u64, u64, u64)>,
    /// Enrollments whose end is planned.
    planned: usize,
    /// The next record for the checker.
    next_record: u64,
    stops: usize,
    recovered: usize,
    pub(crate) jumps: usize,
}

impl World {
    /// A world in which nothing has happened. Tokio's time is paused.
    pub(crate) async fn new(mut plan: Plan) -> Self {
        let time = Time::begin();
        let state = std::mem::take(&mut plan.state);
        let portal = Portal::new(state, move || time.now()).expect("the state is right");
        let weather = std::mem::replace(&mut plan.weather, Weather::new(0, 0));
        let weather = Arc::new(Mutex::new(weather));
        let (disk, trap) = (SimDisk::default(), Trap::default());
        let carrier = InProcess {
            portal: portal.clone(),
            weather: Arc::clone(&weather),
            time,
            trap: trap.clone(),
            disk: disk.clone(),
        };
        let machine = Machine {
            disk,
            index: SimIndex::default(),
            clock: WallClock::new(time),
            carrier,
            workers: plan.workers,
            calls: plan.calls,
        };
        let mut random = Random::of(plan.seed, "world");
        let busy = plan.days * DAY;
        let mut first = |mean| Some(random.wait(mean)).filter(|at| *at < busy).unwrap_or(u64::MAX);
        let agenda = Agenda {
            weather: 0,
            people: 3 * HOUR,
            hourly: HOUR,
            daily: DAY,
            stop: plan.stops.map_or(u64::MAX, &mut first),
            start: u64::MAX,
            clock: plan.clocks.map_or(u64::MAX, &mut first),
            change: plan.changes.map_or(u64::MAX, &mut first),
            mend: busy,
        };
        let (node, _) = machine.start(&(plan.rules)(0)).await;
        let traffic = Traffic::new(plan.seed, plan.rate);
        let checker = Checker::new(plan.law.clone());
        Self {
            plan,
            time,
            random,
            portal,
            weather,
            machine,
            node: Some(node),
            trap,
            how: Stop::Kill,
            was_calling: false,
            traffic,
            checker,
            agenda,
            edition: 0,
            ends: BTreeSet::new(),
            planned: 0,
            next_record: 1,
            stops: 0,
            recovered: 0,
            jumps: 0,
        }
    }

    /// Changes that are told at once, at the beginning.
    pub(crate) fn burst(&mut self, changes: impl Iterator<Item = (u64, &'static str, String)>) {
        self.traffic.burst(self.time.elapsed(), &self.portal, changes);
    }

    /// Lives through the plan, and judges it.
    pub(crate) async fn live(mut self) -> Outcome {
        let busy = self.plan.days * DAY;
        let end = busy + AFTERMATH;
        while self.time.elapsed() < end {
            let next = self.next(busy).min(end);
            tokio::select! {
                biased;
                () = self.trap.sprung() => {}
                () = self.time.until(next) => {}
            }
            let elapsed = self.time.elapsed();
            self.traffic.happen(elapsed, busy, &self.portal);
            let kept = self.traffic.deliver(elapsed, &self.portal, &mut self.node).await;
            for (number, items) in kept {
                self.checker.acknowledged(number, items);
            }
            self.attend(elapsed, busy).await;
        }
        self.finish().await
    }

    fn next(&self, busy: u64) -> u64 {
        let agenda = &self.agenda;
        let planned = [
            agenda.weather,
            agenda.people,
            agenda.hourly,
            // A machine that is off is not stopped.
            if self.node.is_some() { agenda.stop } else { u64::MAX },
            agenda.start,
            agenda.clock,
            agenda.change,
            agenda.mend,
        ];
        let end = self.ends.first().map(|(at, _, _)| *at);
        let soonest = planned.into_iter().chain(end).chain(self.traffic.next(busy)).min();
        soonest.unwrap_or(u64::MAX).max(self.time.elapsed() + 1)
    }

    /// Everything of the agenda whose time has come.
    async fn attend(&mut self, elapsed: u64, busy: u64) {
        if self.agenda.weather <= elapsed {
            self.agenda.weather = elapsed + 10 * MINUTE;
            let mut weather = self.weather.lock().unwrap_or_else(PoisonError::into_inner);
            weather.change(elapsed, &self.portal);
            drop(weather);
            self.plan_ends(elapsed);
        }
        while let Some((_, contact, target)) =
            self.ends.first().copied().filter(|(at, _, _)| *at <= elapsed)
        {
            self.ends.pop_first();
            self.end_sequence(contact, target).await;
        }
        self.stop_or_start(elapsed, busy).await;
        self.set_clock(elapsed, busy);
        self.change(elapsed, busy).await;
        if self.agenda.people <= elapsed {
            self.agenda.people = elapsed + self.random.within(2 * HOUR, 8 * HOUR);
            self.people(elapsed, busy).await;
        }
        if self.agenda.hourly <= elapsed {
            self.agenda.hourly = elapsed + HOUR;
            self.read_records();
            self.machine.disk.spill();
            if let Some(node) = &self.node {
                node.forget().await;
            }
        }
        if self.agenda.daily <= elapsed {
            self.agenda.daily = elapsed + DAY;
            if self.plan.progress {
                let calls = self.portal.counts().calls;
                eprintln!(
                    "day {}, {} events, calls: {calls:?}",
                    elapsed / DAY,
                    self.traffic.events
                );
            }
            self.checker.look(self.time.now());
        }
    }

    /// Sequences end after days or weeks: an answer, the last step, a bounce.
    fn plan_ends(&mut self, elapsed: u64) {
        let (from, random, ends) = (self.planned, &mut self.random, &mut self.ends);
        self.planned = self.portal.look(|state| {
            for entry in &state.enrolled[from..] {
                if let Target::Sequence(id) = &entry.target {
                    let lasts = random.within(DAY, 40 * DAY);
                    ends.insert((elapsed + lasts, entry.contact.number(), id.number()));
                }
            }
            state.enrolled.len()
        });
    }

    async fn end_sequence(&mut self, contact: u64, sequence: u64) {
        let how = *self.random.pick(&["reply", "finish", "finish", "bounce"]);
        let end = json!({ "contact": contact, "sequence": sequence, "how": how });
        self.portal.control("POST", "/_sim/enrollments/end", &end).await;
    }

    /// The machine stops at a write, or in the middle of a call; and starts again.
    async fn stop_or_start(&mut self, elapsed: u64, busy: u64) {
        if self.trap.take() && self.node.is_some() {
            self.was_calling = true;
            let how = *self.random.pick(&[Stop::Kill, Stop::PowerCut]);
            self.stop(elapsed, how).await;
        } else if self.machine.disk.is_stopped() {
            self.stop(elapsed, Stop::PowerCut).await;
        } else if self.agenda.stop <= elapsed && self.node.is_some() {
            let mean = self.plan.stops.unwrap_or(u64::MAX);
            let next = elapsed + self.random.wait(mean).max(MINUTE);
            self.agenda.stop = if next < busy { next } else { u64::MAX };
            match self.random.below(8) {
                0 => self.stop(elapsed, Stop::Kill).await,
                1 => self.stop(elapsed, Stop::PowerCut).await,
                2 | 3 => self.machine.disk.stop_after(self.random.below(300)),
                _ => self.trap.arm(*self.random.pick(&Cut::ALL)),
            }
        }
        if self.agenda.start <= elapsed {
            self.agenda.start = u64::MAX;
            self.machine.disk.fill(false);
            self.machine.boot(self.how, &mut self.random);
            let files = (self.plan.rules)(self.edition);
            let (node, recovered) = self.machine.start(&files).await;
            if std::mem::take(&mut self.was_calling) && recovered == 0 {
                self.checker
                    .violation("a call that was under way is not known any more".to_owned());
            }
            self.recovered += recovered;
            self.node = Some(node);
        }
    }

    async fn stop(&mut self, elapsed: u64, how: Stop) {
        self.read_records();
        let Some(node) = self.node.take() else { return };
        node.kill().await;
        self.trap.disarm();
        self.stops += 1;
        self.how = how;
        let away = match self.random.below(10) {
            0 => self.random.within(HOUR, 8 * HOUR),
            _ => self.random.within(SECOND, 5 * MINUTE),
        };
        self.agenda.start = elapsed + away;
    }

    /// Shows the checker the records that are new.
    fn read_records(&mut self) {
        let Some(node) = &mut self.node else { return };
        if node.records.synced() < self.next_record {
            return;
        }
        node.records.seek(self.next_record).expect("what was recorded is there");
        while let Some(entry) = node.records.advance().expect("and can be read") {
            self.next_record = entry.seq + 1;
            self.checker.record(&entry.payload);
        }
    }

    async fn finish(mut self) -> Outcome {
        self.read_records();
        self.checker.look(self.time.now());
        self.checker.quiescence();
        let effects = account::effects(&self.portal);
        let digest = self.checker.judge(&effects);
        let enrollments = self
            .portal
            .look(|state| state.enrolled.iter().filter(|entry| entry.by == By::Api).count());
        if let Some(node) = self.node.take() {
            node.kill().await;
        }
        let last = effects.iter().filter(|it| it.by_api).map(|it| it.at).max().unwrap_or(BEGIN_MS);
        let drained = u64::try_from(last - BEGIN_MS).unwrap_or(0);
        let calls = self.portal.counts().calls;
        Outcome {
            digest,
            events: self.traffic.events,
            acknowledged: self.checker.acknowledged,
            enrollments,
            stops: self.stops,
            recovered: self.recovered,
            in_doubt: self.checker.in_doubt,
            reasons: self.checker.reasons,
            violations: self.checker.violations,
            shown: self.checker.shown,
            drained,
            effects,
            full: self.checker.full,
            jumps: self.jumps,
            calls: format!("{calls:?}"),
        }
    }
}
