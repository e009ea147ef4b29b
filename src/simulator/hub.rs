//! The portal at work: the state with its look-up tables, and the few ways it changes.

use std::collections::BTreeMap;

use serde_json::Value;

use super::bridge::Bridge;
use super::clock::Clock;
use super::id::Id;
use super::marker::FirstAction;
use super::people::OTHER_EMAILS;
use super::settings::Settings;
use super::start::Arriving;
use super::state::{Contact, State, Target, User, Version, Workflow};

/// The state, and tables over it that are rebuilt whenever it is put.
#[derive(Debug, Default)]
pub(super) struct Hub {
    pub(super) state: State,
    pub(super) clock: Clock,
    /// Contact ids by lower-case email.
    emails: BTreeMap<String, Id>,
    /// Current contact ids by the ids merged into them.
    aliases: BTreeMap<Id, Id>,
    /// Positions in `state.enrolled` by current contact id.
    pub(super) by_contact: BTreeMap<Id, Vec<usize>>,
    /// When each user enrolled somebody, in order.
    pub(super) by_user: BTreeMap<Id, Vec<i64>>,
    /// Contacts that were deleted and can be restored, and when.
    pub(super) deleted: BTreeMap<Id, (i64, Contact)>,
    /// The bridge workflow.
    pub(super) bridge: Bridge,
    /// Who is on the way into a workflow that starts from a property.
    pub(super) arriving: Vec<Arriving>,
    /// Workflows whose first action has not run yet.
    pub(super) first_actions: Vec<FirstAction>,
    /// Enrollments that a call of the API has ended.
    pub(super) unenrolled_by_call: usize,
    /// API calls counted today, for the account's usage.
    pub(super) calls_today: u32,
    /// The last number given to a new contact, enrollment or token.
    last_number: u64,
}

impl Hub {
    /// Takes the given top-level keys over the present state, or over an empty one.
    ///
    /// # Errors
    /// A sentence that names the key or field that cannot be read; the state is then unchanged.
    pub(super) fn put(&mut self, patch: Value, replace: bool) -> Result<(), String> {
        let Value::Object(mut patch) = patch else {
            return Err("the state is a JSON object".to_owned());
        };
        let settings = if replace { Settings::default() } else { self.state.settings.clone() };
        let mut settings = serde_json::to_value(settings).map_err(|e| e.to_string())?;
        if let (Value::Object(all), Some(Value::Object(some))) =
            (&mut settings, patch.get("settings"))
        {
            all.extend(some.clone());
            patch.insert("settings".to_owned(), settings);
        }
        let keys: Vec<String> = patch.keys().cloned().collect();
        let mut new: State =
            serde_json::from_value(Value::Object(patch)).map_err(|e| format!("state: {e}"))?;
        if !replace {
            self.keep_others(&mut new, &keys);
        }
        self.take(new);
        Ok(())
    }

    /// Changes the given keys of the settings.
    ///
    /// # Errors
    /// A sentence that names the key; nothing is changed then.
    pub(super) fn set(&mut self, changed: &Value) -> Result<(), String> {
        let mut settings = serde_json::to_value(&self.state.settings).map_err(|e| e.to_string())?;
        if let (Value::Object(all), Value::Object(some)) = (&mut settings, changed) {
            all.extend(some.clone());
        }
        self.state.settings = serde_json::from_value(settings).map_err(|e| e.to_string())?;
        Ok(())
    }

    /// Moves into `new` everything of the present state that `keys` does not name.
    fn keep_others(&mut self, new: &mut State, keys: &[String]) {
        let named = |key: &str| keys.iter().any(|named| named == key);
        let old = std::mem::take(&mut self.state);
        macro_rules! keep {
            ($($key:ident)*) => {
                $(if !named(stringify!($key)) { new.$key = old.$key; })*
            };
        }
        keep!(portal contacts owners users sequences workflows enrolled tokens conversations
              expect settings scopes properties lists subscription_types webhooks);
    }

    /// Makes `state` the state: fills in what a hand-written one leaves out, builds the tables.
    fn take(&mut self, state: State) {
        self.state = state;
        let now = self.now();
        for contact in self.state.contacts.values_mut() {
            fill_history(contact, now);
        }
        let mut numbers: Vec<Id> = Vec::new();
        for entry in &mut self.state.enrolled {
            if entry.at == 0 {
                entry.at = now;
            }
            numbers.push(entry.id.clone());
        }
        numbers.extend(self.state.contacts.keys().cloned());
        self.last_number =
            numbers.iter().map(Id::number).fold(self.last_number.max(9_000_000), u64::max);
        for at in 0..self.state.enrolled.len() {
            if self.state.enrolled[at].id.as_str().is_empty() {
                self.state.enrolled[at].id = self.next_id();
            }
        }
        self.index();
    }

    pub(super) fn index(&mut self) {
        self.emails.clear();
        self.aliases.clear();
        self.by_contact.clear();
        self.by_user.clear();
        for (id, contact) in &self.state.contacts {
            if let Some(email) = contact.properties.get("email") {
                self.emails.insert(email.to_lowercase(), id.clone());
            }
            // After a merge the other addresses lead to the contact too.
            let others = contact.properties.get(OTHER_EMAILS).into_iter();
            for email in others.flat_map(|all| all.split(';')).filter(|it| !it.is_empty()) {
                self.emails.insert(email.to_lowercase(), id.clone());
            }
            for old in &contact.merged {
                self.aliases.insert(old.clone(), id.clone());
            }
        }
        for (at, entry) in self.state.enrolled.iter().enumerate() {
            let contact = self.aliases.get(&entry.contact).unwrap_or(&entry.contact);
            self.by_contact.entry(contact.clone()).or_default().push(at);
            if let Some(user) = &entry.user {
                self.by_user.entry(user.clone()).or_default().push(entry.at);
            }
        }
        self.by_user.values_mut().for_each(|times| times.sort_unstable());
    }

    /// HubSpot's clock, milliseconds since 1970.
    pub(super) fn now(&self) -> i64 {
        self.clock.now_ms().saturating_add(self.state.settings.clock_offset_ms)
    }

    /// A number never given before.
    pub(super) fn next_id(&mut self) -> Id {
        self.last_number += 1;
        Id::from(self.last_number)
    }

    /// The id a contact has now: merges followed.
    pub(super) fn canonical(&self, id: &Id) -> Id {
        self.aliases.get(id).unwrap_or(id).clone()
    }

    /// The contact behind a current or merged id.
    pub(super) fn contact(&self, id: &Id) -> Option<&Contact> {
        self.state.contacts.get(&self.canonical(id))
    }

    /// The contact with this email, in any case.
    pub(super) fn contact_by_email(&self, email: &str) -> Option<&Contact> {
        self.state.contacts.get(self.emails.get(&email.to_lowercase())?)
    }

    /// The current id of a contact that is named by id or by email; the name itself when no
    /// contact has it.
    pub(super) fn resolve(&self, name: Option<Id>) -> Option<Id> {
        let name = name?;
        let contact = self.contact(&name).or_else(|| self.contact_by_email(name.as_str()));
        Some(contact.map_or(name, |contact| contact.id.clone()))
    }

    /// The user of that id.
    pub(super) fn user(&self, id: &str) -> Option<&User> {
        self.state.users.iter().find(|user| user.id.as_str() == id)
    }

    /// The workflow a target names.
    pub(super) fn workflow_of(&self, target: &Target) -> Option<&Workflow> {
        let Target::Workflow(flow) = target else { return None };
        self.state.workflows.iter().find(|workflow| workflow.flow == *flow)
    }

    /// Sets properties of a contact, made when unknown, and writes their history.
    /// Gives the names whose value really changed.
    pub(super) fn set_properties(&mut self, id: &Id, change: PropertyChange) -> Vec<String> {
        let (id, now) = (self.canonical(id), self.now());
        let contact = self.state.contacts.entry(id.clone()).or_insert_with(|| Contact {
            id: id.clone(),
            created: now,
            ..Contact::default()
        });
        let mut changed = Vec::new();
        for (name, value) in change.properties {
            let old = contact.properties.insert(name.clone(), value.clone());
            if old.as_ref() == Some(&value) {
                continue;
            }
            if name == "email" {
                self.emails.remove(&old.unwrap_or_default().to_lowercase());
                self.emails.insert(value.to_lowercase(), id.clone());
            }
            let versions = contact.history.entry(name.clone()).or_default();
            versions.push(Version {
                value,
                at: change.at.unwrap_or(now),
                source: change.source.clone(),
                source_id: change.source_id.clone(),
            });
            let most = self.state.settings.history_max.unwrap_or(usize::MAX).max(1);
            if most < versions.len() {
                versions.remove(0);
            }
            changed.push(name);
        }
        for name in &changed {
            let value = self.contact(&id).and_then(|it| it.properties.get(name)).cloned();
            let value = value.unwrap_or_default();
            self.bridge_stamped(&id, name, &value);
            self.property_starts(&id, name, &value);
        }
        changed
    }
}

/// What a write changes, and who HubSpot says made it.
#[derive(Debug)]
pub(super) struct PropertyChange {
    pub(super) properties: BTreeMap<String, String>,
    pub(super) source: String,
    pub(super) source_id: Option<String>,
    /// When, milliseconds since 1970; absent means now.
    pub(super) at: Option<i64>,
}

/// Gives each property without versions the one version that explains its value.
fn fill_history(contact: &mut Contact, now: i64) {
    if contact.created == 0 {
        contact.created = now;
    }
    for (name, value) in &contact.properties {
        contact.history.entry(name.clone()).or_insert_with(|| {
            vec![Version {
                value: value.clone(),
                at: contact.created,
                source: "CRM_UI".to_owned(),
                source_id: None,
            }]
        });
    }
}
