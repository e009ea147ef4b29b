//! A person's due items when HubSpot could not be read: each waits, is held, or ends, visibly.

use super::id::ContactId;
use super::outcome::Later;
use super::person::{Item, Person};
use super::reason::{Decision, Reason};
use super::record::{Row, Step, Turn};
use super::retry;
use super::rule::RuleSet;
use super::sentence;
use super::time::{HOUR_MS, MINUTE_MS, Timestamp};

/// Reads of a contact that is not there before it counts as deleted.
const READS_MAX: u32 = 3;
/// Between those reads: HubSpot may be slow to show a new contact.
const READ_AGAIN_MS: u64 = 2_000;
/// Reads in a row without a usable answer, while others are answered, before an item is a dead
/// letter.
const TRIES_MAX: u32 = 5;
/// How often a dead letter is tried again by itself.
const DEAD_LETTER_MS: u64 = HOUR_MS;

/// Why nothing was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Postponed {
    /// HubSpot did not answer, or asked to slow down.
    Later {
        /// Which.
        why: Later,
        /// How long to wait; `None` leaves it to the backoff.
        delay_ms: Option<u64>,
    },
    /// HubSpot answers others and gives no usable answer about this contact.
    Failed {
        /// How long to wait.
        delay_ms: u64,
        /// What it answered instead.
        message: String,
    },
    /// HubSpot refuses our access.
    Halted(String),
    /// HubSpot did not accept the read.
    Refused(String),
    /// There is no such contact.
    Gone,
    /// No decision can be made, for a reason only a person can mend.
    Stuck(String),
}

/// The record: every due item of `person` as it goes on. `seed` spreads retries.
pub fn turn(
    rules: &RuleSet,
    person: &Person,
    postponed: &Postponed,
    (now, seed): (Timestamp, u64),
) -> Turn {
    let mut turn = Turn::new(Step::Decided, person.contact, now);
    for (_, item) in person.due_items(now) {
        let mut item = item.clone();
        // An outage or a full quota says nothing about the item.
        if !matches!(postponed, Postponed::Later { delay_ms: Some(_), .. }) {
            item.attempts += 1;
        }
        let (decision, reason, text, until) = verdict(rules, &item, postponed, (now, seed));
        item.decision = decision;
        item.turn_to(reason, now);
        item.sentence = text;
        item.due = until;
        turn.rows.push(row(rules, person.contact, &item));
        if decision.is_open() {
            turn.items.push(item);
        } else {
            turn.done.push(item.id);
        }
    }
    turn
}

fn verdict(
    rules: &RuleSet,
    item: &Item,
    postponed: &Postponed,
    (now, seed): (Timestamp, u64),
) -> (Decision, Reason, String, Option<Timestamp>) {
    let zone = &rules.portal.zone;
    match postponed {
        Postponed::Later { why, delay_ms } => {
            let delay_ms = delay_ms.unwrap_or_else(|| retry::delay_ms(item.attempts, seed));
            let until = now.plus_ms(delay_ms);
            let (reason, text) = match why {
                Later::Busy => (Reason::HubspotBusy, sentence::hubspot_busy(until, zone)),
                Later::Unreachable => {
                    let text = sentence::hubspot_unreachable(item.attempts, until, zone);
                    (Reason::HubspotUnreachable, text)
                }
            };
            (Decision::Wait, reason, text, Some(until))
        }
        Postponed::Failed { message, .. } if TRIES_MAX <= item.attempts => {
            let text = sentence::dead_letter(item.attempts, message);
            (Decision::Hold, Reason::DeadLetter, text, Some(now.plus_ms(DEAD_LETTER_MS)))
        }
        Postponed::Failed { delay_ms, .. } => {
            let until = now.plus_ms(*delay_ms);
            let text = sentence::hubspot_unreachable(item.attempts, until, zone);
            (Decision::Wait, Reason::HubspotUnreachable, text, Some(until))
        }
        Postponed::Halted(message) => {
            let text = sentence::access_refused(message);
            let until = Some(now.plus_ms(MINUTE_MS));
            (Decision::Hold, Reason::HubspotRefusedRequest, text, until)
        }
        Postponed::Refused(message) => {
            let text = sentence::refused_request(message);
            (Decision::Fail, Reason::HubspotRefusedRequest, text, None)
        }
        Postponed::Gone if item.attempts < READS_MAX => {
            let until = now.plus_ms(READ_AGAIN_MS);
            let text = sentence::hubspot_unreachable(item.attempts, until, zone);
            (Decision::Wait, Reason::HubspotUnreachable, text, Some(until))
        }
        Postponed::Stuck(why) => {
            let text = sentence::dead_letter(item.attempts, why);
            (Decision::Hold, Reason::DeadLetter, text, None)
        }
        Postponed::Gone => (Decision::Ignore, Reason::Deleted, sentence::deleted(false), None),
    }
}

fn row(rules: &RuleSet, contact: ContactId, item: &Item) -> Row {
    let why = (item.reason, item.sentence.clone());
    let mut row = Row::of_item(item, contact, why, rules.fingerprint.clone());
    row.decision = item.decision;
    row.until = item.due;
    row
}

/// Holds one item because HubSpot refuses its target; its row.
pub fn halted(
    rules: &RuleSet,
    item: &mut Item,
    message: &str,
    (until, now): (Timestamp, Timestamp),
) -> Row {
    item.decision = Decision::Hold;
    item.turn_to(Reason::HubspotRefusedRequest, now);
    item.sentence = sentence::access_refused(message);
    item.due = Some(until);
    row(rules, item.event.contact, item)
}

/// One item waits because our share of the day's calls is used up for enrollments; its row.
pub fn parked(rules: &RuleSet, item: &mut Item, (until, now): (Timestamp, Timestamp)) -> Row {
    item.decision = Decision::Wait;
    item.turn_to(Reason::HubspotBusy, now);
    item.sentence = sentence::hubspot_busy(until, &rules.portal.zone);
    item.due = Some(until);
    row(rules, item.event.contact, item)
}

/// One item waits because calls for its target or its sender rest; its row.
pub fn resting(
    rules: &RuleSet,
    item: &mut Item,
    (what, why): (&str, &str),
    (until, now): (Timestamp, Timestamp),
) -> Row {
    item.decision = Decision::Wait;
    item.turn_to(Reason::HubspotUnreachable, now);
    item.sentence = sentence::resting(what, why, until, &rules.portal.zone);
    item.due = Some(until);
    row(rules, item.event.contact, item)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::gates::fixture::{World, becomes, event, rule};

    /// What becomes of an item that was put off so often before: its record, and in how many
    /// milliseconds it comes back.
    #[track_caller]
    fn check(postponed: &Postponed, attempts: u32, expected: &str) {
        let mut world = World::new(vec![rule("inbound", becomes("stage", "mql"), "intro")]);
        world.settled(&event("stage", "mql"));
        world.person.items[0].attempts = attempts;
        let turn = turn(&world.rules, &world.person, postponed, (world.now, 7));
        let [row] = turn.rows.as_slice() else { panic!("one record: {:?}", turn.rows) };
        let until = row.until.map_or(String::new(), |at| format!(" +{}", at.since_ms(world.now)));
        assert_eq!(format!("{} {}{until}", row.decision, row.reason), expected);
        assert_eq!(
            (turn.items.len(), turn.done.len() + turn.items.len()),
            (usize::from(row.decision.is_open()), 1,)
        );
    }

    #[test]
    fn what_cannot_be_read_waits_is_held_or_ends() {
        let later = |why| Postponed::Later { why, delay_ms: Some(2_000) };
        check(&later(Later::Busy), 0, "wait hubspot-busy +2000");
        check(&later(Later::Unreachable), 9, "wait hubspot-unreachable +2000");
        let failed = Postponed::Failed { delay_ms: 2_000, message: String::new() };
        check(&failed, 3, "wait hubspot-unreachable +2000");
        check(&failed, 4, "hold dead-letter +3600000");
        check(&Postponed::Halted(String::new()), 0, "hold hubspot-refused-request +60000");
        check(&Postponed::Refused(String::new()), 0, "fail hubspot-refused-request");
        check(&Postponed::Stuck(String::new()), 4, "hold dead-letter");
        check(&Postponed::Gone, 0, "wait hubspot-unreachable +2000");
        check(&Postponed::Gone, 1, "wait hubspot-unreachable +2000");
        check(&Postponed::Gone, 2, "ignore deleted");
    }
}
