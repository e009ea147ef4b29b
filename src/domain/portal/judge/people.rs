//! Senders and owners: three ids, a seat, and an inbox that nobody tells of.

use super::{Question, unread};
use crate::domain::contact::Owner;
use crate::domain::id::UserId;
use crate::domain::portal::facts::Portal;
use crate::domain::portal::finding::{At, Finding, Sign, Topic};
use crate::domain::rule::{SenderSpec, code};

const TOPIC: Topic = Topic::Senders;

pub(super) fn judge(question: Question<'_>) -> Vec<Finding> {
    let Question { rules, portal, .. } = question;
    let mut found: Vec<Finding> =
        rules.senders.values().flat_map(|sender| of_sender(sender, portal)).collect();
    if let Err(why) = &portal.seats
        && !rules.senders.is_empty()
    {
        found.push(unread(TOPIC, "who has a seat", why));
    }
    if !rules.senders.is_empty() {
        let what = "whether these addresses are connected inboxes: HubSpot's API does not tell";
        let todo = "HubSpot > Settings > General > Email, of each user";
        found.push(Finding::with(TOPIC, Sign::Unknown, what, todo));
    }
    let others = rules.owner_emails.iter().map(|email| email.to_lowercase());
    for email in others.filter(|email| !is_sender(question, email)) {
        if let Some(Ok(None)) = portal.owners.get(&email) {
            let what = format!("{email}, whom a trigger names, is no owner in this account");
            let todo = "correct the address, or let the rule go";
            found.push(Finding::with(TOPIC, Sign::Warn, what, todo));
        }
    }
    found
}

fn is_sender(question: Question<'_>, email: &str) -> bool {
    question.rules.senders.values().any(|sender| sender.inbox.as_str() == email)
}

fn of_sender(sender: &SenderSpec, portal: &Portal) -> Vec<Finding> {
    let (name, email) = (&sender.name, sender.inbox.as_str());
    let at = || At::Place(sender.place.clone());
    let owner = match portal.owners.get(email) {
        Some(Ok(owner)) => owner.as_ref(),
        Some(Err(why)) => return vec![unread(TOPIC, &format!("{name} ({email})"), why)],
        None => return Vec::new(),
    };
    let Some(owner) = owner else {
        let what = format!("{name}: {email} is no owner in this account");
        let todo = "write the address of a HubSpot user, in small letters as in HubSpot";
        let found = Finding::with(TOPIC, Sign::Wrong, what, todo);
        return vec![found.coded(code::PORTAL_SENDER, at())];
    };
    let Some(user) = owner.user.filter(|_| !owner.archived) else {
        let what = format!("{name}: {email} is deactivated in HubSpot");
        let todo = "let them send no more: remove the sender, or give them away dates";
        let found = Finding::with(TOPIC, Sign::Warn, what, todo);
        return vec![found.coded(code::PORTAL_INACTIVE, at())];
    };
    if let Some(said) = sender.user.filter(|said| *said != user) {
        let what = format!("{name}: user_id is {said}, and {email} is user {user}");
        let found = Finding::with(TOPIC, Sign::Wrong, what, "leave user_id out: it is looked up");
        return vec![found.coded(code::PORTAL_SENDER, at())];
    }
    vec![seat(sender, owner, user, portal)]
}

fn seat(sender: &SenderSpec, owner: &Owner, user: UserId, portal: &Portal) -> Finding {
    let who = format!("{}: {}, owner {}, user {user}", sender.name, sender.inbox, owner.id);
    let Ok(seats) = &portal.seats else { return Finding::good(TOPIC, who) };
    let names = seats.get(&user).map_or(&[][..], Vec::as_slice);
    if names.iter().any(|name| sells(name)) {
        return Finding::good(TOPIC, format!("{who}, seat {}", names.join(", ")));
    }
    let has = if names.is_empty() { "no seat".to_owned() } else { names.join(", ") };
    let todo = "give them a Sales or Service seat, Professional or higher";
    Finding::with(TOPIC, Sign::Warn, format!("{who}, has {has}"), todo)
        .coded(code::PORTAL_SEAT, At::Place(sender.place.clone()))
}

/// Seat names are undocumented; `sales-pro` was seen (HUBSPOT.md 3.3).
pub(super) fn sells(seat: &str) -> bool {
    let seat = seat.to_ascii_lowercase();
    seat.contains("sales") || seat.contains("service")
}
