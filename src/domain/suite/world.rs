//! The surroundings of a test: what the store and HubSpot would know, built from what it says.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::scene::{Already, Around, Happening, Person as SaidPerson, Stayed, Test, What};
use crate::domain::breaker::{Fires, Fuse, Open, Tripped};
use crate::domain::claim::{Channel, Claim, State, Target};
use crate::domain::contact::{Contact, Owner};
use crate::domain::event::{Event, Kind, Nearby};
use crate::domain::id::{ContactId, Inbox, OwnerId, RuleId, SenderName, TargetName, UserId};
use crate::domain::person::{Newest, Person, Seen};
use crate::domain::rule::{Breaker, RuleSet};
use crate::domain::slots::{Slot, Slots};
use crate::domain::surroundings::{Deal, Properties, Surroundings};
use crate::domain::time::{HOUR_MS, MINUTE_MS, SECOND_MS, Timestamp};
use crate::domain::view::{InboxUse, RuleSlots};

/// The contact of a test that does not name its id.
const SOMEBODY: ContactId = ContactId(1);
/// An owner who is nobody in `[senders]`.
const STRANGER: OwnerId = OwnerId(1);
/// The first of the ids that tests give to senders.
const OWNERS_FROM: u64 = 1_001;
const USERS_FROM: u64 = 2_001;
/// The app of events with `own = true`.
const APP: u64 = 1;

/// Who the test is about.
pub(super) fn contact_id(test: &Test) -> ContactId {
    test.contact.id.unwrap_or(SOMEBODY)
}

/// One owner for each sender, and a stranger.
pub(super) fn owners(rules: &RuleSet) -> BTreeMap<OwnerId, Owner> {
    let senders = rules.senders.values().zip(0..).map(|(spec, index)| Owner {
        id: OwnerId(OWNERS_FROM + index),
        user: Some(spec.user.unwrap_or(UserId(USERS_FROM + index))),
        email: Some(spec.inbox.as_str().to_owned()),
        archived: false,
    });
    let stranger = Owner { id: STRANGER, user: None, email: None, archived: false };
    senders.chain([stranger]).map(|owner| (owner.id, owner)).collect()
}

/// The owner that a test calls by a sender's name; anybody else is a stranger.
pub(super) fn owner_id(rules: &RuleSet, name: &str) -> OwnerId {
    let index = rules.senders.keys().zip(0..).find(|(known, _)| known.as_str() == name);
    index.map_or(STRANGER, |(_, index)| OwnerId(OWNERS_FROM + index))
}

/// The contact as HubSpot would show it: what the test says over what its events wrote.
pub(super) fn contact(rules: &RuleSet, test: &Test, said: &SaidPerson) -> Contact {
    let mut properties = BTreeMap::new();
    for event in &test.events {
        if let What::Property { object: None, name, to, .. } = &event.what {
            properties.insert(name.clone(), to.clone());
        }
    }
    properties.extend(said.properties.clone());
    if let Some(owner) = &said.owner {
        properties.insert("hubspot_owner_id".into(), owner_id(rules, owner).to_string());
    }
    let id = contact_id(test);
    Contact { id, properties, history: BTreeMap::new(), merged: Vec::new() }
}

/// What stands around the contact: what the test says over what its events wrote.
pub(super) fn surroundings(test: &Test, said: &Around) -> Surroundings {
    let mut around = Surroundings {
        company: said.company.clone(),
        deals: said.deals.clone().unwrap_or_default(),
        lists: said.lists.clone().unwrap_or_default(),
        consent: said.consent.clone().unwrap_or_default(),
        company_enrolled: test.counted.enrolled.clone(),
    };
    if test.events.iter().any(|event| event.what.is_of_deal()) && around.deals.is_empty() {
        around.deals.push(Deal { is_trigger: true, ..Deal::default() });
    }
    let company = written(test, Nearby::Company);
    if !company.is_empty() {
        beneath(&mut around.company.get_or_insert_default().properties, company);
    }
    if let Some(deal) = around.deals.iter_mut().find(|deal| deal.is_trigger) {
        beneath(&mut deal.properties, written(test, Nearby::Deal));
    }
    around
}

/// What the test's events wrote into an object; of a burst the last value stands.
fn written(test: &Test, wanted: Nearby) -> Properties {
    let mut properties = Properties::new();
    for event in &test.events {
        if let What::Property { object: Some(object), name, to, .. } = &event.what
            && *object == wanted
        {
            properties.insert(name.clone(), to.clone());
        }
    }
    properties
}

/// Puts `values` where nothing was said.
fn beneath(said: &mut Properties, values: Properties) {
    for (name, value) in values {
        said.entry(name).or_insert(value);
    }
}

/// What the store knows of the person before anything happens.
pub(super) fn person(rules: &RuleSet, test: &Test) -> Person {
    let mut person = Person::new(contact_id(test));
    for (index, already) in test.already.iter().enumerate() {
        match &already.place {
            Stayed::Elsewhere(sequence) => person.seen.push(Seen {
                sequence: *sequence,
                enrolled_at: already.started,
                ended_at: already.ended,
            }),
            Stayed::Target(name, rule) => {
                for rule in entered_by(rules, name, rule.as_ref()) {
                    person.claims.extend(claim(rules, test, (index, already), (name, rule)));
                }
            }
        }
    }
    person.claims.sort_by_key(|claim| claim.first_call_at);
    person.seen.sort_by_key(|seen| seen.enrolled_at);
    for event in &test.events {
        if let What::Property { object, name, from: Some(from), .. } = &event.what {
            let before = event.occurred.unwrap_or(test.at).minus_ms(1);
            let newest = Newest { at: before, value: Some(from.clone()) };
            // Of a burst the first event says what was before.
            let watched = object.map_or_else(|| name.clone(), |object| object.key(name));
            person.newest.entry(watched).or_insert(newest);
        }
    }
    person
}

/// The rule that `already` names, else every rule that enrolls into the target. A target that
/// no rule uses is entered by hand.
fn entered_by(rules: &RuleSet, target: &TargetName, named: Option<&RuleId>) -> Vec<RuleId> {
    if let Some(rule) = named {
        return vec![rule.clone()];
    }
    let enrolling = rules.rules.iter().filter(|rule| rule.enrolls_into(target));
    let mut all: Vec<RuleId> = enrolling.map(|rule| rule.id.clone()).collect();
    if all.is_empty() {
        all.push("by-hand".into());
    }
    all
}

fn claim(
    rules: &RuleSet,
    test: &Test,
    (index, already): (usize, &Already),
    (name, rule): (&TargetName, RuleId),
) -> Option<Claim> {
    let sequence = rules.sequences.get(name);
    let workflow = rules.workflows.get(name);
    let (channel, id, theme, length) = match (sequence, workflow) {
        (Some(it), _) => (Channel::Sequence, it.id.0, &it.theme, it.max_length),
        (None, Some(it)) => (Channel::Workflow, it.id.0, &it.theme, it.holds_for),
        (None, None) => return None,
    };
    Some(Claim {
        id: format!("already.{index}.{rule}").into(),
        contact: contact_id(test),
        theme: theme.clone(),
        rule,
        row: format!("already.{index}").into(),
        target: Target { channel, name: name.clone(), id },
        sender: None,
        via: None,
        first_call_at: already.started,
        last_call_at: already.started,
        lost_answers: 0,
        holds_until: length.after(already.started, &rules.portal.zone),
        evidence: None,
        state: State::Confirmed {
            enrolled_at: already.started,
            verified: true,
            enrollment: None,
            ended_at: already.ended,
        },
    })
}

/// What `used` says: slots taken an hour ago.
pub(super) fn inboxes(rules: &RuleSet, test: &Test) -> BTreeMap<Inbox, InboxUse> {
    let used = |(name, count): (&SenderName, &u32)| {
        let spec = rules.senders.get(name)?;
        let settled = (0..*count).map(|_| test.at.minus_ms(HOUR_MS)).collect();
        let inbox = InboxUse { settled, ..InboxUse::default() };
        Some((spec.inbox.clone(), inbox))
    };
    test.used.iter().filter_map(used).collect()
}

/// What `recent` and `breaker` say.
pub(super) fn fires(rules: &RuleSet, test: &Test) -> Fires {
    let mut fires = Fires::default();
    for (rule, count) in &test.counted.recent {
        let mode = rules.rule(rule).map(|rule| rule.mode).unwrap_or_default();
        let total = u64::from(*count);
        fires.set(&Fuse::of_rule(rule, mode), (test.at.unix_ms() / SECOND_MS, total));
    }
    for rule in test.counted.open.iter().filter_map(|id| rules.rule(id)) {
        let Some(breaker) = rule.breaker else { continue };
        let Breaker { max, within_ms, discard } = breaker;
        let until = discard.then(|| test.at.plus_ms(within_ms));
        let open = Open { since: test.at, fired: max + 1, max, within_ms, until };
        fires.trip(Tripped { fuse: Fuse::of_rule(&rule.id, rule.mode), open });
    }
    fires
}

/// What `enrolled` says: enrollments within each limit of the rule.
pub(super) fn enrolled(test: &Test) -> RuleSlots {
    let slots = |(rule, count): (&RuleId, &u32)| {
        let mut slots = Slots::default();
        for number in 0..*count {
            let claim = format!("enrolled.{number}.{rule}").into();
            slots.set(claim, Slot::Settled(test.at.minus_ms(MINUTE_MS)));
        }
        (rule.clone(), Arc::new(slots))
    };
    test.counted.enrolled.iter().map(slots).collect()
}

/// The event as HubSpot would deliver it at `at`.
pub(super) fn event(rules: &RuleSet, test: &Test, it: &Happening, at: Timestamp) -> Event {
    let (kind, subscription) = match &it.what {
        What::Property { object, name, to, .. } => {
            let (name, value) = (name.clone(), to.clone());
            match object {
                None => (Kind::Property { name, value }, "contact.propertyChange"),
                Some(object) => {
                    let subscription = match object {
                        Nearby::Company => "company.propertyChange",
                        Nearby::Deal => "deal.propertyChange",
                    };
                    (Kind::Nearby { object: *object, name, value }, subscription)
                }
            }
        }
        What::Plain(kind, subscription) => (kind.clone(), *subscription),
    };
    let source = match (it.merged, it.own) {
        (true, _) => Some("MERGE_OBJECTS".to_owned()),
        (false, true) => Some("INTEGRATION".to_owned()),
        (false, false) => it.source.clone(),
    };
    Event {
        portal: rules.portal.id,
        contact: contact_id(test),
        kind,
        occurred_at: it.occurred.unwrap_or(at),
        subscription_type: subscription.to_owned(),
        source,
        source_id: it.own.then(|| APP.to_string()),
        app: Some(APP),
        event_id: None,
    }
}
