//! From the bytes of a file to its text.

use std::ops::Range;

use crate::domain::diagnostic::{Diagnostic, Severity};
use crate::domain::rule::code;

/// The text of the file `name`. Where it is not UTF-8 there is a finding about its first wrong
/// byte, and U+FFFD stands for each that could not be read. UTF-16 is read as such, so that the
/// other findings are about what the author wrote.
pub fn decode(name: &str, bytes: Vec<u8>) -> (String, Option<Diagnostic>) {
    if let Some(text) = utf_16(&bytes) {
        let message = "the file is UTF-16, not UTF-8.".to_owned();
        let hint = "Save the file as UTF-8, in the editor's \"Save as\".";
        return (text, Some(finding(name, 0..1, (1, 1), message, hint)));
    }
    let error = match String::from_utf8(bytes) {
        Ok(text) => return (text, None),
        Err(error) => error,
    };
    let at = error.utf8_error().valid_up_to();
    let bytes = error.as_bytes();
    let text = String::from_utf8_lossy(bytes).into_owned();
    let before = String::from_utf8_lossy(&bytes[..at]);
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let column = before[start..].chars().count() + 1;
    let byte = bytes.get(at).copied().unwrap_or_default();
    let message = format!("byte {at} ({byte:#04x}) is not UTF-8.");
    let hint = "Save the file as UTF-8; Windows-1252 is the usual other.";
    (text, Some(finding(name, at..at + 1, (line, column), message, hint)))
}

fn finding(
    name: &str,
    span: Range<usize>,
    (line, column): (usize, usize),
    message: String,
    hint: &str,
) -> Diagnostic {
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Diagnostic {
        code: code::NOT_TEXT,
        severity: Severity::Error,
        file: name.into(),
        span,
        line: number(line),
        column: number(column),
        end_line: number(line),
        end_column: number(column + 1),
        message,
        hint: Some(hint.to_owned()),
    }
}

/// The text of a file that begins with the mark of UTF-16, in either order of bytes.
fn utf_16(bytes: &[u8]) -> Option<String> {
    let (unit, rest): (fn([u8; 2]) -> u16, _) = match bytes {
        [0xff, 0xfe, rest @ ..] => (u16::from_le_bytes, rest),
        [0xfe, 0xff, rest @ ..] => (u16::from_be_bytes, rest),
        _ => return None,
    };
    let units = rest.as_chunks::<2>().0.iter().map(|pair| unit(*pair));
    let letters = char::decode_utf16(units);
    Some(letters.map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expected: Option<(usize, u32, u32)>) {
        let (text, found) = decode("a.toml", bytes.to_vec());
        assert_eq!(found.map(|it| (it.span.start, it.line, it.column)), expected);
        assert_eq!(text.contains('\u{fffd}'), expected.is_some());
    }

    #[test]
    fn the_first_byte_that_is_no_text_is_named() {
        check("says = \"é\"".as_bytes(), None);
        check(b"says = \"\xe9\"", Some((8, 1, 9)));
        check(
            "# é\nx = \"é".bytes().chain([0xff]).collect::<Vec<_>>().as_slice(),
            Some((12, 2, 7)),
        );
        check("x = \"\u{20ac}".as_bytes().split_last().expect("bytes").1, Some((5, 1, 6)));
    }

    #[test]
    fn what_windows_calls_unicode_is_named_and_read_all_the_same() {
        let says = "says = \"é 👋\"\n";
        let units: Vec<u16> = says.encode_utf16().collect();
        let check = |mark: [u8; 2], bytes: fn(u16) -> [u8; 2]| {
            let file = mark.into_iter().chain(units.iter().flat_map(|unit| bytes(*unit)));
            let (text, found) = decode("a.toml", file.collect());
            assert_eq!(text, says);
            assert_eq!(found.expect("a finding").message, "the file is UTF-16, not UTF-8.");
        };
        check([0xff, 0xfe], u16::to_le_bytes);
        check([0xfe, 0xff], u16::to_be_bytes);
    }
}
