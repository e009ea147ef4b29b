//! A router with an environment of its own beside a harness's simulator, asked byte by byte: a
//! client library would mend what these tests want to send.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::harness::{Harness, LONG, PUBLIC_URL, Process};
use hubroute::simulator::Delivery;

/// See the module.
#[derive(Debug)]
pub(super) struct Router<'h> {
    pub(super) harness: &'h Harness,
    pub(super) process: Process,
    /// Headers of every call to the admin listener.
    pub(super) headers: String,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }
}

impl<'h> Router<'h> {
    /// Starts it in the harness's folder, and waits until it is ready.
    pub(super) fn start(harness: &'h Harness, edit: impl FnOnce(&mut Command)) -> Self {
        let mut process = Process::serve_with(harness.folder(), edit);
        process.wait_until_ready();
        Self { harness, process, headers: String::new() }
    }

    /// A call to the admin listener with this router's headers and these.
    #[track_caller]
    pub(super) fn ask(&self, call: &str, headers: &str, body: &str) -> Answer {
        let mut all = format!("{}{headers}", self.headers);
        let named = all.to_ascii_lowercase();
        if !named.contains("host:") {
            all += "Host: 127.0.0.1\r\n";
        }
        if !body.is_empty() && !named.contains("content-type:") {
            all += "Content-Type: application/json\r\n";
        }
        let length = body.len();
        let request = format!(
            "{call} HTTP/1.1\r\nConnection: close\r\nContent-Length: {length}\r\n{all}\r\n{body}"
        );
        let answer = exchange(self.process.admin_port(), request.as_bytes());
        parse(&answer).unwrap_or_else(|| panic!("{call}: no answer\n{}", self.harness.log()))
    }

    /// A GET that must be answered with 200.
    #[track_caller]
    pub(super) fn get(&self, path: &str) -> Value {
        let answer = self.ask(&format!("GET {path}"), "", "");
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.json()
    }

    /// Waits until the status is as `wanted`.
    #[track_caller]
    pub(super) fn wait_for(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let status = self.get("/api/v1/status");
            if wanted(&status) {
                return status;
            }
            assert!(began.elapsed() < LONG, "{status}\n{}", self.harness.log());
            std::thread::sleep(Duration::from_millis(15));
        }
    }

    /// An order to this router that `secret` signs.
    pub(super) fn order(&self, secret: &str) -> Delivery {
        Delivery {
            target: self.process.webhook_url(),
            secret: secret.to_owned(),
            public_url: Some(PUBLIC_URL.to_owned()),
            timeout_ms: 20_000,
            ..Delivery::default()
        }
    }
}

/// Sends bytes and reads whatever comes until the end of the connection.
pub(super) fn exchange(port: u16, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
    // The router may have hung up before it read everything.
    stream.write_all(request).ok();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok();
    String::from_utf8_lossy(&answer).into_owned()
}

fn parse(answer: &str) -> Option<Answer> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    let body = if chunked { unchunk(body) } else { body.to_owned() };
    Some(Answer { status, head: head.to_owned(), body })
}

/// A chunked body without its lengths.
fn unchunk(mut rest: &str) -> String {
    let mut body = String::new();
    while let Some((length, after)) = rest.split_once("\r\n") {
        let length = usize::from_str_radix(length.trim(), 16).unwrap_or(0);
        if length == 0 {
            break;
        }
        body.push_str(after.get(..length).unwrap_or(after));
        rest = after.get(length + 2..).unwrap_or_default();
    }
    body
}
