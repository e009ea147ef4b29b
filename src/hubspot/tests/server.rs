//! A server that answers by script and writes down what it was asked. Knows nothing of HubSpot.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// What the server does with one connection.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// Reads the request and sends these bytes.
    Send(Vec<u8>),
    /// Closes the connection without reading.
    CloseUnread,
    /// Reads the request and closes the connection.
    CloseRead,
    /// Sends these bytes, reads another request on the same connection and closes it.
    SendAndDropNext(Vec<u8>),
    /// Reads the request and says nothing until the client gives up.
    Hang,
}

impl Act {
    /// A whole answer.
    pub(super) fn answer(status: u16, body: &str) -> Self {
        Self::answer_with(status, "", body)
    }

    /// A whole answer with more header lines, each ended by CR LF.
    pub(super) fn answer_with(status: u16, head: &str, body: &str) -> Self {
        let length = match status {
            204 | 304 => String::new(),
            _ => format!("Content-Length: {}\r\n", body.len()),
        };
        let text = format!("HTTP/1.1 {status} X\r\nConnection: close\r\n{head}{length}\r\n{body}");
        Self::Send(text.into_bytes())
    }
}

/// What the server was asked.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// `GET /path?query`.
    pub(super) line: String,
    /// Names in lower case, as `name: value`.
    pub(super) head: Vec<String>,
    pub(super) body: String,
}

/// Plays one act per connection, in order; further connections are closed unread.
pub(super) struct Server {
    pub(super) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    pub(super) fn start(acts: Vec<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&asked);
        thread::spawn(move || {
            for act in acts {
                let (stream, _) = listener.accept().expect("a connection");
                play(stream, &act, &notes);
            }
        });
        Self { url, asked }
    }

    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn play(mut stream: TcpStream, act: &Act, notes: &Mutex<Vec<Asked>>) {
    stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
    if matches!(act, Act::CloseUnread) {
        return;
    }
    let note = |stream: &mut TcpStream| {
        let asked = read(stream)?;
        notes.lock().unwrap_or_else(PoisonError::into_inner).push(asked);
        Some(())
    };
    if note(&mut stream).is_none() {
        return;
    }
    match act {
        Act::SendAndDropNext(bytes) => {
            stream.write_all(bytes).expect("the client reads");
            note(&mut stream).expect("another request");
        }
        // The client may be gone already, which is its right.
        Act::Send(bytes) => drop(stream.write_all(bytes)),
        Act::Hang => drop(stream.read(&mut [0])),
        Act::CloseRead | Act::CloseUnread => {}
    }
}

fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        let mut byte = [0];
        (stream.read(&mut byte).ok()? == 1).then(|| bytes.push(byte[0]))?;
    };
    let text = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = text.split("\r\n");
    let line = lines.next()?.trim_end_matches(" HTTP/1.1").to_owned();
    let head: Vec<String> = lines.map(lower_name).collect();
    let length = head.iter().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().expect("a length"))];
    stream.read_exact(&mut body).ok()?;
    Some(Asked { line, head, body: String::from_utf8_lossy(&body).into_owned() })
}

fn lower_name(line: &str) -> String {
    let (name, value) = line.split_once(':').unwrap_or((line, ""));
    format!("{}: {}", name.to_ascii_lowercase(), value.trim())
}
