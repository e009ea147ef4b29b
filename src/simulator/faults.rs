//! Faults on request: what `PUT /_sim/faults` takes, and which of them a call meets.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

use super::call::{Answer, Call, envelope};
use super::id::{Id, number_or_text};
use super::routes::Endpoint;

/// One fault: where it strikes, what it does, and how often.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The endpoint it strikes; `any` is every one.
    #[serde(default)]
    pub on: On,
    /// What it does.
    pub kind: Kind,
    /// How many calls it strikes; absent means for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// How many matching calls it lets pass first.
    #[serde(default)]
    pub after: u32,
    /// Only calls that name this contact; id and email mean the same one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<Id>,
    /// Milliseconds: the delay, how long a hang or a withheld accept lasts, how long `slow` drips.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ms: Option<u64>,
    /// `Retry-After` of a status, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// `policyName` of a 429; `TEN_SECONDLY_ROLLING` unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// `errorType` of a refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_type: Option<String>,
    /// `message` of a refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Whether a status happens after the effect: a 502 that did enroll. False unless given;
    /// true for `wrong-shape`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<bool>,
}

/// Where a fault strikes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum On {
    /// Every endpoint.
    #[default]
    Any,
    /// Only this one.
    #[serde(untagged)]
    Endpoint(Endpoint),
}

/// What a fault does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Waits `ms`, then goes on; other faults may strike the same call.
    Delay,
    /// Answers with this status: 400, 401, 403, 404, 409, 423, 429, 477, 500, 502, 503, 504.
    Status(u16),
    /// Has the effect, then closes the connection without an answer.
    ApplyThenDrop,
    /// Reads the request, then closes the connection without effect or answer.
    DropBefore,
    /// Has the effect and does not answer, for `ms` or until released; then closes.
    ApplyThenHang,
    /// Reads the request and does not answer, for `ms` or until released; then closes.
    Hang,
    /// Has the effect, sends half of the answer, closes.
    Truncated,
    /// Has the effect, answers 200 with an HTML page.
    WrongShape,
    /// Has the effect, sends the answer in small pieces over `ms` (2,000).
    Slow,
    /// Books the enrollment twice.
    EnrollTwice,
    /// After the struck call (or at once, when put with `on` = `any`) no connection is served for
    /// `ms` or until released; those that wait are closed unserved.
    AcceptWithheld,
}

/// The kinds that are no status, by their names in JSON.
const NAMES: [(&str, Kind); 10] = [
    ("delay", Kind::Delay),
    ("apply-then-drop", Kind::ApplyThenDrop),
    ("drop-before", Kind::DropBefore),
    ("apply-then-hang", Kind::ApplyThenHang),
    ("hang", Kind::Hang),
    ("truncated", Kind::Truncated),
    ("wrong-shape", Kind::WrongShape),
    ("slow", Kind::Slow),
    ("enroll-twice", Kind::EnrollTwice),
    ("accept-withheld", Kind::AcceptWithheld),
];

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = number_or_text(from)?;
        let named = NAMES.iter().find(|(name, _)| *name == text).map(|(_, kind)| *kind);
        let status = text.parse().ok().filter(|status| (400..=599).contains(status));
        named.or(status.map(Kind::Status)).ok_or_else(|| {
            let known: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
            let known = known.join(", ");
            serde::de::Error::custom(format!(
                "unknown fault kind `{text}`; known: {known}, or a status from 400 to 599"
            ))
        })
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Status(status) => to.collect_str(status),
            named => {
                let name = NAMES.iter().find(|(_, kind)| kind == named);
                to.serialize_str(name.map_or("", |(name, _)| name))
            }
        }
    }
}

/// What the faults make of one call.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    /// Milliseconds to wait first.
    pub(super) delay_ms: u64,
    /// The fault that decides the outcome.
    pub(super) fault: Option<Fault>,
}

impl Plan {
    /// Takes the faults that strike `call` out of `faults`: every delay, and the first other one.
    /// `names` says whether the call names the contact a fault is for.
    pub(super) fn take(faults: &mut Vec<Fault>, call: &Call, names: impl Fn(&Id) -> bool) -> Self {
        let mut plan = Self::default();
        for fault in faults.iter_mut() {
            let is_delay = fault.kind == Kind::Delay;
            if !fault.fits(call, &names) || (!is_delay && plan.fault.is_some()) {
                continue;
            }
            if fault.after > 0 {
                fault.after -= 1;
                continue;
            }
            fault.times = fault.times.map(|times| times.saturating_sub(1));
            if is_delay {
                plan.delay_ms += fault.ms.unwrap_or(0);
            } else {
                plan.fault = Some(fault.clone());
            }
        }
        faults.retain(|fault| fault.times != Some(0));
        plan
    }

    /// One more fault that strikes the call; another one that decides its outcome comes first.
    pub(super) fn also(&mut self, fault: Option<Fault>) {
        match fault {
            Some(fault) if fault.kind == Kind::Delay => self.delay_ms += fault.ms.unwrap_or(0),
            fault => self.fault = self.fault.take().or(fault),
        }
    }

    /// Whether the call has its effect.
    pub(super) fn applies(&self) -> bool {
        self.fault.as_ref().is_none_or(|fault| match fault.kind {
            Kind::Status(_) => fault.effect.unwrap_or(false),
            Kind::WrongShape => fault.effect.unwrap_or(true),
            Kind::DropBefore | Kind::Hang => false,
            _ => true,
        })
    }

    /// How often an enrollment is booked.
    pub(super) fn bookings(&self) -> usize {
        let twice = self.fault.as_ref().is_some_and(|fault| fault.kind == Kind::EnrollTwice);
        if twice { 2 } else { 1 }
    }
}

impl Fault {
    /// Whether it strikes when it is put, not at a call.
    pub(super) fn is_immediate(&self) -> bool {
        self.kind == Kind::AcceptWithheld && self.on == On::Any
    }

    fn fits(&self, call: &Call, names: impl Fn(&Id) -> bool) -> bool {
        let here = match self.on {
            On::Any => true,
            On::Endpoint(endpoint) => endpoint == call.endpoint,
        };
        let them = self.contact.as_ref().is_none_or(names);
        here && them && self.times != Some(0)
    }

    /// The answer of a status fault (HUBSPOT.md 7.3 to 7.5): an envelope, or a page for 5xx.
    pub(super) fn refusal(&self, status: u16) -> Answer {
        let message = self.message.as_deref();
        let mut more = json!({});
        if let Some(kind) = &self.error_type {
            more["errorType"] = json!(kind);
        }
        let answer = match status {
            429 => too_many(self.policy.as_deref().unwrap_or("TEN_SECONDLY_ROLLING")),
            500.. => Answer::page(status),
            401 => envelope(
                status,
                "INVALID_AUTHENTICATION",
                message.unwrap_or("Authentication credentials not found"),
                &more,
            ),
            403 => {
                more["errors"] = json!([{
                    "message": "One or more of the following scopes are required.",
                    "context": { "requiredScopes": ["automation.sequences.enrollments.write"] },
                }]);
                let text = "This app hasn't been granted all required scopes to make this call.";
                envelope(status, "MISSING_SCOPES", message.unwrap_or(text), &more)
            }
            404 => envelope(status, "OBJECT_NOT_FOUND", message.unwrap_or("Not found"), &more),
            409 => envelope(status, "CONFLICT", message.unwrap_or("Conflict"), &more),
            423 => envelope(status, "LOCKED", message.unwrap_or("The resource is locked"), &more),
            477 => envelope(status, "MIGRATION_IN_PROGRESS", message.unwrap_or("Moving"), &more),
            _ => envelope(status, "VALIDATION_ERROR", message.unwrap_or("Refused"), &more),
        };
        match self.retry_after {
            Some(seconds) => answer.with("Retry-After", &seconds),
            None => answer,
        }
    }
}

/// A 429 as HubSpot words it for this policy (HUBSPOT.md 7.3).
pub(super) fn too_many(policy: &str) -> Answer {
    let which = match policy {
        "TEN_SECONDLY_ROLLING" => "ten_secondly_rolling",
        "SECONDLY" => "secondly",
        "DAILY" => "daily",
        other => other,
    };
    let more = json!({
        "errorType": "RATE_LIMIT",
        "policyName": policy,
        "groupName": format!("publicapi:private-apps-api-calls-{which}"),
    });
    let message = format!("You have reached your {which} limit.");
    envelope(429, "RATE_LIMITS", &message, &more)
}

/// Reads a list of faults, or one.
///
/// # Errors
/// A sentence that names the fault's number and the key that cannot be read.
pub(super) fn read(body: Value) -> Result<Vec<Fault>, String> {
    let list = match body {
        Value::Array(list) => list,
        one => vec![one],
    };
    let numbered = list.into_iter().enumerate();
    numbered
        .map(|(at, fault)| {
            serde_json::from_value(fault).map_err(|e| format!("fault {}: {e}", at + 1))
        })
        .collect()
}
