//! One item of a delivery, in our words. Not the serde shape of HubSpot's payload: see `delivery`.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::id::{ContactId, PortalId, PropertyName};
use super::time::Timestamp;

/// An object around a contact, whose changes may start a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Nearby {
    /// A company of the contact.
    Company,
    /// A deal of the contact.
    Deal,
}

impl Nearby {
    /// The word rules use for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Company => "company",
            Self::Deal => "deal",
        }
    }

    /// How the store names a property of it, beside those of the contact.
    pub fn key(self, property: &PropertyName) -> PropertyName {
        format!("{}.{property}", self.word()).into()
    }
}

/// What happened to a contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A property got a new value; blank when it was cleared.
    Property {
        /// Which one.
        name: PropertyName,
        /// Its new value.
        value: String,
    },
    /// `contact.creation` or `object.creation`.
    Created,
    /// `contact.restore` or `object.restore`.
    Restored,
    /// `contact.deletion` or `object.deletion`.
    Deleted,
    /// `contact.privacyDeletion`.
    PrivacyDeleted,
    /// `contact.merge` or `object.merge`: these ids now answer as the new one.
    Merged {
        /// The id the merged record has now.
        into: ContactId,
        /// The ids it had before.
        from: Vec<ContactId>,
    },
    /// A property of a deal or a company of the contact got a new value. Only tests say so yet.
    Nearby {
        /// Of what.
        object: Nearby,
        /// Which property.
        name: PropertyName,
        /// Its new value.
        value: String,
    },
    /// A deal was created with the contact. Only tests say so yet.
    DealCreated,
    /// A deal was associated with the contact. Only tests say so yet.
    DealAssociated,
    /// A company was associated with the contact. Only tests say so yet.
    CompanyAssociated,
    /// A subscription type or object this router does not route.
    Other,
}

/// One event of a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The account it belongs to.
    pub portal: PortalId,
    /// The contact (`objectId`); for [`Kind::Other`] whatever object it names.
    pub contact: ContactId,
    /// What happened.
    pub kind: Kind,
    /// When, by HubSpot's clock. Not monotonic (HUBSPOT.md 1.7).
    pub occurred_at: Timestamp,
    /// `subscriptionType` as delivered.
    pub subscription_type: String,
    /// `changeSource`, an open set (HUBSPOT.md 1.6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// `sourceId`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_id: Option<String>,
    /// `appId`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<u64>,
    /// `eventId`: for people only, HubSpot does not promise that it is unique.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
}

/// Whether HubSpot names a merge as what wrote a change (`changeSource`, `sourceType`): an open
/// set that begins with MERGE.
pub fn is_merge_source(source: &str) -> bool {
    source.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("merge"))
}

/// What makes two events the same change (CONSISTENCY.md section 4): the account, the contact,
/// the property, when, and the value. Never eventId, attemptNumber, app or subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity(pub [u8; 16]);

impl fmt::Display for Identity {
    /// 32 hexadecimal digits, as records spell it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Event {
    /// The property and its new value, for a property change.
    pub fn change(&self) -> Option<(&PropertyName, &str)> {
        match &self.kind {
            Kind::Property { name, value } => Some((name, value)),
            _ => None,
        }
    }

    /// The changed property by the name the store keeps its newest value under, and the value:
    /// a property of a deal or a company has its object before it.
    pub fn watched(&self) -> Option<(PropertyName, &str)> {
        match &self.kind {
            Kind::Property { name, value } => Some((name.clone(), value)),
            Kind::Nearby { object, name, value } => Some((object.key(name), value)),
            _ => None,
        }
    }

    /// The identity of this change.
    pub fn identity(&self) -> Identity {
        let mut hash = Sha256::new();
        hash.update(self.portal.0.to_be_bytes());
        hash.update(self.contact.0.to_be_bytes());
        hash.update(self.occurred_at.unix_ms().to_be_bytes());
        match &self.kind {
            Kind::Property { .. } | Kind::Nearby { .. } => {
                let (name, value) = self.watched().unwrap_or_else(|| ("".into(), ""));
                hash.update((name.as_str().len() as u64).to_be_bytes());
                hash.update(name.as_str());
                hash.update(value);
            }
            Kind::DealCreated | Kind::DealAssociated | Kind::CompanyAssociated => {
                hash.update("\u{0}nearby");
                hash.update(&self.subscription_type);
            }
            Kind::Created => hash.update("\u{0}creation"),
            Kind::Restored => hash.update("\u{0}restore"),
            Kind::Deleted => hash.update("\u{0}deletion"),
            Kind::PrivacyDeleted => hash.update("\u{0}privacyDeletion"),
            Kind::Merged { .. } => hash.update("\u{0}merge"),
            Kind::Other => {
                hash.update("\u{0}other");
                hash.update(&self.subscription_type);
            }
        }
        let digest = hash.finalize();
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        Identity(id)
    }
}
