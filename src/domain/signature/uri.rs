//! The URI that HubSpot signs: scheme, host and path of `public_url`, with the request's query.

use std::borrow::Cow;

use thiserror::Error;

use super::Rejection;

/// What HubSpot decodes before it signs (HUBSPOT.md 2.2). Everything else stays as it is, and
/// nothing is decoded twice.
const DECODED: [(&str, char); 12] = [
    ("3A", ':'),
    ("2F", '/'),
    ("3F", '?'),
    ("40", '@'),
    ("21", '!'),
    ("24", '$'),
    ("27", '\''),
    ("28", '('),
    ("29", ')'),
    ("2A", '*'),
    ("2C", ','),
    ("3B", ';'),
];

/// Why `[server] public_url` cannot be what HubSpot calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BadPublicUrl {
    /// Neither http nor https.
    #[error("it must begin with https:// (or http:// on loopback)")]
    Scheme,
    /// No host.
    #[error("it has no host")]
    Host,
    /// A fragment is never sent.
    #[error("it has a fragment (#), which HubSpot never sends")]
    Fragment,
    /// Blanks or control characters.
    #[error("it has a blank or a control character in it")]
    Characters,
}

/// The target URL exactly as it stands in the HubSpot app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    base: String,
    query: Option<String>,
}

impl PublicUrl {
    /// Reads the URL; nothing in it is changed, for it is part of what HubSpot signs.
    pub fn parse(text: &str) -> Result<Self, BadPublicUrl> {
        let rest = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"))
            .ok_or(BadPublicUrl::Scheme)?;
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(BadPublicUrl::Characters);
        }
        if rest.starts_with('/') || rest.starts_with('?') || rest.is_empty() {
            return Err(BadPublicUrl::Host);
        }
        if rest.contains('#') {
            return Err(BadPublicUrl::Fragment);
        }
        let (base, query) = match text.split_once('?') {
            Some((base, query)) => (base.to_owned(), Some(query.to_owned())),
            None => (text.to_owned(), None),
        };
        Ok(Self { base, query })
    }

    /// The whole URL, as it was given.
    pub fn whole(&self) -> String {
        match &self.query {
            Some(query) => format!("{}?{query}", self.base),
            None => self.base.clone(),
        }
    }

    /// The URL without its query.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The texts that a signature may cover: decoded by HubSpot's table and, where that differs,
    /// as it stands. Either needs the secret, so accepting both costs nothing.
    pub(super) fn signed_uris(&self, query: Option<&str>) -> Result<Vec<String>, Rejection> {
        if let Some(expected) = &self.query
            && query != Some(expected)
        {
            return Err(Rejection::QueryDiffers);
        }
        let whole = match query {
            Some(query) => format!("{}?{query}", self.base),
            None => self.base.clone(),
        };
        Ok(match decode(&whole) {
            Cow::Borrowed(_) => vec![whole],
            Cow::Owned(decoded) => vec![decoded, whole],
        })
    }
}

/// One pass of HubSpot's table, hexadecimal digits of either case.
fn decode(uri: &str) -> Cow<'_, str> {
    if !uri.contains('%') {
        return Cow::Borrowed(uri);
    }
    let mut decoded = String::with_capacity(uri.len());
    let mut rest = uri;
    while let Some(at) = rest.find('%') {
        let (before, escape) = rest.split_at(at);
        decoded.push_str(before);
        let digits = escape.get(1..3).unwrap_or("");
        if let Some((_, c)) = DECODED.iter().find(|(hex, _)| hex.eq_ignore_ascii_case(digits)) {
            decoded.push(*c);
            rest = &escape[3..];
        } else {
            decoded.push('%');
            rest = &escape[1..];
        }
    }
    decoded.push_str(rest);
    if decoded == uri { Cow::Borrowed(uri) } else { Cow::Owned(decoded) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(uri: &str, expected: &str) {
        assert_eq!(decode(uri), expected);
    }

    #[test]
    fn the_table_is_decoded_once_and_nothing_else() {
        check("?t=a%3Ab%2Fc&q=%20x%26y&u=%40me", "?t=a:b/c&q=%20x%26y&u=@me");
        check("%3a%2f%3f%40%21%24%27%28%29%2a%2c%3b", ":/?@!$'()*,;");
        check("%20%26%3D%2B%23%25%5B%5D", "%20%26%3D%2B%23%25%5B%5D");
        check("%253A", "%253A");
        check("%3", "%3");
        check("100%", "100%");
        check("%é", "%é");
    }

    #[test]
    fn a_query_in_public_url_must_be_the_requests_own() {
        let url = PublicUrl::parse("https://a.example/h?k=1").expect("valid");
        assert_eq!(url.signed_uris(Some("k=1")), Ok(vec!["https://a.example/h?k=1".to_owned()]));
        assert_eq!(url.signed_uris(None), Err(Rejection::QueryDiffers));
        assert_eq!(url.signed_uris(Some("k=2")), Err(Rejection::QueryDiffers));
    }

    #[test]
    fn urls_hubspot_cannot_call_are_refused() {
        assert_eq!(PublicUrl::parse("ftp://a"), Err(BadPublicUrl::Scheme));
        assert_eq!(PublicUrl::parse("https://"), Err(BadPublicUrl::Host));
        assert_eq!(PublicUrl::parse("https:///path"), Err(BadPublicUrl::Host));
        assert_eq!(PublicUrl::parse("https://a/#x"), Err(BadPublicUrl::Fragment));
        assert_eq!(PublicUrl::parse("https://a/ b"), Err(BadPublicUrl::Characters));
    }
}
