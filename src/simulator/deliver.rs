//! Webhook deliveries: signed, sent, sent again until acknowledged, and remembered.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::shared::Shared;
use super::sign::{Signature, Signed};

/// The agent HubSpot's webhooks name (HUBSPOT.md 1.4).
const USER_AGENT: &str = "HubSpot Connect 2.0 (http://dev.hubspot.com/) (namespace: \
                          webhooks-nio-http-client) - WebhooksExecutorDaemon-executor";

/// One delivery to make: what `POST /_sim/deliver` takes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Delivery {
    /// Where to send it.
    pub target: String,
    /// The app's client secret.
    pub secret: String,
    /// The URL that is signed, when it is not `target`.
    pub public_url: Option<String>,
    /// The events: HubSpot's own form, or the short form with `contact`.
    pub events: Vec<Value>,
    /// This body instead of the events, to send what is no delivery.
    pub body: Option<String>,
    /// How it is signed.
    pub signature: Signature,
    /// Attempts until one is acknowledged; 0 is 1.
    pub attempts: u32,
    /// Times the same delivery is made; 0 is 1.
    pub copies: u32,
    /// Whether the copies are sent at the same time.
    pub at_once: bool,
    /// Milliseconds between attempts; 0 is 100.
    pub retry_ms: u64,
    /// Milliseconds to wait for an answer; 0 is 5,000 (HUBSPOT.md 1.7).
    pub timeout_ms: u64,
}

/// What became of one delivery.
#[derive(Clone, Debug, Serialize)]
pub struct Delivered {
    /// Its number, from 1.
    pub n: u64,
    /// The contacts its events name.
    pub contacts: Vec<u64>,
    /// How it was signed.
    pub signature: Signature,
    /// The attempts, in order.
    pub attempts: Vec<Attempt>,
    /// Whether one was answered with 2xx.
    pub acknowledged: bool,
}

/// One attempt of a delivery.
#[derive(Clone, Debug, Serialize)]
pub struct Attempt {
    /// The `attemptNumber` its events carried.
    pub attempt: u32,
    /// The answer's status; absent when there was none.
    pub status: Option<u16>,
    /// Why there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Milliseconds until the answer.
    pub took_ms: u64,
}

/// Makes a delivery, its copies and its attempts.
///
/// # Errors
/// A sentence about a key that cannot be used; nothing was sent then.
pub(super) async fn deliver(
    shared: &std::sync::Arc<Shared>,
    mut order: Delivery,
) -> Result<Vec<Delivered>, String> {
    if order.target.is_empty() {
        return Err("deliver: target is missing".to_owned());
    }
    order.events = shared.write_out(std::mem::take(&mut order.events))?;
    let order = std::sync::Arc::new(order);
    let (mut results, mut tasks) = (Vec::new(), tokio::task::JoinSet::new());
    for _ in 0..order.copies.max(1) {
        let (shared, order) = (std::sync::Arc::clone(shared), std::sync::Arc::clone(&order));
        if order.at_once {
            tasks.spawn(async move { one(&shared, &order).await });
        } else {
            results.push(one(&shared, &order).await);
        }
    }
    while let Some(result) = tasks.join_next().await {
        results.push(result.map_err(|e| format!("deliver: {e}"))?);
    }
    results.sort_by_key(|delivered| delivered.n);
    Ok(results)
}

async fn one(shared: &Shared, order: &Delivery) -> Delivered {
    let mut delivered = Delivered {
        n: shared.next_delivery(),
        contacts: order.events.iter().filter_map(|event| event["objectId"].as_u64()).collect(),
        signature: order.signature,
        attempts: Vec::new(),
        acknowledged: false,
    };
    for number in 0..order.attempts.max(1) {
        if number > 0 {
            let wait = if order.retry_ms == 0 { 100 } else { order.retry_ms };
            tokio::time::sleep(Duration::from_millis(wait)).await;
        }
        let attempt = send(shared, order, number).await;
        delivered.acknowledged = attempt.status.is_some_and(|s| (200..300).contains(&s));
        delivered.attempts.push(attempt);
        if delivered.acknowledged {
            break;
        }
    }
    shared.remember(delivered.clone());
    delivered
}

/// One attempt: the timestamp and the signature are its own (HUBSPOT.md 2.1).
async fn send(shared: &Shared, order: &Delivery, number: u32) -> Attempt {
    let body = body(order, number);
    let signed = Signed {
        secret: &order.secret,
        method: "POST",
        url: order.public_url.as_deref().unwrap_or(&order.target),
        body: &body,
    };
    let headers = signed.headers(order.signature, shared.now_ms());
    let timeout = if order.timeout_ms == 0 { 5_000 } else { order.timeout_ms };
    let mut request = shared
        .http
        .post(&order.target)
        .timeout(Duration::from_millis(timeout))
        .header("Content-Type", "application/json")
        .header("User-Agent", USER_AGENT)
        .header("X-HubSpot-Timeout-Millis", "10000");
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let start = std::time::Instant::now();
    let answer = request.body(body).send().await;
    let took_ms = super::clock::since_ms(start);
    match answer {
        Ok(answer) => Attempt {
            attempt: number,
            status: Some(answer.status().as_u16()),
            error: None,
            took_ms,
        },
        Err(error) => {
            let error = if error.is_timeout() { "no answer in time" } else { "no answer" };
            Attempt { attempt: number, status: None, error: Some(error.to_owned()), took_ms }
        }
    }
}

/// The body of an attempt: only `attemptNumber` differs from the one before.
fn body(order: &Delivery, number: u32) -> Vec<u8> {
    if let Some(body) = &order.body {
        return body.clone().into_bytes();
    }
    let mut events = order.events.clone();
    if number > 0 {
        for event in events.iter_mut().filter(|event| event.is_object()) {
            event["attemptNumber"] = json!(number);
        }
    }
    Value::Array(events).to_string().into_bytes()
}
