//! Asking HubSpot about the account: each question once, and again only where it asks for
//! patience. Reads alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use indicatif::ProgressBar;

use super::serve::runtime;
use super::{ExitStatus, fail, progress, read_config, say};
use crate::app::{SystemClock, client};
use crate::config::{Config, ProcessEnvironment, Secrets};
use crate::domain::id::UserId;
use crate::domain::portal::{Arrivals, Portal, Told, Unread, Workflow};
use crate::domain::rule::RuleSet;
use crate::hubspot::Client;
use crate::port::Clock as _;
use crate::store::StoreError;
use crate::store::history::History;

/// How often a question is put before HubSpot's "later" counts as its answer.
const TRIES: u32 = 3;
/// The longest wait that HubSpot is granted before the next try.
const PATIENCE: Duration = Duration::from_secs(15);

/// The configuration and a client of it; every problem is said.
pub(super) fn enter(config: &Path) -> Result<(Config, Client), ExitStatus> {
    // Both are read before either ends it: every problem at once.
    let config = read_config(config);
    let access = Secrets::access(&ProcessEnvironment);
    if let Err(problems) = &access {
        for problem in &problems.0 {
            say(&format!("error: {problem}"));
        }
    }
    let (config, access) = (config?, access.map_err(|_| ExitStatus::Usage)?);
    match client(&config, &access) {
        Ok(client) => Ok((config, client)),
        Err(error) => Err(fail(&error, ExitStatus::Usage)),
    }
}

/// Asks everything that `rules` need, with a line on a terminal that says what is asked.
pub(super) fn ask<T>(
    client: &Client,
    rules: Option<&RuleSet>,
    then: impl AsyncFnOnce(&Asker<'_>, Portal) -> T,
) -> Result<T, ExitStatus> {
    let runtime = runtime().map_err(|error| fail(&error, ExitStatus::Environment))?;
    let bar = progress::spinner();
    let asker = Asker { client, bar: &bar };
    let answer = runtime.block_on(async {
        let portal = asker.portal(rules).await;
        then(&asker, portal).await
    });
    bar.finish_and_clear();
    Ok(answer)
}

/// Asks HubSpot.
pub(super) struct Asker<'a> {
    client: &'a Client,
    bar: &'a ProgressBar,
}

impl Asker<'_> {
    /// One question, said on the terminal, with some patience.
    pub(super) async fn put<T>(
        &self,
        what: &str,
        question: impl AsyncFn(&Client) -> Told<T>,
    ) -> Told<T> {
        self.bar.set_message(format!("asking HubSpot for {what}"));
        for _ in 1..TRIES {
            match question(self.client).await {
                // Without a delay the day's calls are used up: midnight is too far.
                Err(Unread::Busy { delay_ms: Some(delay_ms), .. })
                    if Duration::from_millis(delay_ms) <= PATIENCE =>
                {
                    tokio::time::sleep(Duration::from_millis(delay_ms)).await;
                }
                answer => return answer,
            }
        }
        question(self.client).await
    }

    async fn portal(&self, rules: Option<&RuleSet>) -> Portal {
        let before = SystemClock.now();
        let account = self.put("the account", async |client| client.account().await).await;
        let after = SystemClock.now();
        if let Err(why @ (Unread::Refused(_) | Unread::Lost(_) | Unread::Busy { .. })) = &account {
            return Portal::unread(why);
        }
        let token = self.put("the token's scopes", async |client| client.token().await).await;
        let app = token.as_ref().ok().and_then(|token| token.app);
        let webhooks = match app {
            Some(app) => {
                self.put("the app's webhooks", async |client| client.webhooks(app).await).await
            }
            None => Err(Unread::Untold("it does not say which app this is".to_owned())),
        };
        let date = account.as_ref().ok().and_then(|account| account.date);
        let mut portal = Portal {
            skew_ms: date.map(|date| skew(date.unix_ms(), (before.unix_ms(), after.unix_ms()))),
            usage: self.put("the calls of today", async |client| client.usage().await).await,
            properties: self
                .put("contact properties", async |client| client.properties("contacts").await)
                .await,
            account,
            token,
            webhooks,
            ..Portal::unread(&Unread::Untold("nobody asked".to_owned()))
        };
        if let Some(rules) = rules {
            self.people(rules, &mut portal).await;
            self.targets(rules, &mut portal).await;
        }
        portal
    }

    async fn people(&self, rules: &RuleSet, portal: &mut Portal) {
        let senders = rules.senders.values().map(|sender| sender.inbox.as_str().to_owned());
        let named = rules.owner_emails.iter().map(|email| email.to_lowercase());
        let emails: BTreeSet<String> = senders.chain(named).collect();
        for email in emails {
            let owner = self.put("owners", async |client| client.anyone(&email).await).await;
            portal.owners.insert(email, owner);
        }
        if rules.senders.is_empty() || rules.sequences.is_empty() {
            portal.seats = Ok(BTreeMap::new());
            return;
        }
        portal.seats = self.put("seats", async |client| client.seats().await).await;
        let users: BTreeSet<UserId> =
            rules.senders.values().filter_map(|sender| portal.user_of(sender)).collect();
        for user in users {
            let seen = self.put("sequences", async |client| client.sequences(user).await).await;
            portal.sequences.insert(user, seen);
        }
    }

    async fn targets(&self, rules: &RuleSet, portal: &mut Portal) {
        for flow in rules.workflows.values().map(|workflow| workflow.id) {
            let id = if self.client.enrolls_by_flow_id() {
                Ok(None)
            } else {
                self.put("workflow ids", async |client| client.workflow_id(flow).await).await
            };
            let flow_told = self.put("workflows", async |client| client.flow(flow).await).await;
            portal.workflows.insert(flow, Workflow { id, flow: flow_told });
        }
        for list in rules.hubspot_lists.values().map(|list| list.id) {
            let name = self.put("lists", async |client| client.list(list).await).await;
            portal.lists.insert(list, name);
        }
        if !rules.subscriptions.is_empty() {
            let what = "subscription types";
            portal.consents = self.put(what, async |client| client.consents().await).await;
        }
    }
}

/// What the router has received; `None` where there is no store.
pub(super) fn arrivals(store: &Path) -> Result<Option<Arrivals>, StoreError> {
    let mut history = match History::open(store) {
        Ok(history) => history,
        Err(StoreError::Missing { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let bar = progress::bar();
    bar.set_length(history.last());
    let mut arrivals = Arrivals::default();
    while let Some((seq, record)) = history.advance()? {
        bar.set_position(seq);
        arrivals.record(&record);
    }
    bar.finish_and_clear();
    Ok(Some(arrivals))
}

/// Our clock less HubSpot's, which tells whole seconds: what lies within one, or within the time
/// that the call took, is none.
fn skew(theirs_ms: u64, (before_ms, after_ms): (u64, u64)) -> i64 {
    let (first, last) = (before_ms.saturating_sub(1_000), after_ms);
    let ahead = first.saturating_sub(theirs_ms);
    let behind = theirs_ms.saturating_sub(last);
    i64::try_from(ahead).unwrap_or(i64::MAX) - i64::try_from(behind).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::skew;

    #[test]
    fn a_clock_is_off_by_what_seconds_and_the_call_do_not_explain() {
        // HubSpot answers 12:00:00 to a call from 12:00:00.400 to 12:00:00.600.
        assert_eq!(skew(0, (400, 600)), 0);
        assert_eq!(skew(0, (41_000, 41_200)), 40_000);
        assert_eq!(skew(41_200, (1_000, 1_200)), -40_000);
    }
}
