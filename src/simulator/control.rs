//! The control protocol under `/_sim`, as `help.txt` describes it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::call::{Answer, Call, decode};
use super::deliver::{self, Delivery};
use super::enrollment::Booking;
use super::event::APP_ID;
use super::hub::PropertyChange;
use super::id::Id;
use super::log::Phase;
use super::people::{MERGE_SOURCE, Merged};
use super::routes::Endpoint;
use super::shared::Shared;
use super::state::{By, How, Target};

/// How long `GET /_sim/wait` waits unless told, milliseconds.
const WAIT_MS: u64 = 30_000;

/// A change of a contact: what `POST /_sim/contacts/{id}` takes.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Change {
    /// New values by property name.
    pub properties: BTreeMap<String, String>,
    /// HubSpot's source; `CRM_UI` unless given.
    pub source: Option<String>,
    /// HubSpot's source id.
    pub source_id: Option<String>,
    /// When, milliseconds since 1970; absent means now.
    pub at: Option<i64>,
    /// `contact` or `object`: the form of the events.
    pub form: Option<String>,
    /// Sends one event for each value that really changed, in one delivery.
    pub deliver: Option<Delivery>,
}

/// An enrollment by hand: what `POST /_sim/enrollments` takes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ByHand {
    contact: Id,
    #[serde(default)]
    sequence: Option<Id>,
    #[serde(default)]
    workflow: Option<Id>,
    #[serde(default)]
    user: Option<Id>,
    #[serde(default)]
    sender: Option<String>,
    /// Only for an end; `unenroll` unless given.
    #[serde(default)]
    how: Option<How>,
}

impl ByHand {
    fn target(&self) -> Option<Target> {
        let sequence = self.sequence.clone().map(Target::Sequence);
        sequence.or_else(|| self.workflow.clone().map(Target::Workflow))
    }
}

/// A merge: what `POST /_sim/merge` takes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Merge {
    primary: Id,
    merged: Vec<Id>,
    #[serde(default)]
    new_id: Option<Id>,
}

/// Answers one control call: 200 with JSON, 400 with a sentence, 404 with where to read.
pub(super) async fn answer(
    shared: &Arc<Shared>,
    method: &str,
    target: &str,
    body: &[u8],
) -> Answer {
    let (path, _) = target.split_once('?').unwrap_or((target, ""));
    let query = Call::new("", target, None, Vec::new()).query;
    let done = match (method, path) {
        ("GET", "/_sim/state") => serde_json::to_value(shared.portal()).map_err(say),
        ("PUT", "/_sim/state") => {
            let replace = query.get("replace").is_some_and(|value| value == "true");
            parse(body).and_then(|patch| shared.put_state(patch, replace)).map(|()| json!({}))
        }
        ("GET", "/_sim/faults") => serde_json::to_value(&shared.world().faults).map_err(say),
        ("PUT", "/_sim/faults") => {
            let count = parse(body).and_then(|faults| shared.put_faults(faults));
            count.map(|count| json!({ "faults": count }))
        }
        ("DELETE", "/_sim/faults") => {
            shared.world().faults.clear();
            shared.release();
            Ok(json!({}))
        }
        ("POST", "/_sim/release") => {
            shared.release();
            Ok(json!({}))
        }
        ("GET", "/_sim/counts") => serde_json::to_value(shared.counts()).map_err(say),
        ("GET", "/_sim/deliveries") => {
            serde_json::to_value(&shared.world().log.deliveries).map_err(say)
        }
        ("GET", "/_sim/wait") => wait(shared, &query).await,
        ("GET", "/_sim/help") => return help(),
        ("POST", "/_sim/deliver") => match parse(body) {
            Ok(order) => deliver(shared, order).await,
            Err(error) => Err(error),
        },
        ("POST", "/_sim/merge") => parse(body).and_then(|merge| merge_contacts(shared, merge)),
        ("POST", "/_sim/restore") => parse(body).and_then(|wish| restore(shared, &wish)),
        ("POST", "/_sim/enrollments") => parse(body).and_then(|wish| enroll(shared, wish)),
        ("POST", "/_sim/enrollments/end") => parse(body).map(|wish| end(shared, &wish)),
        ("POST" | "DELETE", _) if path.starts_with("/_sim/contacts/") => {
            let id = Id::from(&*decode(&path["/_sim/contacts/".len()..]));
            let privacy = query.get("privacy").is_some_and(|value| value == "true");
            contact(shared, (method, privacy), &id, body).await
        }
        _ => {
            return plain(404, &format!("no such control call: {method} {path}; see /_sim/help\n"));
        }
    };
    match done {
        Ok(value) => Answer::json(200, &value),
        Err(error) => Answer::json(400, &json!({ "error": error })),
    }
}

fn say(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(say)
}

fn plain(status: u16, text: &str) -> Answer {
    let body = text.as_bytes().to_vec();
    Answer { body, content_type: "text/plain;charset=utf-8", ..Answer::page(status) }
}

fn help() -> Answer {
    plain(200, super::HELP)
}

async fn deliver(shared: &Arc<Shared>, order: Delivery) -> Result<Value, String> {
    let delivered = deliver::deliver(shared, order).await?;
    Ok(json!({ "deliveries": delivered }))
}

/// Changes a contact and, when asked, delivers the events of what really changed.
pub(super) async fn change(shared: &Arc<Shared>, id: &Id, change: Change) -> Result<Value, String> {
    let source = change.source.unwrap_or_else(|| "CRM_UI".to_owned());
    let values = change.properties.clone();
    let (current, changed, at) = {
        let mut world = shared.world();
        // One time for the history and the event, as in HubSpot.
        let at = change.at.unwrap_or_else(|| world.hub.now());
        let written = PropertyChange {
            properties: change.properties,
            source: source.clone(),
            source_id: change.source_id.clone(),
            at: Some(at),
        };
        let changed = world.hub.set_properties(id, written);
        (world.hub.canonical(id), changed, at)
    };
    let Some(mut order) = change.deliver else {
        return Ok(json!({ "contact": current, "changed": changed, "deliveries": [] }));
    };
    order.events.extend(changed.iter().map(|name| {
        json!({
            "contact": current,
            "property": name,
            "value": values[name],
            "source": source,
            "source_id": change.source_id,
            "occurred": at,
            "form": change.form.as_deref().unwrap_or("contact"),
        })
    }));
    let delivered =
        if order.events.is_empty() { Vec::new() } else { deliver::deliver(shared, order).await? };
    Ok(json!({ "contact": current, "changed": changed, "deliveries": delivered }))
}

async fn contact(
    shared: &Arc<Shared>,
    (method, privacy): (&str, bool),
    id: &Id,
    body: &[u8],
) -> Result<Value, String> {
    if method == "POST" {
        return change(shared, id, parse(body)?).await;
    }
    let gone = shared.world().hub.delete_contact(id, privacy);
    let id = gone.ok_or_else(|| format!("contact {id} does not exist"))?;
    // A privacy deletion arrives twice (HUBSPOT.md 1.5 i).
    let kinds = if privacy { &["deletion", "privacyDeletion"][..] } else { &["deletion"] };
    let events = kinds.iter().map(|kind| json!({ "contact": id, "type": kind })).collect();
    Ok(json!({ "contact": id, "events": shared.write_out(events)? }))
}

/// A restore: what `POST /_sim/restore` takes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Restore {
    contact: Id,
}

fn restore(shared: &Arc<Shared>, wish: &Restore) -> Result<Value, String> {
    let id = &wish.contact;
    if !shared.world().hub.restore_contact(id) {
        return Err(format!("contact {id} is not deleted"));
    }
    let events = vec![json!({ "contact": id, "type": "restore" })];
    Ok(json!({ "contact": id, "events": shared.write_out(events)? }))
}

fn merge_contacts(shared: &Arc<Shared>, merge: Merge) -> Result<Value, String> {
    let old = merge.merged.iter().chain([&merge.primary]).map(Id::number).collect::<Vec<_>>();
    let Merged { id, written, at } =
        shared.world().hub.merge(&merge.primary, &merge.merged, merge.new_id)?;
    // The events of the merge, ready to be delivered (HUBSPOT.md 1.5 f): the merge itself, and
    // what it wrote.
    let mut events = vec![json!({ "contact": id, "type": "merge", "occurred": at })];
    events.extend(written.iter().map(|(name, value)| {
        json!({
            "contact": id,
            "property": name,
            "value": value,
            "source": MERGE_SOURCE,
            "occurred": at,
        })
    }));
    let mut events = shared.write_out(events)?;
    events[0]["numberOfPropertiesMoved"] = json!(written.len());
    events[0]["primaryObjectId"] = json!(merge.primary.number());
    events[0]["mergedObjectIds"] = json!(old);
    events[0]["newObjectId"] = json!(id.number());
    events[0]["appId"] = json!(APP_ID);
    Ok(json!({ "contact": id, "events": events }))
}

fn enroll(shared: &Arc<Shared>, wish: ByHand) -> Result<Value, String> {
    let target = wish.target().ok_or("name a sequence, or a workflow by its flow id")?;
    let mut world = shared.world();
    if world.hub.contact(&wish.contact).is_none() {
        return Err(format!("contact {} does not exist", wish.contact));
    }
    let entry = world.hub.book(Booking {
        contact: wish.contact,
        target,
        user: wish.user,
        sender: wish.sender,
        by: By::Hand,
    });
    drop(world);
    serde_json::to_value(entry).map_err(say)
}

fn end(shared: &Arc<Shared>, wish: &ByHand) -> Value {
    let how = wish.how.unwrap_or(How::Unenroll);
    let ended = shared.world().hub.end(&wish.contact, wish.target().as_ref(), how);
    json!({ "ended": ended })
}

/// `GET /_sim/wait?phase=received|applied|answered|withheld|acknowledged|calls&n=1&ms=30000`.
async fn wait(shared: &Arc<Shared>, query: &BTreeMap<String, String>) -> Result<Value, String> {
    let number = |key: &str| query.get(key).map(|text| text.parse::<u64>().map_err(say));
    let n = usize::try_from(number("n").transpose()?.unwrap_or(1)).map_err(say)?;
    let ms = number("ms").transpose()?.unwrap_or(WAIT_MS);
    let phase = match query.get("phase").map(String::as_str) {
        Some("received") => Phase::Received(n),
        Some("applied") => Phase::Applied(n),
        Some("answered") => Phase::Answered(n),
        Some("withheld") => Phase::Withheld(n),
        Some("acknowledged") => Phase::Acknowledged(n),
        Some("calls") => {
            let name = query.get("endpoint").ok_or("wait: endpoint is missing")?;
            let endpoint: Endpoint = serde_json::from_value(json!(name)).map_err(say)?;
            Phase::Calls(endpoint, n)
        }
        _ => {
            return Err("wait: phase is one of received, applied, answered, withheld, \
                        acknowledged, calls"
                .to_owned());
        }
    };
    let reached = shared.wait_for(phase, Duration::from_millis(ms)).await;
    Ok(json!({ "reached": reached }))
}
