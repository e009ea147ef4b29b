//! Enrolling in a sequence, with everything HubSpot refuses (HUBSPOT.md 3.2 to 3.5, 3.8).

use serde_json::json;

use super::super::call::{Answer, Call, envelope, invalid, not_found, text};
use super::super::enrollment::Booking;
use super::super::hub::Hub;
use super::super::id::Id;
use super::super::settings::AlreadyEnrolled;
use super::super::state::{By, Contact, Enrollment, Target};
use super::Reply;
use super::sequences::{enrolled, name_of, visible};

/// `POST …/sequences/…/enrollments?userId=`, or the route-map path with `userId` in the body.
pub(super) fn enroll(hub: &mut Hub, call: &Call, bookings: usize) -> Reply {
    let wish = Wish::read(hub, call)?;
    let contact = hub
        .contact(&wish.contact)
        .ok_or_else(|| not_found(&format!("Contact {} does not exist", wish.contact)))?;
    visible(hub, &wish.sequence, &wish.user)?;
    may_send(hub, &wish)?;
    may_receive(contact)?;
    if let Some(same) = refuse_second(hub, contact, &wish)? {
        return Ok(Answer::json(200, &enrolled(hub, &same)));
    }
    under_limit(hub, &wish.user)?;
    let booking = Booking {
        contact: contact.id.clone(),
        target: Target::Sequence(wish.sequence),
        user: Some(wish.user),
        sender: Some(wish.sender),
        by: By::Api,
    };
    let entry = hub.book(booking.clone());
    for _ in 1..bookings {
        hub.book(booking.clone());
    }
    Ok(Answer::json(200, &enrolled(hub, &entry)))
}

/// What an enroll call asks for.
struct Wish {
    contact: Id,
    sequence: Id,
    user: Id,
    sender: String,
}

impl Wish {
    fn read(hub: &Hub, call: &Call) -> Result<Self, Answer> {
        let body = call.json()?;
        let need = |key: &str| {
            text(&body, key)
                .filter(|value| !value.is_empty())
                .ok_or_else(|| invalid(&format!("Some required fields were not set: [{key}]")))
        };
        if call.dialect != "route-map" {
            let user = call.query("userId").filter(|user| !user.is_empty());
            let user = user.ok_or_else(|| invalid("Missing required query parameter: userId"))?;
            return Ok(Self {
                contact: Id::from(&*need("contactId")?),
                sequence: Id::from(&*need("sequenceId")?),
                sender: need("senderEmail")?,
                user: Id::from(user),
            });
        }
        let user = need("userId")?;
        let inbox = hub.user(&user).and_then(|user| user.inboxes.first()).cloned();
        let sender = text(&body, "senderEmail").or(inbox);
        Ok(Self {
            contact: Id::from(call.part("contact")),
            sequence: Id::from(&*need("sequenceId")?),
            sender: sender.ok_or_else(|| refused("INBOX_NOT_CONNECTED", "No connected inbox"))?,
            user: Id::from(&*user),
        })
    }
}

/// A 400 with an `errorType` of the sequence engine (HUBSPOT.md 3.4).
fn refused(code: &str, message: &str) -> Answer {
    refused_with(400, code, message)
}

fn refused_with(status: u16, code: &str, message: &str) -> Answer {
    let more = json!({ "errorType": format!("SequenceError.{code}") });
    envelope(status, "VALIDATION_ERROR", message, &more)
}

/// The user exists, has a seat, and sends from a connected inbox.
fn may_send(hub: &Hub, wish: &Wish) -> Result<(), Answer> {
    let user = hub.user(wish.user.as_str());
    let user = user.ok_or_else(|| invalid(&format!("User {} does not exist", wish.user)))?;
    if user.seats.is_empty() {
        return Err(refused("NO_SEAT", "The user does not have a Sales or Service seat"));
    }
    if !user.inboxes.iter().any(|inbox| inbox.eq_ignore_ascii_case(&wish.sender)) {
        return Err(refused("INBOX_NOT_CONNECTED", "The sender's inbox is not connected"));
    }
    Ok(())
}

/// The contact has an address that may be written to.
fn may_receive(contact: &Contact) -> Result<(), Answer> {
    let has = |name: &str| contact.properties.get(name).map_or("", String::as_str);
    if has("email").is_empty() {
        return Err(invalid("The contact does not have an email address"));
    }
    if has("hs_email_optout") == "true" {
        return Err(refused("UNSUBSCRIBED", "The contact has unsubscribed"));
    }
    if !has("hs_email_hard_bounce_reason_enum").is_empty() {
        return Err(refused("BOUNCED", "An email to the contact bounced"));
    }
    Ok(())
}

/// Refuses a contact who is in a sequence; gives the present enrollment when that is the answer.
fn refuse_second(hub: &Hub, contact: &Contact, wish: &Wish) -> Result<Option<Enrollment>, Answer> {
    let now = hub.now();
    let active: Vec<&Enrollment> =
        hub.sequences_of(&contact.id, now).filter(|entry| hub.is_active(entry, now)).collect();
    let (Some(first), settings) = (active.first(), &hub.state.settings) else {
        return Ok(None);
    };
    let same = active.iter().find(|entry| entry.target == Target::Sequence(wish.sequence.clone()));
    match (settings.already_enrolled, same) {
        (AlreadyEnrolled::Book, _) => Ok(None),
        (AlreadyEnrolled::SameId, Some(same)) => Ok(Some((*same).clone())),
        _ => Err(refused_with(
            settings.already_enrolled_status,
            "ALREADY_ENROLLED",
            &format!(
                "Contacts can only be enrolled in one sequence at a time: {}",
                name_of(hub, first)
            ),
        )),
    }
}

/// The user is below the rolling 24-hour limit (HUBSPOT.md 3.5).
fn under_limit(hub: &Hub, user: &Id) -> Result<(), Answer> {
    let own = hub.user(user.as_str()).and_then(|user| user.send_limit);
    let Some(limit) = own.or(hub.state.settings.send_limit) else { return Ok(()) };
    if hub.sent_by(user) < limit as usize {
        return Ok(());
    }
    Err(refused("SEND_LIMIT_EXCEEDED", "The user is over the daily email send limit"))
}
