//! What is pressed about a contact: "take out", "never contact again", "allow again", and
//! "forget", which erases.

use std::collections::BTreeSet;

use actix_web::http::StatusCode;
use actix_web::web;
use serde::{Deserialize, Serialize};

use super::contact::contact_id;
use super::press::{Signed, press};
use crate::admin::office::Office;
use crate::admin::problem::Problem;
use crate::admin::shape::Text;
use crate::domain::id::{ContactId, ThemeName};
use crate::domain::rule::{Exit, RuleSet};
use crate::domain::take_out::Asked;

/// Out of what, by whom and why.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct TakeOut {
    #[serde(default)]
    themes: Vec<ThemeName>,
    #[serde(default)]
    everything: bool,
    who: String,
    note: String,
}

/// It was pressed.
#[derive(Debug, Serialize)]
pub(in crate::admin) struct PressedNow {
    contact: Text<ContactId>,
    pressed: &'static str,
}

/// Takes the contact out of themes, or of everything, and ends what waits for them there.
pub(in crate::admin) async fn take_out<O: Office>(
    office: web::Data<O>,
    id: web::Path<String>,
    body: web::Json<TakeOut>,
) -> Result<web::Json<PressedNow>, Problem> {
    let TakeOut { themes, everything, who, note } = body.into_inner();
    let exit = exit(&office.rules(), themes, everything)?;
    let signed = Signed { who, note };
    decide(&office, &id, ("take-out", Asked::TakeOut(exit)), signed).await
}

/// The contact is never contacted again.
pub(in crate::admin) async fn never_again<O: Office>(
    office: web::Data<O>,
    id: web::Path<String>,
    body: web::Json<Signed>,
) -> Result<web::Json<PressedNow>, Problem> {
    let asked = ("never-contact-again", Asked::NeverAgain);
    decide(&office, &id, asked, body.into_inner()).await
}

/// "Never contact again" is taken back.
pub(in crate::admin) async fn allow_again<O: Office>(
    office: web::Data<O>,
    id: web::Path<String>,
    body: web::Json<Signed>,
) -> Result<web::Json<PressedNow>, Problem> {
    decide(&office, &id, ("allow-again", Asked::AllowAgain), body.into_inner()).await
}

/// The contact is erased.
pub(in crate::admin) async fn forget<O: Office>(
    office: web::Data<O>,
    id: web::Path<String>,
    body: web::Json<Signed>,
) -> Result<web::Json<PressedNow>, Problem> {
    let contact = contact_id(&id)?;
    let Signed { who, note } = body.into_inner();
    let pressed = "forget";
    office.forget(contact, press(pressed, who, note)?).await?;
    Ok(web::Json(PressedNow { contact: Text(contact), pressed }))
}

async fn decide<O: Office>(
    office: &web::Data<O>,
    id: &str,
    (pressed, asked): (&'static str, Asked),
    Signed { who, note }: Signed,
) -> Result<web::Json<PressedNow>, Problem> {
    let contact = contact_id(id)?;
    office.decide_about(contact, asked, press(pressed, who, note)?).await?;
    Ok(web::Json(PressedNow { contact: Text(contact), pressed }))
}

/// What is to be left. Saying both, or nothing, or a theme that is not there, is a mistake.
fn exit(rules: &RuleSet, themes: Vec<ThemeName>, everything: bool) -> Result<Exit, Problem> {
    let bad = |message: String| {
        let known: Vec<&str> = rules.themes.keys().map(ThemeName::as_str).collect();
        let hint =
            format!("Say themes, one or more of {}, or everything = true.", known.join(", "));
        Problem::new(StatusCode::BAD_REQUEST, "bad-body", message, hint)
    };
    match (themes.is_empty(), everything) {
        (true, true) => Ok(Exit::Everything),
        (true, false) => Err(bad("It says neither themes nor everything.".to_owned())),
        (false, true) => Err(bad("It says themes and everything.".to_owned())),
        (false, false) => {
            if let Some(theme) = themes.iter().find(|theme| !rules.themes.contains_key(*theme)) {
                return Err(bad(format!("There is no theme \"{theme}\".")));
            }
            Ok(Exit::Themes(themes.into_iter().collect::<BTreeSet<_>>()))
        }
    }
}
