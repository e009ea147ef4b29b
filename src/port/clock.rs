//! What time it is.

use std::time::Duration;

use crate::domain::time::Timestamp;

/// This machine's clocks.
pub trait Clock: Send + Sync + 'static {
    /// The time now by the wall clock, which may be wrong and may be set at any moment.
    fn now(&self) -> Timestamp;

    /// How long it is since a moment in the past, the same one each time: nobody sets this one,
    /// and it goes on while the machine sleeps.
    fn steady(&self) -> Duration;
}

/// Whether a call may still leave: asked right before its bytes do.
pub type InTime<'a> = dyn Fn() -> bool + Sync + 'a;

/// HubSpot's clock, as one of its answers told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// The time over there when it answered.
    pub at: Timestamp,
    /// Which answer told it, counted from 1.
    pub nth: u64,
}
