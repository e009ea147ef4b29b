//! What changes something: `resolve`, `reload`, `pause` and `resume`. Each names who and why.

use actix_web::error::JsonPayloadError;
use actix_web::http::StatusCode;
use actix_web::web;
use serde::{Deserialize, Serialize};

use crate::admin::office::{Office, Resolution};
use crate::admin::problem::Problem;
use crate::admin::shape::Text;
use crate::domain::id::{Fingerprint, RowId};
use crate::domain::press::Verdict;
use crate::domain::record::Press;
use crate::domain::time::Timestamp;

/// Characters of a name and of a note, at most: both are kept for ever.
const WHO_MAX: usize = 200;
const NOTE_MAX: usize = 2_000;

/// Who presses, and their words.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct Signed {
    pub(super) who: String,
    pub(super) note: String,
}

/// What a person found about a claim in doubt.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct Resolve {
    r#as: Resolution,
    who: String,
    note: String,
}

/// A claim in doubt was settled.
#[derive(Debug, Serialize)]
pub(in crate::admin) struct Resolved {
    id: RowId,
    r#as: Resolution,
}

/// Calls were paused or resumed.
#[derive(Debug, Serialize)]
pub(in crate::admin) struct PausedNow {
    paused: bool,
}

/// The rules were loaded.
#[derive(Debug, Serialize)]
pub(in crate::admin) struct ReloadedNow {
    fingerprint: Fingerprint,
    loaded_at: Text<Timestamp>,
    changed: bool,
}

/// Settles a claim in doubt.
pub(in crate::admin) async fn resolve<O: Office>(
    office: web::Data<O>,
    id: web::Path<String>,
    body: web::Json<Resolve>,
) -> Result<web::Json<Resolved>, Problem> {
    let Resolve { r#as, who, note } = body.into_inner();
    let id = RowId::from(id.into_inner());
    office.resolve(id.clone(), r#as, press("resolve", who, note)?).await?;
    Ok(web::Json(Resolved { id, r#as }))
}

/// Something held was decided.
#[derive(Debug, Serialize)]
pub(in crate::admin) struct DecidedNow {
    id: RowId,
    pressed: &'static str,
}

/// Lets something held go on.
pub(in crate::admin) async fn release<O: Office>(
    office: web::Data<O>,
    id: web::Path<String>,
    body: web::Json<Signed>,
) -> Result<web::Json<DecidedNow>, Problem> {
    decide_held(&office, id.into_inner(), Verdict::Release, body.into_inner()).await
}

/// Ends something held.
pub(in crate::admin) async fn discard<O: Office>(
    office: web::Data<O>,
    id: web::Path<String>,
    body: web::Json<Signed>,
) -> Result<web::Json<DecidedNow>, Problem> {
    decide_held(&office, id.into_inner(), Verdict::Discard, body.into_inner()).await
}

async fn decide_held<O: Office>(
    office: &web::Data<O>,
    id: String,
    verdict: Verdict,
    Signed { who, note }: Signed,
) -> Result<web::Json<DecidedNow>, Problem> {
    let pressed = match verdict {
        Verdict::Release => "release",
        Verdict::Discard => "discard",
    };
    let id = RowId::from(id);
    office.decide_held(id.clone(), verdict, press(pressed, who, note)?).await?;
    Ok(web::Json(DecidedNow { id, pressed }))
}

/// No call leaves from now on.
pub(in crate::admin) async fn pause<O: Office>(
    office: web::Data<O>,
    body: web::Json<Signed>,
) -> Result<web::Json<PausedNow>, Problem> {
    set_paused(&office, true, body.into_inner()).await
}

/// Calls leave again.
pub(in crate::admin) async fn resume<O: Office>(
    office: web::Data<O>,
    body: web::Json<Signed>,
) -> Result<web::Json<PausedNow>, Problem> {
    set_paused(&office, false, body.into_inner()).await
}

async fn set_paused<O: Office>(
    office: &web::Data<O>,
    paused: bool,
    Signed { who, note }: Signed,
) -> Result<web::Json<PausedNow>, Problem> {
    let what = if paused { "pause" } else { "resume" };
    office.pause(paused, press(what, who, note)?).await?;
    Ok(web::Json(PausedNow { paused }))
}

/// Loads the rules now. It takes no body: what it loads is on the disk.
pub(in crate::admin) async fn reload<O: Office>(
    office: web::Data<O>,
) -> Result<web::Json<ReloadedNow>, Problem> {
    let reloaded = office.reload().await?;
    Ok(web::Json(ReloadedNow {
        fingerprint: reloaded.fingerprint,
        loaded_at: Text(office.standing().rules.loaded_at),
        changed: reloaded.changed,
    }))
}

/// The press, where its name and note may be kept.
pub(super) fn press(what: &str, who: String, note: String) -> Result<Press, Problem> {
    let bad = |message: &str| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "bad-body",
            message,
            "who is a name of 1 to 200 characters, note at most 2000.",
        )
    };
    if who.trim().is_empty() {
        return Err(bad("who is blank."));
    }
    if WHO_MAX < who.chars().count() || NOTE_MAX < note.chars().count() {
        return Err(bad("who or note is too long."));
    }
    Ok(Press { what: what.to_owned(), who, note })
}

/// A body that is not the JSON its call takes.
pub(in crate::admin) fn unreadable(error: &JsonPayloadError) -> Problem {
    let new = |status, code, message: String, hint: &str| Problem::new(status, code, message, hint);
    match error {
        JsonPayloadError::ContentType => new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported-media-type",
            "The body is not marked as JSON.".to_owned(),
            "Send Content-Type: application/json.",
        ),
        JsonPayloadError::Overflow { .. } | JsonPayloadError::OverflowKnownLength { .. } => new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "The body is larger than 64 KiB.".to_owned(),
            "Send less.",
        ),
        JsonPayloadError::Deserialize(error) => new(
            StatusCode::BAD_REQUEST,
            "bad-body",
            format!("The body cannot be read: {error}."),
            "GET /api/v1/openapi.json names the keys of each call.",
        ),
        _ => new(
            StatusCode::BAD_REQUEST,
            "bad-body",
            "The body did not arrive whole.".to_owned(),
            "Send it again.",
        ),
    }
}
