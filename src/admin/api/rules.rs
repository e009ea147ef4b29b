//! `GET /api/v1/rules`.

use actix_web::web;
use serde::Serialize;

use super::read;
use crate::admin::office::Office;
use crate::admin::problem::Problem;
use crate::admin::shape::Page;
use crate::admin::status::ByDecision;
use crate::domain::id::RuleId;
use crate::domain::rule::Mode;
use crate::port::Records as _;

/// A rule as it stands, and what it decided.
#[derive(Debug, Serialize)]
pub(in crate::admin) struct ShownRule {
    id: RuleId,
    says: String,
    mode: Mode,
    file: String,
    line: u32,
    counts: ByDecision,
}

/// Every rule, by priority.
pub(in crate::admin) async fn rules<O: Office>(
    office: web::Data<O>,
) -> Result<web::Json<Page<ShownRule>>, Problem> {
    let counts = read(&office, |office| office.records().counts()).await?;
    let set = office.rules();
    let shown = set.rules.iter().map(|rule| ShownRule {
        id: rule.id.clone(),
        says: rule.says.clone(),
        mode: rule.mode,
        file: rule.place.file.to_string(),
        line: rule.place.line,
        counts: ByDecision::of(&counts, |of| of == Some(rule.id.as_str())),
    });
    Ok(web::Json(Page::new(shown.collect(), None)))
}
