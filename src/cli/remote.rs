//! Commands beside a running router: they ask the admin listener of the same configuration, and
//! where none answers the store itself.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::serve::runtime;
use super::{ExitStatus, fail, print, read_config, say};
use crate::app::{RunError, with_store};
use crate::config::{ProcessEnvironment, Secrets};
use crate::domain::id::ContactId;
use crate::domain::secret::Secret;

/// How long the router is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the admin listener answered.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
}

/// Where questions go, and with which token.
pub(super) struct Door {
    address: SocketAddr,
    token: Option<Secret>,
}

/// There is no answer.
pub(super) type Lost = reqwest::Error;

/// One call to the running router; where none answers and `alone` is set, to the store itself
/// (PRODUCT.md, "Commands beside a running router"). Says why where neither can be asked.
pub(super) fn ask(config: &Path, call: Call<'_>, alone: bool) -> Result<Answer, ExitStatus> {
    converse(config, alone, &async |door: &Door| door.send(call).await)
}

/// The same with several calls. They are begun anew with the store where the router is lost.
pub(super) fn converse<T>(
    config: &Path,
    alone: bool,
    talk: &impl AsyncFn(&Door) -> Result<T, Lost>,
) -> Result<T, ExitStatus> {
    let config = read_config(config)?;
    let mut problems = Vec::new();
    let token = Secrets::admin(&ProcessEnvironment, &mut problems);
    let access = Secrets::token(&ProcessEnvironment, &mut problems);
    if !problems.is_empty() {
        for problem in &problems {
            say(&format!("error: {problem}"));
        }
        return Err(ExitStatus::Usage);
    }
    // Only "already installed" can fail, and then it is there.
    rustls::crypto::ring::default_provider().install_default().ok();
    let runtime = runtime().map_err(|_| ExitStatus::Environment)?;
    runtime.block_on(async {
        let address = config.admin.listen;
        let nobody = match talk(&Door { address, token }).await {
            Ok(answer) => return Ok(answer),
            Err(error) if error.is_connect() => "no router answers",
            Err(_) => "no router answers in time",
        };
        let nobody = format!("{nobody} at {address} ([admin] listen)");
        if !alone {
            say(&format!("error: {nobody}; is it running?"));
            return Err(ExitStatus::Environment);
        }
        let asked = async |address, token| talk(&Door { address, token: Some(token) }).await;
        match with_store(config, access, asked).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(_)) => {
                say("error: the store was opened and did not answer");
                Err(ExitStatus::Environment)
            }
            Err(error) => Err(not_opened(&nobody, &error)),
        }
    })
}

/// Why the store could not be asked, after the router could not.
fn not_opened(nobody: &str, error: &RunError) -> ExitStatus {
    say(&format!("{nobody}; the store was tried."));
    match error {
        RunError::Rules(refused) => {
            super::serve::show(refused);
            ExitStatus::Failure
        }
        error => fail(error, ExitStatus::Environment),
    }
}

/// What is asked.
#[derive(Clone, Copy)]
pub(super) struct Call<'c> {
    method: &'static str,
    path: &'c str,
    body: Option<&'c Value>,
}

impl<'c> Call<'c> {
    pub(super) fn get(path: &'c str) -> Self {
        Self { method: "GET", path, body: None }
    }

    pub(super) fn post(path: &'c str, body: &'c Value) -> Self {
        Self { method: "POST", path, body: Some(body) }
    }
}

impl Door {
    /// One call.
    pub(super) async fn send(&self, call: Call<'_>) -> Result<Answer, Lost> {
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()?;
        let verb = if call.method == "GET" { reqwest::Method::GET } else { reqwest::Method::POST };
        let mut request = client.request(verb, format!("http://{}{}", self.address, call.path));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.reveal());
        }
        if let Some(body) = call.body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        let text = response.text().await?;
        Ok(Answer { status, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) })
    }
}

/// The answer's body on standard output; a refusal on standard error.
pub(super) fn show(answer: &Answer) -> ExitStatus {
    if (200..300).contains(&answer.status) {
        print(&format!("{:#}\n", answer.body));
        return ExitStatus::Success;
    }
    let message = answer.body.pointer("/error/message").and_then(Value::as_str);
    let hint = answer.body.pointer("/error/hint").and_then(Value::as_str);
    say(&format!("error: {}", message.unwrap_or("the router refused")));
    if let Some(hint) = hint {
        say(&format!("hint: {hint}"));
    }
    match answer.status {
        401 => ExitStatus::Usage,
        500.. => ExitStatus::Environment,
        _ => ExitStatus::Failure,
    }
}

pub(super) fn press(config: &Path, path: &str, body: &Value) -> ExitStatus {
    match ask(config, Call::post(path, body), true) {
        Ok(answer) => show(&answer),
        Err(status) => status,
    }
}

pub(super) fn pause(config: &Path, paused: bool, who: &str, note: &str) -> ExitStatus {
    let path = if paused { "/api/v1/pause" } else { "/api/v1/resume" };
    press(config, path, &json!({ "who": who, "note": note }))
}

pub(super) fn reload(config: &Path) -> ExitStatus {
    match ask(config, Call::post("/api/v1/reload", &json!({})), false) {
        Ok(answer) if answer.status == 422 => {
            say(&format!("{:#}", answer.body));
            ExitStatus::Failure
        }
        Ok(answer) => show(&answer),
        Err(status) => status,
    }
}

pub(super) fn health(config: &Path) -> ExitStatus {
    match ask(config, Call::get("/readyz"), false) {
        Ok(answer) if answer.status == 200 => ExitStatus::Success,
        Ok(_) => ExitStatus::Environment,
        Err(status) => status,
    }
}

/// A list of the API: `in-doubt` or `waiting`.
pub(super) fn list(config: &Path, name: &str) -> ExitStatus {
    match ask(config, Call::get(&format!("/api/v1/{name}?limit=1000")), true) {
        Ok(answer) => show(&answer),
        Err(status) => status,
    }
}

pub(super) fn resolve(config: &Path, id: &str, found: &str, who: &str, note: &str) -> ExitStatus {
    let body = json!({ "as": found, "who": who, "note": note });
    press(config, &format!("/api/v1/in-doubt/{id}/resolve"), &body)
}

/// Why a contact was, or was not, enrolled: the explanation, or how the command ends.
pub(super) fn explain(config: &Path, contact: ContactId) -> Result<Value, ExitStatus> {
    let path = format!("/api/v1/contacts/{contact}/explain");
    let answer = ask(config, Call::get(&path), true)?;
    if answer.status == 200 { Ok(answer.body) } else { Err(show(&answer)) }
}
