//! Taking deliveries: each event is looked up, judged, and staged, in its order.

use super::book::Book;
use crate::domain::breaker::Fires;
use crate::domain::delivery;
use crate::domain::event::{Event, Kind};
use crate::domain::person::Person;
use crate::domain::record::{Taken, TakenEvent};
use crate::domain::time::Timestamp;
use crate::store::index::{Index, IndexError};

/// A delivery, read from the journal and parsed.
#[derive(Debug)]
pub struct Arrival {
    /// Its number in the journal.
    pub delivery: u64,
    /// When it was received.
    pub received: Timestamp,
    /// Its items.
    pub items: Vec<delivery::Item>,
}

/// One item to judge.
#[derive(Debug)]
pub enum Incoming<'a> {
    /// An event, the person it is about, and whether it was taken before.
    Event {
        /// The event.
        event: &'a Event,
        /// The person before it.
        person: &'a Person,
        /// It was taken before.
        duplicate: bool,
        /// What fired before it.
        fires: &'a Fires,
    },
    /// An item that cannot be read, and why.
    Unreadable(&'a str),
}

/// Judges one item: `domain::intake` with the rules of the moment. `id` is the delivery's number
/// and the item's, and becomes the decision record's id.
pub type Judge = dyn Fn(&Incoming<'_>, Timestamp, &str) -> TakenEvent + Send + Sync;

/// Judges and stages one delivery. Each event sees what the ones before it changed.
pub(super) fn take<I: Index>(
    book: &mut Book<I>,
    seq: u64,
    arrival: &Arrival,
    judge: &Judge,
) -> Result<Taken, IndexError> {
    let at = arrival.received;
    book.begin_delivery(seq, arrival.delivery, at);
    let mut events = Vec::with_capacity(arrival.items.len());
    for (number, item) in arrival.items.iter().enumerate() {
        let id = format!("{}.{number}", arrival.delivery);
        let taken = match item {
            Ok(event) => judge_event(book, event, |incoming| judge(incoming, at, &id))?,
            Err(why) => judge(&Incoming::Unreadable(why), at, &id),
        };
        book.take_event(seq, at, &taken)?;
        events.push(taken);
    }
    Ok(Taken { delivery: arrival.delivery, at, events })
}

fn judge_event<I: Index>(
    book: &mut Book<I>,
    event: &Event,
    judge: impl FnOnce(&Incoming<'_>) -> TakenEvent,
) -> Result<TakenEvent, IndexError> {
    let duplicate = book.was_taken(event)?;
    // What comes under an id that was merged is about the person as they are known now.
    let home = if event.kind == Kind::Other { event.contact } else { book.home(event.contact)? };
    let union =
        if book.stage_person(home)?.merged.is_empty() { None } else { Some(book.union(home)?.0) };
    let (staged, fires) = book.staged(home);
    let person = union.as_ref().unwrap_or(staged);
    let mut taken = judge(&Incoming::Event { event, person, duplicate, fires });
    taken.previous = staged.last_row;
    Ok(taken)
}
