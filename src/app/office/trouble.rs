//! What an operator must see: everything that stands still, with its reason.

use super::Office;
use crate::admin;
use crate::app::SystemClock;
use crate::domain::sentence;
use crate::port::{Clock, Records};
use crate::router::Part;

impl Office {
    /// Every alert of now, the gravest first.
    pub(super) fn alerts(&self) -> Vec<admin::Alert> {
        let mut alerts = self.alerts.all();
        alerts.extend(self.open_breakers());
        alerts.extend(self.open_circuits());
        alerts.extend(self.backlog());
        alerts.extend(self.not_seeded());
        alerts.extend(self.not_alone());
        if let Some(halt) = self.router.halts().of_everything() {
            let sentence = format!(
                "HubSpot refuses our access ({}); nothing is lost, mend the token and it goes on",
                halt.message
            );
            alerts.insert(0, admin::Alert { code: "access-refused", since: halt.since, sentence });
        }
        let failures = [self.store.ledger.failure(), self.store.deliveries.failure()];
        let since = SystemClock.now();
        if let Some(why) = self.store.deliveries.trouble() {
            let sentence = format!("The store cannot write: {why}. Deliveries come again.");
            alerts.insert(0, admin::Alert { code: "store-refuses", since, sentence });
        }
        for failure in failures.iter().filter_map(|failure| failure.borrow().clone()) {
            alerts.insert(0, admin::Alert { code: "store-stopped", since, sentence: failure });
        }
        alerts
    }

    /// An alert for each open breaker.
    fn open_breakers(&self) -> impl Iterator<Item = admin::Alert> {
        let now = self.router.now();
        let open = self.store.ledger.breakers().into_iter();
        open.filter(move |(tripped, _)| tripped.open.is_open(now)).map(|(tripped, held)| {
            let sentence = sentence::breaker_alert(&tripped, held);
            admin::Alert { code: "breaker-open", since: tripped.open.since, sentence }
        })
    }

    /// An alert for each part of HubSpot that is left alone because it does not answer.
    fn open_circuits(&self) -> impl Iterator<Item = admin::Alert> {
        self.router.circuits().opened(SystemClock.now()).into_iter().map(|(part, opened)| {
            let code = if part == Part::HubSpot { "hubspot-unreachable" } else { "circuit-open" };
            let sentence = format!(
                "{} did not answer several times in a row ({}); nothing is lost, it is tried \
                 again by itself",
                part.says(),
                opened.why
            );
            admin::Alert { code, since: opened.since, sentence }
        })
    }

    /// An alert for an hour after others were seen at work on the same contacts.
    fn not_alone(&self) -> Option<admin::Alert> {
        let found = self.router.beside().at_work(&self.rules.load(), self.router.now())?;
        let sentence = found.sentence();
        Some(admin::Alert { code: "not-alone", since: found.since, sentence })
    }

    /// An alert while deliveries are refused because the intake is behind.
    fn backlog(&self) -> Option<admin::Alert> {
        let now = SystemClock.now();
        let why = self.store.deliveries.behind(now)?;
        let sentence = format!("Deliveries are refused with 503, and HubSpot comes again: {why}");
        Some(admin::Alert { code: "backlog-full", since: now, sentence })
    }
}
