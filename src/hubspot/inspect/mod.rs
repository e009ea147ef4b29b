//! What `doctor` and `check --portal` ask of the account: reads, whatever their method. The facts
//! beyond HUBSPOT.md are graded where they stand: [D] an official page, [C] third party, [I]
//! inferred.

mod account;
mod book;
mod places;
mod token;

pub(super) use places::{INSPECT_2026_03, INSPECT_2026_09, INSPECT_V4, Places};

use serde_json::Value;

use super::client::Client;
use super::found::{Failure, Found, Missing, found};
use super::json::text;
use super::profile::Dialect;
use super::wire::Call;
use crate::domain::outcome::Later;
use crate::domain::portal::{Told, Unread};

/// More pages than this are not followed: a hundred entries each.
const PAGES_MAX: usize = 100;

impl Client {
    /// Whether workflows are called by the flow id as it stands, without a mapping.
    pub fn enrolls_by_flow_id(&self) -> bool {
        self.endpoints.dialect == Dialect::RouteMap
    }

    /// A read that must find something.
    async fn told(&self, call: Call) -> Told<Value> {
        self.asked(call).await?.ok_or_else(|| Unread::Untold("there is nothing there".to_owned()))
    }

    /// A read of one object; `None`: HubSpot says that there is none.
    async fn asked(&self, call: Call) -> Told<Option<Value>> {
        match found(self.wire.send(call).await).map_err(unread)? {
            Found::Json(value) => Ok(Some(value)),
            Found::Missing(Missing::Object | Missing::Unnamed) => Ok(None),
            Found::Missing(Missing::Path) => Err(Unread::Untold("no such path".to_owned())),
            Found::NoContent | Found::Blank => Err(Unread::Untold("an empty answer".to_owned())),
        }
    }

    /// The entries of every page of a list.
    async fn listed(&self, path: &str, query: &str) -> Told<Vec<Value>> {
        let mut entries = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let page = match &after {
                Some(after) => format!("{query}&after={}", super::profile::encode(after)),
                None => query.to_owned(),
            };
            let answer = self.told(Call::get(path.to_owned(), page)).await?;
            entries.extend(results(&answer)?.iter().cloned());
            let next = answer.pointer("/paging/next/after").and_then(text);
            // A page that names itself would be read for ever.
            if next.is_none() || next == after {
                break;
            }
            after = next;
        }
        Ok(entries)
    }
}

fn results(answer: &Value) -> Told<&Vec<Value>> {
    answer.get("results").and_then(Value::as_array).ok_or_else(not_understood)
}

fn not_understood() -> Unread {
    Unread::Lost("the answer is not of the shape that is documented".to_owned())
}

fn unread(failure: Failure) -> Unread {
    match failure {
        Failure::Later { why: Later::Busy, delay_ms, message } => {
            Unread::Busy { delay_ms, message }
        }
        Failure::Later { message, .. } => Unread::Lost(message),
        Failure::Halted { target_only: true, message } => Unread::Forbidden(message),
        Failure::Halted { message, .. } => Unread::Refused(message),
        Failure::Refused { message } => Unread::Untold(message),
    }
}
