//! One event, one line (RELIABILITY.md T10): what would end a line, steer a terminal or turn the
//! reading direction is written out, so that nothing that is logged can look like another line.

use std::fmt::Write as _;
use std::io;

use tracing_subscriber::fmt::MakeWriter;

/// Makes writers that write whole lines.
#[derive(Clone, Debug)]
pub(super) struct Lines<W> {
    pub(super) json: bool,
    /// The formatter's own colors are let through.
    pub(super) color: bool,
    pub(super) writer: W,
}

/// Writes one event, which the formatter hands over whole.
#[derive(Debug)]
pub(super) struct Line<W> {
    json: bool,
    color: bool,
    writer: W,
}

impl<'w, W: MakeWriter<'w>> MakeWriter<'w> for Lines<W> {
    type Writer = Line<W::Writer>;

    fn make_writer(&'w self) -> Self::Writer {
        Line { json: self.json, color: self.color, writer: self.writer.make_writer() }
    }
}

impl<W: io::Write> io::Write for Line<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line = text.strip_suffix('\n').unwrap_or(&text);
        let mut safe = escape(line, self.json, self.color);
        safe.push('\n');
        self.writer.write_all(safe.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// `line` with everything written out that is no visible letter.
fn escape(line: &str, json: bool, color: bool) -> String {
    let mut safe = String::with_capacity(line.len() + 1);
    let mut rest = line;
    while let Some(letter) = rest.chars().next() {
        let styled = if color { style(rest) } else { 0 };
        if styled != 0 {
            safe.push_str(&rest[..styled]);
            rest = &rest[styled..];
            continue;
        }
        if is_unsafe(letter) {
            let code = u32::from(letter);
            // Such a letter stands in JSON only within a text, where this means the same letter.
            let form =
                if json { write!(safe, "\\u{code:04x}") } else { write!(safe, "\\u{{{code:x}}}") };
            form.expect("a text takes everything");
        } else {
            safe.push(letter);
        }
        rest = &rest[letter.len_utf8()..];
    }
    safe
}

/// The length of the color that `rest` begins with, `ESC [ digits and ; m`; 0 where it begins
/// with none. It paints, and moves nothing.
fn style(rest: &str) -> usize {
    let Some(inside) = rest.strip_prefix("\x1b[") else { return 0 };
    let end = inside.find(|letter: char| !letter.is_ascii_digit() && letter != ';');
    end.filter(|end| inside[*end..].starts_with('m')).map_or(0, |end| end + "\x1b[m".len())
}

/// Controls of both sets, line and paragraph separators, and what turns the reading direction.
fn is_unsafe(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
        || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}
