//! Taking out of the journal what erased people left there: every sealed segment of both streams
//! is looked at, and written anew where it says more than it may. The index is made anew at the
//! next start: its file keeps old rows until then, and nobody reads them.

use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::deliveries::Deliveries;
use super::disk::Disk;
use super::index::Index;
use super::journal::{Entry, Unswept};
use super::ledger::Embedded;
use super::{OpenStore, StoreError, deliveries, ledger};
use crate::domain::erasure::{ErasedIds, redact};
use crate::domain::id::ContactId;
use crate::domain::time::Timestamp;

/// The generic form's `objectTypeId` of a contact (HUBSPOT.md 1.3).
const CONTACT_TYPE_ID: &str = "0-1";
/// What is left of an item of a delivery: what it was about, and when.
const KEPT: [&str; 8] = [
    "portalId",
    "objectId",
    "objectTypeId",
    "occurredAt",
    "subscriptionType",
    "eventType",
    "subscriptionId",
    "attemptNumber",
];

impl OpenStore {
    /// Sweeps the journal where somebody was erased: `None` where nothing is left that must go.
    /// Whether it is whole; else the segments that are written now are being sealed, and it is to
    /// be called again in a moment. Blocks.
    pub fn sweep(&self, at: Timestamp) -> Result<Option<bool>, StoreError> {
        sweep(&self.deliveries, &self.ledger, at)
    }
}

/// See [`OpenStore::sweep`].
pub(super) fn sweep<D: Disk, I: Index>(
    deliveries: &Deliveries<D>,
    ledger: &Embedded<D, I>,
    at: Timestamp,
) -> Result<Option<bool>, StoreError> {
    let Some((erased, (upto, delivery))) = ledger.unswept() else { return Ok(None) };
    if ledger.sweeper().end() <= upto {
        ledger.seal_blocking().map_err(|_| StoreError::Stopped)?;
    }
    if deliveries.sweeper().end() <= delivery {
        deliveries.seal();
    }
    if ledger.sweeper().end() <= upto || deliveries.sweeper().end() <= delivery {
        return Ok(Some(false));
    }
    let records = ledger.sweeper().sweep(|entry| redacted_record(entry, &erased));
    records.map_err(|error| stopped(ledger::STREAM, error))?;
    // What is judged later is judged knowing that they are erased, and is swept again.
    let bodies = deliveries.sweeper().sweep(|entry| {
        (entry.seq <= delivery).then(|| redacted_delivery(entry, &erased)).flatten()
    });
    bodies.map_err(|error| stopped(deliveries::STREAM, error))?;
    ledger.swept_blocking(at, upto).map_err(|_| StoreError::Stopped)?;
    Ok(Some(true))
}

fn stopped(stream: &'static str, error: Unswept) -> StoreError {
    match error {
        Unswept::Journal(error) => StoreError::Journal(error),
        Unswept::NoPlace { seq } => StoreError::Unswept { stream, seq },
    }
}

fn redacted_record(entry: &Entry, erased: &ErasedIds) -> Option<Vec<u8>> {
    let mut record = ledger::decode(entry)?;
    redact(&mut record, erased).then(|| serde_json::to_vec(&record).ok()).flatten()
}

/// The delivery without what its items say of erased people. Other items stay as they are.
fn redacted_delivery(entry: &Entry, erased: &ErasedIds) -> Option<Vec<u8>> {
    let (_, body) = deliveries::decode(entry)?;
    let items: Vec<Box<RawValue>> = serde_json::from_slice(body).ok()?;
    let mut found = false;
    let texts: Vec<String> = items
        .iter()
        .map(|item| match redacted_item(item.get(), erased) {
            Some(redacted) => {
                found = true;
                redacted
            }
            None => item.get().to_owned(),
        })
        .collect();
    let time = entry.payload.get(..8).filter(|_| found)?;
    Some([time, b"[", texts.join(",").as_bytes(), b"]"].concat())
}

/// An item about somebody who was erased, where it says more than it may.
fn redacted_item(text: &str, erased: &ErasedIds) -> Option<String> {
    let mut item: Map<String, Value> = serde_json::from_str(text).ok()?;
    let id = match item.get("objectId")? {
        Value::Number(id) => id.as_u64(),
        Value::String(id) => id.trim().parse().ok(),
        _ => None,
    };
    let word = |name: &str| item.get(name).and_then(Value::as_str);
    let subscription = word("subscriptionType").or_else(|| word("eventType")).unwrap_or("contact");
    let is_contact = match subscription.split('.').next() {
        Some("object") => word("objectTypeId").is_none_or(|it| it == CONTACT_TYPE_ID),
        object => object == Some("contact"),
    };
    if !is_contact || !id.is_some_and(|id| erased.contains(&ContactId(id))) {
        return None;
    }
    let before = item.len();
    item.retain(|name, _| KEPT.contains(&name.as_str()));
    (item.len() != before).then(|| Value::Object(item).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(items: &str, expected: Option<&str>) {
        let payload = [&[0; 8], items.as_bytes()].concat();
        let entry = Entry { seq: 1, version: 1, payload };
        let erased = ErasedIds::from([ContactId(51)]);
        let swept = redacted_delivery(&entry, &erased);
        let swept = swept.map(|bytes| String::from_utf8(bytes[8..].to_vec()).expect("text"));
        assert_eq!(swept.as_deref(), expected);
    }

    #[test]
    fn a_delivery_keeps_what_it_says_of_others() {
        let of = |contact: u64, value: &str| {
            format!(
                r#"{{"objectId":{contact},"occurredAt":1,"portalId":7,{value}"subscriptionType":"contact.propertyChange"}}"#
            )
        };
        let said = r#""propertyName":"email","propertyValue":"ann@bigco.example","#;
        let (ann, bob) = (of(51, said), of(52, said));
        let (hidden, both) = (of(51, ""), format!("[{ann},{bob}]"));
        check(&both, Some(&format!("[{hidden},{bob}]")));
        check(&format!("[{bob}]"), None);
        check("no JSON", None);
    }
}
