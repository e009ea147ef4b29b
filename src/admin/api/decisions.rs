//! `GET /api/v1/decisions`.

use actix_web::{HttpRequest, web};

use super::query::Params;
use super::read;
use super::record::Shown;
use crate::admin::office::Office;
use crate::admin::problem::Problem;
use crate::admin::shape::Page;
use crate::domain::id::{ContactId, RuleId};
use crate::domain::query::DecisionQuery;
use crate::domain::reason::{Decision, Reason};
use crate::domain::time::Timestamp;
use crate::port::Records as _;

/// Decision records, newest first.
pub(in crate::admin) async fn decisions<O: Office>(
    office: web::Data<O>,
    request: HttpRequest,
) -> Result<web::Json<Page<Shown>>, Problem> {
    let query = query(&Params::of(&request)?)?;
    page(&office, query).await.map(web::Json)
}

/// One page. One record more than the page holds is asked for, to know whether there is more.
pub(super) async fn page<O: Office>(
    office: &web::Data<O>,
    query: DecisionQuery,
) -> Result<Page<Shown>, Problem> {
    let limit = query.limit;
    let query = DecisionQuery { limit: limit + 1, ..query };
    let page = read(office, move |office| office.records().decisions(&query)).await?;
    let mut found = page.found;
    let more = limit < found.len();
    found.truncate(limit);
    let last = found.last().filter(|_| more).map(|last| (last.seq, last.place));
    let after = last.or(page.cut_short).map(cursor);
    let removed = page.removed_before.filter(|_| after.is_none());
    let shown = Page::new(found.into_iter().map(Shown::from).collect(), after);
    Ok(shown.removed_before(removed).without_erased(page.erased))
}

fn query(params: &Params) -> Result<DecisionQuery, Problem> {
    let contact = params.value("contact", "a contact id, a number", |text| text.parse().ok())?;
    let flag = |text: &str| text.parse::<bool>().ok();
    Ok(DecisionQuery {
        contact: contact.map(ContactId),
        rule: params.text("rule").map(RuleId::from),
        decision: params.one_of("decision", &Decision::ALL, Decision::code)?,
        reason: params.one_of("reason", Reason::ALL, Reason::code)?,
        since: params.value(
            "since",
            "a time as in 2026-11-24T09:30:00Z (write + as %2B)",
            Timestamp::parse_rfc3339,
        )?,
        before: params.value("after", "paging.next.after of an earlier page", place)?,
        history: params.value("history", "true or false", flag)?.unwrap_or(false),
        limit: params.limit()?,
    })
}

/// The place of a record, as the next page names it.
fn cursor((seq, place): (u64, u64)) -> String {
    format!("{seq}-{place}")
}

fn place(cursor: &str) -> Option<(u64, u64)> {
    let (seq, place) = cursor.split_once('-')?;
    Some((seq.parse().ok()?, place.parse().ok()?))
}
