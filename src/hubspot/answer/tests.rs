//! Every answer to an enroll call, as a table.

use super::*;
use crate::domain::time::Timestamp;

use Concerns::{Contact, Request, Sender};
use Receipt::{Any, Enrollment};

/// An outcome without its message: what the router acts on.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Accepted(Option<&'static str>),
    Already,
    Refused(Concerns),
    Full,
    Busy(Option<u64>),
    Halted { target_only: bool },
    Unknown,
}

#[track_caller]
fn check(
    receipt: Receipt,
    status: u16,
    head: &[(&'static str, &str)],
    body: &str,
    expected: &Seen,
) {
    let outcome = outcome(receipt, &Ok(Reply::scripted(status, head, body)));
    let same = match (&outcome, expected) {
        (Outcome::Accepted { enrollment, .. }, Seen::Accepted(id)) => enrollment.as_deref() == *id,
        (Outcome::AlreadyEnrolled, Seen::Already)
        | (Outcome::SenderFull, Seen::Full)
        | (Outcome::Unknown { .. }, Seen::Unknown) => true,
        (Outcome::Refused { concerns, .. }, Seen::Refused(expected)) => concerns == expected,
        (Outcome::RetryAfter { why: Later::Busy, delay_ms }, Seen::Busy(expected)) => {
            delay_ms == expected
        }
        (Outcome::Halted { target_only, .. }, Seen::Halted { target_only: expected }) => {
            target_only == expected
        }
        _ => false,
    };
    assert!(same, "{receipt:?} {status} {head:?} {body:?}: {outcome:?}, expected {expected:?}");
}

const RECEIPT: &str = r#"{"id":"311","toEmail":"a@example.com","enrolledAt":"2026-09-15T17:17:39.791Z","updatedAt":"2026-09-15T17:17:39.791Z"}"#;
const HTML: &str = "<!DOCTYPE html><html><body>ok</body></html>";
const ERROR: &str = r#"{"status":"error","message":"no","category":"VALIDATION_ERROR"}"#;

#[test]
fn a_documented_sequence_call_is_accepted_by_an_id_only() {
    check(Enrollment, 200, &[], RECEIPT, &Seen::Accepted(Some("311")));
    check(Enrollment, 201, &[], r#"{"id":311}"#, &Seen::Accepted(Some("311")));
    check(Enrollment, 200, &[], r#"{"id":"7","new":{"a":[1]}}"#, &Seen::Accepted(Some("7")));
    check(Enrollment, 200, &[], "", &Seen::Unknown);
    check(Enrollment, 204, &[], "", &Seen::Unknown);
    check(Enrollment, 200, &[], "{}", &Seen::Unknown);
    check(Enrollment, 200, &[], "[]", &Seen::Unknown);
    check(Enrollment, 200, &[], "null", &Seen::Unknown);
    check(Enrollment, 200, &[], r#"{"id":null}"#, &Seen::Unknown);
    check(Enrollment, 200, &[], r#"{"id":""}"#, &Seen::Unknown);
    check(Enrollment, 200, &[], r#"{"id":"311","toEmail":"a@exam"#, &Seen::Unknown);
    check(Enrollment, 200, &[], HTML, &Seen::Unknown);
    check(Enrollment, 200, &[], ERROR, &Seen::Unknown);
    check(Enrollment, 200, &[], r#"{"status":"error","id":"7"}"#, &Seen::Unknown);
}

#[test]
fn any_2xx_but_a_page_or_an_error_accepts_elsewhere() {
    check(Any, 204, &[], "", &Seen::Accepted(None));
    check(Any, 200, &[], "", &Seen::Accepted(None));
    check(Any, 202, &[], "{}", &Seen::Accepted(None));
    check(Any, 200, &[], "OK", &Seen::Accepted(None));
    check(Any, 201, &[], r#"{"id":9}"#, &Seen::Accepted(Some("9")));
    check(Any, 204, &[("content-type", "text/html")], "", &Seen::Accepted(None));
    check(Any, 200, &[], HTML, &Seen::Unknown);
    check(Any, 200, &[("content-type", "text/html; charset=utf-8")], "hello", &Seen::Unknown);
    check(Any, 200, &[], ERROR, &Seen::Unknown);
}

#[test]
fn a_server_error_is_unknown() {
    for status in [500, 501, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 599] {
        check(Any, status, &[], HTML, &Seen::Unknown);
        check(Enrollment, status, &[("retry-after", "1")], ERROR, &Seen::Unknown);
    }
    check(
        Enrollment,
        503,
        &[],
        r#"{"errorType":"SequenceError.ALREADY_ENROLLED"}"#,
        &Seen::Unknown,
    );
    check(Enrollment, 408, &[], "", &Seen::Unknown);
    check(Enrollment, 408, &[], ERROR, &Seen::Unknown);
}

#[test]
fn a_redirect_is_unknown() {
    check(Any, 302, &[("location", "https://elsewhere.example.com/")], "", &Seen::Unknown);
    check(Any, 307, &[], "", &Seen::Unknown);
    check(Any, 304, &[], "", &Seen::Unknown);
}

#[test]
fn a_limit_waits_as_long_as_it_says() {
    let after = |seconds| [("retry-after", seconds)];
    let policy =
        |name: &str| format!(r#"{{"status":"error","message":"m","policyName":"{name}"}}"#);
    check(Any, 429, &after("7"), "", &Seen::Busy(Some(7_000)));
    check(Any, 429, &after("7"), &policy("DAILY"), &Seen::Busy(Some(7_000)));
    check(Any, 429, &after("999999999999999999"), "", &Seen::Busy(Some(86_400_000)));
    check(Any, 429, &after("Wed, 21 Oct 2026 07:28:00 GMT"), "", &Seen::Busy(None));
    check(Any, 429, &after("-1"), &policy("SECONDLY"), &Seen::Busy(Some(1_000)));
    check(Any, 429, &[], &policy("TEN_SECONDLY_ROLLING"), &Seen::Busy(Some(10_000)));
    check(Any, 429, &[], &policy("SECONDLY"), &Seen::Busy(Some(1_000)));
    check(Any, 429, &[], &policy("DAILY"), &Seen::Busy(None));
    check(Any, 429, &[], &policy("WEEKLY"), &Seen::Busy(None));
    check(
        Any,
        429,
        &[],
        r#"{"status":"error","message":"You have reached your ten_secondly_rolling limit.","errorType":"RATE_LIMIT"}"#,
        &Seen::Busy(Some(10_000)),
    );
    check(Any, 429, &[], HTML, &Seen::Busy(None));
    check(Any, 423, &[], "", &Seen::Busy(Some(2_000)));
    check(Any, 423, &after("1"), "", &Seen::Busy(Some(2_000)));
    check(Any, 423, &after("5"), ERROR, &Seen::Busy(Some(5_000)));
    check(Any, 477, &after("3600"), "", &Seen::Busy(Some(3_600_000)));
    check(Any, 477, &[], "", &Seen::Busy(None));
}

#[test]
fn refused_access_halts() {
    check(Enrollment, 401, &[], "", &Seen::Halted { target_only: false });
    check(
        Enrollment,
        401,
        &[],
        r#"{"status":"error","category":"EXPIRED_AUTHENTICATION"}"#,
        &Seen::Halted { target_only: false },
    );
    check(Enrollment, 403, &[], HTML, &Seen::Halted { target_only: true });
    check(
        Any,
        403,
        &[],
        r#"{"status":"error","category":"MISSING_SCOPES"}"#,
        &Seen::Halted { target_only: true },
    );
}

#[test]
fn a_refusal_is_classified_by_its_code() {
    let by_type = |code: &str| {
        format!(r#"{{"status":"error","message":"m","errorType":"SequenceError.{code}"}}"#)
    };
    check(Enrollment, 400, &[], &by_type("SEND_LIMIT_EXCEEDED"), &Seen::Full);
    check(Enrollment, 400, &[], &by_type("ALREADY_ENROLLED"), &Seen::Already);
    check(Enrollment, 409, &[], &by_type("ALREADY_ENROLLED"), &Seen::Already);
    for code in [
        "BLOCKED_ADDRESS",
        "BLOCKED_DOMAIN",
        "BOUNCED",
        "RECIPIENT_PREVIOUSLY_BOUNCED_ON_PORTAL",
        "RECIPIENT_PREVIOUSLY_BOUNCED_GLOBALLY",
        "PREVIOUSLY_MARKED_AS_SPAM",
        "OTHER_SEND_REJECTED",
        "UNSUBSCRIBED",
        "UNSUBSCRIBED_PERSONAL",
    ] {
        check(Enrollment, 400, &[], &by_type(code), &Seen::Refused(Contact));
    }
    check(Enrollment, 400, &[], &by_type("NO_SEAT"), &Seen::Refused(Sender));
    check(Enrollment, 400, &[], &by_type("INBOX_NOT_CONNECTED"), &Seen::Refused(Sender));
    check(Enrollment, 400, &[], &by_type("SOMETHING_NEW"), &Seen::Refused(Request));
    check(
        Enrollment,
        400,
        &[],
        r#"{"category":"VALIDATION_ERROR","errors":[{"code":"ALREADY_ENROLLED","message":"m"}]}"#,
        &Seen::Already,
    );
    check(
        Enrollment,
        400,
        &[],
        r#"{"category":"VALIDATION_ERROR","subCategory":"SequenceError.UNSUBSCRIBED"}"#,
        &Seen::Refused(Contact),
    );
    check(
        Enrollment,
        400,
        &[],
        r#"{"status":"error","message":"Sender hit SEND_LIMIT_EXCEEDED."}"#,
        &Seen::Full,
    );
}

#[test]
fn every_other_4xx_is_a_wrong_request() {
    for status in [400, 404, 405, 409, 410, 412, 413, 414, 415, 422, 431, 451] {
        check(Enrollment, status, &[], "", &Seen::Refused(Request));
        check(Any, status, &[], HTML, &Seen::Refused(Request));
        check(Any, status, &[], ERROR, &Seen::Refused(Request));
    }
    check(Any, 404, &[], r#"{"errorType":"X.ALREADY_ENROLLED"}"#, &Seen::Refused(Request));
    check(Any, 400, &[], r#"{"status":"error","message":"#, &Seen::Refused(Request));
}

#[test]
fn an_answer_that_broke_off_is_unknown_unless_its_status_says_it_all() {
    let of = |status| outcome(Any, &Ok(Reply::broken(status)));
    for status in [200, 400, 404, 409, 500] {
        assert!(matches!(of(status), Outcome::Unknown { .. }), "{status}: {:?}", of(status));
    }
    assert!(matches!(of(401), Outcome::Halted { target_only: false, .. }));
    assert!(matches!(of(403), Outcome::Halted { target_only: true, .. }));
    assert_eq!(of(429), Outcome::RetryAfter { why: Later::Busy, delay_ms: None });
}

#[test]
fn no_answer_is_unknown_and_nothing_sent_is_retried() {
    assert_eq!(
        outcome(Any, &Err(Lost::NotSent("dns".to_owned()))),
        Outcome::RetryAfter { why: Later::Unreachable, delay_ms: None }
    );
    assert_eq!(
        outcome(Any, &Err(Lost::NoAnswer("reset".to_owned()))),
        Outcome::Unknown { why: "reset".to_owned() }
    );
}

#[test]
fn the_start_is_read_from_the_receipt() {
    let outcome = outcome(Enrollment, &Ok(Reply::scripted(200, &[], RECEIPT)));
    let Outcome::Accepted { enrolled_at, .. } = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(enrolled_at, Timestamp::parse_rfc3339("2026-09-15T17:17:39.791Z"));
}
