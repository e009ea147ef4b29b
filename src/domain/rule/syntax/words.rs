//! Values that lack their quotes, and what they should have been.

use super::token::CURLY;

/// What is wrong with a value written without quotes, and what to write; `None` for a number, a
/// date, `true` or `false`.
pub(super) fn complaint(key: &str, text: &str) -> Option<(String, String)> {
    let flag = match text.to_lowercase().as_str() {
        "true" | "yes" | "on" => Some("true"),
        "false" | "no" | "off" => Some("false"),
        _ => None,
    };
    if let Some(flag) = flag {
        let message = format!("{text} is not how {flag} is written.");
        return (text != flag).then(|| (message, format!("Write {flag}, in small letters.")));
    }
    if let Some(hint) = date_hint(text) {
        return Some((format!("{text} is not written as a date."), hint));
    }
    if is_number_or_moment(text) {
        return None;
    }
    let key = key.trim_matches('"');
    let shown = if key.is_empty() { format!("\"{text}\"") } else { format!("{key} = \"{text}\"") };
    Some((format!("the text {text} has no quotes."), format!("Write {shown}.")))
}

/// Whether the characters are those of TOML's numbers, dates and times.
fn is_number_or_moment(text: &str) -> bool {
    let signless = text.trim_start_matches(['+', '-']);
    let based = ["0x", "0o", "0b"].iter().any(|base| signless.starts_with(base));
    // A date and its time may have a blank between them.
    let text = match text.split_once(' ') {
        Some((date, time)) if date.len() == 10 && time.contains(':') => &format!("{date}T{time}"),
        _ => text,
    };
    let allowed = |letter: char| letter.is_ascii_digit() || "_+-.:eETZ".contains(letter);
    let starts = signless.starts_with(|letter: char| letter.is_ascii_digit());
    based || matches!(signless, "inf" | "nan") || (starts && text.chars().all(allowed))
}

/// For a date in another order: the date as TOML writes it, where it is certain.
fn date_hint(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split(['.', '/', '-']).collect();
    let [first, second, third] = parts.as_slice() else { return None };
    let number = |part: &str| part.parse::<u16>().ok();
    let (first, second, last) = (number(first)?, number(second)?, number(third)?);
    let (year, month, day) = match (first, last) {
        _ if text.contains('-') && 1000 <= first => return None,
        (1000.., _) => (first, second, last),
        // 03/04/2027 is one day in Boston and another one in Berlin.
        (_, 1000..) if text.contains('/') && first <= 12 => {
            return Some("Write the year first: 2026-12-31.".to_owned());
        }
        (_, 1000..) => (last, second, first),
        _ => return None,
    };
    Some(format!("Write the year first: {year}-{month:02}-{day:02}."))
}

/// The text between typographic quotes.
pub(super) fn without_curly(text: &str) -> &str {
    text.trim_matches(|letter| CURLY.contains(&letter) || letter == '"')
}
