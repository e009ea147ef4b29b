//! The one source of chance: a seed gives the same numbers on every machine.

/// SplitMix64.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// A stream of its own for `what` under `seed`.
    pub(crate) fn of(seed: u64, what: &str) -> Self {
        let name = what.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
        });
        let mut random = Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ name);
        random.next();
        random
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^ (word >> 31)
    }

    /// A number below `end`; 0 where there is none.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next().checked_rem(end).unwrap_or(0)
    }

    /// A number from `first` to `last`.
    pub(crate) fn within(&mut self, first: u64, last: u64) -> u64 {
        first + self.below(last.saturating_sub(first) + 1)
    }

    /// Whether something that happens so often in a thousand happens.
    pub(crate) fn chance(&mut self, per_mille: u64) -> bool {
        self.below(1_000) < per_mille
    }

    /// One of them.
    pub(crate) fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        let last = all.len() as u64;
        &all[usize::try_from(self.below(last)).unwrap_or(0)]
    }

    /// Milliseconds until the next of events that come at random, `mean` apart.
    pub(crate) fn wait(&mut self, mean: u64) -> u64 {
        // The geometric distribution in whole steps: no floating point, so no machine differs.
        let steps = 64;
        let mut waited = self.below(mean / steps + 1);
        while !self.below(steps).is_multiple_of(steps) && waited < 20 * mean {
            waited += mean / steps;
        }
        waited
    }
}
