//! HubSpot's call limits: any 10 seconds, and a day (HUBSPOT.md 7.1 to 7.3).

use std::collections::VecDeque;

use super::call::Answer;
use super::faults::too_many;
use super::settings::Settings;

const WINDOW_MS: i64 = 10_000;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// The calls counted so far.
#[derive(Debug, Default)]
pub(super) struct Limits {
    /// Times of the calls of the last 10 seconds.
    recent: VecDeque<i64>,
    /// The day being counted (days since 1970, UTC) and its calls.
    day: (i64, u32),
}

impl Limits {
    /// Counts a call at `now`, or refuses it with the documented 429. A refused call of the
    /// 10-second limit does not count.
    pub(super) fn admit(&mut self, settings: &Settings, now: i64) -> Result<(), Answer> {
        while self.recent.front().is_some_and(|at| at + WINDOW_MS <= now) {
            self.recent.pop_front();
        }
        let today = now.div_euclid(DAY_MS);
        if self.day.0 != today {
            self.day = (today, 0);
        }
        if settings.calls_per_day.is_some_and(|most| self.day.1 >= most) {
            return Err(self.headers(settings, too_many("DAILY")));
        }
        let full = |most: u32| self.recent.len() >= most as usize;
        if settings.calls_per_10_seconds.is_some_and(full) {
            return Err(self.headers(settings, too_many("TEN_SECONDLY_ROLLING")));
        }
        self.recent.push_back(now);
        self.day.1 += 1;
        Ok(())
    }

    /// The calls counted on the present day.
    pub(super) fn today(&self) -> u32 {
        self.day.1
    }

    /// The answer with the rate-limit headers, where there are limits.
    pub(super) fn headers(&self, settings: &Settings, mut answer: Answer) -> Answer {
        if let Some(most) = settings.calls_per_10_seconds {
            let left = (most as usize).saturating_sub(self.recent.len());
            answer = answer
                .with("X-HubSpot-RateLimit-Max", &most)
                .with("X-HubSpot-RateLimit-Remaining", &left)
                .with("X-HubSpot-RateLimit-Interval-Milliseconds", &WINDOW_MS);
        }
        if let Some(most) = settings.calls_per_day {
            answer = answer
                .with("X-HubSpot-RateLimit-Daily", &most)
                .with("X-HubSpot-RateLimit-Daily-Remaining", &most.saturating_sub(self.day.1));
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_rolls_and_the_day_turns() {
        let settings = Settings {
            calls_per_10_seconds: Some(2),
            calls_per_day: Some(3),
            ..Settings::default()
        };
        let mut limits = Limits::default();
        let mut admitted = |now| {
            limits.admit(&settings, now).map_err(|answer| {
                let body = String::from_utf8(answer.body).expect("JSON");
                (answer.status, body.contains("DAILY"))
            })
        };
        assert_eq!(admitted(0), Ok(()));
        assert_eq!(admitted(5), Ok(()));
        assert_eq!(admitted(9_999), Err((429, false)));
        assert_eq!(admitted(10_000), Ok(()));
        assert_eq!(admitted(20_006), Err((429, true)));
        assert_eq!(admitted(DAY_MS), Ok(()));
    }
}
