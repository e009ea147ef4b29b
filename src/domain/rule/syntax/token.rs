//! The words and signs of a TOML text, read forgivingly: enough to see where a slip is.

use std::ops::Range;

/// What a piece of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A text in quotes of any kind.
    Text,
    /// A text whose closing quote is missing, up to the end of its line.
    Unclosed,
    /// A text in typographic quotes.
    Curly,
    /// Anything else that is no sign: a key, a number, a date, a word without quotes.
    Word,
    /// One of `= , [ ] { }`.
    Sign(char),
    /// The end of a line.
    Newline,
}

/// A token and its bytes.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) token: Token,
    pub(super) span: Range<usize>,
    /// It is the first of its line, and nothing stands before it.
    pub(super) at_margin: bool,
}

const SIGNS: [char; 6] = ['=', ',', '[', ']', '{', '}'];
/// What word processors make of quotes.
pub(super) const CURLY: [char; 7] = ['“', '”', '„', '‟', '«', '»', '‘'];

/// Every piece of `text`; blanks and comments are passed over.
pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let mut found = Vec::new();
    let mut at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut margin = at;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let (token, length) = match first {
            '\n' => (Token::Newline, 1),
            '#' => {
                at += line_length(rest);
                continue;
            }
            '"' | '\'' => quoted(rest, first),
            _ if first.is_whitespace() => {
                at += first.len_utf8();
                continue;
            }
            _ if SIGNS.contains(&first) => (Token::Sign(first), 1),
            _ if CURLY.contains(&first) => (Token::Curly, curly(rest)),
            _ => (Token::Word, word(rest)),
        };
        found.push(Piece { token, span: at..at + length, at_margin: at == margin });
        at += length;
        if token == Token::Newline {
            margin = at;
        }
    }
    found
}

fn line_length(rest: &str) -> usize {
    rest.find('\n').unwrap_or(rest.len())
}

fn quoted(rest: &str, quote: char) -> (Token, usize) {
    let triple = quote.to_string().repeat(3);
    if rest.starts_with(&triple) {
        let end = rest[3..].find(&triple).map(|end| end + 6);
        return end.map_or((Token::Unclosed, line_length(rest)), |end| (Token::Text, end));
    }
    let mut escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        match letter {
            '\n' => break,
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            _ if letter == quote => return (Token::Text, at + 1),
            _ => {}
        }
    }
    (Token::Unclosed, rest[..line_length(rest)].trim_end().len())
}

/// Up to the next typographic quote of the line.
fn curly(rest: &str) -> usize {
    let line = &rest[..line_length(rest)];
    let close = line.char_indices().skip(1).find(|(_, letter)| CURLY.contains(letter));
    close.map_or(line.trim_end().len(), |(at, letter)| at + letter.len_utf8())
}

fn word(rest: &str) -> usize {
    let ends = |letter: char| {
        letter.is_whitespace()
            || SIGNS.contains(&letter)
            || CURLY.contains(&letter)
            || matches!(letter, '#' | '"')
    };
    rest.find(ends).unwrap_or(rest.len())
}
