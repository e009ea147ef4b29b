//! The fresh read: the contact, and the owners a decision may need.

use std::collections::{BTreeMap, BTreeSet};

use super::Router;
use super::directory::{Asked, Known};
use super::pace::Urgency;
use crate::domain::contact::{Contact, Owner};
use crate::domain::id::{ContactId, OwnerId};
use crate::domain::outcome::{Later, ReadFailure};
use crate::domain::rule::RuleSet;
use crate::port::{Clock, HubSpot, Ledger, Wanted};

/// What a decision needs to know of HubSpot.
pub(super) struct Reading {
    pub(super) contact: Contact,
    pub(super) owners: BTreeMap<OwnerId, Owner>,
}

impl<L: Ledger, H: HubSpot, C: Clock> Router<L, H, C> {
    /// Reads a contact for a question, at the pace of everything else; nothing is decided.
    pub async fn view_of(
        &self,
        contact: ContactId,
    ) -> Result<Option<(Contact, BTreeMap<OwnerId, Owner>)>, ReadFailure> {
        let rules = self.rules.load_full();
        if let Some(delay_ms) = self.parked_ms(Urgency::Read) {
            let message = "our share of the day's calls is used up".to_owned();
            return Err(ReadFailure::Later { why: Later::Busy, delay_ms: Some(delay_ms), message });
        }
        self.ask(Urgency::Read, 1).await;
        let reading = self.read(&rules, contact, Urgency::Read).await?;
        Ok(reading.map(|reading| (reading.contact, reading.owners)))
    }

    /// Reads the contact and the owners. `None`: the contact is gone.
    pub(super) async fn read(
        &self,
        rules: &RuleSet,
        contact: ContactId,
        urgency: Urgency,
    ) -> Result<Option<Reading>, ReadFailure> {
        let wanted = Wanted {
            properties: rules.read_properties.iter().cloned().collect(),
            history: rules.history_properties.iter().cloned().collect(),
        };
        let Some(contact) = self.hubspot.contact(contact, &wanted).await? else {
            return Ok(None);
        };
        let owners = self.owners(rules, &contact, urgency).await?;
        Ok(Some(Reading { contact, owners }))
    }

    /// The contact's owner, the users of senders whose address book entry has no user id, and
    /// whoever an owner trigger names.
    async fn owners(
        &self,
        rules: &RuleSet,
        contact: &Contact,
        urgency: Urgency,
    ) -> Result<BTreeMap<OwnerId, Owner>, ReadFailure> {
        let senders = rules.senders.values().filter(|sender| sender.user.is_none());
        let by_email = senders.map(|sender| sender.inbox.as_str().to_owned());
        let emails: BTreeSet<String> = by_email.chain(rules.owner_emails.iter().cloned()).collect();
        let by_email = emails.into_iter().map(Asked::Email);
        let asked: Vec<Asked> =
            contact.owner().map(Asked::Id).into_iter().chain(by_email).collect();
        let mut owners = BTreeMap::new();
        for asked in asked {
            let found = self.owner(asked, urgency).await?;
            owners.extend(found.map(|owner| (owner.id, owner)));
        }
        Ok(owners)
    }

    async fn owner(&self, asked: Asked, urgency: Urgency) -> Result<Option<Owner>, ReadFailure> {
        let now = self.clock.now();
        match self.directory.known(&asked, now) {
            Known::Found(owner) => return Ok(Some(owner)),
            Known::Nobody => return Ok(None),
            Known::Unknown => {}
        }
        self.ask(urgency, 1).await;
        let found = match &asked {
            Asked::Id(id) => self.hubspot.owner(*id).await?,
            Asked::Email(email) => self.hubspot.owner_by_email(email).await?,
        };
        self.directory.learn(asked, found.clone(), now);
        Ok(found)
    }
}
