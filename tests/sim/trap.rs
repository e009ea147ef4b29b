//! Stops that hit a call under way: armed by the world, sprung by the next enroll call.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Where the machine stops in the life of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// It is reserved and never leaves.
    Before,
    /// HubSpot books it, and nobody hears of it.
    After,
    /// It is answered, and the machine stops at the next write: nothing says so on disk.
    Answered,
}

impl Cut {
    pub(crate) const ALL: [Self; 3] = [Self::Before, Self::After, Self::Answered];
}

#[derive(Debug, Default)]
struct State {
    armed: Option<Cut>,
    sprung: bool,
}

/// See the module. Cloning gives another handle to it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trap(Arc<(Mutex<State>, Notify)>);

impl Trap {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next enroll call is cut there.
    pub(crate) fn arm(&self, cut: Cut) {
        self.state().armed = Some(cut);
    }

    /// An enroll call begins: where it is cut, if so. It is the only one.
    pub(crate) fn meet(&self) -> Option<Cut> {
        self.state().armed.take()
    }

    /// The call has come to its cut: the world must stop the machine.
    pub(crate) fn spring(&self) {
        self.state().sprung = true;
        self.0.1.notify_one();
    }

    /// Waits until it has sprung.
    pub(crate) async fn sprung(&self) {
        self.0.1.notified().await;
    }

    /// Whether it has, once.
    pub(crate) fn take(&self) -> bool {
        std::mem::take(&mut self.state().sprung)
    }

    /// The machine is stopped otherwise, or nothing is to be stopped any more.
    pub(crate) fn disarm(&self) {
        *self.state() = State::default();
    }
}
