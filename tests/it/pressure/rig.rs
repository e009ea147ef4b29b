//! The router alone, in virtual time: people in memory, a HubSpot that is told what to answer, and
//! clocks that go as the test says.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use arc_swap::ArcSwap;
use hubroute::domain::breaker::Fires;
use hubroute::domain::claim::{Channel, Target};
use hubroute::domain::contact::{Contact, Owner};
use hubroute::domain::event::{Event, Kind};
use hubroute::domain::id::{ContactId, Inbox, OwnerId, PortalId, PropertyName};
use hubroute::domain::intake::{Incoming, judge};
use hubroute::domain::outcome::{Later, Outcome, ReadFailure};
use hubroute::domain::person::Person;
use hubroute::domain::record::{InboxState, ProvenReads, ReadsProven, Turn};
use hubroute::domain::rule::{RuleFile, RuleSet, compile};
use hubroute::domain::settle::Policy;
use hubroute::domain::time::Timestamp;
use hubroute::domain::view::{Counters, Memory};
use hubroute::port::{
    Answered, Booking, Clock, DailyQuota, Due, Enrollments, HubSpot, InTime, Ledger, LedgerError,
    Named, Page, Permit, Recorded, Reservation, Saw, Search, Wanted, Window,
};
use hubroute::router::{Router, Settings};
use tokio::time::{Instant, sleep};

/// When each test begins: 17 Nov 2026, 14:20 UTC, at a full minute.
pub(super) const BEGIN: Timestamp = Timestamp::from_unix_ms(1_794_925_200_000);
/// The same day, as the router numbers it.
pub(super) const TODAY: u64 = 2_026_321;
/// Calls a day that HubSpot tells of; the router's share is a tenth.
pub(super) const LIMIT: u64 = 1_000_000;

const ACCEPTED: Outcome = Outcome::Accepted { enrolled_at: None, enrollment: None };

pub(super) type TestRouter = Router<People, Hub, Clocks>;

/// Tokio's clock, and a sleep of the machine that it knows nothing of.
#[derive(Clone, Debug)]
pub(super) struct Clocks {
    began: Instant,
    pub(super) asleep: Arc<Mutex<Duration>>,
}

impl Clock for Clocks {
    fn now(&self) -> Timestamp {
        let ms = self.began.elapsed().as_millis();
        BEGIN.plus_ms(u64::try_from(ms).expect("a test is short"))
    }

    fn steady(&self) -> Duration {
        Duration::from_hours(1) + self.began.elapsed() + *self.asleep.lock().expect("no panic")
    }
}

/// Everybody who is known.
#[derive(Clone, Debug, Default)]
pub(super) struct People(Arc<Mutex<BTreeMap<ContactId, Person>>>);

impl People {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<ContactId, Person>> {
        self.0.lock().expect("no panic")
    }

    fn apply(&self, turn: &Turn) {
        let mut people = self.lock();
        let person = people.get_mut(&turn.contact).expect("somebody known");
        person.apply_turn(person.version + 1, turn);
    }

    /// A property changes, and is told of at once.
    pub(super) fn hear(&self, rules: &RuleSet, contact: u64, property: &str, at: Timestamp) {
        let contact = ContactId(contact);
        let event = Event {
            portal: PortalId(33),
            contact,
            kind: Kind::Property { name: property.into(), value: "yes".to_owned() },
            occurred_at: at,
            subscription_type: "contact.propertyChange".to_owned(),
            source: None,
            source_id: None,
            app: None,
            event_id: None,
        };
        let mut people = self.lock();
        let person = people.entry(contact).or_insert_with(|| Person::new(contact));
        let (id, fires) = (format!("{}.{property}", person.version + 1), Fires::default());
        let incoming =
            Incoming { event: &event, received: at, id: &id, duplicate: false, fires: &fires };
        let taken = judge(rules, person, &incoming);
        person.apply_event(person.version + 1, &taken);
    }

    /// What waits of somebody: its reason, and when it comes back.
    pub(super) fn waits(&self, contact: u64) -> Vec<(String, String, Option<Timestamp>)> {
        let people = self.lock();
        let items = people[&ContactId(contact)].items.iter();
        items.map(|it| (it.rule.to_string(), it.reason.code().to_owned(), it.due)).collect()
    }
}

impl Ledger for People {
    fn due(&self, now: Timestamp, limit: usize) -> Result<Due, LedgerError> {
        let people = self.lock();
        let due = |person: &&Person| person.next_due().is_some_and(|due| due <= now);
        let contacts = people.values().filter(due).map(|person| person.contact).take(limit);
        let later = people.values().filter_map(Person::next_due).filter(|at| now < *at);
        Ok(Due { contacts: contacts.collect(), next: later.min() })
    }

    fn look(&self, contact: ContactId) -> Result<Memory, LedgerError> {
        let person = self.lock().get(&contact).cloned().unwrap_or_else(|| Person::new(contact));
        let versions = vec![(contact, person.version)];
        Ok(Memory { person, versions, inboxes: BTreeMap::new(), counters: Counters::default() })
    }

    async fn record(&self, turn: Turn, _: Saw) -> Result<Recorded, LedgerError> {
        self.apply(&turn);
        Ok(Recorded::Done)
    }

    async fn reserve(&self, turn: Turn, _: Saw, it: Booking) -> Result<Reservation, LedgerError> {
        self.apply(&turn);
        Ok(Reservation::Granted(Box::new(Permit::mint(it.claim))))
    }

    async fn settle(&self, turn: Turn) -> Result<(), LedgerError> {
        self.apply(&turn);
        Ok(())
    }

    async fn alias(&self, _: Timestamp, _: ContactId, _: ContactId) -> Result<(), LedgerError> {
        Ok(())
    }

    fn proven_reads(&self) -> ProvenReads {
        ProvenReads { sequences: true, workflows: true, ..ProvenReads::default() }
    }

    async fn prove(&self, _: ReadsProven) -> Result<(), LedgerError> {
        Ok(())
    }

    fn is_paused(&self) -> bool {
        false
    }

    fn to_wake(&self, _: &RuleSet, _: Timestamp) -> Vec<ContactId> {
        Vec::new()
    }

    fn inbox_state(&self, _: Option<&Inbox>) -> InboxState {
        InboxState::default()
    }

    async fn changed(&self) {
        std::future::pending::<()>().await;
    }
}

/// What HubSpot does, and what it was asked.
#[derive(Debug)]
pub(super) struct Told {
    /// How long an enroll call needs before its bytes leave.
    pub(super) before_enroll: Duration,
    /// For so long of it the machine is asleep.
    pub(super) asleep: Duration,
    /// What becomes of one that left.
    pub(super) enrolls: Outcome,
    /// What becomes of a call that takes somebody out.
    pub(super) leaves: Outcome,
    /// Whether it can be asked what somebody is enrolled in.
    pub(super) shows: bool,
    /// Answers to searches, the last one for ever.
    pub(super) searches: Vec<Result<Page, ReadFailure>>,
    /// Calls that are left of the day.
    pub(super) remaining: u64,
    /// What was asked, and when.
    pub(super) asked: Vec<(&'static str, Timestamp)>,
}

/// See [`Told`].
#[derive(Clone, Debug)]
pub(super) struct Hub {
    pub(super) told: Arc<Mutex<Told>>,
    clocks: Clocks,
}

impl Hub {
    pub(super) fn tell(&self) -> MutexGuard<'_, Told> {
        self.told.lock().expect("no panic")
    }

    fn asked(&self, what: &'static str) {
        let now = self.clocks.now();
        self.tell().asked.push((what, now));
    }

    /// How often this was asked in the minutes from the beginning on.
    pub(super) fn by_minute(&self, what: &str) -> BTreeMap<u64, usize> {
        let mut minutes = BTreeMap::new();
        for (_, at) in self.tell().asked.iter().filter(|(asked, _)| *asked == what) {
            *minutes.entry(at.since_ms(BEGIN) / 60_000).or_default() += 1;
        }
        minutes
    }
}

impl HubSpot for Hub {
    async fn contact(&self, id: ContactId, _: &Wanted) -> Result<Option<Contact>, ReadFailure> {
        self.asked("contact");
        let known = ["stage", "exit", "email"].map(|name| (name.into(), "yes".to_owned()));
        let (properties, history) = (BTreeMap::from(known), BTreeMap::new());
        Ok(Some(Contact { id, properties, history, merged: Vec::new() }))
    }

    async fn owner(&self, _: OwnerId) -> Result<Option<Owner>, ReadFailure> {
        Ok(None)
    }

    async fn owner_by_email(&self, _: &str) -> Result<Option<Owner>, ReadFailure> {
        Ok(None)
    }

    async fn enroll(&self, _: &Permit, _: Option<&str>, in_time: &InTime<'_>) -> Answered {
        let (before, asleep, enrolls) = {
            let told = self.tell();
            (told.before_enroll, told.asleep, told.enrolls.clone())
        };
        sleep(before).await;
        *self.clocks.asleep.lock().expect("no panic") += asleep;
        if in_time() {
            self.asked("enroll");
            return enrolls.into();
        }
        self.asked("too late");
        Outcome::RetryAfter { why: Later::Unreachable, delay_ms: None }.into()
    }

    async fn enrollments(&self, _: &Target, _: ContactId) -> Result<Enrollments, ReadFailure> {
        self.asked("enrollments");
        if !self.tell().shows {
            let message = "502".to_owned();
            return Err(ReadFailure::Later { why: Later::Unreachable, delay_ms: None, message });
        }
        Ok(Enrollments::Workflows(Vec::new()))
    }

    fn unenrolls(&self, _: Channel) -> bool {
        true
    }

    async fn unenroll(&self, _: &Target, _: ContactId, _: Named<'_>) -> Answered {
        self.asked("unenroll");
        self.tell().leaves.clone().into()
    }

    async fn write(&self, _: ContactId, _: &PropertyName, _: &str) -> Answered {
        ACCEPTED.into()
    }

    fn proven_reads(&self) -> ProvenReads {
        ProvenReads { sequences: true, workflows: true, ..ProvenReads::default() }
    }

    async fn probe(&self) -> Result<(), ReadFailure> {
        Ok(())
    }

    fn daily_quota(&self) -> Option<DailyQuota> {
        Some(DailyQuota { limit: Some(LIMIT), remaining: self.tell().remaining })
    }
}

impl Search for Hub {
    async fn changed(&self, _: Window, _: Option<&str>) -> Result<Page, ReadFailure> {
        self.asked("search");
        let mut told = self.tell();
        if told.searches.len() < 2 { told.searches[0].clone() } else { told.searches.remove(0) }
    }

    async fn contacts(&self, _: &[ContactId], _: &Wanted) -> Result<Vec<Contact>, ReadFailure> {
        self.asked("contacts");
        Ok(Vec::new())
    }
}

/// A router that does not work yet, with its rules, its people and its HubSpot.
pub(super) struct Rig {
    pub(super) router: Arc<TestRouter>,
    pub(super) rules: Arc<RuleSet>,
    pub(super) people: People,
    pub(super) hub: Hub,
    pub(super) clocks: Clocks,
}

impl Rig {
    pub(super) fn new(book: &str, rules: &str) -> Self {
        let file =
            |name: &str, text: &str| RuleFile { name: name.to_owned(), text: text.to_owned() };
        let compiled = compile(&[file("portal.toml", book), file("rules.toml", rules)]);
        assert!(compiled.accepted(), "{:?}", compiled.diagnostics);
        let rules = Arc::new(compiled.rules.expect("accepted"));
        let clocks = Clocks { began: Instant::now(), asleep: Arc::default() };
        let told = Told {
            before_enroll: Duration::ZERO,
            asleep: Duration::ZERO,
            enrolls: ACCEPTED,
            leaves: ACCEPTED,
            shows: true,
            searches: vec![Ok(Page::default())],
            remaining: LIMIT,
            asked: Vec::new(),
        };
        let hub = Hub { told: Arc::new(Mutex::new(told)), clocks: clocks.clone() };
        let settings = Settings {
            workers: 8,
            policy: Policy { verify_first_ms: 5_000, verify_for_ms: 900_000 },
            calls_per_10_seconds: 10_000,
            daily_share_percent: 10,
            nap: Duration::from_secs(1),
        };
        let people = People::default();
        let shared = Arc::new(ArcSwap::from(Arc::clone(&rules)));
        let router = Router::new(people.clone(), hub.clone(), clocks.clone(), shared, &settings);
        Self { router: Arc::new(router), rules, people, hub, clocks }
    }

    /// Somebody's property changes now, and is told of.
    pub(super) fn hear(&self, contact: u64, property: &str) {
        self.people.hear(&self.rules, contact, property, self.clocks.now());
    }

    /// The router works for so long. It is not stopped, which would be for good.
    pub(super) async fn work(&self, time: Duration) {
        let work = Arc::clone(&self.router).run(std::future::pending());
        drop(tokio::time::timeout(time, work).await);
    }
}
