//! A circuit: after failures in a row nothing is called for a while, then one trial decides
//! whether everybody goes on. Nothing is dropped meanwhile: it waits.

use super::time::{MINUTE_MS, SECOND_MS, Timestamp};

/// Failures in a row after which it opens.
pub const FAILURES_MAX: u32 = 5;
/// A trial that nobody ended counts as never made.
const TRIAL_MS: u64 = MINUTE_MS;

/// Whoever comes while a trial is under way comes again after so long.
const TRIAL_LOOK_MS: u64 = 5 * SECOND_MS;

/// How long it stays open: this long at first, twice as long after each failed trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rest {
    /// Milliseconds at first.
    pub first_ms: u64,
    /// Milliseconds at most.
    pub most_ms: u64,
}

impl Rest {
    /// Of one target or sender.
    pub const PART: Self = Self { first_ms: 10 * SECOND_MS, most_ms: 15 * MINUTE_MS };
    /// Of HubSpot as a whole: the trial is a read that costs nothing, and everybody waits for it.
    pub const WHOLE: Self = Self { first_ms: SECOND_MS, most_ms: MINUTE_MS };
}

/// It is not closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Since when.
    pub since: Timestamp,
    /// When the next trial may be made.
    pub until: Timestamp,
    /// What went wrong last: our own words or HubSpot's message.
    pub why: String,
    rest_ms: u64,
    /// Half-open: a trial is under way, and ends by itself then.
    trial_until: Option<Timestamp>,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Circuit {
    rest: Rest,
    failures: u32,
    opened: Option<Opened>,
}

impl Circuit {
    /// A closed one.
    pub fn new(rest: Rest) -> Self {
        Self { rest, failures: 0, opened: None }
    }

    /// How it is open; `None` where it is closed.
    pub fn opened(&self) -> Option<&Opened> {
        self.opened.as_ref()
    }

    /// When to come again, where nothing may be called at `now`.
    pub fn rests_until(&self, now: Timestamp) -> Option<Timestamp> {
        let opened = self.opened.as_ref()?;
        let (until, again) = match opened.trial_until {
            Some(until) => (until, until.min(now.plus_ms(TRIAL_LOOK_MS))),
            None => (opened.until, opened.until),
        };
        (now < until).then_some(again)
    }

    /// Begins the trial, where it is open and its time has come.
    pub fn begin_trial(&mut self, now: Timestamp) {
        if let Some(opened) = &mut self.opened {
            opened.trial_until = Some(now.plus_ms(TRIAL_MS));
        }
    }

    /// The trial was not made after all, or tells nothing: the next one may be.
    pub fn drop_trial(&mut self) {
        if let Some(opened) = &mut self.opened {
            opened.trial_until = None;
        }
    }

    /// A call was answered, whatever the answer: it is closed.
    pub fn succeed(&mut self) {
        self.failures = 0;
        self.opened = None;
    }

    /// A call got no answer, or one that cannot be trusted.
    pub fn fail(&mut self, now: Timestamp, why: &str) {
        self.failures = self.failures.saturating_add(1);
        let Rest { first_ms, most_ms } = self.rest;
        match &mut self.opened {
            // One that had left before it opened tells nothing new.
            Some(opened) if now < opened.until => {}
            Some(opened) => {
                opened.rest_ms = opened.rest_ms.saturating_mul(2).min(most_ms);
                opened.until = now.plus_ms(opened.rest_ms);
                why.clone_into(&mut opened.why);
                opened.trial_until = None;
            }
            None if self.failures < FAILURES_MAX => {}
            None => {
                let until = now.plus_ms(first_ms);
                let why = why.to_owned();
                self.opened =
                    Some(Opened { since: now, until, why, rest_ms: first_ms, trial_until: None });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> Timestamp {
        Timestamp::from_unix_ms(second * SECOND_MS)
    }

    /// Until which second it rests at `second`, after a story of (second, what happened).
    #[track_caller]
    fn check(story: &[(u64, &str)], second: u64, expected: Option<u64>) {
        let mut circuit = Circuit::new(Rest::PART);
        for (second, what) in story {
            match *what {
                "fail" => circuit.fail(at(*second), "502"),
                "succeed" => circuit.succeed(),
                "trial" => circuit.begin_trial(at(*second)),
                _ => circuit.drop_trial(),
            }
        }
        assert_eq!(circuit.rests_until(at(second)), expected.map(at), "{story:?}");
    }

    const FIVE: [(u64, &str); 5] = [(1, "fail"); 5];

    #[test]
    fn five_failures_in_a_row_open_it_for_ten_seconds() {
        check(&FIVE[..4], 1, None);
        check(&FIVE, 1, Some(11));
        check(&FIVE, 11, None);
        check(&[&FIVE[..4], &[(1, "succeed")], &FIVE[..4]].concat(), 1, None);
    }

    #[test]
    fn one_trial_at_a_time_closes_it_or_doubles_the_rest() {
        let trial = [&FIVE[..], &[(11, "trial")]].concat();
        check(&trial, 12, Some(17));
        check(&trial, 70, Some(71));
        check(&trial, 71, None);
        check(&[&trial[..], &[(12, "drop")]].concat(), 12, None);
        check(&[&trial[..], &[(12, "succeed")]].concat(), 12, None);
        check(&[&trial[..], &[(12, "fail")]].concat(), 12, Some(32));
        check(&[&trial[..], &[(12, "fail"), (32, "trial"), (33, "fail")]].concat(), 33, Some(73));
    }

    #[test]
    fn what_had_left_before_it_opened_does_not_lengthen_the_rest() {
        check(&[&FIVE[..], &[(2, "fail"), (3, "fail")]].concat(), 3, Some(11));
    }

    #[test]
    fn it_never_rests_longer_than_a_quarter_hour() {
        let mut circuit = Circuit::new(Rest::PART);
        let mut now = at(0);
        for _ in 0..40 {
            circuit.fail(now, "502");
            now = circuit.rests_until(now).unwrap_or(now);
        }
        circuit.fail(now, "502");
        assert_eq!(circuit.rests_until(now), Some(now.plus_ms(15 * MINUTE_MS)));
    }
}
