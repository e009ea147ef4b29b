//! What people do beside the traffic: they set the machine's clock, change rules, lose a sender's
//! inbox, break the bridge, pause calls, fill the disk up, press, forget people, and enroll by hand.

use hubroute::domain::record::Paused;
use hubroute::port::Clock as _;
use hubroute::simulator::Target;
use serde_json::{Value, json};

use crate::time::{BEGIN_MS, HOUR, MINUTE};
use crate::world::{AFTERMATH, World};
use crate::{account, people};

const TWO_MONTHS_MS: i64 = 60 * 86_400_000;
/// Of a thousand looks at what waits, how often somebody of those who wait is forgotten.
const FORGETS: u64 = 50;

impl World {
    /// The router's clock is set wrong, and right again; every other time not at once, but in the
    /// middle of what the router does.
    pub(crate) fn set_clock(&mut self, elapsed: u64, busy: u64) {
        if elapsed < self.agenda.clock {
            return;
        }
        let mean = self.plan.clocks.unwrap_or(u64::MAX);
        if self.agenda.clock == u64::MAX || busy <= elapsed {
            self.machine.clock.set(0, 0);
            self.agenda.clock = u64::MAX;
            return;
        }
        self.jumps += 1;
        let most = self.plan.wrong_by;
        let wrong = i64::try_from(self.random.within(0, 2 * most)).unwrap_or(0)
            - i64::try_from(most).unwrap_or(0);
        let right = self.random.chance(500);
        let looks = if self.random.chance(500) { self.random.below(200) } else { 0 };
        self.machine.clock.set(if right { 0 } else { wrong }, looks);
        let lasts =
            if right { self.random.wait(mean) } else { self.random.within(MINUTE, 9 * HOUR) };
        self.agenda.clock = (elapsed + lasts.max(1)).min(busy.max(elapsed + 1));
    }

    /// People change the rules, lose a sender's inbox, break the bridge, pause calls, fill the disk
    /// up, and send the router to look back.
    pub(crate) async fn change(&mut self, elapsed: u64, busy: u64) {
        if self.agenda.mend <= elapsed {
            self.agenda.mend = u64::MAX;
            self.mend().await;
        }
        if elapsed < self.agenda.change {
            return;
        }
        let mean = self.plan.changes.unwrap_or(u64::MAX);
        self.agenda.change = elapsed + self.random.wait(mean).max(HOUR);
        if busy <= self.agenda.change {
            self.agenda.change = u64::MAX;
        }
        if busy <= elapsed {
            return;
        }
        self.agenda.mend = (elapsed + self.random.within(10 * MINUTE, 10 * HOUR)).min(busy);
        match self.random.below(7) {
            0 | 1 => {
                self.edition += 1;
                self.reload().await;
            }
            2 => {
                let without = usize::try_from(self.random.below(6)).ok();
                self.put_users(without).await;
            }
            3 => {
                let after_ms = [json!(40 * MINUTE), Value::Null];
                let after_ms = self.random.pick(&after_ms).clone();
                self.set_bridge(&after_ms);
            }
            4 => self.machine.disk.fill(true),
            5 => self.look_back(true),
            _ => self.pause(true).await,
        }
    }

    fn look_back(&self, looks: bool) {
        if let Some(node) = &self.node {
            node.router.look_back(looks);
        }
    }

    async fn mend(&mut self) {
        self.machine.disk.fill(false);
        self.look_back(false);
        self.put_users(None).await;
        self.set_bridge(&json!(MINUTE));
        self.pause(false).await;
        self.reload().await;
    }

    async fn reload(&mut self) {
        if let Some(node) = &self.node {
            node.reload(&(self.plan.rules)(self.edition)).await;
        }
    }

    async fn put_users(&mut self, without: Option<usize>) {
        let users = json!({ "users": account::users(without) });
        let (status, answer) = self.portal.control("PUT", "/_sim/state", &users).await;
        assert_eq!(status, 200, "{answer}");
    }

    fn set_bridge(&mut self, after_ms: &Value) {
        let bridge = json!({ "property": "unenroll_requested", "after_ms": after_ms });
        self.portal.set(&json!({ "bridge": bridge })).expect("the simulator has a bridge");
    }

    async fn pause(&mut self, paused: bool) {
        if let Some(node) = &self.node {
            let at = self.machine.clock.now();
            // A disk that has stopped refuses.
            drop(node.ledger.pause(Paused { at, paused }).await);
        }
    }

    /// People press, look up in HubSpot what is in doubt, and enroll somebody by hand.
    pub(crate) async fn people(&mut self, elapsed: u64, busy: u64) {
        let at_the_end = busy + AFTERMATH / 2 <= elapsed;
        if let Some(node) = &self.node {
            people::press(node, &mut self.random, at_the_end).await;
            if busy <= elapsed || self.random.chance(300) {
                people::resolve(node, &self.portal).await;
            }
            if elapsed < busy
                && self.plan.changes.is_some()
                && self.random.chance(FORGETS)
                && let Some(contact) = people::forget(node, &mut self.random).await
            {
                self.checker.forgotten(contact, self.time.now());
            }
        }
        let contact = 1_001 + self.random.below(self.plan.rate.contacts);
        if elapsed < busy && self.plan.changes.is_some() && !self.is_in_sequence(contact, elapsed) {
            let sequence = self.random.within(101, 103);
            let wish = account::by_hand(contact, sequence);
            self.portal.control("POST", "/_sim/enrollments", &wish).await;
        }
    }

    /// No sequence lasts longer than two months here.
    fn is_in_sequence(&self, contact: u64, elapsed: u64) -> bool {
        let since = BEGIN_MS + i64::try_from(elapsed).unwrap_or(0) - TWO_MONTHS_MS;
        self.portal.look(|state| {
            let mut lately = state.enrolled.iter().rev().take_while(|entry| since < entry.at);
            lately.any(|entry| {
                entry.contact.number() == contact
                    && matches!(entry.target, Target::Sequence(_))
                    && entry.ended.is_none()
            })
        })
    }
}
