//! What happens in the account, and HubSpot telling of it: changes, imports, flapping values,
//! deliveries that come twice, late, shuffled, or not at all until the router answers.

use std::collections::BTreeMap;

use hubroute::simulator::Portal;
use serde_json::{Value, json};

use crate::node::{Node, SECRET, URL};
use crate::random::Random;
use crate::time::{BEGIN_MS, DAY, HOUR, MINUTE, SECOND};

/// The first contact's id.
const FIRST: u64 = 1_001;
/// HubSpot gives up after so many attempts (HUBSPOT.md 1.7).
const ATTEMPTS_MAX: u32 = 10;
/// Events of one delivery.
const BATCH_MAX: usize = 100;

/// One delivery that HubSpot still has to make.
#[derive(Clone, Debug)]
struct Delivery {
    events: Vec<Value>,
    attempts: u32,
}

/// How much happens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    /// Contacts at the beginning.
    pub(crate) contacts: u64,
    /// New ones each day.
    pub(crate) growth: u64,
    /// Events each day.
    pub(crate) events: u64,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Traffic {
    random: Random,
    rate: Rate,
    contacts: u64,
    scores: BTreeMap<u64, u64>,
    outbox: BTreeMap<(u64, u64), Delivery>,
    next_delivery: u64,
    next_event: u64,
    next_import: u64,
    /// Events that happened, each counted once.
    pub(crate) events: u64,
    /// Deliveries that HubSpot gave up on.
    pub(crate) given_up: u64,
    pub(crate) refused: u64,
}

/// A contact as it is made.
fn fresh(number: u64) -> BTreeMap<String, String> {
    let id = FIRST + number;
    let country = if number.is_multiple_of(17) { "XX" } else { "US" };
    [
        ("email", format!("c{id}@lead.example")),
        ("firstname", format!("First{id}")),
        ("country", country.to_owned()),
        ("lifecyclestage", "lead".to_owned()),
        ("hubspot_owner_id", (41 + number % 8).to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// The contacts at the beginning, as the simulator's state has them.
pub(crate) fn contacts(rate: Rate) -> Vec<Value> {
    let contact = |number| {
        json!({
            "id": FIRST + number, "properties": fresh(number), "created": BEGIN_MS - 86_400_000,
        })
    };
    (0..rate.contacts).map(contact).collect()
}

impl Traffic {
    pub(crate) fn new(seed: u64, rate: Rate) -> Self {
        let never = rate.events == 0;
        Self {
            random: Random::of(seed, "traffic"),
            rate,
            contacts: rate.contacts,
            scores: BTreeMap::new(),
            outbox: BTreeMap::new(),
            next_delivery: 0,
            next_event: if never { u64::MAX } else { MINUTE },
            next_import: if never { u64::MAX } else { 3 * DAY },
            events: 0,
            given_up: 0,
            refused: 0,
        }
    }

    /// When something happens next; changes only until `end`.
    pub(crate) fn next(&self, end: u64) -> Option<u64> {
        let change = Some(self.next_event.min(self.next_import)).filter(|at| *at < end);
        let delivery = self.outbox.keys().next().map(|(at, _)| *at);
        change.into_iter().chain(delivery).min()
    }

    /// Lets everything happen that is due.
    pub(crate) fn happen(&mut self, elapsed: u64, end: u64, portal: &Portal) {
        if elapsed < end && self.next_import <= elapsed {
            self.next_import = elapsed + self.random.within(5 * DAY, 15 * DAY);
            self.import(elapsed, portal);
        }
        while elapsed < end && self.next_event <= elapsed {
            let mean = DAY / self.rate.events.max(1);
            // Twice as much by day as by night.
            let mean = if (elapsed / HOUR) % 24 < 12 { mean * 4 / 3 } else { mean * 4 / 5 };
            self.next_event += self.random.wait(mean).max(1);
            self.change(elapsed, portal);
        }
    }

    fn contact(&mut self) -> u64 {
        FIRST + self.random.below(self.contacts)
    }

    /// One thing that happens to one contact or to something else.
    fn change(&mut self, elapsed: u64, portal: &Portal) {
        let grows = self.rate.growth * 1_000 / self.rate.events.max(1);
        if self.random.chance(grows) {
            return self.join(elapsed, portal);
        }
        let contact = self.contact();
        let number = self.events;
        match self.random.below(100) {
            0..42 => self.score(elapsed, contact, portal),
            42..56 => {
                let stages = [
                    "lead",
                    "lead",
                    "subscriber",
                    "marketingqualifiedlead",
                    "salesqualifiedlead",
                    "opportunity",
                    "customer",
                ];
                let stage = (*self.random.pick(&stages)).to_owned();
                self.set(elapsed, portal, contact, ("lifecyclestage", stage, "CRM_UI"));
            }
            56..62 => {
                let guide = format!("guide-{}", self.random.below(9));
                self.set(elapsed, portal, contact, ("last_guide", guide, "FORM"));
            }
            62..70 => {
                self.set(elapsed, portal, contact, ("last_visit", number.to_string(), "ANALYTICS"));
            }
            70..73 => {
                self.set(
                    elapsed,
                    portal,
                    contact,
                    ("demo_requested_at", number.to_string(), "FORM"),
                );
            }
            73..76 => {
                let status = if self.random.chance(500) { "attended" } else { "registered" };
                self.set(elapsed, portal, contact, ("webinar_status", status.to_owned(), "IMPORT"));
            }
            76..80 => {
                let topic = format!("topic-{}", self.random.below(20));
                self.set(elapsed, portal, contact, ("topic", topic, "FORM"));
            }
            80..82 => {
                let mail = if self.random.chance(300) { "true" } else { "false" };
                self.set(elapsed, portal, contact, ("do_not_mail", mail.to_owned(), "CRM_UI"));
            }
            82..94 => self.set(elapsed, portal, contact, ("notes", number.to_string(), "CRM_UI")),
            94..97 => self.flap(elapsed, portal, contact),
            _ => self.strange(elapsed, portal, contact),
        }
    }

    fn score(&mut self, elapsed: u64, contact: u64, portal: &Portal) {
        let before = self.scores.get(&contact).copied().unwrap_or(40);
        let step = self.random.within(1, 35);
        let score = if self.random.chance(500) {
            (before + step).min(100)
        } else {
            before.saturating_sub(step)
        };
        self.scores.insert(contact, score);
        self.set(elapsed, portal, contact, ("lead_score", score.to_string(), "CALCULATED"));
    }

    /// A-B-A within seconds: the value that fired is gone when anybody looks.
    fn flap(&mut self, elapsed: u64, portal: &Portal, contact: u64) {
        for stage in ["marketingqualifiedlead", "lead", "marketingqualifiedlead", "lead"] {
            let change = ("lifecyclestage", stage.to_owned(), "WORKFLOW");
            self.set(elapsed, portal, contact, change);
        }
    }

    /// Somebody new.
    fn join(&mut self, elapsed: u64, portal: &Portal) {
        let number = self.contacts;
        self.contacts += 1;
        portal.change(FIRST + number, fresh(number), "FORM");
        let short = json!({ "contact": FIRST + number, "type": "creation" });
        let events = portal.events(vec![short]).expect("a short form");
        self.tell(elapsed, events);
    }

    /// What no rule is about, or nobody can read.
    fn strange(&mut self, elapsed: u64, portal: &Portal, contact: u64) {
        let now = portal_time(elapsed);
        let event = match self.random.below(6) {
            0 => json!({ "eventId": 1, "nonsense": true }),
            1 => json!(["no event"]),
            2 => json!({
                "eventId": 7, "subscriptionId": 8, "portalId": 34, "appId": 9, "occurredAt": now,
                "subscriptionType": "contact.propertyChange", "attemptNumber": 0,
                "objectId": contact, "changeSource": "CRM_UI",
                "propertyName": "lifecyclestage", "propertyValue": "marketingqualifiedlead",
            }),
            3 => json!({
                "eventId": 7, "subscriptionId": 8, "portalId": 33, "appId": 9, "occurredAt": now,
                "subscriptionType": "company.creation", "attemptNumber": 0, "objectId": contact,
                "changeFlag": "CREATED", "changeSource": "CRM",
            }),
            // Dated a year ahead: it must silence nobody.
            4 => {
                json!({ "contact": contact, "property": "lead_score", "value": "1", "occurred": now + 31_536_000_000_i64 })
            }
            // Older than anything acts on.
            _ => {
                json!({ "contact": contact, "property": "topic", "value": "old", "occurred": now - 6 * 86_400_000_i64 })
            }
        };
        let events = portal.events(vec![event]).expect("a form that is known");
        self.tell(elapsed, events);
    }

    /// Hundreds of contacts change at once.
    fn import(&mut self, elapsed: u64, portal: &Portal) {
        let count = self.random.within(100, 900);
        let mut events = Vec::new();
        for _ in 0..count {
            let contact = self.contact();
            let properties = [("lifecyclestage".to_owned(), "marketingqualifiedlead".to_owned())];
            events.extend(portal.change(contact, properties.into(), "IMPORT"));
        }
        self.events += events.len() as u64;
        for (at, batch) in (0..).zip(events.chunks(BATCH_MAX)) {
            let due = elapsed + SECOND + at * self.random.within(SECOND, 20 * SECOND);
            self.post_at(due, batch.to_vec());
        }
    }

    fn set(
        &mut self,
        elapsed: u64,
        portal: &Portal,
        contact: u64,
        (property, value, source): (&str, String, &str),
    ) {
        let events = portal.change(contact, [(property.to_owned(), value)].into(), source);
        if events.is_empty() {
            // The same value again is no change, and HubSpot tells of none.
            return;
        }
        self.tell(elapsed, events);
    }

    /// HubSpot tells of events: soon, late, twice, or together with the next ones.
    fn tell(&mut self, elapsed: u64, events: Vec<Value>) {
        self.events += events.len() as u64;
        let soon = elapsed + self.random.within(50, 3 * SECOND);
        let due = match self.random.below(1_000) {
            0..40 => elapsed + self.random.within(MINUTE, 30 * MINUTE),
            40..43 => elapsed + self.random.within(5 * DAY, 6 * DAY),
            _ => soon,
        };
        if self.random.chance(60) {
            let again = soon + self.random.below(2 * HOUR);
            self.post_at(again, events.clone());
        }
        if self.random.chance(200)
            && let Some((_, waiting)) = self.outbox.range_mut((elapsed, 0)..).next()
            && waiting.attempts == 0
            && waiting.events.len() + events.len() <= BATCH_MAX
        {
            waiting.events.extend(events);
            return;
        }
        self.post_at(due, events);
    }

    fn post_at(&mut self, due: u64, events: Vec<Value>) {
        self.next_delivery += 1;
        self.outbox.insert((due, self.next_delivery), Delivery { events, attempts: 0 });
    }

    /// So many changes of one property, told at once and in order, for `named` runs.
    pub(crate) fn burst(
        &mut self,
        elapsed: u64,
        portal: &Portal,
        changes: impl Iterator<Item = (u64, &'static str, String)>,
    ) {
        let mut events = Vec::new();
        for (number, property, value) in changes {
            let change = [(property.to_owned(), value)].into();
            events.extend(portal.change(FIRST + number, change, "FORM"));
        }
        self.events += events.len() as u64;
        for (at, batch) in (0..).zip(events.chunks(BATCH_MAX)) {
            self.post_at(elapsed + at * 100, batch.to_vec());
        }
    }

    /// Makes the deliveries that are due; those that were kept, with their number of items.
    pub(crate) async fn deliver(
        &mut self,
        elapsed: u64,
        portal: &Portal,
        node: &mut Option<Node>,
    ) -> Vec<(u64, usize)> {
        let mut kept = Vec::new();
        while let Some(entry) = self.outbox.first_entry().filter(|it| it.key().0 <= elapsed) {
            let mut delivery = entry.remove();
            if delivery.attempts > 0 {
                for event in delivery.events.iter_mut().filter(|event| event.is_object()) {
                    event["attemptNumber"] = json!(delivery.attempts);
                }
            }
            let body = serde_json::to_vec(&delivery.events).expect("events become JSON");
            let headers = portal.sign(SECRET, URL, &body);
            let answer = match node {
                Some(node) => node.post(&headers, body).await,
                None => None,
            };
            if let Some(number) = answer {
                kept.push((number, delivery.events.len()));
                // An answer that is lost on the way is no answer to HubSpot: it comes again.
                if !self.random.chance(10) {
                    continue;
                }
            } else {
                self.refused += 1;
            }
            delivery.attempts += 1;
            if ATTEMPTS_MAX <= delivery.attempts {
                self.given_up += 1;
                continue;
            }
            let wait = self.random.within(MINUTE, 5 * HOUR);
            self.next_delivery += 1;
            self.outbox.insert((elapsed + wait, self.next_delivery), delivery);
        }
        kept
    }
}

fn portal_time(elapsed: u64) -> i64 {
    BEGIN_MS + i64::try_from(elapsed).unwrap_or(0)
}
