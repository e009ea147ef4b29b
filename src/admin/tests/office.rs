//! An office in memory: test data, and what was pressed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::standing::{standing, viewed};
use crate::admin::office::{
    Looked, Office, PressError, ReconcileStanding, Refusal, ReloadError, Reloaded, Resolution,
    SeedStanding, Standing,
};
use crate::domain::breaker::Tripped;
use crate::domain::claim::{Channel, Claim, State, Target};
use crate::domain::event::{Event, Kind};
use crate::domain::found::{self, Tally};
use crate::domain::id::{ContactId, Inbox, PortalId, RowId};
use crate::domain::outcome::ReadFailure;
use crate::domain::person::{Item, Person};
use crate::domain::press::Verdict;
use crate::domain::query::{
    Counts, DecisionQuery, Found, FoundPage, Listed, Listing, Running, Totals,
};
use crate::domain::reason::{Decision, Reason};
use crate::domain::record::{Press, Row, RulesAccepted, Step, Turn};
use crate::domain::rule::{Mode, RuleFile, RuleSet, compile};
use crate::domain::take_out::Asked;
use crate::domain::time::{DAY_MS, HOUR_MS, Timestamp};
use crate::domain::view::{Counters, InboxUse, Memory};
use crate::port::{LedgerError, Records};

/// 24 Nov 2026, 15:00 UTC.
pub(super) const NOW: Timestamp = Timestamp::from_unix_ms(1_795_532_400_000);
/// A property value as an attacker would write it.
pub(super) const HOSTILE: &str = "\"><script>alert(1)</script>\u{202e}\u{0}\\";

const RULES: &str = r#"
[portal]
id = 1
time_zone = "America/New_York"
[themes.sales]
[sequences.inbound]
id = 10
theme = "sales"
[senders.dana]
email = "dana@acme.com"
daily_budget = 2
[[rule]]
id = "inbound"
says = "A new lead gets the inbound sequence."
mode = "live"
when = { property = "lifecyclestage", becomes = "lead" }
enroll = { sequence = "inbound", sender = ["user:dana"] }
"#;

/// Everything the listener may ask for.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) standing: Standing,
    pub(super) broken: bool,
    pub(super) refuses: bool,
    pub(super) rules: Arc<RuleSet>,
    pub(super) pressed: Mutex<Vec<(String, Press)>>,
}

impl Desk {
    pub(super) fn new() -> Self {
        let file = RuleFile { name: "portal.toml".to_owned(), text: RULES.to_owned() };
        let compiled = compile(&[file]);
        let rules = compiled.rules.unwrap_or_else(|| panic!("{:#?}", compiled.diagnostics));
        Self {
            standing: standing(),
            broken: false,
            refuses: false,
            rules: Arc::new(rules),
            pressed: Mutex::default(),
        }
    }

    fn press(&self, what: String, press: Press) {
        self.pressed.lock().expect("no test panics with it").push((what, press));
    }
}

fn event(contact: ContactId) -> Event {
    Event {
        portal: PortalId(1),
        contact,
        kind: Kind::Property { name: "lifecyclestage".into(), value: HOSTILE.to_owned() },
        occurred_at: NOW.minus_ms(HOUR_MS),
        subscription_type: "contact.propertyChange".to_owned(),
        source: Some("CRM_UI".to_owned()),
        source_id: None,
        app: None,
        event_id: Some("9007199254740993".to_owned()),
    }
}

/// The n-th decision record, one for each contact from 1 on.
fn found(seq: u64) -> Found {
    let reason = if seq == 1 { Reason::Matched } else { Reason::Settling };
    let contact = ContactId(seq);
    let row = Row {
        contact: Some(contact),
        event: Some(event(contact)),
        rule: Some("inbound".into()),
        mode: Some(Mode::Live),
        target: Some("inbound".into()),
        ..Row::new(format!("{seq}.0.inbound").into(), reason, "Why.".to_owned(), "f00d".into())
    };
    Found { seq, place: 0, at: NOW, row }
}

fn item(contact: ContactId, decision: Decision, reason: Reason) -> Item {
    let id = format!("{contact}.0.inbound").into();
    Item {
        due: (decision == Decision::Wait).then(|| NOW.plus_ms(HOUR_MS)),
        decision,
        reason,
        sentence: "Why.".to_owned(),
        target: Some("inbound".into()),
        sender: Some("dana".into()),
        ..Item::fired(id, ("inbound".into(), Mode::Live), event(contact), NOW)
    }
}

fn claim(contact: ContactId, state: State) -> Claim {
    Claim {
        id: "c1".into(),
        contact,
        theme: "sales".into(),
        rule: "inbound".into(),
        row: format!("{contact}.0.inbound").into(),
        target: Target { channel: Channel::Sequence, name: "inbound".into(), id: 10 },
        sender: None,
        via: None,
        first_call_at: NOW,
        last_call_at: NOW,
        lost_answers: 1,
        holds_until: NOW.plus_ms(DAY_MS),
        evidence: None,
        state,
    }
}

impl Records for Desk {
    fn decisions(&self, query: &DecisionQuery) -> Result<FoundPage, LedgerError> {
        if self.broken {
            return Err(LedgerError::Stopped);
        }
        // A rule whose records lie further back than is looked at for one page.
        if query.rule.as_ref().is_some_and(|rule| rule.as_str() == "long-ago") {
            return Ok(FoundPage { cut_short: Some((3, 0)), ..FoundPage::default() });
        }
        let all = (1..=5).rev().map(found);
        let wanted = all.filter(|found| {
            query.contact.is_none_or(|contact| found.row.contact == Some(contact))
                && query.rule.as_ref().is_none_or(|rule| found.row.rule.as_ref() == Some(rule))
                && query.decision.is_none_or(|decision| found.row.decision == decision)
                && query.reason.is_none_or(|reason| found.row.reason == reason)
                && query.since.is_none_or(|since| since <= found.at)
                && query.before.is_none_or(|before| (found.seq, found.place) < before)
                && !query.history
        });
        Ok(FoundPage { found: wanted.take(query.limit).collect(), ..FoundPage::default() })
    }

    fn person(&self, contact: ContactId) -> Result<Person, LedgerError> {
        let mut person = Person::new(contact);
        if contact == ContactId(1) {
            person.merged = vec![ContactId(77)];
            person.items = vec![item(contact, Decision::Wait, Reason::Settling)];
            let ended_at = Some(NOW);
            let enrolled_at = NOW.minus_ms(DAY_MS);
            let state =
                State::Confirmed { enrolled_at, verified: true, enrollment: None, ended_at };
            person.claims = vec![claim(contact, state)];
        }
        Ok(person)
    }

    fn memory(&self, contact: ContactId) -> Result<Memory, LedgerError> {
        let (person, inboxes) = (self.person(contact)?, self.inboxes());
        Ok(Memory { person, versions: Vec::new(), inboxes, counters: Counters::default() })
    }

    fn turns(&self, contact: ContactId, _: usize) -> Result<Vec<(u64, Turn)>, LedgerError> {
        if contact != ContactId(1) {
            return Ok(Vec::new());
        }
        let mut turn = Turn::new(Step::Settled, contact, NOW.minus_ms(DAY_MS));
        turn.viewed = Some(viewed(contact));
        turn.correlation = Some("c-9".to_owned());
        turn.claims = self.person(contact)?.claims;
        Ok(vec![(7, turn)])
    }

    fn list(
        &self,
        listing: Listing,
        after: Option<ContactId>,
        limit: usize,
    ) -> Result<Vec<Listed>, LedgerError> {
        let contacts = (1..=3).map(ContactId).filter(|id| after.is_none_or(|after| after < *id));
        let listed = |contact| match listing {
            Listing::Waiting => (Some(item(contact, Decision::Wait, Reason::Settling)), None),
            Listing::Held => (Some(item(contact, Decision::Hold, Reason::NoSender)), None),
            Listing::InDoubt => {
                let state = State::NeedsReview { since: NOW, why: "Nobody can tell.".to_owned() };
                let reason = if contact.0 == 3 { Reason::OutcomeUnknown } else { Reason::Settling };
                let evidence = (contact.0 == 3).then(super::looked).map(Box::new);
                let claim = Claim { evidence, ..claim(contact, state) };
                (Some(item(contact, Decision::Wait, reason)), Some(claim))
            }
        };
        let entries = contacts.map(|contact| {
            let (item, claim) = listed(contact);
            Listed { contact, item, claim }
        });
        Ok(entries.take(limit).collect())
    }

    fn counts(&self) -> Result<Counts, LedgerError> {
        if self.broken {
            return Err(LedgerError::Stopped);
        }
        let count = |rule: Option<&str>, decision: Decision, reason: Reason, count| {
            ((rule.map(str::to_owned), decision.to_string(), reason.to_string()), count)
        };
        Ok(Counts::from([
            count(Some("inbound"), Decision::Enroll, Reason::Matched, 41),
            count(Some("gone"), Decision::Enroll, Reason::Matched, 1),
            count(Some("inbound"), Decision::Wait, Reason::Settling, 12),
            count(None, Decision::Ignore, Reason::DuplicateEvent, 4),
            count(None, Decision::Ignore, Reason::StaleEvent, 2),
            count(None, Decision::Ignore, Reason::Unreadable, 1),
        ]))
    }

    fn rule_sets(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, RulesAccepted)>, LedgerError> {
        let set = |seq: u64, files: &[(&str, &str)]| {
            let file = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
            let accepted = RulesAccepted {
                at: NOW,
                portal: PortalId(1),
                fingerprint: format!("f{seq}").into(),
                files: files.iter().map(file).collect(),
                previous: seq - 1,
                born: Vec::new(),
            };
            (seq, accepted)
        };
        let all = [
            set(3, &[("a.toml", "2"), ("c.toml", "1")]),
            set(2, &[("a.toml", "1"), ("b.toml", "1")]),
            set(1, &[("a.toml", "1")]),
        ];
        let wanted = all.into_iter().filter(|(seq, _)| before.is_none_or(|before| *seq < before));
        Ok(wanted.take(limit).collect())
    }

    fn totals(&self) -> Totals {
        Totals {
            events: 100,
            taken: 10,
            waiting: 12,
            held: 3,
            in_doubt: 1,
            last_event: Some(NOW.minus_ms(4_000)),
            records: 60,
            persons: 5,
            identities: 93,
        }
    }

    fn inboxes(&self) -> BTreeMap<Inbox, InboxUse> {
        let settled = vec![NOW.minus_ms(HOUR_MS)];
        let used = InboxUse { open: 1, settled, ..InboxUse::default() };
        BTreeMap::from([("dana@acme.com".into(), used)])
    }

    fn running(&self, since: Timestamp) -> Result<Vec<Running>, LedgerError> {
        let began = NOW.minus_ms(HOUR_MS);
        let dana = Running { inbox: "dana@acme.com".into(), rule: "inbound".into(), began };
        Ok(vec![dana].into_iter().filter(|it| since <= it.began).collect())
    }

    fn breakers(&self) -> Vec<(Tripped, u64)> {
        Vec::new()
    }
}

impl Office for Desk {
    type Records = Self;

    fn records(&self) -> &Self {
        self
    }

    fn now(&self) -> Timestamp {
        NOW
    }

    fn standing(&self) -> Standing {
        self.standing.clone()
    }

    fn rules(&self) -> Arc<RuleSet> {
        Arc::clone(&self.rules)
    }

    async fn look(&self, contact: ContactId) -> Result<Option<Looked>, ReadFailure> {
        match contact.0 {
            2 => Ok(Some(Looked { at: NOW, contact: viewed(contact), owners: BTreeMap::new() })),
            404 => Ok(None),
            _ => Err(ReadFailure::Refused { message: "no access".to_owned() }),
        }
    }

    async fn reload(&self) -> Result<Reloaded, ReloadError> {
        if self.refuses {
            let diagnostics = vec![serde_json::json!({ "code": "HR001", "line": 3 })];
            let sentence = "1 error.".to_owned();
            return Err(ReloadError::Refused(Refusal { sentence, diagnostics }));
        }
        Ok(Reloaded { fingerprint: self.rules.fingerprint.clone(), changed: true })
    }

    async fn resolve(&self, id: RowId, found: Resolution, press: Press) -> Result<(), PressError> {
        match id.as_str() {
            "1.0.inbound" => {
                self.press(format!("{id} {found:?}"), press);
                Ok(())
            }
            "busy" => Err(PressError::Conflict("A call is under way.".to_owned())),
            _ => Err(PressError::NotFound),
        }
    }

    async fn decide_held(
        &self,
        id: RowId,
        verdict: Verdict,
        press: Press,
    ) -> Result<(), PressError> {
        match id.as_str() {
            "1.0.inbound" => {
                self.press(format!("{id} {verdict:?}"), press);
                Ok(())
            }
            "busy" => Err(PressError::Conflict("It moved.".to_owned())),
            _ => Err(PressError::NotFound),
        }
    }

    async fn reconcile(&self, since: Timestamp) -> Result<(), PressError> {
        if since < NOW { Ok(()) } else { Err(PressError::NotFound) }
    }

    fn reconciled(&self) -> ReconcileStanding {
        ReconcileStanding { missed: 2, recovered: 2, ..ReconcileStanding::default() }
    }

    async fn seed(&self, search: bool, press: Press) -> Result<(), PressError> {
        self.press(format!("seed {search}"), press);
        Ok(())
    }

    fn seeded(&self) -> SeedStanding {
        SeedStanding { running: true, percent: 40, ..SeedStanding::default() }
    }

    async fn book(&self, found: Vec<found::Found>) -> Result<Tally, LedgerError> {
        let booked = found.len() as u64;
        Ok(Tally { found: booked, booked, ..Tally::default() })
    }

    async fn decide_about(
        &self,
        contact: ContactId,
        asked: Asked,
        press: Press,
    ) -> Result<(), PressError> {
        self.press(format!("{contact} {asked:?}"), press);
        let busy = || PressError::Conflict("A call is under way.".to_owned());
        if contact.0 == 409 { Err(busy()) } else { Ok(()) }
    }

    async fn forget(&self, contact: ContactId, press: Press) -> Result<(), LedgerError> {
        self.press(format!("forget {contact}"), press);
        Ok(())
    }

    async fn pause(&self, paused: bool, press: Press) -> Result<(), LedgerError> {
        self.press(format!("paused {paused}"), press);
        Ok(())
    }
}
