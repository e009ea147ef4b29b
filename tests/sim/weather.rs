//! HubSpot's bad days: which fault strikes which call, drawn from the seed.

use hubroute::simulator::{Fault, Kind, On, Portal};
use serde_json::json;

use crate::random::Random;
use crate::time::{HOUR, MINUTE, SECOND};

/// What goes wrong for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Answers get lost, before or after the effect.
    Lossy { per_mille: u64 },
    /// 500, 502, 503 and 504, before or after the effect.
    Errors { per_mille: u64 },
    /// 429 of the ten-second limit, with and without `Retry-After`.
    Busy { per_mille: u64 },
    /// 429 of the day's limit, for everything.
    DaySpent,
    /// 401 for everything.
    Unauthorized,
    /// HTML instead of answers.
    Pages { per_mille: u64 },
    /// Answers that break off in the middle.
    BrokenOff { per_mille: u64 },
    /// Nothing is reached.
    Down,
    /// Answers that take longer than anybody waits.
    Slow { per_mille: u64 },
}

/// What becomes of one call.
#[derive(Clone, Debug)]
pub(crate) enum Strike {
    /// It is made, with this fault.
    Made(Option<Fault>),
    /// It never leaves.
    NotSent,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Weather {
    random: Random,
    /// What goes wrong, until when.
    now: Vec<(Trouble, u64)>,
    next_change: u64,
    calm_from: u64,
}

impl Weather {
    /// Fair weather from `calm_from` on.
    pub(crate) fn new(seed: u64, calm_from: u64) -> Self {
        let random = Random::of(seed, "weather");
        Self { random, now: Vec::new(), next_change: 2 * HOUR, calm_from }
    }

    /// Weather that does not change: this goes wrong until `until`.
    pub(crate) fn steady(seed: u64, trouble: Trouble, until: u64) -> Self {
        let random = Random::of(seed, "weather");
        Self { random, now: vec![(trouble, until)], next_change: u64::MAX, calm_from: 0 }
    }

    /// Lets the weather change, and HubSpot's lags with it.
    pub(crate) fn change(&mut self, elapsed: u64, portal: &Portal) {
        self.now.retain(|(_, until)| elapsed < *until);
        if elapsed < self.next_change {
            return;
        }
        let calm = self.calm_from <= elapsed;
        self.next_change = elapsed + self.random.within(HOUR, 9 * HOUR);
        let lags = if calm || self.random.chance(600) {
            [0, 0]
        } else {
            [self.random.below(30 * MINUTE), self.random.below(5 * MINUTE)]
        };
        let lags = json!({ "properties_lag_ms": lags[0], "reads_lag_ms": lags[1] });
        portal.set(&lags).expect("the simulator has lags");
        if calm {
            self.now.clear();
            return;
        }
        let (trouble, lasts) = self.draw_trouble();
        if let Some(trouble) = trouble {
            self.now.push((trouble, (elapsed + lasts).min(self.calm_from)));
        }
    }

    fn draw_trouble(&mut self) -> (Option<Trouble>, u64) {
        let random = &mut self.random;
        let per_mille = random.within(20, 300);
        let hours = random.within(10 * MINUTE, 5 * HOUR);
        match random.below(20) {
            0..3 => (Some(Trouble::Lossy { per_mille }), hours),
            3..5 => (Some(Trouble::Errors { per_mille }), hours),
            5..7 => (Some(Trouble::Busy { per_mille }), hours),
            7 => (Some(Trouble::DaySpent), random.within(HOUR, 4 * HOUR)),
            8 => (Some(Trouble::Unauthorized), random.within(5 * MINUTE, 3 * HOUR)),
            9 => (Some(Trouble::Pages { per_mille }), hours),
            10 => (Some(Trouble::BrokenOff { per_mille }), hours),
            11 => (Some(Trouble::Down), random.within(5 * MINUTE, 6 * HOUR)),
            12..14 => (Some(Trouble::Slow { per_mille }), hours),
            _ => (None, 0),
        }
    }

    /// What becomes of a call now, and how long the way takes in milliseconds.
    pub(crate) fn strike(&mut self, elapsed: u64) -> (Strike, u64) {
        let way = self.random.within(20, 120);
        let troubles: Vec<Trouble> =
            self.now.iter().filter(|(_, until)| elapsed < *until).map(|(it, _)| *it).collect();
        for trouble in troubles {
            if let Some(strike) = self.strike_of(trouble) {
                return (strike, way);
            }
        }
        if elapsed < self.calm_from && self.random.chance(3) {
            return (self.lost(), way);
        }
        (Strike::Made(None), way)
    }

    fn strike_of(&mut self, trouble: Trouble) -> Option<Strike> {
        let often = match trouble {
            Trouble::Lossy { per_mille }
            | Trouble::Errors { per_mille }
            | Trouble::Busy { per_mille }
            | Trouble::Pages { per_mille }
            | Trouble::BrokenOff { per_mille }
            | Trouble::Slow { per_mille } => per_mille,
            Trouble::DaySpent | Trouble::Unauthorized | Trouble::Down => 1_000,
        };
        if !self.random.chance(often) {
            return None;
        }
        let random = &mut self.random;
        let effect = Some(random.chance(500));
        Some(match trouble {
            Trouble::Lossy { .. } => self.lost(),
            Trouble::Errors { .. } => {
                let status = *random.pick(&[500, 502, 503, 504]);
                made(Fault { effect, ..fault(Kind::Status(status)) })
            }
            Trouble::Busy { .. } => {
                let retry_after = random.chance(500).then(|| random.within(1, 10));
                made(Fault { retry_after, ..fault(Kind::Status(429)) })
            }
            Trouble::DaySpent => {
                made(Fault { policy: Some("DAILY".to_owned()), ..fault(Kind::Status(429)) })
            }
            Trouble::Unauthorized => made(fault(Kind::Status(401))),
            Trouble::Pages { .. } => made(Fault { effect, ..fault(Kind::WrongShape) }),
            Trouble::BrokenOff { .. } => made(fault(Kind::Truncated)),
            Trouble::Down if random.chance(800) => Strike::NotSent,
            Trouble::Down => made(fault(Kind::DropBefore)),
            Trouble::Slow { .. } => {
                let ms = Some(random.within(5 * SECOND, 40 * SECOND));
                made(Fault { ms, ..fault(Kind::Delay) })
            }
        })
    }

    fn lost(&mut self) -> Strike {
        match self.random.below(10) {
            0..6 => made(fault(Kind::ApplyThenDrop)),
            6..9 => made(fault(Kind::DropBefore)),
            _ => Strike::NotSent,
        }
    }
}

fn made(fault: Fault) -> Strike {
    Strike::Made(Some(fault))
}

fn fault(kind: Kind) -> Fault {
    Fault {
        on: On::Any,
        kind,
        times: Some(1),
        after: 0,
        contact: None,
        ms: None,
        retry_after: None,
        policy: None,
        error_type: None,
        message: None,
        effect: None,
    }
}
