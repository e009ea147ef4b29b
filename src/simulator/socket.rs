//! The connection under a request, for the faults that no web framework offers: closing it
//! without an answer, and sending an answer that breaks off.

use std::any::Any;
use std::io::{ErrorKind, Write as _};
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Extensions;

use super::call::Answer;

/// A second handle on a request's connection.
#[derive(Clone, Debug)]
pub(super) struct Socket(Arc<TcpStream>);

impl Socket {
    /// Keeps a handle on each connection the server takes; `Socket` is then its connection data.
    pub(super) fn keep(connection: &dyn Any, data: &mut Extensions) {
        let Some(stream) = connection.downcast_ref::<actix_web::rt::net::TcpStream>() else {
            return;
        };
        if let Ok(handle) = stream.as_fd().try_clone_to_owned() {
            data.insert(Self(Arc::new(TcpStream::from(handle))));
        }
    }

    /// Closes the connection. What the server writes afterwards reaches nobody.
    pub(super) fn close(&self) {
        // It fails only when the other side closed first, which is as good.
        drop(self.0.shutdown(Shutdown::Both));
    }

    /// Sends bytes past the server, in `pieces` spread over `ms`.
    pub(super) async fn send(&self, bytes: &[u8], pieces: usize, ms: u64) {
        let size = bytes.len().div_ceil(pieces.max(1)).max(1);
        let pause = Duration::from_millis(ms / pieces.max(1) as u64);
        for piece in bytes.chunks(size) {
            if !self.send_piece(piece).await {
                return;
            }
            if pieces > 1 {
                tokio::time::sleep(pause).await;
            }
        }
    }

    /// Sends one piece whole; false when the other side is gone.
    async fn send_piece(&self, mut piece: &[u8]) -> bool {
        while !piece.is_empty() {
            match (&*self.0).write(piece) {
                Ok(0) => return false,
                Ok(written) => piece = &piece[written..],
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                // The handle shares the server's non-blocking mode: a full buffer asks to wait.
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                Err(_) => return false,
            }
        }
        true
    }
}

/// An answer as bytes on the wire, the connection closing after it.
pub(super) fn wire(answer: &Answer) -> Vec<u8> {
    let status = answer.status;
    let mut head = format!("HTTP/1.1 {status} Simulated\r\nconnection: close\r\n");
    for (name, value) in &answer.headers {
        head = format!("{head}{name}: {value}\r\n");
    }
    if status != 204 {
        let (kind, length) = (answer.content_type, answer.body.len());
        head = format!("{head}content-type: {kind}\r\ncontent-length: {length}\r\n");
    }
    head.push_str("\r\n");
    [head.into_bytes(), answer.body.clone()].concat()
}

/// The first half of an answer: of its body, or of its head when it has none.
pub(super) fn half(answer: &Answer) -> Vec<u8> {
    let mut bytes = wire(answer);
    let keep = match answer.body.len() {
        0 => bytes.len() / 2,
        length => bytes.len() - length.div_ceil(2),
    };
    bytes.truncate(keep);
    bytes
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn half_an_answer_is_never_a_whole_one() {
        let body = String::from_utf8(half(&Answer::json(200, &json!({"id": "1"})))).expect("text");
        assert!(body.ends_with("\r\n\r\n{\"id\""), "{body}");
        let head = String::from_utf8(half(&Answer::nothing())).expect("text");
        assert!(!head.contains("\r\n\r\n"), "{head}");
    }
}
