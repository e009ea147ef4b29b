//! Compactions, merges and erasures mixed in every order, a few steps of each at a time, with
//! stops and lost indexes in between. What is left of the journal makes the index that is in use,
//! nobody's enrollment is forgotten, and of whoever was erased nothing is said any more.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::chance::Chance;
use super::disk::Disk as _;
use super::index::{MemoryIndex, Pair};
use super::journal::tests::memory_disk::MemoryDisk;
use super::retention::Keep;
use super::rig::Rig;
use crate::domain::erasure::ErasedIds;
use crate::domain::id::ContactId;
use crate::domain::query::Totals;
use crate::domain::time::{DAY_MS, HOUR_MS, Timestamp};
use crate::port::{Ledger as _, Records as _};

/// Stories where the environment does not say.
const STORIES: u64 = 6;
/// What happens in one.
const STEPS: u64 = 160;
/// Contacts of one.
const CONTACTS: u64 = 12;
/// From one step to the next.
const STEP_MS: u64 = 5 * HOUR_MS;
const KEEP: Keep = Keep { deliveries_ms: 3 * DAY_MS, history_ms: 6 * DAY_MS };
/// How often a sweep is waited for.
const LOOKS_MAX: usize = 500;

/// What must be true, kept beside the store: who is who, who was erased, when who was enrolled.
struct Truth {
    /// The contacts that are one person, by any of them.
    person: BTreeMap<u64, BTreeSet<u64>>,
    erased: BTreeSet<u64>,
    enrolled: Vec<(u64, Timestamp)>,
}

impl Truth {
    fn new() -> Self {
        let person = (1..=CONTACTS).map(|contact| (contact, BTreeSet::from([contact]))).collect();
        Self { person, erased: BTreeSet::new(), enrolled: Vec::new() }
    }

    fn merge(&mut self, from: u64, into: u64) {
        let both: BTreeSet<u64> = &self.person[&from] | &self.person[&into];
        if !both.is_disjoint(&self.erased) {
            self.erased.extend(&both);
        }
        for contact in &both {
            self.person.insert(*contact, both.clone());
        }
    }

    fn erase(&mut self, contact: u64) {
        self.erased.extend(&self.person[&contact]);
    }
}

/// What of a store must come back after every start.
#[derive(PartialEq)]
struct Shown {
    rows: Vec<Pair>,
    totals: Totals,
    unswept: Option<(Arc<ErasedIds>, (u64, u64))>,
}

struct Story {
    seed: u64,
    chance: Chance,
    disk: MemoryDisk,
    rig: Rig<MemoryDisk>,
    truth: Truth,
    number: u64,
    merges: u64,
    compactions: u64,
    sweeps: u64,
}

fn open(disk: &MemoryDisk, index: Arc<MemoryIndex>) -> Rig<MemoryDisk> {
    Rig::open(disk, index).unwrap_or_else(|error| panic!("{error}"))
}

impl Story {
    fn new(seed: u64) -> Self {
        let disk = MemoryDisk::default();
        let rig = open(&disk, Arc::default());
        let chance = Chance::of(seed);
        let truth = Truth::new();
        let (number, merges, compactions, sweeps) = (0, 0, 0, 0);
        Self { seed, chance, disk, rig, truth, number, merges, compactions, sweeps }
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_unix_ms(20_000 * DAY_MS).plus_ms(self.number * STEP_MS)
    }

    fn any(&mut self) -> u64 {
        1 + self.chance.below(CONTACTS)
    }

    fn step(&mut self) {
        self.number += 1;
        match self.chance.below(16) {
            0..6 => self.deliver(),
            6 | 7 => self.enroll(),
            8 | 9 => self.merge(),
            10 if self.chance.below(3) == 0 => self.erase(),
            10 => self.forget(),
            11..14 => self.retain(),
            14 => self.sweep(),
            _ => self.reopen(),
        }
    }

    /// Changes of somebody that say something of them; some fire the rule.
    fn deliver(&mut self) {
        let (contact, now) = (self.any(), self.now());
        for change in 0..=self.chance.below(3) {
            let value = match self.chance.below(3) {
                0 => "mql".to_owned(),
                _ => format!("{}{}", secret(contact), self.number),
            };
            self.rig.deliver(contact, &value, now.plus_ms(change)).expect("kept");
        }
        self.rig.take().expect("judged");
    }

    fn enroll(&mut self) {
        let (contact, now) = (self.any(), self.now());
        self.rig.enroll(contact, now).expect("booked");
        self.truth.enrolled.push((contact, now));
    }

    fn merge(&mut self) {
        let (from, into) = (self.any(), self.any());
        self.rig.alias(from, into, self.now()).expect("merged");
        if from != into {
            self.truth.merge(from, into);
            self.merges += 1;
        }
    }

    fn erase(&mut self) {
        let contact = self.any();
        self.rig.erase(contact, self.now()).expect("erased");
        self.truth.erase(contact);
    }

    fn forget(&mut self) {
        let day = self.now().minus_ms(5 * DAY_MS).unix_ms() / DAY_MS;
        self.rig.forget(self.now(), u32::try_from(day).expect("small")).expect("forgotten");
    }

    /// A few steps of retention, so that the others come between two of a compaction.
    fn retain(&mut self) {
        let steps = 1 + usize::try_from(self.chance.below(4)).expect("small");
        let round = self.rig.retain(self.now(), KEEP, steps).expect("a round");
        self.compactions += u64::from(round.compacted);
    }

    /// To its end; then nothing on the disk says anything of whoever was erased.
    fn sweep(&mut self) {
        for _ in 0..LOOKS_MAX {
            match self.rig.sweep(self.now()).expect("swept") {
                Some(false) => std::thread::sleep(Duration::from_millis(2)),
                Some(true) => self.sweeps += 1,
                None => return self.check_erased(),
            }
        }
        panic!("seed {}: the sweep does not end", self.seed);
    }

    fn check_erased(&self) {
        for contact in &self.truth.erased {
            let secret = secret(*contact);
            for name in self.disk.list().expect("works") {
                let found = says(&self.disk.bytes(&name), &secret);
                assert!(!found, "seed {} step {}: {name} has {secret}", self.seed, self.number);
            }
            let told = self.rig.rows().iter().any(|(_, row)| says(row, &secret));
            assert!(!told, "seed {} step {}: the index has {secret}", self.seed, self.number);
        }
    }

    fn shown(&self) -> Shown {
        let ledger = &self.rig.ledger;
        Shown { rows: self.rig.rows(), totals: ledger.totals(), unswept: ledger.unswept() }
    }

    /// Stops and starts, with the index that was there or with none.
    fn reopen(&mut self) {
        let before = self.shown();
        let is_lost = self.chance.below(2) == 0;
        let placeholder = open(&MemoryDisk::default(), Arc::default());
        let index = std::mem::replace(&mut self.rig, placeholder).close();
        self.rig = open(&self.disk, if is_lost { Arc::default() } else { index });
        self.check_same(&before, &self.shown(), is_lost);
        self.check_people();
    }

    /// Both say the same; else the first rows that differ.
    fn check_same(&self, were: &Shown, are: &Shown, is_lost: bool) {
        let what = format!("seed {} step {}, lost: {is_lost}", self.seed, self.number);
        let text = |pair: Option<&Pair>| {
            let part = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            pair.map(|(key, value)| (part(key), part(value)))
        };
        for row in 0..were.rows.len().max(are.rows.len()) {
            assert_eq!(text(were.rows.get(row)), text(are.rows.get(row)), "{what}");
        }
        assert_eq!(were.totals, are.totals, "{what}");
        // What is still to be swept may be more than it was, never less.
        let upto = |shown: &Shown| shown.unswept.as_ref().map(|(_, upto)| *upto);
        assert!(upto(were) <= upto(are), "{what}: {:?}, then {:?}", upto(were), upto(are));
    }

    /// Whichever id is asked: everybody who is one person with it, and all their enrollments.
    fn check_people(&self) {
        for (contact, person) in &self.truth.person {
            let what = format!("seed {} step {}: contact {contact}", self.seed, self.number);
            let looked = self.rig.ledger.look(ContactId(*contact)).expect("readable").person;
            let is_erased = self.truth.erased.contains(contact);
            assert_eq!(looked.erased.is_some(), is_erased, "{what}");
            assert!(!is_erased || looked.items.is_empty() && looked.newest.is_empty(), "{what}");
            if 1 < person.len() {
                let ids = self.rig.ledger.ids(ContactId(*contact)).expect("readable");
                let ids: BTreeSet<u64> = ids.into_iter().map(|id| id.0).collect();
                assert_eq!(&ids, person, "{what}");
            }
            for (of, at) in self.truth.enrolled.iter().filter(|(of, _)| person.contains(of)) {
                let is_known = looked.claims.iter().any(|claim| claim.first_call_at == *at);
                assert!(is_known, "{what}: the enrollment of {of} is forgotten");
            }
        }
    }
}

/// What is only ever said of this contact.
fn secret(contact: u64) -> String {
    format!("secret-{contact}-of-step-")
}

fn says(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
#[expect(clippy::print_stdout, reason = "scripts/prove collects the figures")]
fn compactions_merges_and_erasures_in_any_order_leave_one_truth() {
    let stories = std::env::var("PROVE_STORIES").ok().and_then(|text| text.parse().ok());
    let stories = stories.unwrap_or(STORIES);
    let (mut merges, mut compactions, mut sweeps, mut erased) = (0, 0, 0, 0);
    for seed in 1..=stories {
        let mut story = Story::new(seed);
        for _ in 0..STEPS {
            story.step();
        }
        story.sweep();
        story.reopen();
        merges += story.merges;
        compactions += story.compactions;
        sweeps += story.sweeps;
        erased += story.truth.erased.len();
        story.rig.close();
    }
    assert!(stories < merges && stories < compactions && stories < sweeps);
    println!(
        "\nevidence: {stories} stories, seeds 1 to {stories}: {merges} merges, {compactions} \
         compactions, {sweeps} sweeps, {erased} contacts erased: 0 enrollments forgotten, 0 words \
         of the erased left, the index as the journal makes it"
    );
}
