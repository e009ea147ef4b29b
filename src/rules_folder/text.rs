//! From the bytes of a file to its text.

use crate::domain::diagnostic::{Diagnostic, Severity};
use crate::domain::rule::code;

/// The text of the file `name`. Where it is not UTF-8 there is a finding about its first wrong
/// byte, and U+FFFD stands for each that could not be read.
pub fn decode(name: &str, bytes: Vec<u8>) -> (String, Option<Diagnostic>) {
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
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let byte = bytes.get(at).copied().unwrap_or_default();
    let found = Diagnostic {
        code: code::NOT_TEXT,
        severity: Severity::Error,
        file: name.into(),
        span: at..at + 1,
        line: number(line),
        column: number(column),
        end_line: number(line),
        end_column: number(column + 1),
        message: format!("byte {at} ({byte:#04x}) is not UTF-8."),
        hint: Some(
            "Save the file as UTF-8; Windows-1252 and UTF-16 are the usual others.".to_owned(),
        ),
    };
    (text, Some(found))
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
        check(b"\xff\xfea\0", Some((0, 1, 1)));
        check("x = \"\u{20ac}".as_bytes().split_last().expect("bytes").1, Some((5, 1, 6)));
    }
}
