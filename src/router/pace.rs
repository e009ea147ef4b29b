//! The pace: at most so many calls in any ten seconds, the most urgent first.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// HubSpot's window (HUBSPOT.md 7.1).
const WINDOW: Duration = Duration::from_secs(10);
/// The part of a window's calls that may leave in one burst. The rest is spaced evenly: a window
/// that is used up in its first second would make whoever comes next wait for the other nine.
const BURST: usize = 5;
/// Whoever has waited so long goes before everybody, so that no kind waits for ever.
const PATIENCE: Duration = Duration::from_mins(1);

/// How urgent a call is: the first one goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Somebody is taken out of something.
    Leave,
    /// A call whose outcome nobody knows is read back.
    Doubt,
    /// What a decision that has begun still needs: it is done before another one begins, or
    /// every further read of it would wait behind all who begin meanwhile.
    Begun,
    /// The fresh read of a decision, and its call.
    Enroll,
    /// A question of a person, a probe.
    Read,
}

/// Somebody who waits.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    ticket: u64,
    urgency: Urgency,
    since: Instant,
}

#[derive(Debug, Default)]
struct State {
    /// When the last calls left, oldest first; at most as many as a window allows.
    calls: VecDeque<Instant>,
    /// HubSpot asked for silence until then.
    silent_until: Option<Instant>,
    waiting: Vec<Waiting>,
    tickets: u64,
    closed: bool,
}

/// Gives out permissions to call: the most urgent first, among equals whoever asked first.
#[derive(Debug)]
pub struct Pace {
    calls_per_window: usize,
    state: Mutex<State>,
    changed: Notify,
}

/// A place in the queue, given up when it is dropped.
#[derive(Debug)]
struct Place<'a> {
    pace: &'a Pace,
    ticket: u64,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.pace.lock().waiting.retain(|waiting| waiting.ticket != self.ticket);
        self.pace.changed.notify_waiters();
    }
}

/// What there is to wait for.
enum Next {
    Go,
    At(Instant),
    /// Somebody else goes first.
    Others,
}

impl Pace {
    /// A pace nobody has used yet.
    pub fn new(calls_per_10_seconds: u32) -> Self {
        let calls_per_window = usize::try_from(calls_per_10_seconds).unwrap_or(usize::MAX);
        Self { calls_per_window, state: Mutex::default(), changed: Notify::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `calls` calls may be made now, and counts them. Once it is closed, for ever.
    pub async fn take(&self, urgency: Urgency, calls: usize) {
        let place = self.queue(urgency);
        let mut was_first = false;
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            match self.try_take(place.ticket, calls) {
                Next::Go => return,
                Next::Others => {
                    // Time has made somebody else the first: they must hear of it.
                    if std::mem::take(&mut was_first) {
                        self.changed.notify_waiters();
                    }
                    changed.await;
                }
                Next::At(at) => {
                    was_first = true;
                    tokio::select! {
                        () = sleep_until(at) => {}
                        () = changed => {}
                    }
                }
            }
        }
    }

    fn queue(&self, urgency: Urgency) -> Place<'_> {
        let mut state = self.lock();
        let ticket = state.tickets;
        state.tickets += 1;
        state.waiting.push(Waiting { ticket, urgency, since: Instant::now() });
        drop(state);
        // Whoever is first may be so no longer.
        self.changed.notify_waiters();
        Place { pace: self, ticket }
    }

    fn try_take(&self, ticket: u64, calls: usize) -> Next {
        let most = self.calls_per_window.max(calls);
        let mut state = self.lock();
        let now = Instant::now();
        if state.closed || state.first(now) != Some(ticket) {
            return Next::Others;
        }
        while state.calls.front().is_some_and(|at| *at + WINDOW <= now) {
            state.calls.pop_front();
        }
        let silence = state.silent_until.filter(|until| now < *until);
        let spaced = self.spaced(&state, calls).filter(|at| now < *at);
        if silence.is_none() && spaced.is_none() && state.calls.len() + calls <= most {
            state.calls.extend(std::iter::repeat_n(now, calls));
            return Next::Go;
        }
        let excess = (state.calls.len() + calls).saturating_sub(most);
        let free = excess.checked_sub(1).and_then(|index| state.calls.get(index));
        let free = free.map(|at| *at + WINDOW);
        Next::At(free.max(silence).max(spaced).unwrap_or(now))
    }

    /// From when on `calls` calls keep their distance to the last one, once a burst is used up.
    fn spaced(&self, state: &State, calls: usize) -> Option<Instant> {
        let last = state.calls.back()?;
        if state.calls.len() + calls <= (self.calls_per_window / BURST).max(1) {
            return None;
        }
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Some(*last + WINDOW * number(calls) / number(self.calls_per_window).max(1))
    }

    /// Takes back calls that were counted and not made.
    pub fn give_back(&self, calls: usize) {
        let mut state = self.lock();
        let kept = state.calls.len().saturating_sub(calls);
        state.calls.truncate(kept);
        drop(state);
        self.changed.notify_waiters();
    }

    /// HubSpot asked for silence: nobody calls before it is over.
    pub fn silence(&self, delay: Duration) {
        let mut state = self.lock();
        state.silent_until = state.silent_until.max(Some(Instant::now() + delay));
        drop(state);
        self.changed.notify_waiters();
    }

    /// Lets nobody call any more.
    pub fn close(&self) {
        self.lock().closed = true;
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }
}

impl State {
    fn first(&self, now: Instant) -> Option<u64> {
        let order = |waiting: &&Waiting| {
            let is_patient = now < waiting.since + PATIENCE;
            (is_patient.then_some(waiting.urgency), waiting.ticket)
        };
        self.waiting.iter().min_by_key(order).map(|waiting| waiting.ticket)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_window_of_ten_seconds_holds_more_than_allowed() {
        let pace = Pace::new(9);
        let mut taken = Vec::new();
        for number in 0..40 {
            pace.take(Urgency::Enroll, 1 + number % 2).await;
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
    async fn in_a_steady_load_nobody_waits_long_for_the_next_call() {
        let pace = Pace::new(190);
        let mut last = Instant::now();
        let mut longest = Duration::ZERO;
        for _ in 0..2_000 {
            pace.take(Urgency::Enroll, 2).await;
            longest = longest.max(last.elapsed());
            last = Instant::now();
        }
        assert!(longest <= Duration::from_millis(2_200), "{longest:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn silence_is_kept() {
        let pace = Pace::new(9);
        let start = Instant::now();
        pace.silence(Duration::from_secs(3));
        pace.take(Urgency::Leave, 1).await;
        assert_eq!(Instant::now() - start, Duration::from_secs(3));
    }

    /// In which order those who ask while the window is full are served, one a window.
    #[track_caller]
    fn check(asked: &[Urgency], expected: &[Urgency]) {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_time().start_paused(true).build().expect("a runtime");
        runtime.block_on(async {
            let pace = Arc::new(Pace::new(1));
            pace.take(Urgency::Read, 1).await;
            let served = Arc::new(Mutex::new(Vec::new()));
            let mut tasks = tokio::task::JoinSet::new();
            for urgency in asked.iter().copied() {
                let (pace, served) = (Arc::clone(&pace), Arc::clone(&served));
                tasks.spawn(async move {
                    pace.take(urgency, 1).await;
                    served.lock().expect("no panic").push(urgency);
                });
                tokio::task::yield_now().await;
            }
            while tasks.join_next().await.is_some() {}
            assert_eq!(*served.lock().expect("no panic"), expected);
        });
    }

    #[test]
    fn the_most_urgent_goes_first() {
        use Urgency::{Begun, Doubt, Enroll, Leave, Read};
        check(&[Read, Enroll, Begun, Doubt, Leave], &[Leave, Doubt, Begun, Enroll, Read]);
        check(&[Enroll, Read, Enroll, Leave], &[Leave, Enroll, Enroll, Read]);
    }

    #[test]
    fn nobody_waits_for_ever() {
        use Urgency::{Leave, Read};
        let mut asked = vec![Read];
        asked.extend([Leave; 9]);
        let mut expected = vec![Leave; 5];
        expected.push(Read);
        expected.extend([Leave; 4]);
        // Six windows are a minute; from then on whoever came first goes first.
        check(&asked, &expected);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_gives_up_is_not_waited_for() {
        let pace = Pace::new(1);
        pace.take(Urgency::Enroll, 1).await;
        let given_up = tokio::time::timeout(WINDOW / 2, pace.take(Urgency::Leave, 1)).await;
        assert!(given_up.is_err());
        assert_eq!(pace.waiting(), 0);
        pace.take(Urgency::Read, 1).await;
    }

    #[tokio::test(start_paused = true)]
    async fn once_closed_it_lets_nobody_call() {
        let pace = Pace::new(9);
        pace.close();
        let waited = tokio::time::timeout(WINDOW * 9, pace.take(Urgency::Leave, 1)).await;
        assert!(waited.is_err());
    }
}
