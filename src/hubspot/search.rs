//! Contact search and reads of many contacts at once (HUBSPOT.md 5).

use serde_json::{Value, json};

use super::client::Client;
use super::contact::understand;
use super::found::{Failure, Found, found};
use super::json::{instant, number, text};
use super::wire::Call;
use crate::domain::contact::Contact;
use crate::domain::id::{ContactId, PropertyName};
use crate::domain::outcome::ReadFailure;
use crate::port::{Page, Search, Wanted, Window};

/// Results of one page: as many as HubSpot gives.
const PAGE: usize = 200;
/// By this contacts are found, and sorted (HUBSPOT.md 5).
const CHANGED: &str = "lastmodifieddate";

impl Client {
    /// A list of contacts by `path`, with what stands behind a `?` of it.
    pub(super) async fn ask(&self, path: &str, body: Value) -> Result<Value, Failure> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let path = self.endpoints.contact.replace("{contact}", path);
        match found(self.wire.send(Call::post(path, query.to_owned(), Some(body))).await)? {
            Found::Json(answer) if answer["results"].is_array() => Ok(answer),
            _ => Err(Failure::unusable("the answer is not a list of contacts")),
        }
    }
}

/// The question for contacts with a date within `window`, oldest first, and what is to be shown
/// of them.
pub(super) fn within(window: Window, after: Option<&str>, (date, shown): (&str, &[&str])) -> Value {
    let within = json!({
        "propertyName": date,
        "operator": "BETWEEN",
        "value": window.from.unix_ms().to_string(),
        "highValue": window.to.unix_ms().to_string(),
    });
    let mut body = json!({
        "filterGroups": [{ "filters": [within] }],
        "sorts": [{ "propertyName": date, "direction": "ASCENDING" }],
        "properties": shown,
        "limit": PAGE,
    });
    if let Some(after) = after {
        body["after"] = json!(after);
    }
    body
}

impl Search for Client {
    async fn changed(&self, window: Window, after: Option<&str>) -> Result<Page, ReadFailure> {
        let answer = self.ask("search", within(window, after, (CHANGED, &[CHANGED]))).await?;
        let contacts = answer["results"].as_array().into_iter().flatten().map(|result| {
            let id = result.get("id").and_then(number).map(ContactId)?;
            let changed = result["properties"].get(CHANGED).and_then(instant);
            Some((id, changed.or_else(|| result.get("updatedAt").and_then(instant))?))
        });
        let contacts: Option<Vec<_>> = contacts.collect();
        let contacts = contacts
            .ok_or_else(|| Failure::unusable("a contact that was found has no id or no date"))?;
        Ok(Page { contacts, after: answer.pointer("/paging/next/after").and_then(text) })
    }

    async fn contacts(
        &self,
        ids: &[ContactId],
        wanted: &Wanted,
    ) -> Result<Vec<Contact>, ReadFailure> {
        let names = |names: &[PropertyName]| -> Vec<String> {
            names.iter().map(ToString::to_string).collect()
        };
        let inputs: Vec<Value> = ids.iter().map(|id| json!({ "id": id.to_string() })).collect();
        let body = json!({
            "inputs": inputs,
            "properties": names(&wanted.properties),
            "propertiesWithHistory": names(&wanted.history),
        });
        let answer = self.ask("batch/read", body).await?;
        let results = answer["results"].as_array().into_iter().flatten();
        Ok(results.filter_map(|result| understand(result, wanted)).collect())
    }
}
