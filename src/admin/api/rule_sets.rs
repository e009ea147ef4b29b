//! `GET /api/v1/rule-sets`: which sets were accepted, when, and what differed.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, web};
use serde::Serialize;

use super::query::Params;
use super::read;
use crate::admin::office::Office;
use crate::admin::problem::Problem;
use crate::admin::shape::{Page, Text};
use crate::domain::id::Fingerprint;
use crate::domain::record::RulesAccepted;
use crate::domain::time::Timestamp;
use crate::port::Records as _;

/// An accepted set. The names of its fields are the API's keys, in their order.
#[derive(Debug, Serialize)]
pub(in crate::admin) struct ShownSet {
    at: Text<Timestamp>,
    fingerprint: Fingerprint,
    files: Files,
}

/// File names by what became of them since the set before.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Files {
    added: Vec<String>,
    changed: Vec<String>,
    removed: Vec<String>,
}

impl Files {
    fn between(before: Option<&RulesAccepted>, after: &RulesAccepted) -> Self {
        let by_name = |set: &'_ RulesAccepted| -> BTreeMap<String, String> {
            set.files.iter().cloned().collect()
        };
        let (mut old, new) = (before.map(by_name).unwrap_or_default(), by_name(after));
        let mut files = Self::default();
        for (name, text) in new {
            match old.remove(&name) {
                None => files.added.push(name),
                Some(earlier) if earlier != text => files.changed.push(name),
                Some(_) => {}
            }
        }
        files.removed = old.into_keys().collect();
        files
    }
}

/// One page, newest first.
pub(in crate::admin) async fn rule_sets<O: Office>(
    request: HttpRequest,
    office: web::Data<O>,
) -> Result<web::Json<Page<ShownSet>>, Problem> {
    let params = Params::of(&request)?;
    let limit = params.limit()?;
    let number = |text: &str| text.parse::<u64>().ok();
    let before = params.value("after", "the `after` of a page before", number)?;
    let page = read(&office, move |office| {
        // One more than asked for: what the last one differs from, and whether there are more.
        let sets = office.records().rule_sets(before, limit + 1)?;
        let more = (limit < sets.len()).then(|| sets[limit - 1].0.to_string());
        let shown = sets.iter().take(limit).enumerate().map(|(index, (_, set))| ShownSet {
            at: Text(set.at),
            fingerprint: set.fingerprint.clone(),
            files: Files::between(sets.get(index + 1).map(|(_, before)| before), set),
        });
        Ok(Page::new(shown.collect(), more))
    })
    .await?;
    Ok(web::Json(page))
}
