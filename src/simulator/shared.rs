//! What the server's threads share: one lock over the world, and the signals around it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::watch;

use super::bridge::Bridge;
use super::call::{Answer, Call, correlated};
use super::clock::{Clock, since_ms};
use super::counts::Counts;
use super::deliver::Delivered;
use super::event::{Stamp, write_out};
use super::faults::{Fault, Plan};
use super::hub::Hub;
use super::limits::Limits;
use super::log::{Log, Phase};
use super::state::State;

/// Everything behind the one lock. Each call takes it once to arrive, once to apply, once to end.
#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) hub: Hub,
    pub(super) faults: Vec<Fault>,
    pub(super) log: Log,
    limits: Limits,
    /// The last number given to a correlation id.
    last_correlation: u64,
    last_delivery: u64,
    last_event: u64,
}

/// The world and its signals.
#[derive(Debug)]
pub(super) struct Shared {
    world: Mutex<World>,
    /// Counts changes of the log; waiting tests look again at each.
    changed: watch::Sender<u64>,
    /// The number of the present withholding of connections; `None` while they are served.
    withheld: watch::Sender<Option<u64>>,
    /// Counts releases; whatever hangs goes on at each.
    released: watch::Sender<u64>,
    start: Instant,
    clock: Clock,
    pub(super) http: reqwest::Client,
}

impl Shared {
    pub(super) fn new(http: reqwest::Client, clock: Clock) -> Self {
        let mut world = World::default();
        world.hub.clock = clock.clone();
        Self {
            world: Mutex::new(world),
            clock,
            changed: watch::Sender::new(0),
            withheld: watch::Sender::new(None),
            released: watch::Sender::new(0),
            start: Instant::now(),
            http,
        }
    }

    /// The world; a panic of another thread does not take it away.
    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Milliseconds since the simulator started; on another clock than the machine's, since 1970.
    pub(super) fn elapsed(&self) -> u64 {
        match &self.clock {
            Clock::Machine => since_ms(self.start),
            owned @ Clock::Owned(_) => u64::try_from(owned.now_ms()).unwrap_or(0),
        }
    }

    /// Milliseconds since 1970, by the clock that deliveries are signed by.
    pub(super) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    fn notify(&self) {
        self.changed.send_modify(|changes| *changes += 1);
    }

    /// Books the arrival of a call and takes the faults that strike it.
    pub(super) fn receive(&self, call: &Call) -> (Option<usize>, Plan) {
        let at = self.elapsed();
        let mut guard = self.world();
        let world = &mut *guard;
        let contact = world.hub.resolve(call.contact());
        let place = world.log.receive(call, contact.as_ref(), at);
        let plan = Plan::take(&mut world.faults, call, |named| {
            contact.is_some() && world.hub.resolve(Some(named.clone())) == contact
        });
        drop(guard);
        self.notify();
        (place, plan)
    }

    /// Gives the call its effect and its answer.
    pub(super) fn apply(&self, call: &Call, place: Option<usize>, bookings: usize) -> Answer {
        let at = self.elapsed();
        let mut guard = self.world();
        let world = &mut *guard;
        let settings = world.hub.state.settings.clone();
        if let Err(refusal) = world.limits.admit(&settings, world.hub.now()) {
            return refusal;
        }
        world.hub.run_bridge();
        world.hub.run_starts();
        world.hub.run_first_actions();
        let before = world.hub.state.enrolled.len();
        world.hub.calls_today = world.limits.today();
        let answer = correlated(&mut world.last_correlation, || {
            super::api::answer(&mut world.hub, call, bookings)
        });
        let effect = world.hub.state.enrolled.len() > before;
        if let Some(entry) = place.and_then(|place| world.log.enrolls.get_mut(place)) {
            entry.applied_at = effect.then_some(at);
        }
        let answer = world.limits.headers(&settings, answer);
        drop(guard);
        self.notify();
        answer
    }

    /// The answer of a status fault.
    pub(super) fn refuse(&self, fault: &Fault, status: u16) -> Answer {
        correlated(&mut self.world().last_correlation, || fault.refusal(status))
    }

    /// Books the end of a call.
    pub(super) fn finish(&self, call: &Call, place: Option<usize>, outcome: &str, answered: bool) {
        let at = answered.then(|| self.elapsed());
        self.world().log.finish(call.endpoint, place, outcome, at);
        self.notify();
    }

    /// Serves no connection until released, or for `ms`.
    pub(super) fn withhold(self: &std::sync::Arc<Self>, ms: Option<u64>) {
        let mut number = 0;
        self.withheld.send_modify(|withheld| {
            number = withheld.unwrap_or(0) + 1;
            *withheld = Some(number);
        });
        let Some(ms) = ms else { return };
        let shared = std::sync::Arc::clone(self);
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            shared.withheld.send_if_modified(|withheld| {
                let mine = *withheld == Some(number);
                if mine {
                    *withheld = None;
                }
                mine
            });
        });
    }

    /// Serves connections again; those that waited are closed unserved.
    pub(super) fn serve_again(&self) {
        self.withheld.send_replace(None);
    }

    /// Lets everything that hangs or waits go on.
    pub(super) fn release(&self) {
        self.serve_again();
        self.released.send_modify(|releases| *releases += 1);
    }

    /// While connections are withheld: counts this one, waits, and says that it was withheld.
    pub(super) async fn was_withheld(&self, call: &Call) -> bool {
        let mut withheld = self.withheld.subscribe();
        if withheld.borrow().is_none() {
            return false;
        }
        *self.world().log.withheld.entry(call.endpoint).or_default() += 1;
        self.notify();
        // The sender lives in `self`, so waiting ends only with the condition.
        withheld.wait_for(Option::is_none).await.is_ok()
    }

    /// The releases from now on.
    pub(super) fn releases(&self) -> watch::Receiver<u64> {
        self.released.subscribe()
    }

    /// Waits until a phase is reached, or for `limit`; says whether it was.
    pub(super) async fn wait_for(&self, phase: Phase, limit: Duration) -> bool {
        let mut changed = self.changed.subscribe();
        let reached = changed.wait_for(|_| self.world().log.reached(phase));
        tokio::time::timeout(limit, reached).await.is_ok_and(|seen| seen.is_ok())
    }

    /// The portal's state now.
    pub(super) fn portal(&self) -> State {
        let mut world = self.world();
        world.hub.run_bridge();
        world.hub.run_starts();
        world.hub.run_first_actions();
        world.hub.state.clone()
    }

    /// The counts now.
    pub(super) fn counts(&self) -> Counts {
        let mut world = self.world();
        world.hub.run_bridge();
        world.hub.run_starts();
        world.hub.run_first_actions();
        Counts::of(&world.hub, &world.log)
    }

    /// Puts the state; replacing it also forgets the log, the faults and the limits.
    pub(super) fn put_state(&self, patch: Value, replace: bool) -> Result<(), String> {
        let mut guard = self.world();
        let world = &mut *guard;
        world.hub.put(patch, replace)?;
        if replace {
            world.hub.bridge = Bridge::default();
            world.hub.arriving.clear();
            world.hub.first_actions.clear();
            world.log = Log::default();
            world.faults.clear();
            world.limits = Limits::default();
        }
        drop(guard);
        self.notify();
        Ok(())
    }

    /// Puts the faults; those that withhold connections everywhere do so at once.
    pub(super) fn put_faults(self: &std::sync::Arc<Self>, body: Value) -> Result<usize, String> {
        let (now, later): (Vec<Fault>, Vec<Fault>) =
            super::faults::read(body)?.into_iter().partition(Fault::is_immediate);
        let count = now.len() + later.len();
        self.world().faults = later;
        for fault in now {
            self.withhold(fault.ms);
        }
        Ok(count)
    }

    /// Events in HubSpot's words.
    pub(super) fn write_out(&self, events: Vec<Value>) -> Result<Vec<Value>, String> {
        let mut guard = self.world();
        let world = &mut *guard;
        let events = events.into_iter().map(|event| {
            world.last_event += 1;
            let stamp = Stamp {
                portal: world.hub.state.portal,
                event_id: 3_816_279_000 + world.last_event,
                now_ms: world.hub.now(),
            };
            write_out(event, stamp)
        });
        events.collect()
    }

    pub(super) fn next_delivery(&self) -> u64 {
        let mut world = self.world();
        world.last_delivery += 1;
        world.last_delivery
    }

    pub(super) fn remember(&self, delivered: Delivered) {
        self.world().log.deliveries.push(delivered);
        self.notify();
    }
}
