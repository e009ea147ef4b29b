//! What people slip on when they write TOML: a parser says "expected `.`, `=`" at the line after
//! the mistake; a colleague says "the bracket of line 19 is not closed".

use std::ops::Range;

use super::token::{Piece, Token, pieces};
use super::words;

/// Tables that are written in double brackets.
const MANY: [&str; 4] = ["rule", "suppress", "quiet_period", "test"];

/// One slip, in the words of a diagnostic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slip {
    pub(super) span: Range<usize>,
    pub(super) message: String,
    pub(super) hint: String,
    /// What a parser says before this byte follows from the slip.
    pub(super) explains: usize,
}

/// The slips of a text that is no TOML, in order, at most `max`.
pub(super) fn find(text: &str, max: usize) -> Vec<Slip> {
    let mut reader = Reader {
        text,
        pieces: pieces(text),
        open: Vec::new(),
        wanted: Wanted::Key,
        key: 0..0,
        found: Vec::new(),
    };
    reader.read(max);
    reader.found
}

/// What must come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Key,
    Equals,
    Value,
    /// A comma, a closing bracket or the end of the line.
    End,
}

struct Reader<'t> {
    text: &'t str,
    pieces: Vec<Piece>,
    /// Brackets that are open: the sign and its byte.
    open: Vec<(char, usize)>,
    wanted: Wanted,
    /// The last key.
    key: Range<usize>,
    found: Vec<Slip>,
}

impl Reader<'_> {
    fn read(&mut self, max: usize) {
        let mut at = 0;
        while let Some(piece) = self.pieces.get(at).cloned()
            && self.found.len() < max
        {
            if self.begins_a_statement(at) {
                self.unclosed(piece.span.start);
                self.wanted = Wanted::Key;
            }
            at = self.step(at, &piece);
        }
        if !self.open.is_empty() && self.found.len() < max {
            self.unclosed(self.text.len());
        }
    }

    /// Reads one piece; returns the next one to read.
    fn step(&mut self, at: usize, piece: &Piece) -> usize {
        match piece.token {
            Token::Newline => {
                self.newline();
                return at + 1;
            }
            Token::Unclosed => return self.unclosed_text(at, piece),
            Token::Curly => {
                let inner = words::without_curly(&self.text[piece.span.clone()]);
                let hint = format!("Write it with straight quotes: \"{inner}\".");
                self.slip(piece.span.clone(), "these quotes are typographic.", hint);
                self.wanted = Wanted::End;
                return self.after_curly(at + 1);
            }
            Token::Word if self.is_comment(piece) => {
                return self.comment(at, piece);
            }
            _ => {}
        }
        match self.wanted {
            Wanted::Key => self.key(at, piece),
            Wanted::Equals => self.equals(at, piece),
            Wanted::Value => self.value(at, piece),
            Wanted::End => self.end(at, piece),
        }
    }

    /// What is written as a comment of another language, to the end of its line.
    fn comment(&mut self, at: usize, piece: &Piece) -> usize {
        let sign = &self.text[piece.span.clone()][..2];
        let message = format!("{sign} begins no comment.");
        self.slip(piece.span.clone(), message, "Comments begin with #.");
        let end = self.line_end(at);
        // Inside brackets the next entry looks as if a comma were missing before it.
        if !self.open.is_empty()
            && let (Some(slip), Some(newline)) = (self.found.last_mut(), self.pieces.get(end))
        {
            let next = &self.text[newline.span.end..];
            slip.explains = newline.span.end + next.find('\n').map_or(next.len(), |at| at + 1);
        }
        end
    }

    fn is_comment(&self, piece: &Piece) -> bool {
        let word = &self.text[piece.span.clone()];
        let early = matches!(self.wanted, Wanted::Key | Wanted::End);
        // No value begins with //, but a number may begin with --.
        word.starts_with("//") || (early && word.starts_with("--"))
    }

    fn newline(&mut self) {
        if !self.open.is_empty() {
            return;
        }
        let key = &self.text[self.key.clone()];
        match self.wanted {
            Wanted::Equals => {
                let hint = format!("Write {key} = …: a key, an equals sign, a value.");
                self.slip(self.key.clone(), format!("{key} has no = and no value."), hint);
            }
            Wanted::Value => {
                let hint = format!("Write {key} = \"…\", or remove the line.");
                self.slip(self.key.clone(), format!("{key} has no value."), hint);
            }
            Wanted::Key | Wanted::End => {}
        }
        self.wanted = Wanted::Key;
    }

    fn unclosed_text(&mut self, at: usize, piece: &Piece) -> usize {
        let line = self.text[..piece.span.start].rfind('\n').map_or(0, |end| end + 1);
        let first = self.found.iter().position(|slip| line <= slip.span.start);
        if let Some(first) = first {
            // An earlier text of the line swallowed what stands between the two.
            let span = self.found[first].span.clone();
            self.found.truncate(first);
            let hint = "Every text has a quote before it and a quote after it: \"…\".";
            self.slip(span, "the quotes of this line do not pair.", hint);
        } else {
            let hint = "Put a quote at the end of the text: \"…\".";
            self.slip(piece.span.clone(), "the text has no closing quote.", hint);
        }
        // Brackets opened in this line were closed in the part that the text swallowed.
        self.open.retain(|(_, open)| *open < line);
        self.wanted = Wanted::End;
        at + 1
    }

    /// Past the rest of a text in typographic quotes that held such a quote or a straight one.
    fn after_curly(&self, at: usize) -> usize {
        let ends = |piece: &Piece| matches!(piece.token, Token::Newline | Token::Sign(_));
        (at..self.pieces.len()).find(|at| ends(&self.pieces[*at])).unwrap_or(self.pieces.len())
    }

    fn key(&mut self, at: usize, piece: &Piece) -> usize {
        match piece.token {
            Token::Sign('[') if self.open.is_empty() => return self.header(at),
            Token::Sign('}') => return self.end(at, piece),
            Token::Sign(',') if !self.open.is_empty() => return at + 1,
            Token::Word | Token::Text => self.key = piece.span.clone(),
            _ => return self.line_end(at),
        }
        self.wanted = Wanted::Equals;
        let word = &self.text[piece.span.clone()];
        if piece.token == Token::Word && word.ends_with(':') && 1 < word.len() {
            self.key.end -= 1;
            self.missing_equals(piece.span.clone());
            self.wanted = Wanted::Value;
        }
        at + 1
    }

    fn equals(&mut self, at: usize, piece: &Piece) -> usize {
        self.wanted = Wanted::Value;
        if piece.token == Token::Sign('=') {
            return at + 1;
        }
        let colon = &self.text[piece.span.clone()] == ":";
        self.missing_equals(piece.span.clone());
        if colon { at + 1 } else { self.value(at, piece) }
    }

    fn missing_equals(&mut self, span: Range<usize>) {
        let key = &self.text[self.key.clone()];
        let message = format!("there is no = between {key} and its value.");
        self.slip(span, message, format!("Write {key} = …"));
    }

    fn value(&mut self, at: usize, piece: &Piece) -> usize {
        match piece.token {
            Token::Sign('[') => self.open.push(('[', piece.span.start)),
            Token::Sign('{') => {
                self.open.push(('{', piece.span.start));
                self.wanted = Wanted::Key;
            }
            Token::Sign(']' | '}') => return self.end(at, piece),
            Token::Sign(',') => {}
            Token::Sign(_) => return self.line_end(at),
            Token::Word => return self.bare(at),
            _ => self.wanted = Wanted::End,
        }
        at + 1
    }

    /// A value without quotes: a number, a date, or words that lack them.
    fn bare(&mut self, first: usize) -> usize {
        let is_word = |piece: &Piece| {
            piece.token == Token::Word && !self.text[piece.span.clone()].starts_with("//")
        };
        let words = self.pieces[first..].iter().take_while(|piece| is_word(piece)).count();
        let span = self.pieces[first].span.start..self.pieces[first + words - 1].span.end;
        let text = &self.text[span.clone()];
        // In a list the value stands alone.
        let in_list = self.open.last().is_some_and(|(open, _)| *open == '[');
        let key = if in_list { "" } else { &self.text[self.key.clone()] };
        if let Some((message, hint)) = words::complaint(key, text) {
            self.slip(span, message, hint);
        }
        self.wanted = Wanted::End;
        first + words
    }

    fn end(&mut self, at: usize, piece: &Piece) -> usize {
        match (piece.token, self.open.last().copied()) {
            (Token::Sign(','), Some((open, _))) => {
                self.wanted = if open == '{' { Wanted::Key } else { Wanted::Value };
            }
            (Token::Sign(close @ (']' | '}')), Some((open, _))) => {
                if (open == '[') != (close == ']') {
                    self.unclosed_one(piece.span.end);
                }
                self.open.pop();
                self.wanted = Wanted::End;
            }
            (Token::Sign(close @ (']' | '}')), None) => {
                let open = if close == ']' { '[' } else { '{' };
                let message = format!("there is no {open} that this {close} closes.");
                self.slip(piece.span.clone(), message, format!("Remove the {close}."));
            }
            (Token::Sign('='), _) | (_, None) => return self.line_end(at),
            (_, Some((open, _))) => {
                let before = self.pieces[at - 1].span.clone();
                let hint = "Put a comma after it; every two entries need one between them.";
                self.slip(before, "a comma is missing here.", hint);
                self.wanted = if open == '{' { Wanted::Key } else { Wanted::Value };
                return self.step(at, piece);
            }
        }
        at + 1
    }

    /// `[name]` or `[[name]]`, with its line to itself.
    fn header(&mut self, at: usize) -> usize {
        let end = self.line_end(at);
        let line = &self.pieces[at..end];
        let count =
            |sign: char| line.iter().filter(|piece| piece.token == Token::Sign(sign)).count();
        let (opened, closed) = (count('['), count(']'));
        let span = line[0].span.start..line[line.len() - 1].span.end;
        let name = self.text[span.clone()].trim_matches(['[', ']', ' ', '\t']).to_owned();
        let mut many = opened == 2;
        if opened == 1 && closed == 1 && MANY.contains(&name.as_str()) {
            let message = format!("[{name}] stands for one of many.");
            self.slip(span, message, format!("Write [[{name}]]."));
            // The next [[name]] of the file contradicts it.
            if let Some(slip) = self.found.last_mut() {
                slip.explains = self.text.len();
            }
        } else if opened != closed {
            many |= closed == 2 || MANY.contains(&name.as_str());
            let whole = if many { format!("[[{name}]]") } else { format!("[{name}]") };
            let message = "the brackets of this table's name do not match.";
            self.slip(span, message, format!("Write {whole}."));
        }
        end
    }

    /// Whether a line that begins inside brackets can only be a new statement.
    fn begins_a_statement(&self, at: usize) -> bool {
        let (Some((open, _)), piece) = (self.open.last(), &self.pieces[at]) else { return false };
        let first = at == 0 || self.pieces[at - 1].token == Token::Newline;
        let next = self.pieces.get(at + 1).map(|piece| piece.token);
        let key = piece.token == Token::Word && next == Some(Token::Sign('='));
        let is_header = || {
            let line = &self.text[piece.span.start..];
            let line = line.lines().next().unwrap_or_default().trim_end();
            let name = line.trim_start_matches('[').trim_end_matches(']');
            line.ends_with(']') && !name.is_empty() && !name.contains(['"', ',', ' ', '[', ']'])
        };
        let header = piece.token == Token::Sign('[') && piece.at_margin && is_header();
        let inside = *open == '[' || (piece.at_margin && self.wanted == Wanted::End);
        first && ((key && inside) || header)
    }

    /// Everything that is open should have been closed before `until`.
    fn unclosed(&mut self, until: usize) {
        // The outermost explains the rest, but the innermost is what was forgotten.
        self.unclosed_one(until);
        self.open.clear();
    }

    fn unclosed_one(&mut self, until: usize) {
        let Some((open, at)) = self.open.pop() else { return };
        let close = if open == '[' { ']' } else { '}' };
        let hint = format!("Put a {close} where it ends.");
        self.slip(at..at + 1, format!("this {open} is never closed."), hint);
        let next = self.text[until..].find("\n[").map_or(self.text.len(), |next| until + next);
        if let Some(slip) = self.found.last_mut() {
            slip.explains = next;
        }
    }

    fn line_end(&self, at: usize) -> usize {
        let newline = |at: &usize| self.pieces[*at].token == Token::Newline;
        (at..self.pieces.len()).find(newline).unwrap_or(self.pieces.len())
    }

    fn slip(&mut self, span: Range<usize>, message: impl Into<String>, hint: impl Into<String>) {
        let rest = &self.text[span.end..];
        let explains = span.end + rest.find('\n').map_or(rest.len(), |end| end + 1);
        let (message, hint) = (message.into(), hint.into());
        self.found.push(Slip { span, message, hint, explains });
    }
}
