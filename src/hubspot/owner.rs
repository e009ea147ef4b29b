//! Owners: three ids in one place (HUBSPOT.md 5).

use serde_json::Value;

use super::client::Client;
use super::found::{Failure, object};
use super::json::{number, text};
use super::profile::{encode, fill};
use super::wire::Call;
use crate::domain::contact::Owner;
use crate::domain::id::{OwnerId, UserId};

impl Client {
    /// Reads an owner by the id that contacts carry.
    pub(super) async fn read_owner(&self, id: OwnerId) -> Result<Option<Owner>, Failure> {
        let path = fill(self.endpoints.owner, &[("owner", &id.to_string())]);
        match object(self.wire.send(Call::get(path, "idProperty=id".to_owned())).await)? {
            Some(answer) => understand(&answer).map(Some).ok_or_else(not_an_owner),
            None => Ok(None),
        }
    }

    /// Finds an owner by address, in whatever case.
    pub(super) async fn find_owner(&self, email: &str) -> Result<Option<Owner>, Failure> {
        self.find_owner_among(email, false).await
    }

    /// The same among those who were archived, or those who were not.
    pub(super) async fn find_owner_among(
        &self,
        email: &str,
        archived: bool,
    ) -> Result<Option<Owner>, Failure> {
        let query = format!("email={}&limit=100&archived={archived}", encode(email));
        let call = Call::get(self.endpoints.owners.to_owned(), query);
        let Some(answer) = object(self.wire.send(call).await)? else {
            return Ok(None);
        };
        let results = answer.get("results").and_then(Value::as_array).ok_or_else(not_an_owner)?;
        let owners: Option<Vec<Owner>> = results.iter().map(understand).collect();
        let same = |owner: &Owner| {
            owner.email.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(email))
        };
        Ok(owners.ok_or_else(not_an_owner)?.into_iter().find(same))
    }
}

fn not_an_owner() -> Failure {
    Failure::unusable("the answer is not an owner")
}

fn understand(answer: &Value) -> Option<Owner> {
    Some(Owner {
        id: OwnerId(answer.get("id").and_then(number)?),
        user: answer.get("userId").and_then(number).map(UserId),
        email: answer.get("email").and_then(text),
        archived: answer.get("archived").and_then(Value::as_bool).unwrap_or(false),
    })
}
