//! What people press about a contact: "take out", "never contact again" and "allow again"
//! (RULES.md section 4). Whatever waits, is held or needs approval ends, and what runs is left by
//! the same way as an unenroll rule's (CONSISTENCY.md 6.2).

use super::bar::{Bar, Barring};
use super::event::{Event, Kind};
use super::gates::exit;
use super::gates::past::Past;
use super::leaving::follow;
use super::person::{Item, Person, Purpose};
use super::reason::{Decision, Reason};
use super::record::{Press, Row, Step, Turn};
use super::rule::{Exit, Mode, RuleSet};
use super::sentence;
use super::time::Timestamp;

/// What is asked about a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Out of what this names.
    TakeOut(Exit),
    /// Out of everything, and never into anything again.
    NeverAgain,
    /// "Never contact again" is taken back.
    AllowAgain,
}

/// The record of the press on `person`, united with everybody merged into them.
pub fn turn(rules: &RuleSet, person: &Person, asked: &Asked, press: Press, now: Timestamp) -> Turn {
    let mut turn = Turn::new(Step::Pressed, person.contact, now);
    let who = press.who.clone();
    match asked {
        Asked::TakeOut(exit) => {
            let why = sentence::pressed_take_out(&who);
            let nothing = sentence::not_enrolled();
            end(rules, person, exit, (&press, &why, nothing), &mut turn);
        }
        Asked::NeverAgain => {
            let day = sentence::day(now, &rules.portal.zone);
            let why = format!("never contact again, {}", sentence::never_again(&who, &day));
            let nothing = sentence::barred(&who);
            end(rules, person, &Exit::Everything, (&press, &why, nothing), &mut turn);
            let bar = Bar { at: now, who, note: press.note.clone() };
            turn.barring = Some(Barring::Set(bar));
        }
        Asked::AllowAgain => {
            let item = item(rules, person, &press, now);
            let why = (Reason::NotEnrolled, sentence::allowed_again(&who));
            turn.rows.push(row(rules, person, &item, why));
            turn.barring = Some(Barring::Lifted);
        }
    }
    turn.press = Some(press);
    turn
}

/// Ends what waits and leaves what runs, of what `exit` names. `why` is what the records of what
/// waited say, `nothing` what is said where nothing runs.
fn end(
    rules: &RuleSet,
    person: &Person,
    exit: &Exit,
    (press, why, nothing): (&Press, &str, String),
    turn: &mut Turn,
) {
    let would = |it: &&Item| exit::would_enroll(rules, person.contact, it, exit);
    for waiting in person.items.iter().filter(would) {
        let withdrawn = (Reason::Withdrawn, sentence::withdrawn(why));
        let fingerprint = rules.fingerprint.clone();
        turn.rows.push(Row::of_item(waiting, person.contact, withdrawn, fingerprint));
        turn.done.push(waiting.id.clone());
    }
    let mut item = item(rules, person, press, turn.at);
    let past = Past::of(rules, person, turn.at);
    let stays = exit::named(&past, exit, false);
    if stays.is_empty() {
        turn.rows.push(row(rules, person, &item, (Reason::NotEnrolled, nothing)));
        return;
    }
    turn.leavings = follow::leavings(&item, &stays, turn.at);
    let from = exit::names(&stays);
    item.turn_to(Reason::OutcomeUnknown, turn.at);
    item.sentence = sentence::leaving(&sentence::list(&from));
    let asking = row(rules, person, &item, (Reason::OutcomeUnknown, item.sentence.clone()));
    turn.rows.push(Row { from, ..asking });
    turn.items.push(item);
}

/// What waits for the leavings of a press. The event it is about is the press.
fn item(rules: &RuleSet, person: &Person, press: &Press, now: Timestamp) -> Item {
    let event = Event {
        portal: rules.portal.id,
        contact: person.contact,
        kind: Kind::Other,
        occurred_at: now,
        subscription_type: press.what.clone(),
        source: Some("PRESS".to_owned()),
        source_id: Some(press.who.clone()),
        app: None,
        event_id: None,
    };
    let id = format!("{}.{}.{}", press.what, person.contact, now.unix_ms()).into();
    Item {
        matched: true,
        due: None,
        decision: Decision::Wait,
        purpose: Purpose::Press,
        ..Item::fired(id, (press.what.as_str().into(), Mode::Live), event, now)
    }
}

fn row(rules: &RuleSet, person: &Person, item: &Item, why: (Reason, String)) -> Row {
    let row = Row::of_item(item, person.contact, why, rules.fingerprint.clone());
    Row { by: item.event.source_id.clone(), ..row }
}

#[cfg(test)]
mod tests;
