//! A server on loopback that answers what the input says.

use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

const STATUSES: [u16; 24] = [
    200, 200, 200, 201, 204, 207, 301, 400, 400, 401, 403, 404, 404, 408, 409, 414, 423, 429, 477,
    500, 502, 503, 504, 599,
];
const TYPES: [&str; 4] = ["application/json", "text/html", "text/plain; charset=utf-16", ""];

type Script = Arc<Mutex<VecDeque<Vec<u8>>>>;

/// See the module.
pub struct Server {
    /// Where it is.
    pub url: String,
    script: Script,
}

impl Server {
    /// Starts it on a free port; it ends with the process.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let script = Script::default();
        let shared = Arc::clone(&script);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let script = Arc::clone(&shared);
                thread::spawn(move || serve(stream, &script));
            }
        });
        Self { url, script }
    }

    /// The next answers; when they are used up, the server says 500. The first one's status,
    /// where it is the only one.
    pub fn play<'a>(&self, answers: impl Iterator<Item = &'a [u8]>) -> Option<u16> {
        let made: VecDeque<_> = answers.take(4).map(answer).collect();
        let only = (made.len() == 1).then(|| made[0].0);
        let bytes = made.into_iter().map(|(_, bytes)| bytes).collect();
        *self.script.lock().unwrap_or_else(PoisonError::into_inner) = bytes;
        only
    }
}

/// Two bytes choose status and headers, the rest is the body.
fn answer(input: &[u8]) -> (u16, Vec<u8>) {
    let (head, body) = input.split_at(input.len().min(2));
    let byte = |at: usize| head.get(at).copied().map_or(0, usize::from);
    let status = STATUSES[byte(0) % STATUSES.len()];
    let kind = TYPES[byte(1) % TYPES.len()];
    let retry = match byte(1) / 4 % 4 {
        0 => "",
        1 => "Retry-After: 3\r\n",
        2 => "Retry-After: -1\r\nX-HubSpot-RateLimit-Daily-Remaining: 0\r\n",
        _ => "Retry-After: 99999999999999999999\r\nX-HubSpot-Correlation-Id: a@b.example\r\n",
    };
    let body = if status == 204 { &[] } else { body };
    let mut bytes = format!(
        "HTTP/1.1 {status} S\r\nContent-Type: {kind}\r\n{retry}Content-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    (status, bytes)
}

fn serve(mut stream: TcpStream, script: &Mutex<VecDeque<Vec<u8>>>) {
    stream.set_nodelay(true).ok();
    let mut read = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let Ok(count @ 1..) = stream.read(&mut chunk) else { return };
        read.extend_from_slice(&chunk[..count]);
        if !is_whole(&read) {
            continue;
        }
        read.clear();
        let next = script.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let bytes = next.unwrap_or_else(|| answer(&[19, 0]).1);
        if stream.write_all(&bytes).is_err() {
            return;
        }
    }
}

/// Whether head and body of a request have come.
fn is_whole(request: &[u8]) -> bool {
    let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    let length: usize = length.and_then(|text| text.trim().parse().ok()).unwrap_or(0);
    end + 4 + length <= request.len()
}
