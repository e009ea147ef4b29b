//! What keeps an item from being judged: nothing is guessed.

use std::collections::BTreeMap;

use super::known::{AllAsked, Known};
use super::needs::Needs;
use super::{NotJudged, Why};
use crate::domain::contact::{Contact, Owner};
use crate::domain::id::{ContactId, OwnerId};
use crate::domain::person::{Item, Purpose};
use crate::domain::rule::{Action, Rule, RuleSet, SenderChoice, ThenStage};

/// What a replay knows besides the contact.
pub(super) struct Sight<'s> {
    pub(super) rules: &'s RuleSet,
    pub(super) needs: &'s Needs,
    pub(super) asked: &'s AllAsked,
    pub(super) owners: &'s BTreeMap<OwnerId, Owner>,
    /// An owner nobody described is a stranger.
    pub(super) strangers: bool,
}

impl Sight<'_> {
    /// Why `item` cannot be judged on what is known of the contact: the reason, and what is
    /// missing.
    pub(super) fn obstacle(&self, known: &Known, item: &Item) -> Option<(Why, String)> {
        let Some(contact) = &known.contact else {
            return Some((Why::NoContactData, String::new()));
        };
        let has = |name: &_| known.has(self.asked, name);
        // A rule that is gone or off ends the item without looking at the contact, and so does
        // a suppression.
        let (then_stage, missing, rule) = if item.purpose == Purpose::Suppress {
            let suppressions = self.rules.suppressions.iter();
            let mut named = suppressions.filter(|it| it.also_unenroll);
            let found = named.find(|it| it.id == item.rule.as_str())?;
            (&found.then_stage, self.needs.missing_to_suppress(&found.id, has), None)
        } else {
            let rule = self.rules.rule(&item.rule)?.of(contact.id);
            (&rule.then_stage, self.needs.missing(&rule.id, has), Some(rule))
        };
        if let Some(ThenStage { key, .. }) = then_stage.first() {
            return Some((Why::ThenStage, key.clone()));
        }
        // Of a file an address is enough: whoever has one can be enrolled.
        if !(known.described || self.strangers && contact.email().is_some()) {
            return Some((Why::NoContactData, String::new()));
        }
        if let Some(name) = missing {
            return Some((Why::PropertyNotRead, name.to_string()));
        }
        let hidden = rule.is_some_and(|rule| self.hides_owner(rule, contact));
        hidden.then(|| (Why::OwnerNotKept, String::new()))
    }

    /// Whether the rule asks for an owner whom nobody described.
    fn hides_owner(&self, rule: &Rule, contact: &Contact) -> bool {
        let asks_owner = matches!(&rule.action, Action::Enroll { senders, .. }
            if senders.contains(&SenderChoice::ContactOwner));
        let unknown = contact.owner().is_some_and(|id| !self.owners.contains_key(&id));
        unknown && asks_owner && !self.strangers
    }
}

/// The finding about an item that cannot be judged.
pub(super) fn not_judged(item: &Item, contact: ContactId, why: Why, detail: &str) -> NotJudged {
    NotJudged {
        id: item.id.clone(),
        contact,
        rule: item.rule.clone(),
        event: item.event.clone(),
        why,
        detail: detail.to_owned(),
    }
}
