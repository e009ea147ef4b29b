//! Contact search, as far as catching up needs it (HUBSPOT.md 5).

use std::cmp::Ordering;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::call::{Answer, Call, invalid, text};
use super::super::hub::Hub;
use super::super::state::Contact;
use super::Reply;
use super::contacts::{View, value};

/// Most results of one search, over all its pages.
const RESULTS_MAX: usize = 10_000;
/// Most results of one page.
const PAGE_MAX: usize = 200;

/// `POST …/contacts/search` {filterGroups, sorts, properties, limit, after}: any group, all of
/// its filters.
pub(super) fn search(hub: &Hub, call: &Call) -> Reply {
    let body = call.json()?;
    let list = |key: &str| body[key].as_array().cloned().unwrap_or_default();
    let groups = list("filterGroups");
    let mut found = Vec::new();
    for contact in hub.state.contacts.values() {
        if matches_any(hub, contact, &groups)? {
            found.push(contact);
        }
    }
    sort(hub, &mut found, list("sorts").first());
    let number = |key: &str| text(&body, key).and_then(|t| t.parse::<usize>().ok());
    let limit = number("limit").unwrap_or(10);
    if limit > PAGE_MAX {
        return Err(invalid(&format!("limit must be at most {PAGE_MAX}")));
    }
    let start = number("after").unwrap_or(0);
    if start + limit > RESULTS_MAX {
        return Err(invalid("the maximum number of results of a search is 10000"));
    }
    let names = list("properties");
    let properties = names.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let view = View { properties, with_history: Vec::new() };
    let page = found.iter().skip(start).take(limit);
    let results: Vec<Value> = page.map(|contact| view.show(hub, contact)).collect();
    let next = start + results.len();
    let mut answer = json!({ "total": found.len(), "results": results });
    if next < found.len() {
        answer["paging"] = json!({ "next": { "after": next.to_string() } });
    }
    Ok(Answer::json(200, &answer))
}

fn matches_any(hub: &Hub, contact: &Contact, groups: &[Value]) -> Result<bool, Answer> {
    for group in groups {
        let mut all = true;
        for filter in group["filters"].as_array().into_iter().flatten() {
            all &= matches_one(hub, contact, filter)?;
        }
        if all {
            return Ok(true);
        }
    }
    Ok(groups.is_empty())
}

fn matches_one(hub: &Hub, contact: &Contact, filter: &Value) -> Result<bool, Answer> {
    let name = filter["propertyName"].as_str().unwrap_or_default();
    let has = value(hub, contact, name).filter(|value| !value.is_empty());
    let operator = filter["operator"].as_str().unwrap_or_default();
    if operator == "HAS_PROPERTY" || operator == "NOT_HAS_PROPERTY" {
        return Ok(has.is_some() == (operator == "HAS_PROPERTY"));
    }
    let against = |key: &str| {
        let wanted = text(filter, key).unwrap_or_default();
        has.as_ref().map(|has| order(has, &wanted))
    };
    let is = against("value");
    let listed = || {
        let mut values = filter["values"].as_array().into_iter().flatten();
        values.any(|value| value.as_str() == has.as_deref() && has.is_some())
    };
    Ok(match operator {
        "EQ" => is == Some(Ordering::Equal),
        "NEQ" => is != Some(Ordering::Equal),
        "GT" => is == Some(Ordering::Greater),
        "GTE" => is.is_some_and(Ordering::is_ge),
        "LT" => is == Some(Ordering::Less),
        "LTE" => is.is_some_and(Ordering::is_le),
        "BETWEEN" => {
            is.is_some_and(Ordering::is_ge) && against("highValue").is_some_and(Ordering::is_le)
        }
        "IN" => listed(),
        "NOT_IN" => !listed(),
        other => return Err(invalid(&format!("Unknown operator {other}"))),
    })
}

/// Compares two values as numbers or times where both are, else as text.
fn order(one: &str, other: &str) -> Ordering {
    match (amount(one), amount(other)) {
        (Some(one), Some(other)) => one.cmp(&other),
        _ => one.to_lowercase().cmp(&other.to_lowercase()),
    }
}

/// A whole number, or a time as milliseconds since 1970: HubSpot takes both for dates.
fn amount(value: &str) -> Option<i64> {
    value.parse().ok().or_else(|| Some(value.parse::<Timestamp>().ok()?.as_millisecond()))
}

fn sort(hub: &Hub, found: &mut [&Contact], by: Option<&Value>) {
    let Some(by) = by else { return };
    let name = by["propertyName"].as_str().unwrap_or("createdate");
    let key = |contact: &Contact| value(hub, contact, name).unwrap_or_default();
    found.sort_by(|one, other| order(&key(one), &key(other)));
    if by["direction"].as_str() == Some("DESCENDING") {
        found.reverse();
    }
}
