//! What the token may do: asked of HubSpot with the token in the body, as it documents.

use serde_json::{Value, json};

use super::{not_understood, unread};
use crate::domain::portal::{Token, Told, Unread};
use crate::hubspot::Client;
use crate::hubspot::access::{Bearer, Entry, form};
use crate::hubspot::found::object;
use crate::hubspot::inspect::places::TOKEN_INFO;
use crate::hubspot::json::{number, text};
use crate::hubspot::wire::{Call, Lost};

impl Client {
    /// The scopes and the app of the token.
    pub async fn token(&self) -> Told<Token> {
        let header = self.wire.bearer.header(&self.wire).await.map_err(|entry| match entry {
            Entry::Lost(Lost::NotSent(why) | Lost::NoAnswer(why)) => Unread::Lost(why),
            Entry::Refused(_) => Unread::Refused("the refresh token is not accepted".to_owned()),
        })?;
        let token = header.to_str().ok().and_then(|header| header.strip_prefix("Bearer "));
        let token = token.unwrap_or_default();
        let answer = match &self.wire.bearer {
            Bearer::Fixed(_) => {
                let body = json!({ "tokenKey": token });
                let call = Call::post(TOKEN_INFO.to_owned(), String::new(), Some(body));
                self.told(call).await?
            }
            Bearer::Bought { refresh, .. } => {
                let fields = [
                    ("client_id", refresh.client_id.as_str()),
                    ("client_secret", refresh.client_secret.reveal()),
                    ("token", token),
                    ("token_type_hint", "access_token"),
                ];
                let request = form(&self.wire, self.endpoints.inspect.introspect, &fields);
                let answer = object(self.wire.exchange(request).await).map_err(unread)?;
                answer.ok_or_else(not_understood)?
            }
        };
        understand(&answer).ok_or_else(not_understood)
    }
}

/// `appId` of an app's token, `app_id` of a bought one.
fn understand(answer: &Value) -> Option<Token> {
    let scopes = answer.get("scopes")?.as_array()?.iter().filter_map(text).collect();
    let app = answer.get("appId").or_else(|| answer.get("app_id")).and_then(number);
    Some(Token { scopes, app })
}
