//! A stored decision as a `[[test]]` of the rule language (RULES.md section 2): a complaint
//! becomes a regression test. Names and addresses become stable stand-ins, ids are left out, and
//! only properties that rules name are written.

mod stand_in;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::tz::TimeZone;
use thiserror::Error;

use self::stand_in::StandIns;
use super::assumed;
use super::claim::State;
use super::contact::{Contact, Owner};
use super::event::Event;
use super::gates::moved::old_value;
use super::gates::{evidence, past::Past};
use super::id::{ContactId, Inbox, RuleId};
use super::person::{Item, Person, Purpose};
use super::reason::{Decision, Reason};
use super::record::{Record, Row, Step, TakenEvent, Turn};
use super::rule::RuleSet;
use super::time::Timestamp;
use super::view::InboxUse;

/// Why no test can be written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unwritable {
    /// Nothing was decided about them, or nothing by that rule.
    #[error("no stored decision about this contact{0}; the router has not judged one")]
    Nothing(String),
    /// Tests cannot say how this came about.
    #[error("a test cannot tell of \"{0}\": it does not come from the rules alone")]
    Reason(Reason),
}

/// What was decided, and everything it was decided on.
#[derive(Clone, Debug)]
struct Decided {
    row: Row,
    at: Timestamp,
    person: Person,
    /// The item and the contact; `None` for an event that fired nothing.
    seen: Option<(Item, Contact, Option<Owner>)>,
    inboxes: BTreeMap<Inbox, InboxUse>,
}

/// Follows the records of a ledger and keeps the newest decision about one contact.
#[derive(Debug)]
pub struct Recording {
    contact: ContactId,
    rule: Option<RuleId>,
    person: Person,
    inboxes: BTreeMap<Inbox, InboxUse>,
    decided: Option<Decided>,
    ignored: Option<Decided>,
}

impl Recording {
    /// Looks for the newest decision about `contact`, or the newest by `rule`.
    pub fn new(contact: ContactId, rule: Option<RuleId>) -> Self {
        Self {
            contact,
            rule,
            person: Person::new(contact),
            inboxes: BTreeMap::new(),
            decided: None,
            ignored: None,
        }
    }

    /// Takes the next record of the ledger.
    pub fn record(&mut self, seq: u64, record: &Record) {
        match record {
            Record::Taken(taken) => {
                let contact = self.contact;
                let own = taken.events.iter().filter(|it| it.contact == Some(contact));
                for event in own {
                    self.taken(taken.at, event);
                    self.person.apply_event(seq, event);
                }
            }
            Record::Turn(turn) => {
                if turn.contact == self.contact {
                    self.turn(turn);
                    self.person.apply_turn(seq, turn);
                }
                self.slots(turn);
            }
            Record::Aliased(aliased) if aliased.from == self.contact => {
                self.contact = aliased.into;
                self.person.contact = aliased.into;
                self.person.items.clone_from(&aliased.items);
            }
            // What was before may not be in the journal any more.
            Record::Kept(kept) => {
                let own = kept.persons.iter().find(|person| person.contact == self.contact);
                self.person = own.cloned().unwrap_or_else(|| self.person.clone());
            }
            _ => {}
        }
    }

    /// The test, said as exactly as can be, then with less of what it expects: whoever keeps one
    /// runs it first.
    pub fn tests(&self, rules: &RuleSet) -> Result<Vec<String>, Unwritable> {
        let found = self.decided.as_ref().or(self.ignored.as_ref());
        let by_rule = || match &self.rule {
            Some(rule) => format!(" by rule \"{rule}\""),
            None => String::new(),
        };
        let decided = found.ok_or_else(|| Unwritable::Nothing(by_rule()))?;
        let row = expected(decided);
        if !is_writable(row.reason) {
            return Err(Unwritable::Reason(row.reason));
        }
        let exact = (true, true);
        let less = [exact, (false, true), (false, false)];
        Ok(less.into_iter().map(|detail| write(rules, decided, &row, detail)).collect())
    }

    /// The fingerprint of the rule set that made the decision.
    pub fn decided_by(&self) -> Option<String> {
        let found = self.decided.as_ref().or(self.ignored.as_ref())?;
        Some(found.row.rules.to_string())
    }

    fn taken(&mut self, at: Timestamp, event: &TakenEvent) {
        let Some(row) = event.rows.last() else { return };
        if self.rule.is_none() && row.rule.is_none() && row.event.is_some() {
            self.ignored = Some(self.decided(row, at, None));
        }
    }

    fn turn(&mut self, turn: &Turn) {
        let (Step::Decided | Step::Reserved, Some(viewed)) = (turn.step, &turn.viewed) else {
            return;
        };
        let wanted = |row: &&Row| self.rule.is_none() || row.rule == self.rule;
        let item = |row: &Row| self.person.items.iter().find(|item| item.id == row.id).cloned();
        let found =
            turn.rows.iter().filter(wanted).filter_map(|row| Some((row, item(row)?))).next_back();
        if let Some((row, item)) = found {
            let seen = (item, viewed.clone(), turn.owner.clone());
            self.decided = Some(self.decided(row, turn.at, Some(seen)));
        }
    }

    fn decided(
        &self,
        row: &Row,
        at: Timestamp,
        seen: Option<(Item, Contact, Option<Owner>)>,
    ) -> Decided {
        let (person, inboxes) = (self.person.clone(), self.inboxes.clone());
        Decided { row: row.clone(), at, person, seen, inboxes }
    }

    /// Slots of every inbox, whoever took them.
    fn slots(&mut self, turn: &Turn) {
        if !matches!(turn.step, Step::Settled | Step::Pressed) {
            return;
        }
        for claim in &turn.claims {
            if let (Some(sender), State::Confirmed { enrolled_at, .. }) =
                (&claim.sender, &claim.state)
            {
                let inbox = self.inboxes.entry(sender.inbox.clone()).or_default();
                assumed::take_slot(inbox, *enrolled_at);
            }
        }
    }
}

/// In a test a call is confirmed at once, and whoever is to leave is out.
fn expected(decided: &Decided) -> Row {
    let mut row = decided.row.clone();
    if row.reason != Reason::OutcomeUnknown {
        return row;
    }
    let item = decided.seen.as_ref().map(|(item, ..)| item);
    let suppression = item.filter(|item| item.purpose == Purpose::Suppress);
    (row.decision, row.reason) = match (row.from.is_empty(), suppression) {
        (true, _) => (Decision::Enroll, Reason::Matched),
        (false, None) => (Decision::Unenroll, Reason::Matched),
        (false, Some(_)) => (Decision::Unenroll, Reason::SuppressedLater),
    };
    row.by = suppression.map(|item| item.rule.to_string()).or(row.by);
    row
}

/// Whether the rules alone lead to it.
fn is_writable(reason: Reason) -> bool {
    !matches!(
        reason,
        Reason::HubspotBusy
            | Reason::HubspotUnreachable
            | Reason::HubspotRefusedRequest
            | Reason::HubspotRefusedContact
            | Reason::HubspotRefusedSender
            | Reason::SenderPaused
            | Reason::InDoubt
            | Reason::DeadLetter
            | Reason::Released
            | Reason::Discarded
            | Reason::StaleEvent
            | Reason::Deleted
            | Reason::WrongPortal
            | Reason::Unreadable
            | Reason::Withdrawn
            | Reason::RuleRemoved
            | Reason::MergedIntoLater
    )
}

fn write(rules: &RuleSet, decided: &Decided, row: &Row, detail: (bool, bool)) -> String {
    let delayed = decided.seen.as_ref().and_then(|(item, ..)| {
        rules.rule(&item.rule).and_then(|rule| rule.delay).map(|_| item.fired_at)
    });
    let at = delayed.unwrap_or(decided.at);
    let mut text = String::from("[[test]]\n");
    let rule = row.rule.as_ref().map_or_else(String::new, |rule| format!(" by rule {rule}"));
    let says = format!("Recorded: {} {}{rule}", row.decision, row.reason);
    line(&mut text, "says", &quoted(&says));
    line(&mut text, "at", &moment(rules, at));
    let stand_ins = StandIns::of(rules);
    if let Some((item, contact, owner)) = &decided.seen {
        line(&mut text, "contact", &table(&stand_ins.contact(contact, owner.as_ref())));
        surroundings(&mut text, rules, decided, contact);
        event(&mut text, &item.event, old_value(item, contact), &stand_ins);
    } else if let Some(seen) = &row.event {
        let newest = seen.change().and_then(|(name, _)| decided.person.newest.get(name));
        event(&mut text, seen, newest.and_then(|it| it.value.as_deref()), &stand_ins);
    }
    let wanted = table(&expectation(rules, row, detail));
    match delayed {
        Some(fired_at) => {
            let later = decided.at.since_ms(fired_at).div_ceil(1_000);
            let then = format!("[{{ later = \"{later} seconds\", expect = {wanted} }}]");
            line(&mut text, "then", &then);
        }
        None => line(&mut text, "expect", &wanted),
    }
    text
}

/// What the person was in, and what the senders had used.
fn surroundings(text: &mut String, rules: &RuleSet, decided: &Decided, contact: &Contact) {
    let proof = evidence::read(&decided.person, contact);
    let mut person = proof.applied_to(&decided.person);
    // Tests have no shadows: a dry-run rule there sees real enrollments only.
    person.shadows.clear();
    let past = Past::of(rules, &person, decided.at);
    let stays = past.stays.iter().map(|stay| {
        let known = rules.sequences.contains_key(stay.name.as_str())
            || rules.workflows.contains_key(stay.name.as_str());
        let place = if known { ("in", quoted(&stay.name)) } else { ("sequence_id", "999".into()) };
        let mut entry = vec![place, ("started", moment(rules, stay.began))];
        entry.extend(stay.ended.map(|ended| ("ended", moment(rules, ended))));
        let rule = stay.rule.as_ref().filter(|id| known && rules.named(id).is_some());
        entry.extend(rule.map(|rule| ("rule", quoted(rule.as_str()))));
        table(&entry)
    });
    let stays: Vec<String> = stays.collect();
    if !stays.is_empty() {
        line(text, "already", &format!("[\n    {},\n]", stays.join(",\n    ")));
    }
    let used = rules.senders.iter().filter_map(|(name, spec)| {
        let used = decided.inboxes.get(&spec.inbox)?.used(decided.at);
        (used != 0).then(|| (name.as_str(), used.to_string()))
    });
    let used: Vec<(&str, String)> = used.collect();
    if !used.is_empty() {
        line(text, "used", &table(&used));
    }
}

fn event(text: &mut String, event: &Event, from: Option<&str>, stand_ins: &StandIns<'_>) {
    let mut entry = Vec::new();
    match event.change() {
        Some((name, value)) => {
            let shown = |value: &str| quoted(&stand_ins.value(name.as_str(), value));
            entry.push(("property", quoted(name.as_str())));
            entry.extend(from.map(|from| ("from", shown(from))));
            entry.push(("to", shown(value)));
        }
        None if event.subscription_type.ends_with("restore") => {
            entry.push(("event", quoted("contact-restored")));
        }
        None => entry.push(("event", quoted("contact-created"))),
    }
    entry.extend(event.source.as_deref().map(|source| ("source", quoted(source))));
    line(text, "event", &table(&entry));
}

/// `detail`: whether the sender and what is left, and whether the time are compared.
fn expectation(
    rules: &RuleSet,
    row: &Row,
    (names, until): (bool, bool),
) -> Vec<(&'static str, String)> {
    let mut entry =
        vec![("decision", quoted(row.decision.code())), ("reason", quoted(row.reason.code()))];
    entry.extend(row.rule.as_ref().map(|rule| ("rule", quoted(rule.as_str()))));
    if row.decision == Decision::Enroll {
        entry.extend(row.target.as_ref().map(|target| ("into", quoted(target.as_str()))));
        let name = row.sender.as_ref().filter(|_| names);
        entry.extend(name.map(|name| ("sender", quoted(name.as_str()))));
    }
    if row.decision == Decision::Unenroll && names {
        let from: Vec<String> = row.from.iter().map(|name| quoted(name.as_str())).collect();
        entry.push(("from", format!("[{}]", from.join(", "))));
    }
    entry.extend(row.by.as_deref().map(|by| ("by", quoted(by))));
    // Other times hang on the second of the decision.
    let dated = matches!(row.reason, Reason::CoolingDown | Reason::AlreadyEnrolledOnce);
    let at = row.until.filter(|_| until && dated);
    entry.extend(at.map(|at| ("until", moment(rules, at))));
    entry
}

fn line(text: &mut String, key: &str, value: &str) {
    writeln!(text, "{key} = {value}").expect("a text takes any line");
}

fn table(entries: &[(impl AsRef<str>, String)]) -> String {
    let entries = entries.iter().map(|(key, value)| format!("{} = {value}", key.as_ref()));
    format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

/// A date-time with the portal's offset.
fn moment(rules: &RuleSet, at: Timestamp) -> String {
    let zoned = at.to_jiff().to_zoned(TimeZone::clone(&rules.portal.zone));
    zoned.strftime("%Y-%m-%dT%H:%M:%S%.f%:z").to_string()
}
