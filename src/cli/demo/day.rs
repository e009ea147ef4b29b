//! The day: who changes, in which order, and how the deliveries go wrong.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::portal;
use super::progress::Progress;
use super::stage::{CLIENT_SECRET, DemoError, PUBLIC_URL};
use crate::app::SystemClock;
use crate::port::Clock as _;
use crate::simulator::{Change, Delivered, Delivery, Id, Signature, Simulator};

/// How long the router is not there yet when the day begins.
pub(super) const LATE: Duration = Duration::from_millis(400);
/// How long HubSpot waits for an answer while it is not.
const IMPATIENCE_MS: u64 = 250;
/// How much older than its successor a value is that arrives after it, milliseconds.
const OVERTAKEN_MS: u64 = 5_000;

/// How often it is looked whether somebody is enrolled, and how many times.
const LOOK_EVERY: Duration = Duration::from_millis(20);
const LOOKS_MAX: usize = 100;
/// The stage that most of the day is about.
const MQL: &str = "marketingqualifiedlead";

/// Who makes the deliveries.
#[derive(Clone, Debug)]
pub(super) struct Courier {
    pub(super) simulator: Arc<Simulator>,
    pub(super) progress: Arc<Progress>,
    /// The webhook listener's URL.
    pub(super) target: String,
}

impl Courier {
    /// The change that came in while the router was starting: tried again until it answers.
    pub(super) async fn early(&self) -> Result<(), DemoError> {
        self.progress.scene("HubSpot calls while the router is still starting");
        let order =
            Delivery { attempts: 20, timeout_ms: IMPATIENCE_MS, retry_ms: 200, ..self.order() };
        self.change_by(portal::EARLY, ("lifecyclestage", MQL), ("CRM_UI", order)).await
    }

    /// Everything after it.
    pub(super) async fn day(&self) -> Result<(), DemoError> {
        self.morning().await?;
        self.exceptions().await?;
        self.mishaps().await?;
        self.noon().await
    }

    async fn morning(&self) -> Result<(), DemoError> {
        self.progress.scene("morning: leads qualify, scores climb, guides are read, deals are won");
        for id in portal::MQLS {
            self.change(id, "lifecyclestage", MQL).await?;
        }
        for (id, score) in portal::SCORES.zip(["80", "81.5", "95", "120"].iter().cycle()) {
            self.change(id, "lead_score", score).await?;
        }
        for id in portal::READERS {
            let form = ("FORM", self.order());
            self.change_by(id, ("last_guide_downloaded", "guide-7"), form).await?;
        }
        for id in portal::CUSTOMERS {
            self.change(id, "lifecyclestage", "customer").await?;
        }
        for id in portal::GUESTS {
            self.change(id, "webinar_status", "attended").await?;
        }
        self.change(portal::ASKED, "demo_requested_at", "2026-11-24T09:00:00Z").await
    }

    /// People who must not hear from us, and those who hear from somebody else.
    async fn exceptions(&self) -> Result<(), DemoError> {
        self.progress.scene("people who must not hear from us");
        let by_hand = json!({ "contact": portal::BY_HAND, "sequence": 199, "user": 71 });
        let (status, answer) = self.simulator.control("POST", "/_sim/enrollments", &by_hand).await;
        if status != 200 {
            return Err(DemoError::Delivery(answer.to_string()));
        }
        for id in portal::FREE_MAIL..=portal::NO_EMAIL {
            self.change(id, "lifecyclestage", MQL).await?;
        }
        for id in portal::TESS_LEADS {
            self.change(id, "lead_score", "90").await?;
        }
        // Two motions of one theme on one contact, in one delivery.
        let both = [("lifecyclestage", MQL), ("demo_requested_at", "2026-11-24T10:00:00Z")];
        self.changes(portal::TWO_RULES, &both, ("FORM", self.order())).await?;
        // A rep is writing to these by now: marketing stays quiet.
        let written_to: Vec<u64> = portal::SCORES.take(2).collect();
        self.until_enrolled(&written_to).await;
        for id in written_to {
            let form = ("FORM", self.order());
            self.change_by(id, ("last_guide_downloaded", "guide-8"), form).await?;
        }
        Ok(())
    }

    /// What goes wrong between HubSpot and us.
    async fn mishaps(&self) -> Result<(), DemoError> {
        self.progress.scene("forged, repeated, overtaken and unreadable deliveries; a lost answer");
        self.change(portal::LOST_ANSWER, "lifecyclestage", MQL).await?;
        self.change(portal::BUSY, "lead_score", "88").await?;
        let mql = |id: u64| json!({ "contact": id, "property": "lifecyclestage", "value": MQL });
        let forged = Delivery { signature: Signature::Forged, ..self.order() };
        self.send(forged, vec![mql(portal::FORGED)]).await?;
        let stale = Delivery { signature: Signature::Stale, ..self.order() };
        self.send(stale, vec![mql(portal::FORGED)]).await?;
        let unwatched =
            json!({ "contact": portal::ASKED, "property": "favorite_color", "value": "blue" });
        self.send(self.order(), vec![unwatched]).await?;
        self.overtaken().await?;
        self.repeated().await?;
        self.beside_unreadable().await?;
        // Another account's event, signed with our secret.
        let foreign = json!({ "eventId": 9, "subscriptionId": 1, "portalId": portal::PORTAL + 1,
            "appId": 1, "occurredAt": SystemClock.now().unix_ms(), "attemptNumber": 0,
            "subscriptionType": "contact.propertyChange", "objectId": portal::FORGED,
            "propertyName": "lifecyclestage", "propertyValue": MQL, "changeSource": "CRM_UI" });
        self.send(self.order(), vec![foreign]).await
    }

    /// Two scores of one contact: the newer one is delivered first.
    async fn overtaken(&self) -> Result<(), DemoError> {
        let now = SystemClock.now().unix_ms();
        let mut events = Vec::new();
        for (score, at) in [("40", now - OVERTAKEN_MS), ("90", now)] {
            self.write(portal::OVERTAKEN, &[("lead_score", score)], ("CRM_UI", Some(at))).await?;
            events.push(json!({ "contact": portal::OVERTAKEN, "property": "lead_score",
                "value": score, "occurred": at }));
        }
        for event in events.into_iter().rev() {
            self.send(self.order(), vec![event]).await?;
        }
        Ok(())
    }

    /// The same delivery again, one after the other and three times at once.
    async fn repeated(&self) -> Result<(), DemoError> {
        for (at_once, copies, id) in [(false, 2, 1206), (true, 3, 1207)] {
            let order = Delivery { copies, at_once, ..self.order() };
            self.change_by(id, ("last_guide_downloaded", "guide-9"), ("FORM", order)).await?;
        }
        Ok(())
    }

    /// One item of a delivery cannot be read; the other one counts.
    async fn beside_unreadable(&self) -> Result<(), DemoError> {
        let change = [("lifecyclestage", MQL)];
        self.write(portal::BESIDE_UNREADABLE, &change, ("CRM_UI", None)).await?;
        let strange = json!({ "subscriptionType": "contact.propertyChange", "objectId": "?" });
        let readable = json!({ "contact": portal::BESIDE_UNREADABLE, "property": "lifecyclestage",
            "value": MQL, "form": "object" });
        self.send(self.order(), vec![strange, readable]).await
    }

    /// A list is imported: twenty deliveries at once, each on a connection of its own.
    async fn noon(&self) -> Result<(), DemoError> {
        self.progress.scene("noon: somebody imports a list");
        let mut tasks = JoinSet::new();
        for id in portal::IMPORTED {
            let courier = self.clone();
            tasks.spawn(async move {
                let import = ("IMPORT", courier.order());
                courier.change_by(id, ("lifecyclestage", MQL), import).await
            });
        }
        while let Some(made) = tasks.join_next().await {
            made.map_err(|gave_up| DemoError::Delivery(gave_up.to_string()))??;
        }
        Ok(())
    }

    /// Waits until HubSpot has enrolled them. When that takes too long the day goes on: the
    /// counts tell at its end.
    async fn until_enrolled(&self, contacts: &[u64]) {
        for _ in 0..LOOKS_MAX {
            let enrolled = self.simulator.counts().per_contact;
            if contacts.iter().all(|id| enrolled.contains_key(&Id::from(*id))) {
                return;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    fn order(&self) -> Delivery {
        Delivery {
            target: self.target.clone(),
            secret: CLIENT_SECRET.to_owned(),
            public_url: Some(PUBLIC_URL.to_owned()),
            ..Delivery::default()
        }
    }

    /// A person changes a property in HubSpot's pages, and it is delivered.
    async fn change(&self, id: u64, name: &str, value: &str) -> Result<(), DemoError> {
        self.change_by(id, (name, value), ("CRM_UI", self.order())).await
    }

    async fn change_by(
        &self,
        id: u64,
        property: (&str, &str),
        how: (&str, Delivery),
    ) -> Result<(), DemoError> {
        self.changes(id, &[property], how).await
    }

    /// Several properties at once: one delivery with an event for each.
    async fn changes(
        &self,
        id: u64,
        properties: &[(&str, &str)],
        (source, order): (&str, Delivery),
    ) -> Result<(), DemoError> {
        let change = Change { deliver: Some(order), ..change(properties, source) };
        let answer = self.simulator.change_contact(Id::from(id), change).await;
        let answer = answer.map_err(DemoError::Delivery)?;
        self.progress.delivered(answer["deliveries"].as_array().map_or(0, Vec::len));
        Ok(())
    }

    /// Properties change and nothing is delivered yet.
    async fn write(
        &self,
        id: u64,
        properties: &[(&str, &str)],
        (source, at): (&str, Option<u64>),
    ) -> Result<(), DemoError> {
        let at = at.and_then(|at| i64::try_from(at).ok());
        let change = Change { at, ..change(properties, source) };
        self.simulator.change_contact(Id::from(id), change).await.map_err(DemoError::Delivery)?;
        Ok(())
    }

    async fn send(&self, order: Delivery, events: Vec<Value>) -> Result<(), DemoError> {
        let order = Delivery { events, ..order };
        let made: Vec<Delivered> =
            self.simulator.deliver(order).await.map_err(DemoError::Delivery)?;
        self.progress.delivered(made.len());
        Ok(())
    }
}

fn change(properties: &[(&str, &str)], source: &str) -> Change {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Change {
        properties: properties.iter().map(own).collect(),
        source: Some(source.to_owned()),
        ..Change::default()
    }
}
