//! Did it really move? An event carries no old value: HubSpot's own history tells it, and where
//! that is silent what the store knew.

use super::{Case, Notes, Passed, Stop};
use crate::domain::contact::{Contact, PastValue};
use crate::domain::event::{Kind, Nearby};
use crate::domain::id::PropertyName;
use crate::domain::kept::{before, kept};
use crate::domain::person::Item;
use crate::domain::reason::Reason;
use crate::domain::rule::check::quote;
use crate::domain::sentence;
use crate::domain::surroundings::{Surroundings, known};
use crate::domain::time::SECOND_MS;

/// How much earlier than an event the history may date the same change.
const SKEW_MS: u64 = 2 * SECOND_MS;

/// Stops a change that was none, or that was taken back. After a wait only the trigger's value
/// is asked for ("still matches", RULES.md section 6).
pub fn check(case: &Case<'_>, notes: &mut Notes) -> Passed {
    let item = case.item;
    let Some((property, arrived)) = item.event.watched() else {
        notes.passed("when", item.event.subscription_type.clone());
        return Ok(());
    };
    let (when, owners) = (&case.rule.when, Some(case.view.owners));
    let current = current_value(case);
    let old = old_value(item, case.view.contact).map(|old| before(old, current));
    let outcome = if item.matched {
        when.still_holds(current, owners)
    } else {
        when.moved_among(old, current, owners)
    };
    let Err(why) = outcome else {
        notes.passed("when", moved(&property, old, current));
        return Ok(());
    };
    // What fired once and was taken back since is another thing than what never was a move.
    let burst = item.began != item.event.occurred_at;
    let stop = if item.matched || burst || when.moved_among(old, arrived, owners).is_ok() {
        let text = sentence::no_longer_matches(&case.day(item.fired_at), &why);
        Stop::new(Reason::NoLongerMatches, text)
    } else {
        Stop::new(Reason::NoMatch, sentence::no_match(&case.rule.id, &why))
    };
    Err(notes.stop("when", format!("{why} ({})", case.rule.place), stop))
}

/// The value of the changed property now; blank where nobody knows it.
fn current_value<'a>(case: &Case<'a>) -> &'a str {
    let value = match &case.item.event.kind {
        Kind::Property { name, .. } => case.view.contact.known(name.as_str()),
        Kind::Nearby { object: Nearby::Company, name, .. } => {
            let company = case.view.around.and_then(|around| around.company.as_ref());
            company.and_then(|company| known(&company.properties, name.as_str()))
        }
        Kind::Nearby { object: Nearby::Deal, name, .. } => {
            let deal = case.view.around.and_then(Surroundings::trigger_deal);
            deal.and_then(|deal| known(&deal.properties, name.as_str()))
        }
        _ => None,
    };
    value.unwrap_or("")
}

fn moved(property: &PropertyName, old: Option<&str>, current: &str) -> String {
    let old = old.map_or_else(|| "an unknown value".to_owned(), quote);
    format!("{property} went from {old} to {}", quote(current))
}

/// The value before the first event of the burst; `None` where nobody knows it. The history is
/// that of the contact's own properties.
pub fn old_value<'a>(item: &'a Item, contact: &'a Contact) -> Option<&'a str> {
    let (_, arrived) = item.event.watched()?;
    let began = item.began;
    let property = item.event.change().map(|(property, _)| property);
    let history = property.and_then(|property| contact.history.get(property));
    let before = history.into_iter().flatten().filter(|past| past.at < began);
    // The history may date the change itself a little earlier than its event does.
    let itself =
        |past: &PastValue| began.minus_ms(SKEW_MS) <= past.at && kept(&past.value) == arrived;
    let newest = before.filter(|past| !itself(past)).max_by_key(|past| past.at);
    newest.map(|past| past.value.as_str()).or(item.from.as_deref())
}
