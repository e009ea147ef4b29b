//! Seeding: what HubSpot shows of who was enrolled before, and what people wrote down.

use actix_web::http::StatusCode;
use actix_web::web;
use serde::{Deserialize, Serialize};

use super::press::press;
use crate::admin::office::Office;
use crate::admin::problem::Problem;
use crate::admin::shape::{Instant, instant};
use crate::domain::found::{Found, Tally, Where};
use crate::domain::id::{ContactId, FlowId, SequenceId};
use crate::domain::rule::RuleSet;
use crate::domain::time::Timestamp;

/// Enrollments in one call.
const ENROLLMENTS_MAX: usize = 500;

/// Whether HubSpot is searched.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct Asked {
    #[serde(default)]
    skip: bool,
    who: String,
    note: String,
}

/// What a person wrote down.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct Written {
    enrollments: Vec<Enrollment>,
    who: String,
    note: String,
}

/// One enrollment, by HubSpot's numbers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Enrollment {
    contact: ContactId,
    #[serde(default)]
    workflow: Option<FlowId>,
    #[serde(default)]
    sequence: Option<SequenceId>,
    enrolled_at: String,
    #[serde(default)]
    ended_at: Option<String>,
}

/// How far it is.
#[derive(Debug, Serialize)]
pub(in crate::admin) struct Far {
    running: bool,
    percent: u8,
    #[serde(flatten)]
    tally: Counted,
    seeded_at: Instant,
    failed: Option<String>,
}

/// What became of what was found.
#[derive(Debug, Serialize)]
pub(in crate::admin) struct Counted {
    found: u64,
    booked: u64,
    known: u64,
    unnamed: u64,
}

impl From<Tally> for Counted {
    fn from(Tally { found, booked, known, unnamed }: Tally) -> Self {
        Self { found, booked, known, unnamed }
    }
}

/// Begins, or says that there is nothing to begin with; `seeded` says how far it is.
pub(in crate::admin) async fn seed<O: Office>(
    office: web::Data<O>,
    body: web::Json<Asked>,
) -> Result<web::Json<Far>, Problem> {
    let Asked { skip, who, note } = body.into_inner();
    let what = if skip { "seed-skip" } else { "seed" };
    office.seed(!skip, press(what, who, note)?).await?;
    Ok(seeded(office).await)
}

/// How far it is.
pub(in crate::admin) async fn seeded<O: Office>(office: web::Data<O>) -> web::Json<Far> {
    let it = office.seeded();
    web::Json(Far {
        running: it.running,
        percent: it.percent,
        tally: it.tally.into(),
        seeded_at: instant(it.seeded),
        failed: it.failed,
    })
}

/// Books what was written down; one that is known is no error.
pub(in crate::admin) async fn enrollments<O: Office>(
    office: web::Data<O>,
    body: web::Json<Written>,
) -> Result<web::Json<Counted>, Problem> {
    let Written { enrollments, who, note } = body.into_inner();
    press("seed", who, note)?;
    if ENROLLMENTS_MAX < enrollments.len() {
        let message = format!("There are more than {ENROLLMENTS_MAX} enrollments.");
        return Err(bad(message, "Send them in several calls."));
    }
    let (rules, now) = (office.rules(), office.now());
    let found = enrollments.iter().map(|it| it.found(&rules, now));
    let found = found.collect::<Result<Vec<_>, _>>()?;
    Ok(web::Json(office.book(found).await?.into()))
}

impl Enrollment {
    fn found(&self, rules: &RuleSet, now: Timestamp) -> Result<Found, Problem> {
        let into = match (self.workflow, self.sequence) {
            (Some(id), None) if rules.workflows.values().any(|it| it.id == id) => {
                Where::Workflow(id)
            }
            (None, Some(id)) if rules.sequences.values().any(|it| it.id == id) => {
                Where::Sequence(id)
            }
            _ => {
                let message = "An enrollment names no workflow and no sequence of portal.toml.";
                return Err(bad(message, "Name one of both, by HubSpot's number."));
            }
        };
        let time = |text: &str| {
            Timestamp::parse_rfc3339(text).filter(|at| *at <= now).ok_or_else(|| {
                let message = "An enrollment has no time, or one in the future.";
                bad(message, "Write times as 2026-11-24T08:00:00Z.")
            })
        };
        Ok(Found {
            contact: self.contact,
            into,
            enrolled_at: time(&self.enrolled_at)?,
            ended_at: self.ended_at.as_deref().map(time).transpose()?,
            enrollment: None,
            sender: None,
        })
    }
}

fn bad(message: impl Into<String>, hint: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "bad-body", message, hint)
}
