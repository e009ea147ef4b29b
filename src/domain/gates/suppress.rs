//! Who is never enrolled, whatever a rule says: the built-in suppressions and `[[suppress]]`.

use super::{Case, Halt, Notes, Passed, Stop};
use crate::domain::reason::Reason;
use crate::domain::rule::condition::{Facts, is_under};
use crate::domain::rule::{Gate, RuleSet, Suppression, Unbuilt};
use crate::domain::sentence;
use crate::domain::view::View;

/// The suppressions that nobody can switch off.
pub fn check_built_in(case: &Case<'_>, notes: &mut Notes) -> Passed {
    let contact = case.view.contact;
    let found = if contact.email().is_none() {
        Some(("no-email", "nobody can be written to without an address"))
    } else if contact.known("hs_email_optout").is_some_and(|it| it.eq_ignore_ascii_case("true")) {
        Some(("opted-out", "opted out of all email"))
    } else if contact.known("hs_email_hard_bounce_reason_enum").is_some() {
        Some(("bounced", "an earlier email bounced for good"))
    } else if is_colleague(case) {
        Some(("own-domain", "colleagues are never enrolled"))
    } else {
        None
    };
    if let Some((by, says)) = found {
        return Err(suppressed(notes, by, says, format!("built-in {by}: {says}")));
    }
    notes.passed("suppress", "no built-in suppression holds");
    Ok(())
}

fn is_colleague(case: &Case<'_>) -> bool {
    let domain = case.view.contact.email().and_then(|email| email.rsplit_once('@'));
    domain.is_some_and(|(_, domain)| {
        let domain = domain.trim_end_matches('.').to_lowercase();
        is_under(&domain, &case.rules.portal.our_domains)
    })
}

/// `[[suppress]]`, in file order.
pub fn check_rules(case: &Case<'_>, notes: &mut Notes) -> Passed {
    let theme = case.enrollment()?.theme;
    let concerns = |it: &&Suppression| it.themes.is_empty() || it.themes.contains(theme);
    for suppression in case.rules.suppressions.iter().filter(concerns) {
        let Some(why) = holds(case.rules, case.view, suppression)? else { continue };
        let id = &suppression.id;
        let detail = format!("\"{id}\" ({}): {why}", suppression.place);
        if suppression.live {
            return Err(suppressed(notes, id, &suppression.says, detail));
        }
        notes.passed("suppress", format!("dry run: would stop here: {detail}"));
    }
    Ok(())
}

/// Why all its conditions hold, or `None`. What is not built yet halts only where the rest holds.
pub fn holds(
    rules: &RuleSet,
    view: &View<'_>,
    suppression: &Suppression,
) -> Result<Option<String>, Unbuilt> {
    let facts = Facts { contact: view.contact, now: view.now, zone: &rules.portal.zone };
    let mut details = Vec::new();
    let mut unbuilt = None;
    for condition in &suppression.conditions {
        match condition.evaluate(&facts) {
            Ok(finding) if finding.holds => details.push(finding.detail),
            Ok(_) => return Ok(None),
            Err(found) => unbuilt = unbuilt.or(Some(found)),
        }
    }
    let of_suppression =
        || suppression.unbuilt.iter().find(|it| it.gate == Gate::Suppress).cloned();
    unbuilt.or_else(of_suppression).map_or_else(|| Ok(Some(details.join("; "))), Err)
}

fn suppressed(notes: &mut Notes, by: &str, says: &str, detail: String) -> Halt {
    let stop = Stop::new(Reason::Suppressed, sentence::suppressed(by, says)).by(by);
    notes.stop("suppress", detail, stop)
}
