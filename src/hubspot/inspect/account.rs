//! The account, its users, its webhooks (HUBSPOT.md 6 and 6.1).

use std::collections::BTreeMap;

use reqwest::header::DATE;
use serde_json::Value;

use super::{not_understood, results, unread};
use crate::domain::id::{PortalId, UserId};
use crate::domain::portal::{Account, Told, Unread, Usage, Webhook};
use crate::domain::time::Timestamp;
use crate::hubspot::Client;
use crate::hubspot::found::object;
use crate::hubspot::json::{number, text};
use crate::hubspot::profile::fill;
use crate::hubspot::wire::{Call, Reply};

impl Client {
    /// The account of the token, and HubSpot's clock.
    pub async fn account(&self) -> Told<Account> {
        let call = Call::get(self.endpoints.inspect.details.to_owned(), String::new());
        let answer = self.wire.send(call).await;
        let date = answer.as_ref().ok().and_then(date);
        let answer = object(answer).map_err(unread)?.ok_or_else(not_understood)?;
        Ok(Account {
            portal: PortalId(answer.get("portalId").and_then(number).ok_or_else(not_understood)?),
            kind: answer.get("accountType").and_then(text),
            date,
        })
    }

    /// The account's calls of today.
    pub async fn usage(&self) -> Told<Usage> {
        let call = Call::get(self.endpoints.inspect.usage.to_owned(), String::new());
        let answer = self.told(call).await?;
        let first = results(&answer)?.first().ok_or_else(not_understood)?;
        let field = |name: &str| first.get(name).and_then(number).ok_or_else(not_understood);
        Ok(Usage { used: field("currentUsage")?, limit: field("usageLimit")? })
    }

    /// The seats of every user, by name.
    pub async fn seats(&self) -> Told<BTreeMap<UserId, Vec<String>>> {
        let users = self.listed(self.endpoints.inspect.users, "limit=100").await?;
        let seats = users.iter().filter_map(|user| {
            let names = user.get("seatNames").and_then(Value::as_array);
            let names = names.into_iter().flatten().filter_map(text).collect();
            Some((UserId(user.get("id").and_then(number)?), names))
        });
        Ok(seats.collect())
    }

    /// The webhook subscriptions of an app. HubSpot tells them of legacy public apps only.
    pub async fn webhooks(&self, app: u64) -> Told<Vec<Webhook>> {
        let path = fill(self.endpoints.inspect.webhooks, &[("app", &app.to_string())]);
        let answer = match self.told(Call::get(path, String::new())).await {
            // It wants a developer's key there: that the token is good was seen before.
            Err(Unread::Refused(why) | Unread::Forbidden(why)) => return Err(Unread::Untold(why)),
            answer => answer?,
        };
        let webhook = |entry: &Value| {
            Some(Webhook {
                event: entry.get("eventType").and_then(text)?,
                property: entry.get("propertyName").and_then(text),
                active: entry.get("active").and_then(Value::as_bool).unwrap_or(true),
            })
        };
        results(&answer)?.iter().map(webhook).collect::<Option<_>>().ok_or_else(not_understood)
    }
}

/// When HubSpot answered, by its own clock.
fn date(reply: &Reply) -> Option<Timestamp> {
    let date = reply.headers.get(DATE)?.to_str().ok()?;
    let date = jiff::fmt::rfc2822::parse(date).ok()?;
    Some(Timestamp::from_jiff(date.timestamp()))
}
