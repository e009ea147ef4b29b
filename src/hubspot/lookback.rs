//! Who was in a sequence, by the dates of the latest one, and who was deleted (HUBSPOT.md 3.6
//! and 5).

use serde_json::{Value, json};

use super::client::Client;
use super::contact::understand;
use super::found::Failure;
use super::json::{instant, number, text};
use super::search::within;
use crate::domain::gates::evidence;
use crate::domain::id::ContactId;
use crate::domain::outcome::ReadFailure;
use crate::port::{Enrolled, Lookback, SeenPage, Wanted, Window};

/// By this contacts are found, and sorted.
const BEGAN: &str = "hs_latest_sequence_enrolled_date";

impl Lookback for Client {
    async fn sequenced(
        &self,
        window: Window,
        after: Option<&str>,
    ) -> Result<SeenPage, ReadFailure> {
        let body = within(window, after, (BEGAN, &evidence::PROPERTIES));
        let answer = self.ask("search", body).await?;
        let results: Vec<&Value> = answer["results"].as_array().into_iter().flatten().collect();
        let began = |result: &&Value| result["properties"].get(BEGAN).and_then(instant);
        let last = results.last().map(|last| {
            // Without it nobody knows where the next page begins.
            began(last).ok_or_else(|| Failure::unusable("a contact that was found has no date"))
        });
        let properties = evidence::PROPERTIES.map(Into::into).to_vec();
        let wanted = Wanted { properties, history: Vec::new() };
        let seen = |result: &&Value| {
            let contact = understand(result, &wanted)?;
            Some((contact.id, evidence::latest(&contact)?))
        };
        Ok(SeenPage {
            contacts: results.iter().filter_map(seen).collect(),
            last: last.transpose()?,
            after: answer.pointer("/paging/next/after").and_then(text),
            total: answer.get("total").and_then(number),
        })
    }

    async fn enrolled(&self, contact: ContactId) -> Result<Vec<Enrolled>, ReadFailure> {
        Ok(self.enrolled_by(contact).await?)
    }

    async fn deleted(
        &self,
        ids: &[ContactId],
    ) -> Result<Vec<(ContactId, crate::domain::time::Timestamp)>, ReadFailure> {
        let inputs: Vec<Value> = ids.iter().map(|id| json!({ "id": id.to_string() })).collect();
        let body = json!({ "inputs": inputs, "properties": [], "propertiesWithHistory": [] });
        let answer = self.ask("batch/read?archived=true", body).await?;
        let results = answer["results"].as_array().into_iter().flatten();
        let deleted = results.filter(|result| result["archived"] == Value::Bool(true));
        let dated = deleted.filter_map(|result| {
            let id = result.get("id").and_then(number).map(ContactId)?;
            Some((id, result.get("archivedAt").and_then(instant)?))
        });
        Ok(dated.collect())
    }
}
