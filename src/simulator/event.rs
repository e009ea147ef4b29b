//! Webhook events as HubSpot words them (HUBSPOT.md 1.5), from a short form or as given.

use serde::Deserialize;
use serde_json::{Value, json};

use super::id::Id;

/// The app that simulated webhooks belong to.
pub(super) const APP_ID: u64 = 1_160_452;

/// The short form of an event.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Short {
    contact: Id,
    #[serde(default)]
    property: Option<String>,
    #[serde(default)]
    value: Option<String>,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    source_id: Option<String>,
    /// Milliseconds since 1970; absent means now.
    #[serde(default)]
    occurred: Option<i64>,
    /// `contact` (classic, the default) or `object` (generic).
    #[serde(default)]
    form: Form,
    /// `propertyChange` unless given; else `creation`, `deletion`, `restore` and so on.
    #[serde(default, rename = "type")]
    kind: Option<String>,
    /// Given so that two events can share one; absent means a fresh one.
    #[serde(default)]
    event_id: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Form {
    #[default]
    Contact,
    Object,
}

/// What the portal adds to a short form.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stamp {
    pub(super) portal: u64,
    pub(super) event_id: u64,
    pub(super) now_ms: i64,
}

/// An event in HubSpot's words: a short form (it has `contact`) written out, another as it is.
///
/// # Errors
/// A sentence that names the key of a short form that cannot be read.
pub(super) fn write_out(event: Value, stamp: Stamp) -> Result<Value, String> {
    if event.get("contact").is_none() {
        return Ok(event);
    }
    let short: Short = serde_json::from_value(event).map_err(|e| format!("event: {e}"))?;
    let (prefix, kind) = match short.form {
        Form::Contact => ("contact", short.kind.as_deref().unwrap_or("propertyChange")),
        Form::Object => ("object", short.kind.as_deref().unwrap_or("propertyChange")),
    };
    let subscription_type = format!("{prefix}.{kind}");
    let mut event = json!({
        "eventId": short.event_id.unwrap_or(stamp.event_id),
        "subscriptionId": subscription(&subscription_type, short.property.as_deref()),
        "portalId": stamp.portal,
        "appId": APP_ID,
        "occurredAt": short.occurred.unwrap_or(stamp.now_ms),
        "subscriptionType": subscription_type,
        "attemptNumber": 0,
        "objectId": short.contact.number(),
        "changeSource": short.source.unwrap_or_else(|| "CRM_UI".to_owned()),
    });
    match kind {
        "propertyChange" => {
            event["propertyName"] = json!(short.property.unwrap_or_default());
            event["propertyValue"] = json!(short.value.unwrap_or_default());
        }
        "creation" => event["changeFlag"] = json!("CREATED"),
        "deletion" => event["changeFlag"] = json!("DELETED"),
        _ => {}
    }
    if let Some(id) = short.source_id {
        event["sourceId"] = json!(id);
    }
    if short.form == Form::Object {
        event["objectTypeId"] = json!("0-1");
        if kind == "propertyChange" {
            event["isSensitive"] = json!(false);
        }
    }
    Ok(event)
}

/// A subscription id that is the same for the same subscription.
fn subscription(subscription_type: &str, property: Option<&str>) -> u64 {
    let bytes = subscription_type.bytes().chain(property.unwrap_or_default().bytes());
    bytes.fold(7_u64, |hash, byte| (hash * 31 + u64::from(byte)) % 9_000_000) + 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: Stamp = Stamp { portal: 33, event_id: 7, now_ms: 1_700_000_000_000 };

    #[test]
    fn a_short_form_is_written_out_in_both_forms() {
        let short = json!({"contact": 5, "property": "email", "value": "x", "source": "FORM"});
        let classic = write_out(short.clone(), STAMP).expect("a short form");
        assert_eq!(classic["subscriptionType"], "contact.propertyChange");
        assert_eq!(classic["objectId"], 5);
        assert_eq!(classic["changeSource"], "FORM");
        assert_eq!(classic.get("objectTypeId"), None);
        let mut generic = short;
        generic["form"] = json!("object");
        let generic = write_out(generic, STAMP).expect("a short form");
        assert_eq!(generic["subscriptionType"], "object.propertyChange");
        assert_eq!(generic["objectTypeId"], "0-1");
    }

    #[test]
    fn a_full_event_stays_as_it_is_and_a_misspelt_short_form_is_refused() {
        let full = json!({"eventId": "100", "strange": [1]});
        assert_eq!(write_out(full.clone(), STAMP), Ok(full));
        let error = write_out(json!({"contact": 5, "propery": "x"}), STAMP).expect_err("misspelt");
        assert!(error.contains("propery"), "{error}");
    }
}
