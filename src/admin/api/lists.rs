//! `GET /api/v1/waiting`, `/held` and `/in-doubt`.

use std::collections::BTreeSet;

use actix_web::{HttpRequest, web};
use jiff::tz::TimeZone;
use serde::Serialize;

use super::evidence::ShownEvidence;
use super::query::Params;
use super::read;
use crate::admin::office::Office;
use crate::admin::problem::Problem;
use crate::admin::shape::{Instant, Page, Text, instant};
use crate::domain::claim::{Claim, State};
use crate::domain::id::{ContactId, RowId, RuleId, SenderName, TargetName};
use crate::domain::person::Item;
use crate::domain::query::{Listed, Listing};
use crate::domain::reason::{Decision, Reason};
use crate::domain::time::Timestamp;
use crate::port::Records as _;

/// An entry of a list. The names of its fields are the API's keys, in their order.
#[derive(Debug, Serialize)]
pub(in crate::admin) struct Entry {
    /// The decision record's id: a press names it.
    id: RowId,
    contact: Text<ContactId>,
    rule: RuleId,
    decision: Decision,
    reason: Reason,
    sentence: String,
    target: Option<TargetName>,
    sender: Option<SenderName>,
    since: Text<Timestamp>,
    until: Instant,
    /// Of a call in doubt: what HubSpot was asked and showed so far.
    evidence: Option<ShownEvidence>,
}

impl Entry {
    /// An item of a person.
    pub(super) fn of_item(contact: ContactId, item: Item) -> Self {
        Self {
            id: item.id,
            contact: Text(contact),
            rule: item.rule,
            decision: item.decision,
            reason: item.reason,
            sentence: item.sentence,
            target: item.target,
            sender: item.sender,
            since: Text(item.since),
            until: instant(item.due),
            evidence: None,
        }
    }

    /// A claim whose outcome is open, in its own words.
    fn of_claim(contact: ContactId, claim: Claim) -> Self {
        let (decision, reason) = match claim.state {
            State::NeedsReview { .. } => (Decision::Hold, Reason::InDoubt),
            _ => (Decision::Wait, Reason::OutcomeUnknown),
        };
        let (since, until, sentence) = match claim.state {
            State::InDoubt { since, next_check, why, .. } => (since, Some(next_check), why),
            State::NeedsReview { since, why } => (since, None, why),
            _ => (claim.first_call_at, None, String::new()),
        };
        Self {
            id: claim.row,
            contact: Text(contact),
            rule: claim.rule,
            decision,
            reason,
            sentence,
            target: Some(claim.target.name),
            sender: claim.sender.map(|sender| sender.name),
            since: Text(since),
            until: instant(until),
            evidence: None,
        }
    }

    /// The claim of an entry, where it has one; its item says it better, unless that waits for
    /// something else.
    fn of(listed: Listed, zone: &TimeZone) -> Option<Self> {
        let open = |item: &Item| matches!(item.reason, Reason::OutcomeUnknown | Reason::InDoubt);
        match (listed.claim, listed.item) {
            (Some(claim), item) => {
                let evidence = ShownEvidence::of(claim.evidence.as_deref(), zone);
                let entry = match item.filter(open) {
                    Some(item) => Self::of_item(listed.contact, item),
                    None => Self::of_claim(listed.contact, claim),
                };
                Some(Self { evidence, ..entry })
            }
            (None, Some(item)) => Some(Self::of_item(listed.contact, item)),
            (None, None) => None,
        }
    }
}

/// What comes back by itself.
pub(in crate::admin) async fn waiting<O: Office>(
    office: web::Data<O>,
    request: HttpRequest,
) -> Result<web::Json<Page<Entry>>, Problem> {
    list(&office, &request, Listing::Waiting).await
}

/// What needs a person.
pub(in crate::admin) async fn held<O: Office>(
    office: web::Data<O>,
    request: HttpRequest,
) -> Result<web::Json<Page<Entry>>, Problem> {
    list(&office, &request, Listing::Held).await
}

/// Calls whose outcome is not known.
pub(in crate::admin) async fn in_doubt<O: Office>(
    office: web::Data<O>,
    request: HttpRequest,
) -> Result<web::Json<Page<Entry>>, Problem> {
    list(&office, &request, Listing::InDoubt).await
}

/// One page. `limit` counts persons: one with several entries is never torn apart.
async fn list<O: Office>(
    office: &web::Data<O>,
    request: &HttpRequest,
    listing: Listing,
) -> Result<web::Json<Page<Entry>>, Problem> {
    let params = Params::of(request)?;
    let id = |text: &str| text.parse().ok().map(ContactId);
    let after = params.value("after", "paging.next.after of an earlier page", id)?;
    let limit = params.limit()?;
    let listed = read(office, move |office| office.records().list(listing, after, limit)).await?;
    let persons: BTreeSet<ContactId> = listed.iter().map(|entry| entry.contact).collect();
    let after = persons.last().filter(|_| limit <= persons.len()).map(ToString::to_string);
    let rules = office.rules();
    let entries = listed.into_iter().filter_map(|it| Entry::of(it, &rules.portal.zone));
    Ok(web::Json(Page::new(entries.collect(), after)))
}
