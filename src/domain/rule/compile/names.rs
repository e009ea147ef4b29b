//! Names in rules that stand for something of the other kind: a workflow called a sequence, a
//! team called a user.

use super::Context;
use super::book::singular;
use crate::domain::rule::syntax::Node;
use crate::domain::rule::{code, suggest};

impl<'a> Context<'a> {
    /// Checks the name of a destination. `[kind, other]`: which it must be, which it may be by
    /// mistake.
    pub(super) fn destination_named(
        &self,
        [kind, other]: [&str; 2],
        name: &str,
        at: Node<'a>,
    ) -> Option<()> {
        if self.book.one(kind, name).is_some() || self.book.one(other, name).is_none() {
            return self.reference(&[kind], name, at);
        }
        let (kind, other) = (singular(kind), singular(other));
        let message = format!("\"{name}\" is a {other}, not a {kind}.");
        at.error(code::UNKNOWN_NAME, message, format!("Write {other} = \"{name}\"."));
        None
    }

    /// Checks `user:NAME` or `team:NAME`.
    pub(super) fn sender_named(
        &self,
        [kind, other]: [&str; 2],
        word: &str,
        at: Node<'a>,
    ) -> Option<()> {
        let (prefix, name) = word.split_once(':')?;
        if self.book.one(kind, name).is_some() {
            return Some(());
        }
        let message = format!("{} \"{name}\" is not defined.", singular(kind));
        let hint = if self.book.one(other, name).is_some() {
            let prefix = if prefix == "user" { "team" } else { "user" };
            format!("It is a {}: write \"{prefix}:{name}\".", singular(other))
        } else if let Some(near) = suggest::nearest(name, self.book.names(kind)) {
            format!("Did you mean \"{prefix}:{near}\"?")
        } else {
            suggest::hint(name, self.book.names(kind), "Defined")
                .unwrap_or_else(|| format!("Add [{kind}.{name}] to portal.toml."))
        };
        at.error(code::UNKNOWN_NAME, message, hint);
        None
    }
}
