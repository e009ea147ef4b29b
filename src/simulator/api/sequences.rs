//! Sequences: enroll, read, unenroll, list (HUBSPOT.md 3).

use serde_json::{Value, json};

use super::super::call::{Answer, Call, envelope, invalid, not_found, text};
use super::super::clock::iso;
use super::super::enrollment::Booking;
use super::super::hub::Hub;
use super::super::id::Id;
use super::super::settings::{AlreadyEnrolled, NoEnrollment};
use super::super::state::{By, Contact, Enrollment, How, Sequence, Target, User};
use super::Reply;

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

/// The sequence, when it exists and the user may see it.
fn visible<'a>(hub: &'a Hub, sequence: &Id, user: &Id) -> Result<&'a Sequence, Answer> {
    let found = hub.state.sequences.iter().find(|known| known.id == *sequence);
    let seen =
        found.filter(|known| known.visible_to.as_ref().is_none_or(|users| users.contains(user)));
    seen.ok_or_else(|| {
        let message = format!("Sequence {sequence} does not exist");
        match hub.state.settings.unknown_sequence_status {
            404 => not_found(&message),
            status => envelope(status, "VALIDATION_ERROR", &message, &Value::Null),
        }
    })
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

/// The four members HubSpot documents for a successful enroll.
fn enrolled(hub: &Hub, entry: &Enrollment) -> Value {
    json!({
        "id": entry.id,
        "toEmail": email_of(hub, entry),
        "enrolledAt": iso(entry.at),
        "updatedAt": iso(entry.ended.map_or(entry.at, |end| end.at)),
    })
}

/// The eight members of an enrollment read.
fn whole(hub: &Hub, entry: &Enrollment) -> Value {
    let mut body = enrolled(hub, entry);
    let Target::Sequence(sequence) = &entry.target else { return body };
    body["sequenceId"] = json!(sequence);
    body["sequenceName"] = json!(name_of(hub, entry));
    body["enrolledBy"] = json!(entry.user);
    body["enrolledByEmail"] = json!(entry.sender);
    body
}

fn email_of<'a>(hub: &'a Hub, entry: &Enrollment) -> Option<&'a String> {
    hub.contact(&entry.contact)?.properties.get("email")
}

fn name_of<'a>(hub: &'a Hub, entry: &Enrollment) -> &'a str {
    let sequences = hub.state.sequences.iter();
    let mut same = sequences.filter(|known| entry.target == Target::Sequence(known.id.clone()));
    same.next().map_or("", |known| known.name.as_str())
}

/// `GET …/enrollments/contact/{id}`: the latest; under route-map one enrollment by its id.
pub(super) fn read_enrollment(hub: &Hub, call: &Call) -> Reply {
    let contact = Id::from(call.part("contact"));
    if hub.contact(&contact).is_none() {
        return Err(not_found("Contact does not exist"));
    }
    let (now, asked) = (hub.now(), call.part("enrollment"));
    let shown = |entry: &&Enrollment| {
        (asked.is_empty() || entry.id.as_str() == asked)
            && (hub.state.settings.shows_ended || hub.is_active(entry, now))
    };
    let latest = hub.sequences_of(&contact, visible_by(hub)).filter(shown).max_by_key(|e| e.at);
    Ok(match (latest, hub.state.settings.no_enrollment) {
        (Some(entry), _) => Answer::json(200, &whole(hub, entry)),
        (None, NoEnrollment::NotFound) => not_found("No enrollment found for the contact"),
        (None, NoEnrollment::NoContent) => Answer::nothing(),
        (None, NoEnrollment::Empty) => Answer::json(200, &json!({})),
    })
}

/// Enrollments booked later than this do not show in reads yet.
fn visible_by(hub: &Hub) -> i64 {
    let lag = i64::try_from(hub.state.settings.reads_lag_ms).unwrap_or(i64::MAX);
    hub.now().saturating_sub(lag)
}

/// `GET …/associations/sequences` (route-map): the active enrollments' ids.
pub(super) fn list_enrollments(hub: &Hub, call: &Call) -> Reply {
    let contact = Id::from(call.part("contact"));
    if hub.contact(&contact).is_none() {
        return Err(not_found("Contact does not exist"));
    }
    let now = hub.now();
    let active = hub.sequences_of(&contact, visible_by(hub)).filter(|e| hub.is_active(e, now));
    let results: Vec<Value> =
        active.map(|entry| json!({ "id": entry.id, "type": "contact_to_sequence" })).collect();
    Ok(Answer::json(200, &json!({ "results": results })))
}

/// `DELETE …/sequences/{enrollmentId}` (route-map).
pub(super) fn unenroll(hub: &mut Hub, call: &Call) -> Reply {
    let (contact, entry) = (Id::from(call.part("contact")), Id::from(call.part("enrollment")));
    if hub.end_one(&contact, &entry) {
        return Ok(Answer::nothing());
    }
    Err(not_found("Enrollment not found"))
}

/// `GET …/sequences?userId=&limit=&after=&name=`.
pub(super) fn list(hub: &Hub, call: &Call) -> Reply {
    let user = known_user(hub, call)?;
    let all = hub.state.sequences.iter();
    let seen: Vec<&Sequence> = all
        .filter(|sequence| visible(hub, &sequence.id, &user.id).is_ok())
        .filter(|sequence| call.query("name").is_none_or(|name| sequence.name.contains(name)))
        .collect();
    let limit = call.query("limit").and_then(|text| text.parse().ok()).unwrap_or(50_usize);
    let start = call.query("after").and_then(|text| text.parse().ok()).unwrap_or(0_usize);
    let page = seen.iter().skip(start).take(limit);
    let results: Vec<Value> = page.map(|sequence| show(sequence, user)).collect();
    let next = start + results.len();
    let mut body = json!({ "total": seen.len(), "results": results });
    if next < seen.len() {
        body["paging"] = json!({ "next": { "after": next.to_string() } });
    }
    Ok(Answer::json(200, &body))
}

/// `GET …/sequences/{id}?userId=`.
pub(super) fn get(hub: &Hub, call: &Call) -> Reply {
    let user = known_user(hub, call)?;
    let sequence = visible(hub, &Id::from(call.part("sequence")), &user.id)?;
    let mut body = show(sequence, user);
    body["steps"] = json!([
        { "id": "1", "stepOrder": 0, "actionType": "EMAIL", "delayMillis": 0 },
        { "id": "2", "stepOrder": 1, "actionType": "FINISH_ENROLLMENT", "delayMillis": 0 },
    ]);
    body["dependencies"] = json!([]);
    body["settings"] = json!({
        "eligibleFollowUpDays": "EVERYDAY",
        "sellingStrategy": "LEAD_BASED",
        "sendWindowStartMinute": 480,
        "sendWindowEndMinute": 1080,
        "taskReminderMinute": 480,
        "individualTaskRemindersEnabled": false,
    });
    Ok(Answer::json(200, &body))
}

fn known_user<'a>(hub: &'a Hub, call: &Call) -> Result<&'a User, Answer> {
    let asked = call.query("userId").unwrap_or_default();
    let missing = || invalid("Missing required query parameter: userId");
    (!asked.is_empty()).then_some(asked).ok_or_else(missing)?;
    hub.user(asked).ok_or_else(|| invalid(&format!("User {asked} does not exist")))
}

fn show(sequence: &Sequence, user: &User) -> Value {
    json!({
        "id": sequence.id,
        "name": sequence.name,
        "userId": user.id,
        "createdAt": iso(0),
        "updatedAt": iso(0),
    })
}

/// A property that HubSpot computes from a contact's enrollments (HUBSPOT.md 3.6), as it stood
/// `properties_lag_ms` ago.
pub(super) fn computed(hub: &Hub, contact: &Id, name: &str) -> Option<String> {
    let lag = i64::try_from(hub.state.settings.properties_lag_ms).unwrap_or(i64::MAX);
    let at = hub.now().saturating_sub(lag);
    let all: Vec<&Enrollment> = hub.sequences_of(contact, at).collect();
    let latest = all.iter().max_by_key(|entry| entry.at)?;
    let active = all.iter().filter(|entry| hub.is_active(entry, at)).count();
    let end = hub.end_of(latest, at);
    let ended = |how: &[How]| end.filter(|end| how.contains(&end.how)).map(|end| iso(end.at));
    match name {
        "hs_sequences_is_enrolled" => Some((active > 0).to_string()),
        "hs_sequences_enrolled_count" => Some(all.len().to_string()),
        "hs_sequences_actively_enrolled_count" => Some(active.to_string()),
        "hs_latest_sequence_enrolled" => match &latest.target {
            Target::Sequence(id) => Some(id.to_string()),
            Target::Workflow(_) => None,
        },
        "hs_latest_sequence_enrolled_date" => Some(iso(latest.at)),
        "hs_latest_sequence_ended_date" => end.map(|end| iso(end.at)),
        "hs_latest_sequence_finished_date" => ended(&[How::Finish]),
        "hs_latest_sequence_unenrolled_date" => ended(&[How::Reply, How::Unenroll, How::Bounce]),
        "hs_sales_email_last_replied" => ended(&[How::Reply]),
        _ => None,
    }
}
