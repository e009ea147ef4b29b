//! The router's work: who is due is read fresh, decided, reserved, called, settled, in this
//! order and with nothing waiting between read and call (CONSISTENCY.md section 2).

mod call;
mod circuits;
mod directory;
mod found;
mod halts;
mod leave;
mod marker;
mod merged;
mod missed;
mod offset;
mod pace;
mod paused;
mod press;
mod read_back;
mod reading;
mod retries;
mod share;
mod strangers;
mod turn;
mod work;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwap;

pub use circuits::{Circuits, Part};
pub use halts::{Halt, Halts};
pub use pace::{Pace, Urgency};
pub use press::Pressed;
pub use strangers::Beside;

use self::directory::Directory;
use self::offset::Offset;
use self::paused::Pause;
use self::share::Share;
use crate::domain::retry::Budget;
use crate::domain::rule::RuleSet;
use crate::domain::settle::Policy;
use crate::domain::time::Timestamp;
use crate::port::{Clock, HubSpot, Ledger};

/// How the router works.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Persons worked on at once.
    pub workers: usize,
    /// How claims in doubt are treated.
    pub policy: Policy,
    /// Calls in any ten seconds.
    pub calls_per_10_seconds: u32,
    /// Our share of the account's daily quota, in percent.
    pub daily_share_percent: u32,
    /// The longest the work loop sleeps: wall clocks jump, timers do not.
    pub nap: Duration,
}

/// The rule set of the moment, replaced as a whole by a reload.
pub type Rules = Arc<ArcSwap<RuleSet>>;

/// The router of one portal.
#[derive(Debug)]
pub struct Router<L, H, C> {
    ledger: L,
    hubspot: H,
    clock: C,
    offset: Offset,
    rules: Rules,
    policy: Policy,
    workers: usize,
    nap: Duration,
    pace: Pace,
    pause: Pause,
    share: Share,
    halts: Halts,
    circuits: Circuits,
    beside: Beside,
    retries: Mutex<Budget>,
    directory: Directory,
    /// An enrollment of ours was looked at once: HubSpot's read of enrollments is known to work.
    looked_once: AtomicBool,
    /// What was enrolled while the router was away is being looked for.
    looks_back: AtomicBool,
}

impl<L: Ledger, H: HubSpot, C: Clock> Router<L, H, C> {
    /// A router that has not begun to work.
    pub fn new(ledger: L, hubspot: H, clock: C, rules: Rules, settings: &Settings) -> Self {
        Self {
            ledger,
            hubspot,
            clock,
            offset: Offset::default(),
            rules,
            policy: settings.policy,
            workers: settings.workers.max(1),
            nap: settings.nap,
            pace: Pace::new(settings.calls_per_10_seconds),
            pause: Pause::default(),
            share: Share::new(settings.daily_share_percent),
            halts: Halts::default(),
            circuits: Circuits::default(),
            beside: Beside::default(),
            retries: Mutex::default(),
            directory: Directory::default(),
            looked_once: AtomicBool::new(false),
            looks_back: AtomicBool::new(false),
        }
    }

    /// The time now, by HubSpot's clock as far as its answers have told it.
    pub fn now(&self) -> Timestamp {
        self.offset.apply(self.ours())
    }

    fn ours(&self) -> offset::Reading {
        offset::Reading { wall: self.clock.now(), steady: self.clock.steady() }
    }

    /// Waits for the answer of one call, and hears from it what time it is at HubSpot.
    async fn heard<T>(&self, call: impl Future<Output = T>) -> T {
        let asked = self.clock.steady();
        let answer = call.await;
        if let Some(told) = self.hubspot.told() {
            let ours = self.ours();
            self.offset.hear(told, ours.steady.saturating_sub(asked), ours);
        }
        answer
    }

    /// What stands still because HubSpot refuses our access.
    pub fn halts(&self) -> &Halts {
        &self.halts
    }

    /// What is left alone because it did not answer.
    pub fn circuits(&self) -> &Circuits {
        &self.circuits
    }

    /// Who else enrolls the same contacts.
    pub fn beside(&self) -> &Beside {
        &self.beside
    }

    /// No call that enrolls leaves while what was enrolled meanwhile is looked for
    /// (CONSISTENCY.md 6.14).
    pub fn look_back(&self, looks: bool) {
        self.looks_back.store(looks, Ordering::Relaxed);
    }

    /// Whether no call that enrolls may leave now: a person paused them, or it is not known yet
    /// what was enrolled meanwhile.
    fn keeps_back(&self) -> bool {
        self.ledger.is_paused() || self.looks_back.load(Ordering::Relaxed)
    }

    /// Whoever waits for owners or access is looked at again: the rules or the access changed.
    pub fn refresh(&self) {
        self.halts.clear();
        self.circuits.clear();
        self.directory.clear();
    }
}
