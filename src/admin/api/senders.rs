//! `GET /api/v1/senders`: names and budgets; the inbox's address stays in the rules.

use actix_web::web;
use serde::Serialize;

use super::read;
use crate::admin::office::Office;
use crate::admin::problem::Problem;
use crate::admin::shape::{Instant, Page, instant};
use crate::domain::forecast;
use crate::domain::id::SenderName;
use crate::domain::rule::SenderSpec;
use crate::domain::time::Timestamp;
use crate::domain::view::InboxUse;
use crate::port::Records as _;

/// A sender's budget and state.
#[derive(Debug, Serialize)]
pub(in crate::admin) struct ShownSender {
    name: SenderName,
    /// Enrollments in any 24 hours.
    budget: u32,
    /// Of them, used now.
    used: u32,
    /// Of the used ones, those whose outcome is open.
    open: u32,
    /// When the next place is free; `null` while one is, or while only open calls stand in the way.
    next_free: Instant,
    /// Emails that running sequences send in each of the next 5 days, one a day assumed.
    forecast: Vec<u32>,
    /// Emails in 24 hours as set in HubSpot, where the rules say.
    send_limit: Option<u32>,
    /// HubSpot said the inbox is full until then.
    full_until: Instant,
    /// HubSpot refused it three times in a row: what it said.
    paused: Option<String>,
}

impl ShownSender {
    fn new(spec: &SenderSpec, used: &InboxUse, forecast: Vec<u32>, now: Timestamp) -> Self {
        Self {
            name: spec.name.clone(),
            budget: spec.daily_budget,
            used: used.used(now),
            open: used.open,
            next_free: instant(used.next_free(spec.daily_budget, now)),
            forecast,
            send_limit: spec.send_limit,
            full_until: instant(used.full_until.filter(|until| now < *until)),
            paused: used.paused.clone(),
        }
    }
}

/// Every sender of the rules, by name.
pub(in crate::admin) async fn senders<O: Office>(
    office: web::Data<O>,
) -> Result<web::Json<Page<ShownSender>>, Problem> {
    let now = office.now();
    let set = office.rules();
    let since = now.minus_ms(forecast::looks_back_ms(&set));
    let (inboxes, running) = read(&office, move |office| {
        Ok((office.records().inboxes(), office.records().running(since)?))
    })
    .await?;
    let unused = InboxUse::default();
    let shown = set.senders.values().map(|spec| {
        let emails = forecast::emails(&set, spec, &running, now);
        ShownSender::new(spec, inboxes.get(&spec.inbox).unwrap_or(&unused), emails, now)
    });
    Ok(web::Json(Page::new(shown.collect(), None)))
}
