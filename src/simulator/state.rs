//! The portal's state as `GET` and `PUT /_sim/state` show it.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::definitions::contacts_object;
pub use super::definitions::{Choice, Named, Property, Webhook};
use super::id::Id;
use super::settings::Settings;

/// Everything the simulated portal knows. A key that is absent from the JSON is empty.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct State {
    /// The portal (HubSpot account) id.
    pub portal: u64,
    /// The contacts, by their current id. A list in JSON.
    #[serde(serialize_with = "list", deserialize_with = "contacts")]
    pub contacts: BTreeMap<Id, Contact>,
    /// The owners; an owner id is not a user id.
    pub owners: Vec<Owner>,
    /// The users with their seats and connected inboxes.
    pub users: Vec<User>,
    /// The sequences.
    pub sequences: Vec<Sequence>,
    /// The workflows.
    pub workflows: Vec<Workflow>,
    /// Every enrollment ever booked, in order; the counts are taken from it.
    pub enrolled: Vec<Enrollment>,
    /// The access tokens accepted; empty accepts any `Bearer` token.
    pub tokens: Vec<String>,
    /// The scopes of every token; absent grants all of them.
    pub scopes: Option<Vec<String>>,
    /// Property definitions; an object without any has none.
    pub properties: Vec<Property>,
    /// Lists.
    pub lists: Vec<Named>,
    /// Subscription types.
    pub subscription_types: Vec<Named>,
    /// The webhook subscriptions of the app; absent: it is of a kind whose subscriptions no API
    /// tells.
    pub webhooks: Option<Vec<Webhook>>,
    /// Which sequences and workflows are one conversation; used only to count overlaps.
    pub conversations: Vec<Conversation>,
    /// Contacts that must end up enrolled; used only to count the lost ones.
    pub expect: Vec<Id>,
    /// Limits, delays and the answers HubSpot's documents leave open.
    pub settings: Settings,
}

impl Default for State {
    fn default() -> Self {
        Self {
            portal: 33,
            contacts: BTreeMap::new(),
            owners: Vec::new(),
            users: Vec::new(),
            sequences: Vec::new(),
            workflows: Vec::new(),
            enrolled: Vec::new(),
            tokens: Vec::new(),
            scopes: None,
            properties: Vec::new(),
            lists: Vec::new(),
            subscription_types: Vec::new(),
            webhooks: None,
            conversations: Vec::new(),
            expect: Vec::new(),
            settings: Settings::default(),
        }
    }
}

/// One contact.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// The current id.
    pub id: Id,
    /// Values by internal property name.
    #[serde(default)]
    pub properties: BTreeMap<String, String>,
    /// Versions by property name, oldest first. A property without history gets one version.
    #[serde(default)]
    pub history: BTreeMap<String, Vec<Version>>,
    /// Ids that were merged into this contact; reading one gives this contact.
    #[serde(default)]
    pub merged: Vec<Id>,
    /// Creation, milliseconds since 1970; 0 means "when it was put here".
    #[serde(default)]
    pub created: i64,
}

/// One version of a property.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Version {
    /// The value; empty when it was cleared.
    pub value: String,
    /// When it was set, milliseconds since 1970.
    pub at: i64,
    /// HubSpot's `sourceType`, such as `FORM` or `CRM_UI`.
    pub source: String,
    /// HubSpot's `sourceId`, such as `userId:76023669`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_id: Option<String>,
}

/// One owner (HUBSPOT.md 5).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Owner {
    /// The owner id, as in `hubspot_owner_id`.
    pub id: Id,
    /// The user behind the owner; absent for a queue or a deactivated user.
    #[serde(default)]
    pub user: Option<Id>,
    /// The owner's email.
    #[serde(default)]
    pub email: Option<String>,
    /// Archived owners are answered only when `archived=true` is asked.
    #[serde(default)]
    pub archived: bool,
}

/// One user.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The user id, as in `?userId=`.
    pub id: Id,
    /// The user's email.
    #[serde(default)]
    pub email: String,
    /// Seat names; a Sales or Service seat is needed to enroll, such as `sales-pro`.
    #[serde(default)]
    pub seats: Vec<String>,
    /// Addresses connected for sending.
    #[serde(default)]
    pub inboxes: Vec<String>,
    /// Enrollments in any 24 hours; overrides `settings.send_limit`.
    #[serde(default)]
    pub send_limit: Option<u32>,
}

/// One sequence.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sequence {
    /// The sequence id.
    pub id: Id,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// The users who may see and use it; absent means everybody.
    #[serde(default)]
    pub visible_to: Option<Vec<Id>>,
    /// Whose it is; absent means whoever asks.
    #[serde(default)]
    pub owner: Option<Id>,
}

/// One contact workflow.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workflow {
    /// The id of the UI and of v4.
    pub flow: Id,
    /// The id the v2 paths need.
    pub workflow: Id,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// The object it is about; contacts unless given.
    #[serde(default = "contacts_object")]
    pub object: String,
    /// Whether it is turned on.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Whether a contact may be enrolled a second time.
    #[serde(default)]
    pub re_enrolls: bool,
    /// Milliseconds after which an enrollment is over; absent means it lasts until ended.
    #[serde(default)]
    pub runs_for_ms: Option<u64>,
    /// What its first action is: it stamps a property with the current date and time.
    #[serde(default)]
    pub stamps: Option<Stamps>,
}

/// The first action of a workflow: "set a property to the date and time of this step".
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stamps {
    /// The contact property.
    pub property: String,
    /// Milliseconds from the enrollment until the action has run.
    #[serde(default)]
    pub after_ms: u64,
    /// Milliseconds from then until a read shows what it wrote.
    #[serde(default)]
    pub lag_ms: u64,
    /// The property holds a date only: the day, by UTC.
    #[serde(default)]
    pub date_only: bool,
}

/// One enrollment, as it was booked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Enrollment {
    /// The enrollment's own id.
    #[serde(default)]
    pub id: Id,
    /// The contact, under its current id.
    pub contact: Id,
    /// What the contact was enrolled in.
    #[serde(flatten)]
    pub target: Target,
    /// The enrolling user, for a sequence.
    #[serde(default)]
    pub user: Option<Id>,
    /// The sending inbox, for a sequence.
    #[serde(default)]
    pub sender: Option<String>,
    /// When, milliseconds since 1970.
    #[serde(default)]
    pub at: i64,
    /// When it ended; a workflow's end by `runs_for_ms` is computed, not written here.
    #[serde(default)]
    pub ended: Option<Ended>,
    /// Through the API, or by a person in HubSpot.
    #[serde(default)]
    pub by: By,
    /// The contact was active in the same target when this was booked through the API.
    #[serde(default)]
    pub duplicate: bool,
    /// The contact was active in, or blocked by, the same conversation when this was booked.
    #[serde(default)]
    pub overlap: bool,
}

/// What a contact is enrolled in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// A sequence, by its id.
    Sequence(Id),
    /// A workflow, by its flow id.
    Workflow(Id),
}

/// The end of an enrollment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ended {
    /// When, milliseconds since 1970.
    pub at: i64,
    /// Why.
    pub how: How,
}

/// Why an enrollment ended (HUBSPOT.md 3.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum How {
    /// The contact answered.
    Reply,
    /// The last step was done.
    Finish,
    /// Somebody took the contact out.
    Unenroll,
    /// An email bounced.
    Bounce,
}

/// Who enrolled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// A call of the HubSpot API.
    #[default]
    Api,
    /// A person in HubSpot's own pages.
    Hand,
}

/// Sequences and workflows that talk to a contact about one thing.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conversation {
    /// The conversation's name.
    pub name: String,
    /// Sequence ids.
    #[serde(default)]
    pub sequences: Vec<Id>,
    /// Workflow flow ids.
    #[serde(default)]
    pub workflows: Vec<Id>,
    /// Names of conversations that must not begin while this one is active.
    #[serde(default)]
    pub blocks: Vec<String>,
}

impl Conversation {
    /// Whether `target` belongs to this conversation.
    pub(super) fn holds(&self, target: &Target) -> bool {
        match target {
            Target::Sequence(id) => self.sequences.contains(id),
            Target::Workflow(id) => self.workflows.contains(id),
        }
    }
}

fn yes() -> bool {
    true
}

fn list<S: Serializer>(contacts: &BTreeMap<Id, Contact>, to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(contacts.values())
}

fn contacts<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<Id, Contact>, D::Error> {
    let list = Vec::<Contact>::deserialize(from)?;
    Ok(list.into_iter().map(|contact| (contact.id.clone(), contact)).collect())
}
