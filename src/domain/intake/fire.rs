//! A rule whose trigger fired: its item, the settle time of the person, and bursts.

use super::{Incoming, old_value};
use crate::domain::event::Event;
use crate::domain::id::RowId;
use crate::domain::person::{Item, Person, Purpose, Settling};
use crate::domain::reason::{Decision, Reason};
use crate::domain::record::{Row, TakenEvent};
use crate::domain::rule::{Action, Gate, Mode, Rule, RuleSet, Suppression, Unbuilt};
use crate::domain::sentence;
use crate::domain::time::Timestamp;

/// How many times its length the settle time may last when it is started again and again.
const SETTLE_TIMES_MAX: u64 = 10;

/// The first key of the trigger that is not built yet.
pub(super) fn unbuilt(rule: &Rule) -> Option<&Unbuilt> {
    rule.unbuilt.iter().find(|unbuilt| unbuilt.gate == Gate::Trigger)
}

/// Whether the event may fire the rule; the error says why not.
pub(super) fn may_fire(rule: &Rule, event: &Event, old: Option<&str>) -> Result<(), String> {
    match unbuilt(rule) {
        Some(unbuilt) => Err(format!("{} is not built yet ({})", unbuilt.key, unbuilt.place)),
        None => rule.when.may_fire(event, old),
    }
}

/// Puts an item for each fired rule and for each suppression that watches the property on the
/// person, and moves the settle time on.
pub(super) fn schedule(
    rules: &RuleSet,
    person: &Person,
    incoming: &Incoming<'_>,
    fired: &[&Rule],
    taken: &mut TakenEvent,
) {
    let longest = fired.iter().map(|rule| rule.settle_ms).max().unwrap_or(0);
    let settling = settle(person.settling, incoming, longest);
    let mut items = person.items.clone();
    if let (Some(before), Some(after)) = (person.settling, settling) {
        extend(&mut items, before, after);
    }
    for rule in fired {
        let item = item(person, incoming, rule, settling);
        let merged = merge(&mut items, item);
        taken.rows.extend(merged.map(|earlier| merged_row(rules, person, &earlier)));
    }
    for rule in fired {
        let id = pair_id(incoming, rule);
        let fresh = items.iter().find(|item| item.id == id);
        taken.rows.extend(fresh.map(|item| settling_row(rules, person, item)));
    }
    for suppression in watching(rules, incoming.event) {
        let item = watch(incoming, suppression);
        taken.rows.push(settling_row(rules, person, &item));
        items.push(item);
    }
    taken.items = Some(items);
    taken.settling = settling;
}

/// Suppressions with `also_unenroll` that look at the property that changed.
fn watching<'a>(rules: &'a RuleSet, event: &Event) -> impl Iterator<Item = &'a Suppression> {
    let watched = event.change().and_then(|(property, _)| rules.watched.get(property));
    watched.into_iter().flatten().filter_map(|index| rules.suppressions.get(*index))
}

/// Due at once: who must not be written to any more does not wait for it.
fn watch(incoming: &Incoming<'_>, suppression: &Suppression) -> Item {
    Item {
        id: RowId::from(format!("{}.suppress.{}", incoming.id, suppression.id)),
        rule: suppression.id.as_str().into(),
        mode: if suppression.live { Mode::Live } else { Mode::DryRun },
        purpose: Purpose::Suppress,
        ..fresh(incoming, incoming.received)
    }
}

/// The settle time after this event. A rule that does not settle leaves it as it is.
fn settle(running: Option<Settling>, incoming: &Incoming<'_>, length: u64) -> Option<Settling> {
    let running = running.filter(|settling| incoming.received < settling.until);
    if length == 0 {
        return running;
    }
    let first = running.map_or(incoming.received, |settling| settling.first);
    let last = first.plus_ms(length.saturating_mul(SETTLE_TIMES_MAX));
    let until = incoming.received.plus_ms(length).min(last);
    Some(Settling { first, until: running.map_or(until, |settling| settling.until.max(until)) })
}

/// Items that settle belong to the person's settle time and move with it.
fn extend(items: &mut [Item], before: Settling, after: Settling) {
    let moving =
        |item: &&mut Item| item.reason == Reason::Settling && item.due == Some(before.until);
    for item in items.iter_mut().filter(moving) {
        item.due = Some(after.until);
        item.first_due = after.until;
    }
}

fn pair_id(incoming: &Incoming<'_>, rule: &Rule) -> RowId {
    RowId::from(format!("{}.{}", incoming.id, rule.id))
}

fn item(person: &Person, incoming: &Incoming<'_>, rule: &Rule, settling: Option<Settling>) -> Item {
    let due = match settling {
        Some(settling) if 0 < rule.settle_ms => settling.until,
        _ => incoming.received,
    };
    Item {
        id: pair_id(incoming, rule),
        rule: rule.id.clone(),
        mode: rule.mode,
        from: old_value(person, incoming.event).map(str::to_owned),
        target: match &rule.action {
            Action::Enroll { target, .. } => Some(target.name.clone()),
            Action::Unenroll { .. } | Action::Unbuilt => None,
        },
        ..fresh(incoming, due)
    }
}

/// An item of this event that is due then, of nobody yet.
fn fresh(incoming: &Incoming<'_>, due: Timestamp) -> Item {
    Item {
        id: RowId::from(incoming.id),
        rule: "".into(),
        mode: Mode::Off,
        event: incoming.event.clone(),
        from: None,
        began: incoming.at(),
        fired_at: incoming.received,
        matched: false,
        first_due: due,
        due: Some(due),
        decision: Decision::Wait,
        reason: Reason::Settling,
        sentence: sentence::settling(due.since_ms(incoming.received)),
        since: incoming.received,
        target: None,
        sender: None,
        attempts: 0,
        lost_answers: 0,
        purpose: Purpose::Rule,
        leaves_since: None,
        busy_since: None,
    }
}

/// Adds `fresh`; an item of the same rule and property that still settles gives way to it, and
/// leaves it the value and the time from before the burst.
fn merge(items: &mut Vec<Item>, mut fresh: Item) -> Option<Item> {
    let earlier = items.iter().position(|item| {
        item.rule == fresh.rule
            && item.reason == Reason::Settling
            && item.event.change().map(|(name, _)| name)
                == fresh.event.change().map(|(name, _)| name)
    });
    let earlier = earlier.map(|index| items.remove(index));
    if let Some(earlier) = &earlier {
        fresh.from.clone_from(&earlier.from);
        fresh.began = earlier.began;
    }
    items.push(fresh);
    earlier
}

fn merged_row(rules: &RuleSet, person: &Person, earlier: &Item) -> Row {
    let name = earlier.event.change().map_or("", |(name, _)| name.as_str());
    let why = (Reason::MergedIntoLater, sentence::merged_into_later(name));
    Row::of_item(earlier, person.contact, why, rules.fingerprint.clone())
}

fn settling_row(rules: &RuleSet, person: &Person, item: &Item) -> Row {
    let why = (Reason::Settling, item.sentence.clone());
    let row = Row::of_item(item, person.contact, why, rules.fingerprint.clone());
    Row { until: item.due, ..row }
}
