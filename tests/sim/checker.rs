//! The independent judge. It reads what HubSpot booked, what the sender was answered, and the
//! decision records as the journal has them; of the router's code it uses nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde::Deserialize;

/// A violation beyond these is only counted.
const SHOWN_MAX: usize = 20;
/// A person that waits is looked at by then: whatever stands still is mended within a day.
const LATE_MS: i64 = 36 * 60 * 60 * 1_000;

/// One enrollment that HubSpot booked through the API, or that somebody made by hand.
#[derive(Clone, Debug)]
pub(crate) struct Effect {
    pub(crate) contact: u64,
    /// `sequence 101` or `workflow 501`.
    pub(crate) target: String,
    pub(crate) inbox: Option<String>,
    pub(crate) at: i64,
    pub(crate) ended: Option<i64>,
    pub(crate) by_api: bool,
    /// HubSpot says that the contact was active in the same target.
    pub(crate) duplicate: bool,
}

/// What must hold in this account.
#[derive(Clone, Debug, Default)]
pub(crate) struct Law {
    /// Enrollments in any 24 hours, by inbox.
    pub(crate) budgets: BTreeMap<&'static str, usize>,
    /// The theme of each target.
    pub(crate) themes: BTreeMap<&'static str, &'static str>,
    /// Themes that must not begin while one is running.
    pub(crate) blocks: BTreeMap<&'static str, Vec<&'static str>>,
    /// Targets where nobody can tell whether a lost call took effect.
    pub(crate) untold: BTreeSet<&'static str>,
}

#[derive(Debug, Deserialize)]
struct Record {
    #[serde(rename = "record")]
    kind: String,
    #[serde(default)]
    delivery: u64,
    #[serde(default)]
    events: Vec<Taken>,
    #[serde(default)]
    rows: Vec<Row>,
    #[serde(default)]
    items: Vec<Item>,
    #[serde(default)]
    done: Vec<String>,
    #[serde(default)]
    claims: Vec<Claim>,
    #[serde(default)]
    reads: Proven,
}

/// Reads that have answered once.
#[derive(Debug, Default, Deserialize)]
struct Proven {
    sequences: bool,
}

#[derive(Debug, Deserialize)]
struct Taken {
    #[serde(default)]
    rows: Vec<Row>,
    items: Option<Vec<Item>>,
}

#[derive(Debug, Deserialize)]
struct Row {
    id: String,
    contact: Option<u64>,
    decision: String,
    reason: String,
    sentence: String,
}

#[derive(Debug, Deserialize)]
struct Item {
    id: String,
    decision: String,
    reason: String,
    due: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct Claim {
    id: String,
    contact: u64,
    target: Target,
    state: String,
    #[serde(default)]
    why: String,
    #[serde(default)]
    verified: bool,
    #[serde(default)]
    lost_answers: u32,
}

#[derive(Debug, Deserialize)]
struct Target {
    channel: String,
    id: u64,
}

/// A decision that is not final.
#[derive(Debug)]
pub(crate) struct Open {
    decision: String,
    reason: String,
    due: Option<i64>,
    pub(crate) explained: bool,
}

/// A claim that has not ended.
#[derive(Debug)]
struct Unsettled {
    state: String,
    why: String,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Checker {
    pub(crate) law: Law,
    pub(crate) digest: DefaultHasher,
    /// Items of acknowledged deliveries that no record names yet, as bits.
    pub(crate) unseen: HashMap<u64, u128>,
    /// The same of deliveries that were recorded before the sender had its answer.
    seen_first: HashMap<u64, u128>,
    pub(crate) open: BTreeMap<String, Open>,
    finals: HashSet<u64>,
    unsettled: BTreeMap<String, Unsettled>,
    /// Confirmed claims by contact and target: verified ones, and others.
    pub(crate) confirmed: HashMap<(u64, String), (usize, usize)>,
    claims: HashMap<u64, bool>,
    /// The read of sequence enrollments has answered once: what it does not show is not there.
    proven: bool,
    /// In doubt for a person, by target and why.
    pub(crate) in_doubt: BTreeMap<String, usize>,
    /// Decisions by decision and reason.
    pub(crate) reasons: BTreeMap<String, usize>,
    pub(crate) acknowledged: usize,
    /// When somebody was forgotten, by HubSpot's clock.
    pub(crate) forgotten: BTreeMap<u64, i64>,
    /// Inboxes that reached their budget in some 24 hours.
    pub(crate) full: usize,
    pub(crate) violations: usize,
    pub(crate) shown: Vec<String>,
}

impl Checker {
    pub(crate) fn new(law: Law) -> Self {
        Self {
            law,
            digest: DefaultHasher::new(),
            unseen: HashMap::new(),
            seen_first: HashMap::new(),
            open: BTreeMap::new(),
            finals: HashSet::new(),
            unsettled: BTreeMap::new(),
            confirmed: HashMap::new(),
            claims: HashMap::new(),
            proven: false,
            in_doubt: BTreeMap::new(),
            reasons: BTreeMap::new(),
            acknowledged: 0,
            forgotten: BTreeMap::new(),
            full: 0,
            violations: 0,
            shown: Vec::new(),
        }
    }

    pub(crate) fn violation(&mut self, what: String) {
        self.violations += 1;
        if self.shown.len() < SHOWN_MAX {
            self.shown.push(what);
        }
    }

    /// The same of several.
    pub(crate) fn violated(&mut self, all: Vec<String>) {
        for what in all {
            self.violation(what);
        }
    }

    /// Somebody was forgotten: no call about them begins from now on.
    pub(crate) fn forgotten(&mut self, contact: u64, at: i64) {
        self.forgotten.entry(contact).or_insert(at);
    }

    /// The sender was answered 204 for a delivery of so many items.
    pub(crate) fn acknowledged(&mut self, delivery: u64, items: usize) {
        self.acknowledged += items;
        (delivery, items, 'a').hash(&mut self.digest);
        let all = if items < 128 { (1_u128 << items) - 1 } else { u128::MAX };
        let left = all & !self.seen_first.remove(&delivery).unwrap_or(0);
        if left != 0 {
            self.unseen.insert(delivery, left);
        }
    }

    /// One record of the journal, as it lies there.
    pub(crate) fn record(&mut self, payload: &[u8]) {
        payload.hash(&mut self.digest);
        let record: Record = match serde_json::from_slice(payload) {
            Ok(record) => record,
            Err(error) => return self.violation(format!("a record cannot be read: {error}")),
        };
        self.proven |= record.reads.sequences;
        for (number, event) in record.events.into_iter().enumerate() {
            if !event.rows.is_empty() {
                self.see(record.delivery, number);
            }
            event.rows.into_iter().for_each(|row| self.row(row));
            event.items.iter().flatten().for_each(|item| self.item(item));
        }
        if record.kind != "turn" && record.kind != "aliased" {
            return;
        }
        record.rows.into_iter().for_each(|row| self.row(row));
        record.items.iter().for_each(|item| self.item(item));
        for id in record.done {
            if let Some(open) = self.open.remove(&id) {
                self.violation(format!(
                    "{id} is done and its last record says {} {}",
                    open.decision, open.reason
                ));
            }
        }
        record.claims.into_iter().for_each(|claim| self.claim(claim));
    }

    fn see(&mut self, delivery: u64, number: usize) {
        let bit = 1_u128 << number.min(127);
        match self.unseen.get_mut(&delivery) {
            Some(left) => {
                *left &= !bit;
                if *left == 0 {
                    self.unseen.remove(&delivery);
                }
            }
            None => *self.seen_first.entry(delivery).or_default() |= bit,
        }
    }

    fn row(&mut self, row: Row) {
        *self.reasons.entry(format!("{} {}", row.decision, row.reason)).or_default() += 1;
        let mut hasher = DefaultHasher::new();
        row.id.hash(&mut hasher);
        let id = hasher.finish();
        let is_open = row.decision == "wait"
            || row.decision == "hold"
            || (row.decision == "unenroll" && row.reason == "bridge-pending");
        if self.finals.contains(&id) {
            return self.violation(format!(
                "{} of contact {:?} was final and now says {} {}: {}",
                row.id, row.contact, row.decision, row.reason, row.sentence
            ));
        }
        if is_open {
            let due = self.open.get(&row.id).and_then(|open| open.due);
            let explained = !row.sentence.trim().is_empty();
            let open = Open { decision: row.decision, reason: row.reason, due, explained };
            self.open.insert(row.id, open);
        } else {
            self.open.remove(&row.id);
            self.finals.insert(id);
        }
    }

    /// What waits comes back, or a call of it is under way, or a person must act.
    fn item(&mut self, item: &Item) {
        if let Some(open) = self.open.get_mut(&item.id) {
            open.due = item.due;
        }
        let under_way = item.reason == "outcome-unknown" || item.decision == "unenroll";
        if item.decision == "wait" && item.due.is_none() && !under_way {
            self.violation(format!("{} waits ({}) and has no due time", item.id, item.reason));
        }
    }

    fn claim(&mut self, claim: Claim) {
        let target = format!("{} {}", claim.target.channel, claim.target.id);
        let mut hasher = DefaultHasher::new();
        claim.id.hash(&mut hasher);
        let known = hasher.finish();
        match claim.state.as_str() {
            "confirmed" => {
                self.unsettled.remove(&claim.id);
                if self.claims.insert(known, true) != Some(true) {
                    let counted = self.confirmed.entry((claim.contact, target)).or_default();
                    let count = if claim.verified { &mut counted.0 } else { &mut counted.1 };
                    *count += 1;
                }
            }
            "released" => {
                self.unsettled.remove(&claim.id);
                if self.claims.insert(known, false) == Some(true) {
                    self.violation(format!("claim {} was confirmed and is released", claim.id));
                }
            }
            state => {
                if self.claims.contains_key(&known) {
                    self.violation(format!("claim {} had ended and is {state}", claim.id));
                }
                let before = self.unsettled.get(&claim.id).map(|open| open.state.clone());
                if state == "needs-review" && before.as_deref() != Some(state) {
                    self.needs_review(&claim, &target);
                }
                let (state, why) = (state.to_owned(), claim.why);
                self.unsettled.insert(claim.id, Unsettled { state, why });
            }
        }
    }

    /// In doubt only where nobody can tell, or after a second lost answer (RELIABILITY.md 4).
    /// Before the read has answered once, nobody can.
    fn needs_review(&mut self, claim: &Claim, target: &str) {
        let class = format!("{target}, {} lost: {}", claim.lost_answers, claim.why);
        *self.in_doubt.entry(class.clone()).or_default() += 1;
        let read = claim.target.channel != "sequence" || self.proven;
        let told = read && !self.law.untold.contains(target);
        if told && claim.lost_answers < 2 {
            self.violation(format!("claim {} is in doubt for no reason: {class}", claim.id));
        }
    }

    /// Whatever waits must have been looked at by `now`.
    pub(crate) fn look(&mut self, now: i64) {
        let late: Vec<String> = self
            .open
            .iter()
            .filter(|(_, open)| {
                open.decision == "wait" && open.due.is_some_and(|due| due < now - LATE_MS)
            })
            .map(|(id, open)| {
                format!("{id} waits ({}) and was due at {:?}, now {now}", open.reason, open.due)
            })
            .collect();
        self.violated(late);
    }

    /// After the faults have stopped and time has passed: nothing may be open any more.
    pub(crate) fn quiescence(&mut self) {
        let mut open: Vec<String> = self
            .unsettled
            .iter()
            .map(|(id, it)| format!("claim {id} is still {}: {}", it.state, it.why))
            .collect();
        open.extend(self.open.iter().map(|(id, it)| {
            format!("{id} is still {} {}, due {:?}", it.decision, it.reason, it.due)
        }));
        self.violated(open);
    }
}
