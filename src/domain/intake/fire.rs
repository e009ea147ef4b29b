//! A rule whose trigger fired: its item, the settle time of the person, and bursts.

use super::{Incoming, burst, old_value};
use crate::domain::breaker::{Open, Trips, in_the_way};
use crate::domain::gates::dates;
use crate::domain::id::{RowId, RuleId};
use crate::domain::kept::kept;
use crate::domain::person::{Item, Person, Purpose, Settling};
use crate::domain::reason::Reason;
use crate::domain::record::{Row, TakenEvent};
use crate::domain::rule::{Action, Mode, Rule, RuleSet, Suppression};
use crate::domain::sentence;
use crate::domain::time::Timestamp;

/// How many times its length the settle time may last when it is started again and again.
const SETTLE_TIMES_MAX: u64 = 10;

/// Whether the event may fire the rule; the error says why not.
pub(super) fn may_fire(
    rules: &RuleSet,
    rule: &Rule,
    incoming: &Incoming<'_>,
    old: Option<&str>,
) -> Result<(), String> {
    rule.when.may_fire(incoming.event, old)?;
    dates::in_effect(rule, incoming.at(), &rules.portal.zone)
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
    // What is due already stays due: the settle time of before is over.
    let running = person.settling.filter(|settling| incoming.received < settling.until);
    let settling = settle(running, incoming, longest);
    let mut items = person.items.clone();
    if let (Some(before), Some(after)) = (running, settling) {
        extend(&mut items, before, after);
    }
    let mut trips = Trips::new(incoming.fires, incoming.received);
    // Whose item a breaker may hold: those that fired, and those whose burst it holds already.
    let mut holdable = Vec::with_capacity(fired.len());
    for rule in fired {
        let item = item(person, incoming, rule, settling);
        // A burst of one contact is one firing.
        if let Some(earlier) = burst::merge(&mut items, item) {
            taken.rows.push(merged_row(rules, person, &earlier));
            if earlier.reason == Reason::BreakerOpen {
                holdable.push(&rule.id);
            }
        } else {
            let breakers = (rule.breaker.as_ref(), &rules.portal.breakers[..]);
            trips.count((&rule.id, rule.mode), breakers);
            holdable.push(&rule.id);
        }
    }
    for rule in fired {
        let id = pair_id(incoming, rule);
        let Some(at) = items.iter().position(|item| item.id == id) else { continue };
        let breakers = (rule.breaker.as_ref(), &rules.portal.breakers[..]);
        let open = in_the_way((&rule.id, rule.mode), breakers, |fuse| trips.open(fuse));
        match open.filter(|_| holdable.contains(&&rule.id)) {
            Some((_, open)) if open.discards() => {
                let item = items.remove(at);
                taken.rows.push(discarded_row(rules, person, &item, open));
            }
            Some((_, open)) => {
                items[at].hold(open, incoming.received);
                taken.rows.push(open_row(rules, person, &items[at]));
            }
            None => taken.rows.push(open_row(rules, person, &items[at])),
        }
    }
    for suppression in watching(rules, incoming) {
        let item = watch(incoming, suppression);
        taken.rows.push(open_row(rules, person, &item));
        items.push(item);
    }
    (taken.fired, taken.opened) = (trips.fired, trips.opened);
    taken.items = Some(items);
    taken.settling = settling;
}

/// Suppressions with `also_unenroll` that look at the property that changed, and are not over.
pub(super) fn watching<'a>(
    rules: &'a RuleSet,
    incoming: &Incoming<'_>,
) -> impl Iterator<Item = &'a Suppression> {
    let received = incoming.received;
    let watched = incoming.event.change().and_then(|(property, _)| rules.watched.get(property));
    let all = watched.into_iter().flatten().filter_map(|index| rules.suppressions.get(*index));
    all.filter(move |it| it.ends.is_none_or(|ends| received < ends))
}

/// Due at once: who must not be written to any more does not wait for it.
fn watch(incoming: &Incoming<'_>, suppression: &Suppression) -> Item {
    let id = RowId::from(format!("{}.suppress.{}", incoming.id, suppression.id));
    let mode = if suppression.live { Mode::Live } else { Mode::DryRun };
    let of = (suppression.id.as_str().into(), mode);
    Item { purpose: Purpose::Suppress, ..fresh(incoming, id, of, incoming.received) }
}

/// The settle time after this event. A rule that does not settle leaves it as it is.
fn settle(running: Option<Settling>, incoming: &Incoming<'_>, length: u64) -> Option<Settling> {
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
        item.until = item.until.or(item.due);
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
    let of_rule = (rule.id.clone(), rule.mode);
    Item {
        from: old_value(person, incoming.event).map(|old| kept(old).into_owned()),
        target: match &rule.of(person.contact).action {
            Action::Enroll { target, .. } => Some(target.name.clone()),
            Action::Unenroll { .. } | Action::Split | Action::Nothing => None,
        },
        ..fresh(incoming, pair_id(incoming, rule), of_rule, due)
    }
}

/// An item of this event that is due then.
fn fresh(incoming: &Incoming<'_>, id: RowId, of: (RuleId, Mode), due: Timestamp) -> Item {
    Item {
        began: incoming.at(),
        first_due: due,
        due: Some(due),
        sentence: sentence::settling(due.since_ms(incoming.received)),
        ..Item::fired(id, of, incoming.event.kept(), incoming.received)
    }
}

fn merged_row(rules: &RuleSet, person: &Person, earlier: &Item) -> Row {
    let name = earlier.event.watched().map(|(name, _)| name.to_string()).unwrap_or_default();
    let why = (Reason::MergedIntoLater, sentence::merged_into_later(&name));
    Row::of_item(earlier, person.contact, why, rules.fingerprint.clone())
}

/// The record of an item as it waits or is held.
fn open_row(rules: &RuleSet, person: &Person, item: &Item) -> Row {
    let why = (item.reason, item.sentence.clone());
    let row = Row::of_item(item, person.contact, why, rules.fingerprint.clone());
    Row { until: item.due, decision: item.decision, ..row }
}

fn discarded_row(rules: &RuleSet, person: &Person, item: &Item, open: &Open) -> Row {
    let why = (Reason::Discarded, sentence::breaker_discards(&item.rule, open));
    Row::of_item(item, person.contact, why, rules.fingerprint.clone())
}
