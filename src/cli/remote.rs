//! Commands beside a running router: they ask the admin listener of the same configuration.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::args::Pick;
use super::serve::runtime;
use super::{ExitStatus, print, read_config, say};
use crate::config::{ProcessEnvironment, Secrets};

/// How long the router is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the admin listener answered.
struct Answer {
    status: u16,
    body: Value,
}

/// One call to the admin listener; says why where it cannot be made.
fn ask(
    config: &Path,
    method: &str,
    path: &str,
    body: Option<&Value>,
) -> Result<Answer, ExitStatus> {
    let config = read_config(config)?;
    let mut problems = Vec::new();
    let token = Secrets::admin(&ProcessEnvironment, &mut problems);
    if !problems.is_empty() {
        for problem in &problems {
            say(&format!("error: {problem}"));
        }
        return Err(ExitStatus::Usage);
    }
    // Only "already installed" can fail, and then it is there.
    rustls::crypto::ring::default_provider().install_default().ok();
    let address = config.admin.listen;
    let call = async {
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()?;
        let verb = if method == "GET" { reqwest::Method::GET } else { reqwest::Method::POST };
        let mut request = client.request(verb, format!("http://{address}{path}"));
        if let Some(token) = token {
            request = request.bearer_auth(token.reveal());
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let response = request.send().await?;
        let status = response.status().as_u16();
        let text = response.text().await?;
        Ok::<_, reqwest::Error>(Answer {
            status,
            body: serde_json::from_str(&text).unwrap_or(Value::String(text)),
        })
    };
    let runtime = runtime().map_err(|_| ExitStatus::Environment)?;
    runtime.block_on(call).map_err(|_| {
        say(&format!("error: no router answers at {address} ([admin] listen); is it running?"));
        ExitStatus::Environment
    })
}

/// The answer's body on standard output; a refusal on standard error.
fn show(answer: &Answer) -> ExitStatus {
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

fn press(config: &Path, path: &str, body: &Value) -> ExitStatus {
    match ask(config, "POST", path, Some(body)) {
        Ok(answer) => show(&answer),
        Err(status) => status,
    }
}

pub(super) fn pause(config: &Path, paused: bool, who: &str, note: &str) -> ExitStatus {
    let path = if paused { "/api/v1/pause" } else { "/api/v1/resume" };
    press(config, path, &json!({ "who": who, "note": note }))
}

pub(super) fn reload(config: &Path) -> ExitStatus {
    match ask(config, "POST", "/api/v1/reload", Some(&json!({}))) {
        Ok(answer) if answer.status == 422 => {
            say(&format!("{:#}", answer.body));
            ExitStatus::Failure
        }
        Ok(answer) => show(&answer),
        Err(status) => status,
    }
}

pub(super) fn health(config: &Path) -> ExitStatus {
    match ask(config, "GET", "/readyz", None) {
        Ok(answer) if answer.status == 200 => ExitStatus::Success,
        Ok(_) => ExitStatus::Environment,
        Err(status) => status,
    }
}

pub(super) fn in_doubt(config: &Path) -> ExitStatus {
    match ask(config, "GET", "/api/v1/in-doubt?limit=1000", None) {
        Ok(answer) => show(&answer),
        Err(status) => status,
    }
}

pub(super) fn resolve(config: &Path, id: &str, found: &str, who: &str, note: &str) -> ExitStatus {
    let body = json!({ "as": found, "who": who, "note": note });
    press(config, &format!("/api/v1/in-doubt/{id}/resolve"), &body)
}

pub(super) fn held(config: &Path) -> ExitStatus {
    match ask(config, "GET", "/api/v1/held?limit=1000", None) {
        Ok(answer) => show(&answer),
        Err(status) => status,
    }
}

/// `word` is `release` or `discard`.
pub(super) fn decide_held(config: &Path, word: &str, pick: &Pick) -> ExitStatus {
    let body = json!({ "who": pick.who, "note": pick.note });
    if let Some(id) = &pick.id {
        return press(config, &format!("/api/v1/held/{id}/{word}"), &body);
    }
    let ids = match ids_of_breaker(config, pick) {
        Ok(ids) => ids,
        Err(status) => return status,
    };
    let mut done = 0_usize;
    for id in &ids {
        match ask(config, "POST", &format!("/api/v1/held/{id}/{word}"), Some(&body)) {
            Ok(answer) if answer.status == 200 => done += 1,
            // Somebody else was faster, or the contact is gone.
            Ok(answer) if matches!(answer.status, 404 | 409) => {}
            Ok(answer) => return show(&answer),
            Err(status) => return status,
        }
    }
    print(&format!("{word}: {done} of {} held\n", ids.len()));
    ExitStatus::Success
}

/// What a breaker holds of a rule, in the list's order.
fn ids_of_breaker(config: &Path, pick: &Pick) -> Result<Vec<String>, ExitStatus> {
    let most = pick.first.unwrap_or(usize::MAX);
    let mut ids = Vec::new();
    let mut path = "/api/v1/held?limit=1000".to_owned();
    loop {
        let answer = ask(config, "GET", &path, None)?;
        if answer.status != 200 {
            return Err(show(&answer));
        }
        let entries = answer.body["results"].as_array().into_iter().flatten();
        let wanted = entries.filter(|entry| {
            entry["rule"].as_str() == pick.rule.as_deref() && entry["reason"] == "breaker-open"
        });
        ids.extend(wanted.filter_map(|entry| entry["id"].as_str().map(str::to_owned)));
        let next = answer.body.pointer("/paging/next/after").and_then(Value::as_str);
        match next.filter(|_| ids.len() < most) {
            Some(after) => path = format!("/api/v1/held?limit=1000&after={after}"),
            None => break,
        }
    }
    ids.truncate(most);
    Ok(ids)
}
