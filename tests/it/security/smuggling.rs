//! Requests that two readers would end in different places (T8): a proxy that forwards the one
//! must not make the router read another.

use super::router::Router;
use crate::harness::{Harness, Setup, evidence, rule, signed};

const BODY: &str = "[{\"eventId\":1}]";

/// Header lines about a body's length that are wrong, or that two readers understand differently.
const LENGTHS: &[&str] = &[
    "Content-Length: LEN\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nContent-Length: LEN",
    "Content-Length: LEN\r\nTransfer-Encoding: identity",
    "Content-Length: LEN\r\nTransfer-Encoding: xchunked",
    "Content-Length: LEN\r\nTransfer-Encoding: chunked, identity",
    "Content-Length: LEN\r\nTransfer-Encoding: \"chunked\"",
    "Content-Length: LEN\r\nTransfer-Encoding:\u{b}chunked",
    "Content-Length: LEN\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: cow",
    "Content-Length: LEN\r\nTransfer-Encoding : chunked",
    "Content-Length: LEN\r\n Transfer-Encoding: chunked",
    "Content-Length: LEN\r\nX: y\r\n\tTransfer-Encoding: chunked",
    "Transfer-Encoding: cow",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: cow",
    "Content-Length: LEN\r\nContent-Length: LEN",
    "Content-Length: LEN\r\nContent-Length: 0",
    "Content-Length: 0\r\nContent-Length: LEN",
    "Content-Length: LEN, LEN",
    "Content-Length: LEN, 0",
    "Content-Length: +LEN",
    "Content-Length: -LEN",
    "Content-Length: 0xF",
    "Content-Length: LEN LEN",
    "Content-Length: LEN;0",
    "Content-Length: 1e1",
    "Content-Length: 18446744073709551631",
    "Content-Length: 99999999999999999999999",
    "Content-Length : LEN",
    "Content-Length\u{0}: LEN",
    "Content-Length: LEN\u{0}",
    "Content-Length: ",
];

/// Chunked bodies that are none.
const CHUNKS: &[&str] = &[
    "FFFFFFFFFFFFFFFFF\r\nx\r\n0\r\n\r\n",
    "0xF\r\n[{\"eventId\":1}]\r\n0\r\n\r\n",
    "+F\r\n[{\"eventId\":1}]\r\n0\r\n\r\n",
    "-1\r\n[{\"eventId\":1}]\r\n0\r\n\r\n",
    "F\n[{\"eventId\":1}]\n0\n\n",
    "F\r\n[{\"eventId\":1}]x0\r\n\r\n",
    "\r\nF\r\n[{\"eventId\":1}]\r\n0\r\n\r\n",
];

fn request(length: &str, body: &str) -> String {
    let [(signature, signed), (timestamp, at)] = signed::headers(BODY);
    let length = length.replace("LEN", &BODY.len().to_string());
    format!(
        "POST /webhooks/hubspot HTTP/1.1\r\nHost: h\r\n{signature}: {signed}\r\n\
         {timestamp}: {at}\r\n{length}\r\n\r\n{body}"
    )
}

/// At most one answer comes, it is no 204, and the connection ends: whoever sent the bytes behind
/// the first request is not heard.
#[track_caller]
fn check(router: &Router<'_>, request: &str, shown: &str) {
    let behind = self::request("Content-Length: LEN", BODY);
    let both = format!("{request}{behind}");
    let answer = super::router::exchange(router.process.webhook_port(), both.as_bytes());
    let answers = answer.matches("HTTP/1.1 ").count();
    assert!(answers <= 1, "{shown:?}: {answer}");
    assert!(!answer.contains(" 204 "), "{shown:?}: {answer}");
}

#[test]
fn what_two_readers_would_end_differently_is_refused_and_ends_the_connection() {
    let harness = Harness::prepare(Setup::with(rule("stage", "sequence intro")));
    let router = Router::start(&harness, |_| {});
    for length in LENGTHS {
        check(&router, &request(length, BODY), length);
    }
    for chunks in CHUNKS {
        check(&router, &request("Transfer-Encoding: chunked", chunks), chunks);
    }
    for start in
        ["POST /webhooks/hubspot\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\0\r\n\r\n"]
    {
        check(&router, start, start);
    }
    let status = router.get("/api/v1/status");
    assert_eq!(status["queue"]["journal"], 0);
    let kept = ["accepted", "unreadable", "duplicate"].map(|what| status["events"][what].clone());
    assert_eq!(kept, [0, 0, 0], "nothing was kept: {status}");
    // What is sent rightly is kept, or all of this would pass for nothing.
    let good = request("Content-Length: LEN\r\nConnection: close", BODY);
    let answer = super::router::exchange(router.process.webhook_port(), good.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    assert!(!harness.log().contains("stream error"), "strangers do not fill the log");
    evidence(format_args!(
        "{} ambiguous requests: none was kept",
        LENGTHS.len() + CHUNKS.len() + 3
    ));
}
