//! Each event of a delivery against what the store knows and the triggers, without any call:
//! wrong portal, duplicate, stale, own change, then which rules it may fire.

mod burst;
mod fire;
mod gone;
#[cfg(test)]
mod tests;
pub mod waiting;

use super::breaker::Fires;
use super::delivery;
use super::event::{Event, Kind, is_merge_source};
use super::gates::past::CLOCK_SLACK_MS;
use super::id::{ContactId, PropertyName, RowId};
use super::kept::{before, kept};
use super::person::{Newest, Person};
use super::reason::Reason;
use super::record::{Row, TakenEvent, TraceStep};
use super::rule::trigger::Subject;
use super::rule::{Mode, Rule, RuleSet};
use super::sentence;
use super::time::Timestamp;

/// One event as it came in.
#[derive(Clone, Copy, Debug)]
pub struct Incoming<'a> {
    /// What happened.
    pub event: &'a Event,
    /// When its delivery was received.
    pub received: Timestamp,
    /// `delivery.item`, for example `17.3`: the id of its decision record.
    pub id: &'a str,
    /// Its identity is known (CONSISTENCY.md section 4).
    pub duplicate: bool,
    /// What fired before it, for breakers.
    pub fires: &'a Fires,
}

impl Incoming<'_> {
    /// When it happened, for order: an event dated 2100 counts as received now.
    fn at(&self) -> Timestamp {
        self.event.occurred_at.min(self.received)
    }
}

/// Judges one event about `person`. Rules whose mode is off never fire.
pub fn judge(rules: &RuleSet, person: &Person, incoming: &Incoming<'_>) -> TakenEvent {
    let event = incoming.event;
    let mut taken = TakenEvent {
        contact: Some(person.contact),
        identity: Some(event.identity().to_string()),
        occurred_at: Some(event.occurred_at),
        ..nothing_done()
    };
    if event.portal == rules.portal.id && event.kind != Kind::Other && person.erased.is_some() {
        gone::after_erasure(rules, incoming, &mut taken);
        return taken;
    }
    if let Some((reason, text)) = refused(rules, person, incoming) {
        if reason == Reason::WrongPortal {
            taken.contact = None;
        }
        if matches!(reason, Reason::WrongPortal | Reason::DuplicateEvent) {
            taken.identity = None;
        }
        if reason == Reason::StaleEvent {
            taken.items = burst::widened(rules, person, incoming);
        }
        taken.rows.push(ignored(rules, incoming, taken.contact, (reason, text)));
        return taken;
    }
    taken.newest = newest(rules, incoming);
    match &event.kind {
        Kind::Deleted => gone::deleted(rules, person, incoming, &mut taken),
        Kind::PrivacyDeleted => gone::erased(rules, person, incoming, &mut taken),
        Kind::Merged { from, .. } => {
            taken.merged.clone_from(from);
            let ids = from.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let why = (Reason::MergedRecord, sentence::merged_record(&ids));
            taken.rows.push(ignored(rules, incoming, taken.contact, why));
        }
        Kind::Other => {
            taken.contact = None;
            let why = (Reason::NotWatched, sentence::not_watched(&event.subscription_type));
            taken.rows.push(ignored(rules, incoming, None, why));
        }
        Kind::Property { .. }
        | Kind::Created
        | Kind::Restored
        | Kind::Nearby { .. }
        | Kind::DealCreated
        | Kind::DealAssociated
        | Kind::CompanyAssociated => {
            route(rules, person, incoming, &mut taken);
            waiting::wake(rules, person, incoming, &mut taken);
        }
    }
    taken
}

/// The record of an item that could not be read. `why` names no contact data.
pub fn unreadable(rules: &RuleSet, id: &str, why: &str) -> TakenEvent {
    let text = sentence::unreadable(why);
    let row = Row::new(id.into(), Reason::Unreadable, text, rules.fingerprint.clone());
    TakenEvent { rows: vec![row], ..nothing_done() }
}

/// What an event did before anything is known of it.
fn nothing_done() -> TakenEvent {
    TakenEvent {
        contact: None,
        identity: None,
        occurred_at: None,
        newest: None,
        items: None,
        settling: None,
        fired: Vec::new(),
        opened: Vec::new(),
        merged: Vec::new(),
        erased: Vec::new(),
        rows: Vec::new(),
        previous: 0,
    }
}

/// The newest value the store has seen of the property that changed; `None` where it saw none.
fn old_value<'a>(person: &'a Person, event: &'a Event) -> Option<&'a str> {
    let (property, value) = event.watched()?;
    person.newest.get(&property)?.value.as_deref().map(|old| before(old, value))
}

/// Under what name the store keeps when that which the event changes was last changed.
pub fn kept_as(event: &Event) -> Option<PropertyName> {
    let changed = event.watched().map(|(property, _)| property);
    changed.or_else(|| gone::state(event))
}

/// Why the event goes no further, if so: in the order of CONSISTENCY.md section 5.
fn refused(rules: &RuleSet, person: &Person, incoming: &Incoming<'_>) -> Option<(Reason, String)> {
    let event = incoming.event;
    if event.portal != rules.portal.id {
        let text = sentence::wrong_portal(event.portal.0, rules.portal.id.0);
        return Some((Reason::WrongPortal, text));
    }
    if incoming.duplicate {
        let happened = sentence::minute(event.occurred_at, &rules.portal.zone);
        return Some((Reason::DuplicateEvent, sentence::duplicate_event(&happened)));
    }
    if let Some(property) = kept_as(event)
        && person.newest.get(&property).is_some_and(|newest| incoming.at() < newest.at)
    {
        return Some((Reason::StaleEvent, sentence::overtaken(property.as_str())));
    }
    let age = incoming.received.since_ms(event.occurred_at);
    // Who is gone, or has another id, is so however late it is heard.
    let lasts = matches!(event.kind, Kind::Deleted | Kind::PrivacyDeleted | Kind::Merged { .. });
    if rules.stale_after_ms < age && !lasts && !delivery::is_reconciled(event) {
        return Some((Reason::StaleEvent, sentence::too_late(age, rules.stale_after_ms)));
    }
    None
}

/// Whether this router wrote the change: its own property, or, where the portal asks for it,
/// any change by its own app.
fn is_own(rules: &RuleSet, event: &Event) -> bool {
    let Some((property, _)) = event.change() else { return false };
    let by_own_app = || {
        let source = event.source.as_deref().unwrap_or_default();
        let app = event.app.map(|app| app.to_string());
        matches!(source, "INTEGRATION" | "API") && app.is_some() && app == event.source_id
    };
    let stamps = || rules.workflows.values().filter_map(|workflow| workflow.via.as_ref());
    rules.portal.bridge.as_ref().is_some_and(|bridge| bridge.property == *property)
        || stamps().any(|stamp| stamp == property)
        || (rules.portal.ignore_own_app && by_own_app())
}

/// Whether a merge wrote the change.
fn is_merge(event: &Event) -> bool {
    event.source.as_deref().is_some_and(is_merge_source)
}

fn newest(rules: &RuleSet, incoming: &Incoming<'_>) -> Option<(PropertyName, Newest)> {
    if let Some(state) = gone::state(incoming.event) {
        return Some((state, Newest { at: incoming.at(), value: None }));
    }
    let (property, value) = incoming.event.watched()?;
    let watched = rules.by_property.contains_key(&property);
    let value = watched.then(|| kept(value).into_owned());
    Some((property, Newest { at: incoming.at(), value }))
}

/// Places of the rules that listen to this kind of event, by priority. No other rule is looked
/// at, however many there are.
fn listening<'a>(rules: &'a RuleSet, event: &Event) -> &'a [usize] {
    if let Some((property, _)) = event.watched() {
        return rules.by_property.get(&property).map_or(&[], Vec::as_slice);
    }
    let subject = match event.kind {
        Kind::Created => Subject::ContactCreated,
        Kind::Restored => Subject::ContactRestored,
        Kind::DealCreated => Subject::DealCreated,
        Kind::DealAssociated => Subject::DealAssociated,
        Kind::CompanyAssociated => Subject::CompanyAssociated,
        _ => return &[],
    };
    rules.index.listening(&subject)
}

/// Rules that listen to this kind of event, by priority. Those that are off are left out.
fn watching<'a>(rules: &'a RuleSet, event: &Event) -> impl Iterator<Item = &'a Rule> {
    let listening = listening(rules, event).iter().filter_map(|place| rules.rules.get(*place));
    listening.filter(|rule| rule.mode != Mode::Off)
}

/// Whether the event is older than the rule: a new id ignores older events (CONSISTENCY.md 6.12).
/// HubSpot's clock may be a little behind ours.
fn is_older_than(rules: &RuleSet, rule: &Rule, incoming: &Incoming<'_>) -> bool {
    let born = rules.born.get(&rule.id);
    born.is_some_and(|born| incoming.at().plus_ms(CLOCK_SLACK_MS) < *born)
}

fn route(rules: &RuleSet, person: &Person, incoming: &Incoming<'_>, taken: &mut TakenEvent) {
    let event = incoming.event;
    if is_own(rules, event) {
        let why = (Reason::OwnChange, sentence::own_change());
        taken.rows.push(ignored(rules, incoming, taken.contact, why));
        return;
    }
    let old = old_value(person, event);
    let mut fired = Vec::new();
    let mut missed = Vec::new();
    let merge = is_merge(event);
    for rule in watching(rules, event).filter(|rule| !merge || rule.enroll_merged) {
        match fire::may_fire(rules, rule, incoming, old) {
            Ok(()) if is_older_than(rules, rule, incoming) => {
                missed.push((rule, sentence::NEWER_RULE.to_owned()));
            }
            Ok(()) => fired.push(rule),
            Err(why) => missed.push((rule, why)),
        }
    }
    if !fired.is_empty() || fire::watching(rules, incoming).next().is_some() {
        fire::schedule(rules, person, incoming, &fired, taken);
    } else if merge && missed.is_empty() {
        let why = (Reason::MergedRecord, sentence::merged_record(""));
        taken.rows.push(ignored(rules, incoming, taken.contact, why));
    } else {
        taken.rows.push(fired_none(rules, incoming, &missed));
    }
}

/// The one record of an event that fired no rule.
fn fired_none(rules: &RuleSet, incoming: &Incoming<'_>, missed: &[(&Rule, String)]) -> Row {
    let event = incoming.event;
    let contact = Some(event.contact);
    let Some((closest, why)) = missed.first() else {
        if let Some(why) = waiting::only_waited_for(rules, event) {
            return ignored(rules, incoming, contact, (Reason::NoMatch, why));
        }
        let name =
            event.watched().map_or(event.subscription_type.clone(), |(name, _)| name.to_string());
        return ignored(
            rules,
            incoming,
            contact,
            (Reason::NotWatched, sentence::not_watched(&name)),
        );
    };
    let text = sentence::no_match(&closest.id, why);
    let mut row = ignored(rules, incoming, contact, (Reason::NoMatch, text));
    row.trace = missed
        .iter()
        .map(|(rule, why)| TraceStep {
            step: "when".to_owned(),
            passed: false,
            detail: format!("rule \"{}\" ({}): {why}", rule.id, rule.place),
        })
        .collect();
    row
}

/// A record of the event itself.
fn ignored(
    rules: &RuleSet,
    incoming: &Incoming<'_>,
    contact: Option<ContactId>,
    (reason, sentence): (Reason, String),
) -> Row {
    Row {
        contact,
        event: Some(incoming.event.kept()),
        ..Row::new(RowId::from(incoming.id), reason, sentence, rules.fingerprint.clone())
    }
}
