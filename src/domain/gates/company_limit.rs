//! `limits.per_company`: how many people of one company a rule may enroll.

use super::{Notes, Passed, Stop, Wanted};
use crate::domain::reason::Reason;
use crate::domain::sentence;
use crate::domain::surroundings::known;

/// Stops where the company has enough people of the rule. Without a company there is no limit.
pub fn check(case: &Wanted<'_>, notes: &mut Notes) -> Passed {
    let (Some(max), Some(around)) = (case.rule.limits.per_company, case.view.around) else {
        return Ok(());
    };
    let Some(company) = &around.company else { return Ok(()) };
    let count = around.company_enrolled.get(&case.rule.id).copied().unwrap_or_default();
    let place = &case.rule.place;
    let detail = format!("{count} people of the company, per_company = {max} ({place})");
    if count < max {
        notes.passed("limits", detail);
        return Ok(());
    }
    let name = known(&company.properties, "name").unwrap_or("the company");
    let into = case.into.target.name.as_str();
    let text = sentence::company_limit(count, name, into);
    Err(notes.stop("limits", detail, Stop::new(Reason::CompanyLimit, text)))
}
