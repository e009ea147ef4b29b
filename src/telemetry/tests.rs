//! What the log makes of texts that would rather be something else.

use std::io;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use tracing_subscriber::layer::SubscriberExt as _;

use super::layer;

/// Where lines go in these tests.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl io::Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic before").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is written of one event that says `text` in its message and in two fields.
fn logged(text: &str, json: bool, color: bool) -> String {
    let paper = Paper::default();
    let writer = paper.clone();
    let lines = layer(json, color, move || writer.clone());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(lines), || {
        tracing::warn!(shown = %text, quoted = text, "it said {text}");
    });
    let bytes = paper.0.lock().expect("no panic before").clone();
    String::from_utf8(bytes).expect("text")
}

/// One line, without anything that moves a cursor; in color, with colors.
fn assert_one_line(text: &str) {
    for (json, color) in [(true, false), (false, false), (false, true)] {
        let line = logged(text, json, color);
        let inside = line.strip_suffix('\n').expect("it ends with a line end");
        let mut plain = inside.to_owned();
        while let Some(at) = plain.find("\x1b[").filter(|_| color) {
            let end = plain[at..].find('m').expect("a color");
            let code = &plain[at + 2..at + end];
            assert!(code.bytes().all(|it| it.is_ascii_digit() || it == b';'), "{line:?}");
            plain.replace_range(at..=at + end, "");
        }
        let bad = |letter: char| letter.is_control() || ('\u{202a}'..='\u{202e}').contains(&letter);
        assert!(!plain.contains(bad) && !plain.contains('\u{2028}'), "{line:?}");
        if json {
            let event: serde_json::Value = serde_json::from_str(&line).expect("JSON");
            assert_eq!(event["quoted"], text, "a program reads what was said");
        }
    }
}

#[test]
fn a_line_cannot_be_forged_and_a_terminal_not_steered() {
    for text in [
        "a\n2026-11-24T10:00:00Z ERROR forged",
        "a\r\n\r\n",
        "\x1b[2J\x1b[H",
        "\x1b]0;title\x07",
        "\u{9b}31m",
        "\u{202e}reversed\u{2066}",
        "a\u{2028}b\u{2029}c\u{85}d\u{feff}",
        "\0\x08\x7f",
        "Zoë 東京 🙂",
        "",
    ] {
        assert_one_line(text);
    }
    assert!(logged("Zoë 東京 🙂", false, false).contains("Zoë 東京 🙂"), "letters stay");
}

proptest! {
    #[test]
    fn whatever_is_logged_is_one_line(text in any::<String>()) {
        assert_one_line(&text);
    }
}
