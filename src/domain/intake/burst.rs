//! Changes of one property within `settle` are one change: from the value before the first to
//! the value after the last (RULES.md section 6). While a breaker holds a change, whatever follows
//! belongs to it too: somebody whose value flaps is one thing to decide about, not thousands.

use super::Incoming;
use crate::domain::person::{Item, Person};
use crate::domain::reason::Reason;
use crate::domain::rule::RuleSet;

/// Adds `fresh`; an item of the same rule and property that still settles, or that a breaker
/// holds, gives way to it, and leaves it the value and the time from before the burst. Where its settle time is over and
/// only the decision is late, the burst does not begin again (CONSISTENCY.md 6.11).
pub(super) fn merge(items: &mut Vec<Item>, mut fresh: Item) -> Option<Item> {
    let earlier = items.iter().position(|item| item.rule == fresh.rule && is_of(item, &fresh));
    let earlier = earlier.map(|index| items.remove(index));
    if let Some(earlier) = &earlier {
        fresh.from.clone_from(&earlier.from);
        fresh.began = earlier.began.min(fresh.began);
        if earlier.due.is_some_and(|due| due <= fresh.fired_at) {
            fresh.due = earlier.due;
            fresh.first_due = earlier.first_due;
        }
    }
    items.push(fresh);
    earlier
}

fn is_of(item: &Item, fresh: &Item) -> bool {
    let property = |item: &Item| item.event.watched().map(|(name, _)| name);
    item.purpose == fresh.purpose
        && matches!(item.reason, Reason::Settling | Reason::BreakerOpen)
        && property(item) == property(fresh)
}

/// HubSpot promises no order: an earlier change of a burst that arrives after a later one is
/// stale, and yet the burst began with it. The items of that burst, if there are any.
pub(super) fn widened(
    rules: &RuleSet,
    person: &Person,
    incoming: &Incoming<'_>,
) -> Option<Vec<Item>> {
    let (property, _) = incoming.event.watched()?;
    let at = incoming.at();
    let belongs = |item: &Item| {
        // A change longer ago than `settle` was another one.
        let settle_ms =
            item.of_rule().and_then(|rule| rules.rule(rule)).map_or(0, |rule| rule.settle_ms);
        item.reason == Reason::Settling
            && item.event.watched().is_some_and(|(name, _)| name == property)
            && at < item.began
            && item.began.since_ms(at) <= settle_ms
    };
    if !person.items.iter().any(belongs) {
        return None;
    }
    let widened = person.items.iter().cloned().map(|mut item| {
        if belongs(&item) {
            item.began = at;
        }
        item
    });
    Some(widened.collect())
}
