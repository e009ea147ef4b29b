//! What the address book names: sequences, workflows, lists, subscription types, properties.

use super::people::sells;
use super::{Question, unread};
use crate::domain::id::TargetName;
use crate::domain::portal::facts::{ListedSequence, Portal};
use crate::domain::portal::finding::{At, Finding, Sign, Topic};
use crate::domain::portal::needs::senders_of;
use crate::domain::rule::{Sequence, Workflow, code, suggest};

/// The object of contact workflows (HUBSPOT.md 1.3).
const CONTACTS: &str = "0-1";

pub(super) fn sequences(question: Question<'_>) -> Vec<Finding> {
    let named = question.rules.sequences.iter();
    named.map(|(name, sequence)| one_sequence(question, name, sequence)).collect()
}

fn one_sequence(question: Question<'_>, name: &TargetName, sequence: &Sequence) -> Finding {
    let Question { rules, portal, .. } = question;
    let topic = Topic::Sequences;
    let what = format!("{name} ({})", sequence.id);
    let at = || At::Place(sequence.place.clone());
    let (mut seen, mut unseen, mut failed) = (None, Vec::new(), None);
    let allowed = senders_of(rules, name);
    for (sender, spec) in &rules.senders {
        let Some(user) = portal.user_of(spec) else { continue };
        match portal.sequences.get(&user) {
            Some(Ok(listed)) => match listed.get(&sequence.id) {
                Some(shown) => seen = seen.or(Some(shown)),
                None if allowed.contains(sender) => unseen.push(sender.as_str()),
                None => {}
            },
            Some(Err(why)) => failed = Some(why),
            None => {}
        }
    }
    match (seen, failed) {
        (None, Some(why)) => unread(topic, &what, why),
        (None, None) if portal.sequences.is_empty() => {
            let todo = "add a sender who is a user in HubSpot: sequences are seen by users";
            Finding::with(topic, Sign::Unknown, format!("{what}: nobody to ask as"), todo)
        }
        (None, None) => {
            let found = format!("{what}: no sender sees a sequence with this id");
            let todo = "take the id from the sequence's URL; it may be deleted, or not shared";
            Finding::with(topic, Sign::Wrong, found, todo).coded(code::PORTAL_SEQUENCE, at())
        }
        (Some(shown), _) if !unseen.is_empty() => {
            let found = format!("{what}: \"{}\" is not seen by {}", shown.name, unseen.join(", "));
            let todo = "share the sequence with them in HubSpot, or let them not send it";
            Finding::with(topic, Sign::Warn, found, todo).coded(code::PORTAL_UNSEEN, at())
        }
        (Some(shown), _) => owned(&what, shown, portal),
    }
}

/// A sequence whose owner loses the seat unenrolls everybody in it (RULES.md 5).
fn owned(what: &str, shown: &ListedSequence, portal: &Portal) -> Finding {
    let topic = Topic::Sequences;
    let Some(owner) = shown.owner else {
        return Finding::good(topic, format!("{what}: \"{}\"", shown.name));
    };
    let found = format!("{what}: \"{}\", of user {owner}", shown.name);
    let seats = portal.seats.as_ref().ok().map(|seats| seats.get(&owner));
    let lost = match seats {
        Some(Some(names)) => !names.iter().any(|name| sells(name)),
        Some(None) => true,
        None => false,
    };
    if lost {
        let found = format!("{found}, who has no Sales or Service seat");
        let todo = "let somebody with a seat own it: HubSpot may end what runs in it";
        return Finding::with(topic, Sign::Warn, found, todo);
    }
    Finding::good(topic, found)
}

pub(super) fn workflows(question: Question<'_>) -> Vec<Finding> {
    let named = question.rules.workflows.iter();
    named.map(|(name, workflow)| one_workflow(question, name, workflow)).collect()
}

fn one_workflow(question: Question<'_>, name: &TargetName, workflow: &Workflow) -> Finding {
    let topic = Topic::Workflows;
    let what = format!("{name} (flow {})", workflow.id);
    let wrong = |what: String, code, todo: &str| {
        let found = Finding::with(topic, Sign::Wrong, what, todo);
        found.coded(code, At::Place(workflow.place.clone()))
    };
    let Some(told) = question.portal.workflows.get(&workflow.id) else {
        return Finding::with(topic, Sign::Unknown, format!("{what}: not asked"), "try again");
    };
    let numbers = match &told.id {
        _ if question.by_flow_id => what.clone(),
        Ok(Some(id)) => format!("{name} (flow {}, workflow {id})", workflow.id),
        Ok(None) => {
            let what = format!("{what}: HubSpot has no contact workflow with this flow id");
            return wrong(what, code::PORTAL_WORKFLOW, "take the number from the workflow's URL");
        }
        Err(why) => return unread(topic, &what, why),
    };
    let flow = match &told.flow {
        Ok(Some(flow)) => flow,
        Ok(None) => {
            let what = format!("{numbers}: there is no workflow with this flow id");
            return wrong(what, code::PORTAL_WORKFLOW, "take the number from the workflow's URL");
        }
        Err(why) => return unread(topic, &numbers, why),
    };
    let what = format!("{numbers}: \"{}\"", flow.name);
    if let Some(object) = flow.object.as_deref().filter(|object| *object != CONTACTS) {
        let what = format!("{what} is not one of contacts (object {object})");
        return wrong(what, code::PORTAL_WORKFLOW, "name a contact-based workflow");
    }
    if flow.enabled == Some(false) {
        let todo = "turn it on: HubSpot accepts enrollments into it and does nothing";
        return wrong(format!("{what} is turned off"), code::PORTAL_OFF, todo);
    }
    re_enrolls(workflow, flow.re_enrolls, &what)
}

/// The book's word against the workflow's. A wrong `false` makes a lost answer be sent again
/// where it may enroll twice (PRODUCT.md, "A lost answer").
fn re_enrolls(workflow: &Workflow, found: Option<bool>, what: &str) -> Finding {
    let topic = Topic::Workflows;
    let coded =
        |found: Finding| found.coded(code::PORTAL_RE_ENROLLS, At::Place(workflow.place.clone()));
    match (workflow.re_enrolls, found) {
        (Some(false), Some(true)) => {
            let what = format!("{what} re-enrolls, and re_enrolls = false is written");
            let todo = "write re_enrolls = true: a lost answer might enroll twice";
            coded(Finding::with(topic, Sign::Wrong, what, todo))
        }
        (Some(true), Some(false)) => {
            let what = format!("{what} does not re-enroll, and re_enrolls = true is written");
            coded(Finding::with(topic, Sign::Warn, what, "write re_enrolls = false"))
        }
        (_, Some(true)) => Finding::good(topic, format!("{what}, on, re-enrolls")),
        (_, Some(false)) => Finding::good(topic, format!("{what}, on, does not re-enroll")),
        (_, None) => Finding::good(topic, format!("{what}, on")),
    }
}

pub(super) fn lists(question: Question<'_>) -> Vec<Finding> {
    let Question { rules, portal, .. } = question;
    let topic = Topic::Lists;
    let mut found = Vec::new();
    for (name, list) in &rules.hubspot_lists {
        let what = format!("list {name} ({})", list.id);
        found.push(match portal.lists.get(&list.id) {
            Some(Ok(Some(title))) => Finding::good(topic, format!("{what}: \"{title}\"")),
            Some(Err(why)) => unread(topic, &what, why),
            Some(Ok(None)) | None => {
                let what = format!("{what} does not exist in HubSpot");
                let found = Finding::with(topic, Sign::Wrong, what, "take the id from its URL");
                found.coded(code::PORTAL_LIST, At::Place(list.place.clone()))
            }
        });
    }
    for (name, consent) in &rules.subscriptions {
        let what = format!("subscription {name} ({})", consent.id);
        found.push(match &portal.consents {
            Ok(known) => known.get(&consent.id).map_or_else(
                || {
                    let what = format!("{what} is no subscription type in HubSpot");
                    let todo = "take the id from Settings > Marketing > Email > Subscription types";
                    Finding::with(topic, Sign::Wrong, what, todo)
                        .coded(code::PORTAL_CONSENT, At::Place(consent.place.clone()))
                },
                |title| Finding::good(topic, format!("{what}: \"{title}\"")),
            ),
            Err(why) => unread(topic, &what, why),
        });
    }
    found
}

/// Properties that destinations require. Those of rules are checked with the rules, by the
/// lock file.
pub(super) fn properties(question: Question<'_>) -> Vec<Finding> {
    let Question { rules, portal, .. } = question;
    let topic = Topic::Properties;
    let known = match &portal.properties {
        Ok(known) => known,
        Err(why) => return vec![unread(topic, "the property definitions", why)],
    };
    let sequences = rules.sequences.iter().map(|(name, it)| (name, &it.requires, &it.place));
    let workflows = rules.workflows.iter().map(|(name, it)| (name, &it.requires, &it.place));
    let mut found = Vec::new();
    let mut missing = rules.read_properties.clone();
    missing.retain(|name| !known.contains_key(name.as_str()));
    for (target, requires, place) in sequences.chain(workflows) {
        for name in requires.iter().filter(|name| missing.contains(*name)) {
            let near = suggest::nearest(name.as_str(), known.keys().map(String::as_str));
            let todo = match near {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => "look up its internal name in HubSpot".to_owned(),
            };
            let what = format!("{target} requires \"{name}\", which is no contact property");
            let found_one = Finding::with(topic, Sign::Wrong, what, todo);
            found.push(found_one.coded(code::UNKNOWN_PROPERTY, At::Place(place.clone())));
        }
    }
    let named = rules.by_property.keys().chain(rules.watched.keys()).chain(rules.waited_for.keys());
    for name in named.filter(|name| missing.contains(*name)) {
        let what = format!("\"{name}\", which rules watch, is no contact property");
        let todo = "hubroute check --portal shows where, and what may be meant";
        found.push(Finding::with(topic, Sign::Wrong, what, todo));
    }
    if found.is_empty() {
        let what = format!("{} contact properties; those of the rules exist", known.len());
        found.push(Finding::good(topic, what));
    }
    found
}

pub(super) fn bridge(question: Question<'_>) -> Option<Finding> {
    let Question { rules, portal, .. } = question;
    let bridge = rules.portal.bridge.as_ref()?;
    let topic = Topic::Bridge;
    let what = format!("property \"{}\"", bridge.property);
    Some(match &portal.properties {
        Err(why) => unread(topic, &what, why),
        Ok(known) if known.contains_key(bridge.property.as_str()) => {
            Finding::good(topic, format!("{what} exists"))
        }
        Ok(_) => {
            let what = format!("{what} does not exist in HubSpot yet");
            let found = Finding::with(topic, Sign::Wrong, what, "docs/unenroll.md: the five steps");
            found.coded(code::PORTAL_BRIDGE, At::Table("[portal.unenroll_bridge]"))
        }
    })
}
