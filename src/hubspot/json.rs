//! Reading HubSpot's JSON without trusting its types: ids come as numbers and as text.

use serde_json::Value;

use crate::domain::time::Timestamp;

/// A whole number, given as one or as text.
pub(super) fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// Text that is not blank, given as text or as a number.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// An instant: RFC 3339, or milliseconds since the Unix epoch.
pub(super) fn instant(value: &Value) -> Option<Timestamp> {
    value
        .as_str()
        .and_then(Timestamp::parse_rfc3339)
        .or_else(|| number(value).map(Timestamp::from_unix_ms))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_read_from_numbers_and_text() {
        assert_eq!(number(&json!(138_017_612_137_u64)), Some(138_017_612_137));
        assert_eq!(number(&json!("138017612137")), Some(138_017_612_137));
        assert_eq!(number(&json!("-1")), None);
        assert_eq!(number(&json!(1.5)), None);
        assert_eq!(text(&json!("  ")), None);
        assert_eq!(text(&json!(7)), Some("7".to_owned()));
    }

    #[test]
    fn instants_read_from_both_forms() {
        let expected = Some(Timestamp::from_unix_ms(1_789_492_659_791));
        assert_eq!(instant(&json!("2026-09-15T17:17:39.791Z")), expected);
        assert_eq!(instant(&json!(1_789_492_659_791_u64)), expected);
        assert_eq!(instant(&json!("1789492659791")), expected);
        assert_eq!(instant(&json!("yesterday")), None);
    }
}
