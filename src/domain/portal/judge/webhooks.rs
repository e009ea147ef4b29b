//! Webhook subscriptions: needed, had by the app, and seen.

use super::Question;
use crate::domain::portal::arrivals::Arrivals;
use crate::domain::portal::facts::Webhook;
use crate::domain::portal::finding::{At, Finding, Sign, Topic};
use crate::domain::portal::needs::{Subject, Subscribed, UNSENDABLE, subscriptions};
use crate::domain::rule::code;

const TOPIC: Topic = Topic::Webhooks;
/// What to do about one that is missing.
const ADVICE: &str = "add it to the app: hubroute subscriptions prints the file";

pub(super) fn judge(question: Question<'_>) -> Vec<Finding> {
    let mut found: Vec<Finding> =
        subscriptions(question.rules).iter().map(|needed| one(needed, question)).collect();
    found.push(match (question.arrivals, question.arrivals.and_then(Arrivals::last)) {
        (None, _) => {
            Finding::with(TOPIC, Sign::Unknown, "there is no store yet: nothing has arrived", {
                "start hubroute serve, and change a property of a test contact"
            })
        }
        (Some(_), None) => Finding::with(
            TOPIC,
            Sign::Warn,
            "nothing has arrived yet",
            "change a property of a test contact, and compare public_url with the app's targetUrl",
        ),
        (Some(_), Some(last)) => Finding::good(TOPIC, format!("the last event is of {last}")),
    });
    if let Err(why) = &question.portal.webhooks {
        let what = format!("the subscriptions of the app itself: {why}");
        let todo = "compare the app's list with hubroute subscriptions";
        found.push(Finding::with(TOPIC, Sign::Unknown, what, todo));
    }
    found
}

fn one(needed: &Subscribed, question: Question<'_>) -> Finding {
    let words = needed.subject.words();
    let at = |found: Finding, code| match &needed.place {
        Some(place) => found.coded(code, At::Place(place.clone())),
        None => found.coded(code, At::Table("[portal]")),
    };
    if needed.subject.property().is_some_and(|name| UNSENDABLE.contains(&name)) {
        let what = format!("{words}: HubSpot never sends it ({})", needed.why.join(", "));
        let found = Finding::with(TOPIC, Sign::Warn, what, "start the rule from another property");
        return at(found, code::PORTAL_UNSENT);
    }
    let seen = question.arrivals.and_then(|arrivals| arrivals.of(&needed.subject));
    if let Ok(have) = &question.portal.webhooks {
        return match had(have, &needed.subject) {
            Some(true) => Finding::good(TOPIC, format!("{words}: subscribed")),
            Some(false) => {
                let what = format!("{words}: subscribed, and paused");
                let found = Finding::with(TOPIC, Sign::Warn, what, "activate it in the app");
                at(found, code::PORTAL_WEBHOOK)
            }
            None => {
                let what = format!("{words}: not subscribed; needed by {}", needed.why.join(", "));
                at(Finding::with(TOPIC, Sign::Warn, what, ADVICE), code::PORTAL_WEBHOOK)
            }
        };
    }
    if let Some(last) = seen {
        return Finding::good(TOPIC, format!("{words}: last of {last}"));
    }
    let what = format!("{words}: never arrived; needed by {}", needed.why.join(", "));
    let todo = "see that the app subscribes to it: hubroute subscriptions prints the file";
    Finding::with(TOPIC, Sign::Unknown, what, todo)
}

/// Whether the app has the subscription, classic or generic, and whether it is active.
fn had(have: &[Webhook], subject: &Subject) -> Option<bool> {
    let same = have.iter().filter(|webhook| {
        let (object, event) = webhook.event.split_once('.').unwrap_or_default();
        ["contact", "object"].contains(&object)
            && event == subject.event()
            && webhook.property.as_deref() == subject.property()
    });
    same.map(|webhook| webhook.active).max()
}
