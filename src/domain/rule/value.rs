//! Values as HubSpot sends them, text, compared by meaning (RULES.md 1.3, "compared how").

use std::cmp::Ordering;
use std::collections::BTreeSet;

/// An exact decimal number: `"80"`, `"80.0"` and `"8e1"` are one and the same.
///
/// Its value is `0.DIGITS * 10^point`. Binary fractions would make `0.1 + 0.2` of a score
/// miss a line that its author wrote as `0.3`, so nothing here goes through `f64`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    /// Without leading or trailing zeros; empty for zero.
    digits: String,
    point: i64,
}

impl Decimal {
    /// Reads `"-12.50"` or `"8e1"`, blanks around it allowed; `None` when it is no number.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !all_digits(whole) || !all_digits(fraction)
        {
            return None;
        }
        let digits = format!("{whole}{fraction}");
        let significant = digits.trim_start_matches('0');
        let leading = digits.len() - significant.len();
        let digits = significant.trim_end_matches('0').to_owned();
        if digits.is_empty() {
            return Some(Self { negative: false, digits, point: 0 });
        }
        let length = |digits: usize| i64::try_from(digits).ok();
        let point = length(whole.len())? - length(leading)? + i64::from(exponent);
        Some(Self { negative, digits, point })
    }

    /// 1, 0 or -1.
    fn sign(&self) -> i8 {
        match (self.digits.is_empty(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let size = || self.point.cmp(&other.point).then_with(|| self.digits.cmp(&other.digits));
        self.sign().cmp(&other.sign()).then_with(|| match self.sign() {
            -1 => size().reverse(),
            0 => Ordering::Equal,
            _ => size(),
        })
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A blank value is unknown: HubSpot sends `""` for a cleared property.
pub fn is_blank(value: &str) -> bool {
    value.trim().is_empty()
}

/// Text as it is compared: trimmed, and in lower case unless `exact_case`.
pub fn fold(text: &str, exact_case: bool) -> String {
    let text = text.trim();
    if exact_case { text.to_owned() } else { text.to_lowercase() }
}

/// The values of a multi-checkbox: split at `;`, trimmed, order ignored.
pub fn choices(value: &str) -> BTreeSet<&str> {
    value.split(';').map(str::trim).filter(|choice| !choice.is_empty()).collect()
}

/// Whether `text` is like `pattern`, where `*` stands for any text. Both are folded already.
pub fn is_like(text: &str, pattern: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return text == pattern;
    };
    let (middle, tail) = rest.rsplit_once('*').unwrap_or(("", rest));
    let Some(text) = text.strip_prefix(head).and_then(|text| text.strip_suffix(tail)) else {
        return false;
    };
    // The leftmost match of each piece leaves the most for the others.
    let mut left = text;
    middle.split('*').all(|piece| match left.split_once(piece) {
        Some((_, after)) => {
            left = after;
            true
        }
        None => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_order(left: &str, right: &str, expected: Ordering) {
        let (a, b) = (Decimal::parse(left).expect(left), Decimal::parse(right).expect(right));
        assert_eq!(a.cmp(&b), expected, "{left} against {right}");
        assert_eq!(b.cmp(&a), expected.reverse(), "{right} against {left}");
        assert_eq!(a == b, expected == Ordering::Equal, "{left} == {right}");
    }

    #[test]
    fn decimals_compare_by_value_not_by_spelling() {
        for spelling in ["80", "80.0", "8e1", " 080.00 ", "+80", "800e-1", "0.8E+2"] {
            check_order(spelling, "80", Ordering::Equal);
        }
        check_order("-0", "0.000", Ordering::Equal);
        check_order("79.5", "80", Ordering::Less);
        check_order("9", "10", Ordering::Less);
        check_order("-9", "-10", Ordering::Greater);
        check_order("-1", "0", Ordering::Less);
        check_order("0.05", "0.5", Ordering::Less);
        check_order("0.1", "0.10000000000000000000000001", Ordering::Less);
        check_order("1e2147483647", "1", Ordering::Greater);
        check_order("99999999999999999999", "100000000000000000000", Ordering::Less);
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in
            ["", " ", "-", ".", "e1", "1e", "1.2.3", "1,000", "NaN", "inf", "0x10", "1e9999999999"]
        {
            assert_eq!(Decimal::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_star_stands_for_any_text() {
        for (text, pattern, expected) in [
            ("head of sales", "head of *", true),
            ("head of sales", "*sales", true),
            ("head of sales", "*of*", true),
            ("head of sales", "h*of*s", true),
            ("head of sales", "h*sales*of*", false),
            ("abc", "abc", true),
            ("abc", "ab", false),
            ("ab", "ab*b", false),
            ("abab", "ab**ab", true),
            ("", "*", true),
        ] {
            assert_eq!(is_like(text, pattern), expected, "{text:?} like {pattern:?}");
        }
    }

    #[test]
    fn a_pattern_of_many_stars_takes_no_longer_than_its_text() {
        // Going back to try every split of the text would take longer than there is time.
        let text = "a".repeat(64 << 10);
        let pattern = format!("{}b", "a*".repeat(40));
        assert!(!is_like(&text, &pattern));
        assert!(is_like(&format!("{text}b"), &pattern));
    }
}
