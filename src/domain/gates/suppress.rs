//! Who is never enrolled, whatever a rule says: the built-in suppressions and `[[suppress]]`.

use super::{Case, Notes, Passed, Stop, Wanted};
use crate::domain::facts::Facts;
use crate::domain::reason::Reason;
use crate::domain::rule::Suppression;
use crate::domain::rule::condition::is_under;
use crate::domain::sentence;

/// The suppression that a person's press made, and only a person's press ends.
pub const NEVER_AGAIN: &str = "never contact again";

/// The suppressions that no rule can switch off.
pub fn check_built_in(case: &Case<'_>, notes: &mut Notes) -> Passed {
    if let Some(bar) = &case.view.memory.person.barred {
        let says = sentence::never_again(&bar.who, &case.day(bar.at));
        return Err(suppressed(notes, NEVER_AGAIN, &says, format!("built-in: {says}")));
    }
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
pub fn check_rules(case: &Wanted<'_>, notes: &mut Notes) -> Passed {
    let theme = case.into.theme;
    let concerns = |it: &&Suppression| it.themes.is_empty() || it.themes.contains(theme);
    for suppression in case.rules.suppressions.iter().filter(concerns) {
        let Ok(why) = holds(&case.facts(), suppression) else { continue };
        let id = &suppression.id;
        let detail = format!("\"{id}\" ({}): {why}", suppression.place);
        if suppression.live {
            return Err(suppressed(notes, id, &suppression.says, detail));
        }
        notes.passed("suppress", format!("dry run: would stop here: {detail}"));
    }
    Ok(())
}

/// Why it holds: it is not over (`until`), and all its conditions hold. The error says why it
/// does not.
pub fn holds(facts: &Facts<'_>, suppression: &Suppression) -> Result<String, String> {
    if let Some(ends) = suppression.ends.filter(|ends| *ends <= facts.now) {
        return Err(format!("it ended on {}", sentence::day(ends.minus_ms(1), facts.zone)));
    }
    let mut details = Vec::new();
    for condition in &suppression.conditions {
        let finding = condition.evaluate(facts);
        if !finding.holds {
            return Err("it does not hold".to_owned());
        }
        details.push(format!("{} ({})", finding.detail, condition.place));
    }
    Ok(details.join("; "))
}

fn suppressed(notes: &mut Notes, by: &str, says: &str, detail: String) -> Box<Stop> {
    let stop = Stop::new(Reason::Suppressed, sentence::suppressed(by, says)).by(by);
    notes.stop("suppress", detail, stop)
}
