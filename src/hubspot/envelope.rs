//! HubSpot's error body. Every field is optional, and gateways send HTML or nothing instead
//! (HUBSPOT.md 7.4).

use serde_json::Value;

use super::json::text;

/// The longest message that is kept, in characters.
const MESSAGE_MAX: usize = 300;
/// The longest word that is kept, in bytes: bought tokens are longer, and HubSpot's codes, scopes
/// and correlation ids are not.
const WORD_MAX: usize = 64;

/// What HubSpot says of an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Envelope {
    pub(super) error_type: Option<String>,
    pub(super) category: Option<String>,
    pub(super) policy: Option<String>,
    /// `subCategory`, and the codes of `errors[]`.
    pub(super) codes: Vec<String>,
    /// `message`, and the messages of `errors[]`.
    pub(super) messages: Vec<String>,
    pub(super) correlation: Option<String>,
}

impl Envelope {
    /// Reads it from a body. `None`: the body is not HubSpot's; a `message` alone is any
    /// gateway's.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        Self::of(&serde_json::from_slice(body).ok()?)
    }

    /// Reads it from JSON.
    pub(super) fn of(value: &Value) -> Option<Self> {
        let field = |name: &str| value.get(name).and_then(text);
        let mut envelope = Self {
            error_type: field("errorType"),
            category: field("category"),
            policy: field("policyName"),
            codes: field("subCategory").into_iter().collect(),
            messages: field("message").into_iter().collect(),
            correlation: field("correlationId"),
        };
        for error in value.get("errors").and_then(Value::as_array).into_iter().flatten() {
            let field = |name: &str| error.get(name).and_then(text);
            envelope.codes.extend(field("code").into_iter().chain(field("subCategory")));
            envelope.messages.extend(field("message"));
        }
        let ours = field("status").as_deref() == Some("error")
            || envelope.error_type.is_some()
            || envelope.category.is_some()
            || envelope.correlation.is_some();
        ours.then_some(envelope)
    }

    /// One line for a record: code, message and the id HubSpot's support asks for.
    fn describe(&self) -> String {
        let code = self.error_type.as_ref().or_else(|| self.codes.first());
        let code = code.or(self.category.as_ref());
        let mut parts: Vec<String> =
            code.into_iter().chain(self.messages.first()).cloned().collect();
        parts.extend(self.correlation.as_ref().map(|id| format!("correlationId {id}")));
        parts.join(": ")
    }
}

/// What an answer with this status and body says, fit for records and logs.
pub(super) fn describe(status: u16, body: &[u8]) -> String {
    match Envelope::read(body).map(|envelope| envelope.describe()) {
        Some(said) if !said.is_empty() => clean(&format!("HTTP {status} {said}")),
        _ => format!("HTTP {status} without HubSpot's error body"),
    }
}

/// Foreign text without addresses and tokens, on one line, of bounded length.
pub(super) fn clean(foreign: &str) -> String {
    let words: Vec<&str> = foreign
        .split(|letter: char| letter.is_whitespace() || letter.is_control())
        .filter(|word| !word.is_empty())
        .map(|word| match word {
            _ if word.contains('@') || word.contains("%40") => "[address]",
            _ if word.contains("pat-") || WORD_MAX < word.len() => "[token]",
            _ => word,
        })
        .collect();
    words.join(" ").chars().take(MESSAGE_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, expected: &str) {
        assert_eq!(describe(400, body.as_bytes()), expected);
    }

    #[test]
    fn an_answer_is_described_by_code_message_and_correlation() {
        check(
            r#"{"status":"error","message":"No.","errorType":"SequenceError.BOUNCED","correlationId":"c9"}"#,
            "HTTP 400 SequenceError.BOUNCED: No.: correlationId c9",
        );
        check(r#"{"status":"error","category":"CONFLICT","errors":"odd"}"#, "HTTP 400 CONFLICT");
        check(r#"{"status":"error"}"#, "HTTP 400 without HubSpot's error body");
        check(r#"{"message":"no route matched"}"#, "HTTP 400 without HubSpot's error body");
        check("<html>", "HTTP 400 without HubSpot's error body");
        check("", "HTTP 400 without HubSpot's error body");
    }

    #[test]
    fn addresses_tokens_and_line_breaks_are_left_out() {
        check(
            "{\"status\":\"error\",\"message\":\"Contact <ann@example.com>\\n\\u001b[31m pat-na1-5 left\"}",
            "HTTP 400 Contact [address] [31m [token] left",
        );
        let bought = "C".repeat(WORD_MAX + 1);
        let body = format!(r#"{{"status":"error","message":"The token {bought} expired"}}"#);
        check(&body, "HTTP 400 The token [token] expired");
    }

    #[test]
    fn a_long_message_is_cut() {
        let body = format!(r#"{{"status":"error","message":"{}"}}"#, "ü ".repeat(10_000));
        assert_eq!(describe(400, body.as_bytes()).chars().count(), MESSAGE_MAX);
    }
}
