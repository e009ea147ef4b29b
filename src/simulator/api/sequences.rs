//! Sequences: enrollments read and ended, sequences listed and shown (HUBSPOT.md 3).

use serde_json::{Value, json};

use super::super::call::{Answer, Call, envelope, invalid, not_found};
use super::super::clock::iso;
use super::super::hub::Hub;
use super::super::id::Id;
use super::super::settings::NoEnrollment;
use super::super::state::{Enrollment, Sequence, Target, User};
use super::Reply;

/// The sequence, when it exists and the user may see it.
pub(super) fn visible<'a>(hub: &'a Hub, sequence: &Id, user: &Id) -> Result<&'a Sequence, Answer> {
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

/// The four members HubSpot documents for a successful enroll.
pub(super) fn enrolled(hub: &Hub, entry: &Enrollment) -> Value {
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

pub(super) fn name_of<'a>(hub: &'a Hub, entry: &Enrollment) -> &'a str {
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
        hub.unenrolled_by_call += 1;
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
        "userId": sequence.owner.as_ref().unwrap_or(&user.id),
        "createdAt": iso(0),
        "updatedAt": iso(0),
    })
}
