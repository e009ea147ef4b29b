//! Consent: what the subscription of a sequence or workflow asks for.

use super::{Notes, Passed, Stop, Wanted};
use crate::domain::claim::Channel;
use crate::domain::reason::Reason;
use crate::domain::rule::Require;
use crate::domain::sentence;
use crate::domain::surroundings::Consent;

/// Stops without the consent that the target's subscription asks for.
pub fn check(case: &Wanted<'_>, notes: &mut Notes) -> Passed {
    let target = case.into.target;
    let name = match target.channel {
        Channel::Sequence => {
            case.rules.sequences.get(&target.name).and_then(|it| it.subscription.as_ref())
        }
        Channel::Workflow => {
            case.rules.workflows.get(&target.name).and_then(|it| it.subscription.as_ref())
        }
    };
    let Some(name) = name else { return Ok(()) };
    let Some(subscription) = case.rules.subscriptions.get(name) else { return Ok(()) };
    let around = case.view.around;
    let consent = around.and_then(|around| around.consent.get(name)).copied().unwrap_or_default();
    let (granted, wanted) = match subscription.require {
        Require::Subscribed => (consent == Consent::Subscribed, "subscribed"),
        Require::NotOptedOut => (consent != Consent::Unsubscribed, "not-opted-out"),
    };
    let is = match consent {
        Consent::Unknown => "neither subscribed to nor opted out of",
        Consent::Subscribed => "subscribed to",
        Consent::Unsubscribed => "opted out of",
    };
    let detail = format!("{is} {name}; it requires \"{wanted}\" ({})", subscription.place);
    if granted {
        notes.passed("consent", detail);
        return Ok(());
    }
    let text = sentence::no_consent(wanted, name);
    Err(notes.stop("consent", detail, Stop::new(Reason::NoConsent, text).by(name)))
}
