//! What a rule set needs of its account: webhook subscriptions, scopes, and who sends what.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::claim::Channel;
use crate::domain::id::{PropertyName, SenderName, TargetName};
use crate::domain::rule::trigger::Subject as Trigger;
use crate::domain::rule::{Action, Mode, Place, Rule, RuleSet, SenderChoice};

/// Properties whose changes HubSpot never sends (HUBSPOT.md 1.1).
pub const UNSENDABLE: [&str; 2] = ["num_unique_conversion_events", "hs_lastmodifieddate"];

/// What a webhook subscription tells.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A change of a contact property.
    Property(PropertyName),
    /// A contact was created.
    Creation,
    /// A contact was restored.
    Restore,
    /// Contacts were merged.
    Merge,
    /// A contact was deleted.
    Deletion,
    /// A contact was deleted for privacy.
    PrivacyDeletion,
}

impl Subject {
    /// The ending of its subscription type, behind `contact.` or `object.` (HUBSPOT.md 1.3).
    pub const fn event(&self) -> &'static str {
        match self {
            Self::Property(_) => "propertyChange",
            Self::Creation => "creation",
            Self::Restore => "restore",
            Self::Merge => "merge",
            Self::Deletion => "deletion",
            Self::PrivacyDeletion => "privacyDeletion",
        }
    }

    /// The property, where it is the change of one.
    pub fn property(&self) -> Option<&str> {
        match self {
            Self::Property(name) => Some(name.as_str()),
            _ => None,
        }
    }

    /// The subscription for people: `contact.propertyChange of "lifecyclestage"`.
    pub fn words(&self) -> String {
        match self {
            Self::Property(name) => format!("contact.propertyChange of \"{name}\""),
            other => format!("contact.{}", other.event()),
        }
    }
}

/// A webhook subscription that is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscribed {
    /// What it tells.
    pub subject: Subject,
    /// Who needs it: rules and suppressions, or what the router does with it.
    pub why: Vec<String>,
    /// The first rule or suppression that needs it.
    pub place: Option<Place>,
}

/// The webhook subscriptions that the rules need, in a fixed order: HubSpot has no wildcard.
pub fn subscriptions(set: &RuleSet) -> Vec<Subscribed> {
    let mut needed: BTreeMap<Subject, Subscribed> = BTreeMap::new();
    let mut need = |subject: Subject, why: String, place: Option<&Place>| {
        let entry = needed.entry(subject.clone()).or_insert_with(|| Subscribed {
            subject,
            why: Vec::new(),
            place: place.cloned(),
        });
        if !entry.why.contains(&why) {
            entry.why.push(why);
        }
    };
    for rule in set.rules.iter().filter(|rule| rule.mode != Mode::Off) {
        let subject = match &rule.when.subject {
            Trigger::Property(name) => Some(Subject::Property(name.clone())),
            Trigger::ContactCreated => Some(Subject::Creation),
            Trigger::ContactRestored => Some(Subject::Restore),
            // Companies and deals: `serve` refuses a live rule that starts from one.
            _ => None,
        };
        let why = format!("rule {}", rule.id);
        if let Some(wait_for) = &rule.timing.wait_for {
            need(Subject::Property(wait_for.property.clone()), why.clone(), Some(&rule.place));
        }
        if let Some(subject) = subject {
            need(subject, why, Some(&rule.place));
        }
    }
    for (name, watching) in &set.watched {
        for suppression in watching.iter().filter_map(|index| set.suppressions.get(*index)) {
            let why = format!("suppress {}", suppression.id);
            need(Subject::Property(name.clone()), why, Some(&suppression.place));
        }
    }
    let always = [
        (Subject::Restore, "restored contacts are routed again"),
        (Subject::Merge, "one history for merged contacts"),
        (Subject::Deletion, "work on deleted contacts ends"),
        (Subject::PrivacyDeletion, "what is kept of them is erased"),
    ];
    for (subject, why) in always {
        need(subject, why.to_owned(), None);
    }
    needed.into_values().collect()
}

/// A scope of HubSpot's, and what for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Any of these will do; the first asks for the least.
    pub names: &'static [&'static str],
    /// What it is for.
    pub purpose: &'static str,
    /// Enrolling stops without it; the others only keep `doctor` from answering.
    pub essential: bool,
}

/// The least scopes that these rules can be run with (HUBSPOT.md 3.3, 4.1 and 5; docs/set-up.md),
/// the same under every profile: those of the route map are undocumented. Without rules, every
/// scope that any could need is left out but the first two.
pub fn scopes(set: Option<&RuleSet>) -> Vec<Scope> {
    let scope = |names, purpose, essential| Scope { names, purpose, essential };
    let mut needed = vec![
        scope(&["crm.objects.contacts.read"][..], "contact webhooks and the fresh read", true),
        scope(&["crm.objects.owners.read"], "owners and senders", true),
    ];
    let Some(set) = set else { return needed };
    if !set.sequences.is_empty() {
        needed.push(scope(&["automation.sequences.read"], "sequences, read back", true));
        let name = &["automation.sequences.enrollments.write"];
        needed.push(scope(name, "enrolling into sequences", true));
        let names = &["settings.users.read", "crm.objects.users.read"];
        needed.push(scope(names, "seats, for doctor alone", false));
    }
    if !set.workflows.is_empty() {
        needed.push(scope(&["automation"], "enrolling into workflows, flow ids", true));
    }
    if set.portal.bridge.is_some() {
        needed.push(scope(&["crm.objects.contacts.write"], "the unenroll bridge", true));
    }
    if !set.hubspot_lists.is_empty() {
        needed.push(scope(&["crm.lists.read"], "lists", false));
    }
    if !set.subscriptions.is_empty() {
        let names = &["communication_preferences.read", "communication_preferences.read_write"];
        needed.push(scope(names, "subscription types", false));
    }
    needed
}

/// The senders that the rules let send a sequence. An owner word may mean any of them.
pub fn senders_of(set: &RuleSet, sequence: &TargetName) -> BTreeSet<SenderName> {
    let mut found = BTreeSet::new();
    let rules = set.rules.iter().flat_map(|rule| std::iter::once(rule).chain(&rule.arms));
    for choice in rules.flat_map(|rule| choices(rule, sequence)) {
        match choice {
            SenderChoice::User(name) => drop(found.insert(name.clone())),
            SenderChoice::Team(name) => {
                let members = set.teams.get(name).into_iter().flat_map(|team| &team.members);
                found.extend(members.cloned());
            }
            SenderChoice::ContactOwner | SenderChoice::CompanyOwner | SenderChoice::DealOwner => {
                found.extend(set.senders.keys().cloned());
            }
        }
    }
    found
}

fn choices<'r>(rule: &'r Rule, sequence: &TargetName) -> &'r [SenderChoice] {
    let (target, senders) = match &rule.action {
        Action::Enroll { target, senders, .. } => (target, senders),
        Action::Unenroll { then: Some(then), .. } => (&then.target, &then.senders),
        _ => return &[],
    };
    let is_it = target.channel == Channel::Sequence && target.name == *sequence;
    if rule.mode != Mode::Off && is_it { senders } else { &[] }
}
