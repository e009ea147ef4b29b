//! Rust source as text: what stands in it besides comments and quotes, and whom it names.

/// The top modules named as `crate::x` or in a `crate::{…}` group, each with where.
pub(super) fn named(code: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for at in words(code, "crate::") {
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => found.extend(first_names(group).map(|name| (at, name))),
            None => found.extend(identifier(rest).map(|name| (at, name))),
        }
    }
    found
}

/// The first name of each entry of a `{…}` group, whose opening brace is already read.
fn first_names(group: &str) -> impl Iterator<Item = &str> {
    let mut open = 1_usize;
    let mut starts = vec![0];
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => open += 1,
            '}' => open -= 1,
            ',' if open == 1 => starts.push(at + 1),
            _ => {}
        }
        if open == 0 {
            break;
        }
    }
    starts.into_iter().filter_map(|start| identifier(group[start..].trim_start()))
}

pub(super) fn identifier(text: &str) -> Option<&str> {
    let end = text.find(|letter: char| !is_word(letter)).unwrap_or(text.len());
    (0 < end).then(|| &text[..end])
}

/// Where a chain of `super::` reaches the crate's root from a file this deep.
pub(super) fn climbs(code: &str, depth: usize) -> Vec<usize> {
    let tests = code.find("mod tests {").unwrap_or(code.len());
    let chains = |depth: usize| {
        let chain = "super::".repeat(depth);
        words(code, &chain).collect::<Vec<_>>()
    };
    let mut found: Vec<usize> = chains(depth).into_iter().filter(|at| *at < tests).collect();
    // Inside the tests at a file's end, the first step only leads to the file itself.
    found.extend(chains(depth + 1).into_iter().filter(|at| tests < *at));
    found
}

/// How many modules stand between a file and the root: 1 for `store/mod.rs`, 2 for `store/x.rs`.
pub(super) fn depth(inside: &str) -> usize {
    inside.trim_end_matches("/mod.rs").split('/').count()
}

/// Where `word` stands by itself in `text`.
pub(super) fn words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    text.match_indices(word).map(|found| found.0).filter(move |at| {
        let before = text[..*at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        let joined =
            |a: Option<char>, b: Option<char>| a.is_some_and(is_word) && b.is_some_and(is_word);
        !joined(before, word.chars().next()) && !joined(word.chars().next_back(), after)
    })
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// `text` with comments, texts and letters in quotes blanked; every byte keeps its place.
pub(super) fn code_of(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let taken = match skipped(rest) {
            0 => rest.chars().next().map_or(1, char::len_utf8),
            skip => {
                let blank = |byte: u8| if byte == b'\n' { '\n' } else { ' ' };
                code.extend(rest[..skip].bytes().map(blank));
                rest = &rest[skip..];
                continue;
            }
        };
        code.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    code
}

/// The length of the comment, text or letter that `rest` begins with; 0 for code.
fn skipped(rest: &str) -> usize {
    let until = |from: usize, end: &str| {
        rest[from..].find(end).map_or(rest.len(), |at| from + at + end.len())
    };
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return until(2, "*/");
    }
    if let Some(raw) = rest.strip_prefix("r") {
        let fence = raw.len() - raw.trim_start_matches('#').len();
        if raw[fence..].starts_with('"') {
            return until(fence + 2, &format!("\"{}", "#".repeat(fence)));
        }
    }
    match rest.as_bytes() {
        [b'"', ..] => quoted(rest, '"'),
        [b'\'', b'\\', ..] => quoted(rest, '\''),
        [b'\'', ..] => {
            let letter = rest[1..].chars().next().map_or(0, char::len_utf8);
            if rest[1 + letter..].starts_with('\'') { letter + 2 } else { 0 }
        }
        _ => 0,
    }
}

/// The length of a quoted piece with `\` before what does not end it.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        if letter == quote && !escaped {
            return at + 1;
        }
        escaped = letter == '\\' && !escaped;
    }
    rest.len()
}
