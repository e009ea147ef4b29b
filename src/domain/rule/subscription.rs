//! Subscription types, the consent that a destination asks for, and HubSpot's lists.

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

/// `[hubspot_lists.X]`.
#[derive(Clone, Debug)]
pub struct HubSpotList {
    /// `id`.
    pub id: u64,
    /// Where it stands.
    pub place: Place,
}
