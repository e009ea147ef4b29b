//! The pace: at most so many calls in any ten seconds.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

/// HubSpot's window (HUBSPOT.md 7.1).
const WINDOW: Duration = Duration::from_secs(10);

#[derive(Debug, Default)]
struct Log {
    /// When the last calls may leave, oldest first; at most as many as a window allows.
    calls: VecDeque<Instant>,
    /// HubSpot asked for silence until then.
    silent_until: Option<Instant>,
}

/// Gives out permissions to call. Whoever asks first is served first.
#[derive(Debug)]
pub struct Pace {
    calls_per_window: usize,
    log: Mutex<Log>,
}

impl Pace {
    /// A pace nobody has used yet.
    pub fn new(calls_per_10_seconds: u32) -> Self {
        let calls_per_window = usize::try_from(calls_per_10_seconds).unwrap_or(usize::MAX);
        Self { calls_per_window, log: Mutex::new(Log::default()) }
    }

    /// Waits until `calls` calls may be made now, and counts them.
    pub async fn take(&self, calls: usize) {
        let most = self.calls_per_window.max(calls);
        let mut log = self.log.lock().await;
        loop {
            let now = Instant::now();
            while log.calls.front().is_some_and(|at| *at + WINDOW <= now) {
                log.calls.pop_front();
            }
            let silence = log.silent_until.filter(|until| now < *until);
            if silence.is_none() && log.calls.len() + calls <= most {
                log.calls.extend(std::iter::repeat_n(now, calls));
                return;
            }
            let excess = (log.calls.len() + calls).saturating_sub(most);
            let free = excess.checked_sub(1).and_then(|index| log.calls.get(index));
            let free = free.map(|at| *at + WINDOW);
            sleep_until(free.max(silence).unwrap_or(now)).await;
        }
    }

    /// Takes back calls that were counted and not made.
    pub async fn give_back(&self, calls: usize) {
        let mut log = self.log.lock().await;
        let kept = log.calls.len().saturating_sub(calls);
        log.calls.truncate(kept);
    }

    /// HubSpot asked for silence: nobody calls before it is over.
    pub async fn silence(&self, delay: Duration) {
        let mut log = self.log.lock().await;
        log.silent_until = log.silent_until.max(Some(Instant::now() + delay));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_window_of_ten_seconds_holds_more_than_allowed() {
        let pace = Pace::new(9);
        let mut taken = Vec::new();
        for number in 0..40 {
            pace.take(1 + number % 2).await;
            taken.extend(std::iter::repeat_n(Instant::now(), 1 + number % 2));
        }
        for (index, start) in taken.iter().enumerate() {
            let inside = taken[index..].iter().filter(|at| **at < *start + WINDOW).count();
            assert!(inside <= 9, "{inside} calls from call {index} on");
        }
        let whole = *taken.last().expect("some") - taken[0];
        assert!(whole <= Duration::from_secs(70), "60 calls need no more than {whole:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_kept() {
        let pace = Pace::new(9);
        let start = Instant::now();
        pace.silence(Duration::from_secs(3)).await;
        pace.take(1).await;
        assert_eq!(Instant::now() - start, Duration::from_secs(3));
    }
}
