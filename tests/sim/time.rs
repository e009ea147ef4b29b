//! Three clocks: the true time, which HubSpot keeps; tokio's paused one, which drives it; and the
//! router's wall clock, which somebody sets wrong now and then.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use hubroute::domain::time::Timestamp;
use hubroute::port::Clock;
use tokio::time::Instant;

/// The simulated time begins on 2026-01-01, a Thursday.
pub(crate) const BEGIN_MS: i64 = 1_767_225_600_000;
pub(crate) const SECOND: u64 = 1_000;
pub(crate) const MINUTE: u64 = 60 * SECOND;
pub(crate) const HOUR: u64 = 60 * MINUTE;
pub(crate) const DAY: u64 = 24 * HOUR;

/// The true time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Time(Instant);

impl Time {
    /// Begins now; tokio's time is paused.
    pub(crate) fn begin() -> Self {
        Self(Instant::now())
    }

    /// Milliseconds since the beginning.
    pub(crate) fn elapsed(self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Milliseconds since 1970.
    pub(crate) fn now(self) -> i64 {
        BEGIN_MS + i64::try_from(self.elapsed()).unwrap_or(i64::MAX)
    }

    /// Lets time pass until so many milliseconds after the beginning.
    pub(crate) async fn until(self, elapsed: u64) {
        tokio::time::sleep_until(self.0 + std::time::Duration::from_millis(elapsed)).await;
    }
}

/// The router's wall clock.
#[derive(Clone, Debug)]
pub(crate) struct WallClock {
    time: Time,
    wrong_by: Arc<AtomicI64>,
    /// Looks at it until it jumps, and where to; 0: it does not.
    looks: Arc<AtomicU64>,
    next: Arc<AtomicI64>,
}

impl WallClock {
    pub(crate) fn new(time: Time) -> Self {
        Self { time, wrong_by: Arc::default(), looks: Arc::default(), next: Arc::default() }
    }

    /// Sets it wrong by so many milliseconds, after so many more looks at it: in the middle of
    /// whatever the router does then.
    pub(crate) fn set(&self, wrong_by: i64, looks: u64) {
        self.looks.store(looks, Ordering::Relaxed);
        let set = if looks == 0 { &self.wrong_by } else { &self.next };
        set.store(wrong_by, Ordering::Relaxed);
    }

    fn look(&self) {
        let left = self.looks.load(Ordering::Relaxed);
        if left != 0 {
            self.looks.store(left - 1, Ordering::Relaxed);
        }
        if left == 1 {
            self.wrong_by.store(self.next.load(Ordering::Relaxed), Ordering::Relaxed);
        }
    }
}

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        self.look();
        let now = self.time.now() + self.wrong_by.load(Ordering::Relaxed);
        Timestamp::from_unix_ms(u64::try_from(now).unwrap_or(0))
    }

    fn steady(&self) -> Duration {
        Duration::from_millis(self.time.elapsed())
    }
}
