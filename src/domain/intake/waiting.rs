//! Who waits for a property (`wait_for`) is looked at again when it changes.

use super::Incoming;
use crate::domain::event::Event;
use crate::domain::id::PropertyName;
use crate::domain::person::{Item, Person};
use crate::domain::reason::Reason;
use crate::domain::record::TakenEvent;
use crate::domain::rule::RuleSet;
use crate::domain::sentence;
use crate::domain::time::Timestamp;

/// Wakes whoever waits for the property that changed. A blank makes nothing known.
pub(super) fn wake(
    rules: &RuleSet,
    person: &Person,
    incoming: &Incoming<'_>,
    taken: &mut TakenEvent,
) {
    let Some((property, value)) = incoming.event.change() else { return };
    if value.trim().is_empty() {
        return;
    }
    let mut items = taken.items.as_ref().unwrap_or(&person.items).clone();
    if wake_waiting(rules, &mut items, property, incoming.received) {
        taken.items = Some(items);
    }
}

/// Looks `at` once more at each item that waits for `property`. Whether there was one.
pub fn wake_waiting(
    rules: &RuleSet,
    items: &mut [Item],
    property: &PropertyName,
    at: Timestamp,
) -> bool {
    if !rules.waited_for.contains_key(property) {
        return false;
    }
    let waits = |item: &&mut Item| {
        let rule = item.of_rule().filter(|_| item.reason == Reason::WaitingForProperty);
        let rule = rule.and_then(|rule| rules.rule(rule));
        let wait_for = rule.and_then(|rule| rule.timing.wait_for.as_ref());
        wait_for.is_some_and(|wait_for| wait_for.property == *property)
    };
    let mut found = false;
    for item in items.iter_mut().filter(waits) {
        item.wake(at);
        found = true;
    }
    found
}

/// Why the event fires nothing, where its property is only waited for.
pub(super) fn only_waited_for(rules: &RuleSet, event: &Event) -> Option<String> {
    let (property, _) = event.change()?;
    let rule = rules.waited_for.get(property)?;
    Some(sentence::no_match(rule, &format!("it only waits for \"{property}\"")))
}
