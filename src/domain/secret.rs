//! A secret: never printed, wiped when dropped.

use std::fmt;

use zeroize::Zeroizing;

/// A client secret or a token. It has no `Display` and no `Serialize`, and `Debug` hides it.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text, without surrounding blanks; `None` when nothing is left. A missing
    /// secret is an error at start, never an empty string.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The text itself, for the one place that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed_and_not_empty() {
        let secret = Secret::new(" abc \n").expect("not blank");
        assert_eq!(format!("{secret:?}"), "Secret(***)");
        assert_eq!(secret.reveal(), "abc");
        assert!(Secret::new(" \n").is_none());
    }
}
