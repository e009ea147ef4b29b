//! The style of a TOML file: where its spaces and line breaks go. Only they are touched: every
//! other byte stays, comments and the order of keys among them.
//!
//! - One space around `=`, after a comma, inside the braces of `{ … }`; none inside `[…]`.
//! - Where an author aligned the `=` of a paragraph (lines without a blank one between them), they
//!   stay aligned, at the longest key. Wider gaps inside the lines of a list stay: they align too.
//! - Inside a list over several lines, two spaces a level.
//! - A comment behind a value stays in its column where it can.
//! - At most one blank line in a row, none at the ends; lines end with a line feed.

use toml_parser::Source;
use toml_parser::lexer::{Token, TokenKind};

/// Spaces a level of nesting.
const INDENT: usize = 2;
/// A comment this close to its value follows the value; one further away stays in its column.
const NEAR: usize = 2;

/// The text in this style. The text must be valid TOML.
pub(super) fn formatted(text: &str) -> String {
    let lines = lines(text);
    let mut out = String::with_capacity(text.len());
    let mut start = 0;
    while start < lines.len() {
        let end = paragraph_end(&lines, start);
        let width = key_width(text, &lines[start..end]);
        for line in &lines[start..end] {
            if !(line.is_blank() && (out.is_empty() || out.ends_with("\n\n"))) {
                line.render(text, width, &mut out);
                out.push('\n');
            }
        }
        start = end;
    }
    out.truncate(out.trim_end_matches('\n').len());
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

/// What begins a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Head {
    /// A `[table]` or `[[array]]`.
    Header,
    /// `key = …`, the equals sign being the token of this number.
    Key(usize),
    /// The inside of a value, nothing, or a comment.
    Rest,
}

/// The tokens of one line without its spaces at either end. A text over several lines is one
/// token of the line it begins in.
#[derive(Debug)]
struct Line {
    tokens: Vec<Token>,
    /// Brackets open before it.
    depth: usize,
    head: Head,
    /// Characters of the file's line before its first token.
    indent: usize,
}

impl Line {
    fn is_blank(&self) -> bool {
        self.tokens.is_empty()
    }

    fn render(&self, text: &str, width: Option<usize>, out: &mut String) {
        let kinds = self.tokens.iter().map(Token::kind);
        let leading = kinds.take_while(|kind| closes(*kind) || *kind == TokenKind::Whitespace);
        let closing = leading.filter(|kind| closes(*kind)).count();
        let depth = self.depth.saturating_sub(closing);
        let start = out.len();
        if !self.is_blank() {
            out.extend(std::iter::repeat_n(' ', depth * INDENT));
        }
        let mut column = self.indent;
        let mut previous: Option<TokenKind> = None;
        for (index, token) in self.tokens.iter().enumerate() {
            let raw = slice(text, *token);
            if token.kind() == TokenKind::Whitespace {
                column += raw.chars().count();
                continue;
            }
            let gap = match index.checked_sub(1).map(|before| self.tokens[before]) {
                Some(before) if before.kind() == TokenKind::Whitespace => slice(text, before),
                _ => "",
            };
            let spaces = match (previous, token.kind()) {
                (None, _) => 0,
                (Some(_), TokenKind::Comment) => comment_gap(gap, column, &out[start..]),
                (Some(_), TokenKind::Equals) if self.head == Head::Key(index) => {
                    let key = out[start..].chars().count();
                    width.map_or(1, |width| width.saturating_sub(key) + 1)
                }
                (Some(previous), kind) => self.spaces(previous, kind, gap),
            };
            out.extend(std::iter::repeat_n(' ', spaces));
            out.push_str(if token.kind() == TokenKind::Comment { raw.trim_end() } else { raw });
            column += raw.chars().count();
            previous = Some(token.kind());
        }
    }

    /// Spaces between two tokens, `gap` being what stands there now.
    fn spaces(&self, before: TokenKind, after: TokenKind, gap: &str) -> usize {
        use TokenKind::{
            Comma, Dot, Equals, LeftCurlyBracket, LeftSquareBracket, RightCurlyBracket,
            RightSquareBracket,
        };
        let usual = match (before, after) {
            (_, Comma | Dot | RightSquareBracket)
            | (Dot | LeftSquareBracket, _)
            | (LeftCurlyBracket, RightCurlyBracket) => return 0,
            (Comma | Equals | LeftCurlyBracket, _) | (_, Equals | RightCurlyBracket) => 1,
            // A date and its time.
            _ => usize::from(!gap.is_empty()),
        };
        let aligned = 0 < self.depth && 1 < gap.len() && !gap.contains('\t');
        if aligned { gap.len() } else { usual }
    }
}

/// Spaces before a comment that stands behind `line`; it was in `column` after `gap`.
fn comment_gap(gap: &str, column: usize, line: &str) -> usize {
    let near = gap.len() <= NEAR || gap.contains('\t') || line.contains('\n');
    if near {
        return gap.len().clamp(1, NEAR);
    }
    column.saturating_sub(line.chars().count()).max(1)
}

fn slice(text: &str, token: Token) -> &str {
    &text[token.span().start()..token.span().end()]
}

fn opens(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::LeftSquareBracket | TokenKind::LeftCurlyBracket)
}

fn closes(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::RightSquareBracket | TokenKind::RightCurlyBracket)
}

/// The file's lines. A byte order mark is left out.
fn lines(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut tokens: Vec<Token> = Vec::new();
    let mut depth = 0_usize;
    for token in Source::new(text).lex() {
        match token.kind() {
            TokenKind::Newline | TokenKind::Eof => {
                let line = line(text, std::mem::take(&mut tokens), depth);
                for token in &line.tokens {
                    depth += usize::from(opens(token.kind()));
                    depth = depth.saturating_sub(usize::from(closes(token.kind())));
                }
                lines.push(line);
            }
            _ => tokens.push(token),
        }
    }
    lines
}

fn line(text: &str, mut tokens: Vec<Token>, depth: usize) -> Line {
    let is_space = |token: &Token| token.kind() == TokenKind::Whitespace;
    let mut indent = 0;
    if tokens.first().is_some_and(is_space) {
        indent = slice(text, tokens.remove(0)).chars().count();
    }
    if tokens.last().is_some_and(is_space) {
        tokens.pop();
    }
    let head = match tokens.first().map(Token::kind) {
        _ if 0 < depth => Head::Rest,
        Some(TokenKind::LeftSquareBracket) => Head::Header,
        Some(_) => {
            let equals = tokens.iter().position(|token| token.kind() == TokenKind::Equals);
            equals.map_or(Head::Rest, Head::Key)
        }
        None => Head::Rest,
    };
    Line { tokens, depth, head, indent }
}

/// The end of the paragraph that begins at `start`: behind a blank line, or before a header.
fn paragraph_end(lines: &[Line], start: usize) -> usize {
    let ends = |line: &Line| line.head == Head::Header || (line.depth == 0 && line.is_blank());
    let rest = &lines[start + 1..];
    rest.iter().position(ends).map_or(lines.len(), |at| start + 1 + at)
}

/// The width of the longest key, where the author aligned the equals signs.
fn key_width(text: &str, lines: &[Line]) -> Option<usize> {
    let mut aligned = false;
    let mut width = 0;
    for line in lines {
        let Head::Key(equals) = line.head else { continue };
        let mut key = 0;
        for token in &line.tokens[..equals] {
            let raw = slice(text, *token);
            match token.kind() {
                TokenKind::Whitespace => aligned |= 1 < raw.len(),
                _ => key += raw.chars().count(),
            }
        }
        width = width.max(key);
    }
    aligned.then_some(width)
}
