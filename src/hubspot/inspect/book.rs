//! What an address book names: owners, sequences, workflows, lists, properties.

use std::collections::BTreeMap;

use serde_json::Value;

use super::places::FLOW;
use super::{not_understood, results, unread};
use crate::domain::contact::Owner;
use crate::domain::id::{FlowId, SequenceId, UserId};
use crate::domain::portal::lock::Definition;
use crate::domain::portal::{Flow, ListedSequence, Told};
use crate::hubspot::Client;
use crate::hubspot::json::{number, text};
use crate::hubspot::profile::fill;
use crate::hubspot::wire::{BODY_MAX_LARGE, Call};

impl Client {
    /// The owner with this address, archived ones too.
    pub async fn anyone(&self, email: &str) -> Told<Option<Owner>> {
        match self.find_owner_among(email, false).await.map_err(unread)? {
            Some(owner) => Ok(Some(owner)),
            None => self.find_owner_among(email, true).await.map_err(unread),
        }
    }

    /// The sequences that a user sees.
    pub async fn sequences(&self, user: UserId) -> Told<BTreeMap<SequenceId, ListedSequence>> {
        let query = format!("userId={user}&limit=100");
        let entries = self.listed(self.endpoints.inspect.sequences, &query).await?;
        let sequence = |entry: &Value| {
            let shown = ListedSequence {
                name: entry.get("name").and_then(text).unwrap_or_default(),
                owner: entry.get("userId").and_then(number).map(UserId),
            };
            Some((SequenceId(entry.get("id").and_then(number)?), shown))
        };
        entries.iter().map(sequence).collect::<Option<_>>().ok_or_else(not_understood)
    }

    /// The id that the v2 workflow calls want.
    pub async fn workflow_id(&self, flow: FlowId) -> Told<Option<u64>> {
        self.workflow_of(flow.0).await.map_err(unread)
    }

    /// A workflow by its flow id.
    pub async fn flow(&self, flow: FlowId) -> Told<Option<Flow>> {
        let path = fill(FLOW, &[("flow", &flow.to_string())]);
        let Some(answer) = self.asked(Call::get(path, String::new())).await? else {
            return Ok(None);
        };
        let flag = |value: Option<&Value>| value.and_then(Value::as_bool);
        Ok(Some(Flow {
            name: answer.get("name").and_then(text).unwrap_or_default(),
            enabled: flag(answer.get("isEnabled")),
            object: answer.get("objectTypeId").and_then(text),
            re_enrolls: flag(answer.pointer("/enrollmentCriteria/shouldReEnroll")),
        }))
    }

    /// The name of a list.
    pub async fn list(&self, list: u64) -> Told<Option<String>> {
        let path = fill(self.endpoints.inspect.list, &[("list", &list.to_string())]);
        let answer = self.asked(Call::get(path, String::new())).await?;
        // Within `list` or by itself.
        let name = |answer: Value| {
            let name = answer.pointer("/list/name").or_else(|| answer.get("name"));
            name.and_then(text).unwrap_or_default()
        };
        Ok(answer.map(name))
    }

    /// Subscription types, by id.
    pub async fn consents(&self) -> Told<BTreeMap<u64, String>> {
        let call = Call::get(self.endpoints.inspect.consents.to_owned(), String::new());
        let answer = self.told(call).await?;
        let consents = results(&answer)?.iter().filter_map(|entry| {
            let name = entry.get("name").and_then(text).unwrap_or_default();
            Some((entry.get("id").and_then(number)?, name))
        });
        Ok(consents.collect())
    }

    /// The property definitions of `contacts`, `companies` or `deals`, by name.
    pub async fn properties(&self, object: &str) -> Told<BTreeMap<String, Definition>> {
        let path = fill(self.endpoints.inspect.properties, &[("object", object)]);
        let call = Call::get(path, "archived=false".to_owned()).answered_by(BODY_MAX_LARGE);
        let answer = self.told(call).await?;
        let entries = results(&answer)?.iter();
        entries.map(definition).collect::<Option<_>>().ok_or_else(not_understood)
    }
}

fn definition(entry: &Value) -> Option<(String, Definition)> {
    let field = |entry: &Value, name: &str| {
        entry.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let options = entry.get("options").and_then(Value::as_array);
    let options = options.into_iter().flatten();
    let definition = Definition {
        kind: field(entry, "type"),
        field: field(entry, "fieldType"),
        label: field(entry, "label"),
        options: options.map(|option| (field(option, "value"), field(option, "label"))).collect(),
    };
    Some((entry.get("name").and_then(text)?, definition))
}
