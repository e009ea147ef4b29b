//! A start that takes long is told on the admin listener, and the listener is free after it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use tokio::sync::oneshot;

use super::*;

/// One call; its status line and its body.
fn get(address: std::net::SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

#[test]
fn a_long_start_is_told_with_how_far_it_is() {
    let (end, ended) = oneshot::channel();
    let admin = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let address = admin.local_addr().expect("an address");
    let asked = std::thread::spawn(move || {
        let answers = ["/readyz", "/api/v1/status", "/healthz"].map(|path| get(address, path));
        end.send(7).expect("somebody waits");
        answers
    });
    let progress = Progress::default();
    progress.set(37, 100);
    let start = async { ended.await.expect("it ends") };
    let started = actix_web::rt::System::new().block_on(tell_while(start, &admin, &progress));
    assert_eq!(started, 7);
    let [ready, status, health] = asked.join().expect("it asked");
    for answer in [&ready, &status] {
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        assert!(answer.contains("37 % done (record 37 of 100)"), "{answer}");
    }
    assert!(health.starts_with("HTTP/1.1 200"), "{health}");
    drop(admin);
    TcpListener::bind(address).expect("nobody else has the port");
}
