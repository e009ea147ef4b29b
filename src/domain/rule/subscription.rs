//! Subscription types, and the consent that a destination asks for.

use super::model::Place;

/// What `[subscriptions.X] require` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Require {
    /// `subscribed`.
    Subscribed,
    /// `not-opted-out`.
    NotOptedOut,
}

/// `[subscriptions.X]`.
#[derive(Clone, Debug)]
pub struct Subscription {
    /// `id`: HubSpot's subscription type.
    pub id: u64,
    /// `require`.
    pub require: Require,
    /// Where it stands.
    pub place: Place,
}
