//! HubSpot's refusal codes. The bodies are undocumented, so codes are matched by suffix and
//! the message is the last resort (HUBSPOT.md 3.4).

use super::envelope::Envelope;
use crate::domain::outcome::Concerns;

/// What a refusal means to the router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The sender's limit is reached.
    SenderFull,
    /// The contact is in a sequence already.
    AlreadyEnrolled,
    /// Whom or what it concerns.
    Concerns(Concerns),
}

const CONTACT: Meaning = Meaning::Concerns(Concerns::Contact);
const SENDER: Meaning = Meaning::Concerns(Concerns::Sender);

const CODES: &[(&str, Meaning)] = &[
    ("SEND_LIMIT_EXCEEDED", Meaning::SenderFull),
    ("ALREADY_ENROLLED", Meaning::AlreadyEnrolled),
    ("BLOCKED_ADDRESS", CONTACT),
    ("BLOCKED_DOMAIN", CONTACT),
    ("BOUNCED", CONTACT),
    ("RECIPIENT_PREVIOUSLY_BOUNCED_ON_PORTAL", CONTACT),
    ("RECIPIENT_PREVIOUSLY_BOUNCED_GLOBALLY", CONTACT),
    ("PREVIOUSLY_MARKED_AS_SPAM", CONTACT),
    ("OTHER_SEND_REJECTED", CONTACT),
    ("UNSUBSCRIBED", CONTACT),
    ("UNSUBSCRIBED_PERSONAL", CONTACT),
];

/// The codes of seat and inbox are unknown; these words are in whatever names them.
const SENDER_WORDS: &[&str] = &["SEAT", "INBOX"];

/// What a 400 or 409 means: by `errorType`, then `category`, `subCategory` and
/// `errors[].code`, then the messages. `None`: nothing we know.
pub(super) fn meaning(envelope: &Envelope) -> Option<Meaning> {
    let of_code = |code: &String| meaning_of(code, |text, known| text.ends_with(known));
    let of_message = |message: &String| meaning_of(message, |text, known| text.contains(known));
    envelope
        .error_type
        .iter()
        .chain(&envelope.category)
        .chain(&envelope.codes)
        .find_map(of_code)
        .or_else(|| envelope.messages.iter().find_map(of_message))
}

fn meaning_of(text: &str, matches: impl Fn(&str, &str) -> bool) -> Option<Meaning> {
    let text = words(text);
    let known = CODES.iter().find(|(code, _)| matches(&text, &format!("_{code}_")));
    let sender = || SENDER_WORDS.iter().any(|word| text.contains(&format!("_{word}_")));
    known.map(|(_, meaning)| *meaning).or_else(|| sender().then_some(SENDER))
}

/// `SequenceError.ALREADY_ENROLLED` and `already enrolled` alike, as `_WORD_WORD_`.
fn words(text: &str) -> String {
    let mut words = String::from("_");
    for letter in text.chars() {
        if letter.is_alphanumeric() {
            words.extend(letter.to_uppercase());
        } else if !words.ends_with('_') {
            words.push('_');
        }
    }
    if !words.ends_with('_') {
        words.push('_');
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, expected: Option<Meaning>) {
        let envelope = Envelope::read(body.as_bytes()).expect("an envelope");
        assert_eq!(meaning(&envelope), expected);
    }

    #[test]
    fn codes_match_by_their_last_part() {
        check(r#"{"errorType":"SequenceError.SEND_LIMIT_EXCEEDED"}"#, Some(Meaning::SenderFull));
        check(r#"{"errorType":"NOT_BOUNCED_YET"}"#, None);
        check(r#"{"errorType":"REBOUNCED"}"#, None);
    }

    #[test]
    fn a_code_outranks_a_message() {
        check(
            r#"{"category":"VALIDATION_ERROR","message":"unsubscribed","errors":[{"code":"X.ALREADY_ENROLLED"}]}"#,
            Some(Meaning::AlreadyEnrolled),
        );
        check(r#"{"errorType":"A.BOUNCED","category":"ALREADY_ENROLLED"}"#, Some(CONTACT));
    }

    #[test]
    fn a_message_speaks_where_no_code_does() {
        check(
            r#"{"status":"error","message":"The contact is already enrolled."}"#,
            Some(Meaning::AlreadyEnrolled),
        );
        check(r#"{"status":"error","message":"User has no Sales seat"}"#, Some(SENDER));
        check(r#"{"status":"error","message":"sequenceId is not valid"}"#, None);
    }
}
