//! What fired of one fuse, second by second. Most of it is the newest so far; what `reconcile`
//! finds fired long ago, and is put in its place.

use std::collections::VecDeque;

/// For each second in which something fired: the running total after it, which begins at 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks(VecDeque<(u64, u64)>);

impl Marks {
    /// Counts one; how many fired in that second by now.
    pub(super) fn add(&mut self, second: u64) -> u64 {
        let place = self.place_of(second);
        let before = self.total_before(place);
        if self.0.get(place).is_none_or(|(known, _)| *known != second) {
            self.0.insert(place, (second, before));
        }
        for (_, total) in self.0.range_mut(place..) {
            *total += 1;
        }
        self.total_before(place + 1) - before
    }

    /// Takes in how many fired in a second later than all others.
    pub(super) fn push(&mut self, second: u64, count: u64) {
        self.0.push_back((second, self.total() + count));
    }

    /// Takes in the running total after a second later than all others: how many fired in it.
    /// `None`: that second is not later, or nothing fired in it.
    pub(super) fn push_total(&mut self, second: u64, total: u64) -> Option<u64> {
        if self.newest().is_some_and(|newest| second <= newest) {
            return None;
        }
        let count = total.checked_sub(self.total()).filter(|count| *count != 0)?;
        self.push(second, count);
        Some(count)
    }

    /// How many there are.
    pub(super) fn total(&self) -> u64 {
        self.total_before(self.0.len())
    }

    /// The newest second.
    pub(super) fn newest(&self) -> Option<u64> {
        self.0.back().map(|(second, _)| *second)
    }

    /// Every second with the running total after it, oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, u64)> {
        self.0.iter().copied()
    }

    /// How many fired in this second and after it.
    pub(super) fn since(&self, second: u64) -> u64 {
        self.total() - self.total_before(self.place_of(second))
    }

    /// The most that fired in any stretch of `length` seconds that holds this second, both ends
    /// counted. Where that cannot be more than `enough` it may say less.
    pub(super) fn most_around(&self, second: u64, length: u64, enough: u64) -> u64 {
        let mut start = self.place_of(second.saturating_sub(length));
        let last = second.saturating_add(length);
        let in_reach = self.total_before(self.place_of(last + 1)) - self.total_before(start);
        let until_then = self.total_before(self.place_of(second + 1)) - self.total_before(start);
        if in_reach <= enough {
            return until_then;
        }
        let ends = self.0.range(self.place_of(second)..).take_while(|(end, _)| *end <= last);
        ends.fold(until_then, |most, (end, total)| {
            // A stretch that ends here begins at the latest here.
            while self.0[start].0.saturating_add(length) < *end {
                start += 1;
            }
            most.max(total - self.total_before(start))
        })
    }

    /// Takes away what is older; the seconds that are gone.
    pub(super) fn forget_before(&mut self, second: u64) -> Vec<u64> {
        let place = self.place_of(second);
        let before = self.total_before(place);
        let gone = self.0.drain(..place).map(|(second, _)| second).collect();
        for (_, total) in &mut self.0 {
            *total -= before;
        }
        gone
    }

    fn place_of(&self, second: u64) -> usize {
        self.0.partition_point(|(known, _)| *known < second)
    }

    fn total_before(&self, place: usize) -> u64 {
        place.checked_sub(1).and_then(|index| self.0.get(index)).map_or(0, |it| it.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(seconds: &[u64]) -> Marks {
        let mut marks = Marks::default();
        for second in seconds {
            marks.add(*second);
        }
        marks
    }

    /// The most in ten seconds around each of these, in whatever order it was told of.
    #[track_caller]
    fn check(seconds: &[u64], around: u64, expected: u64) {
        for start in 0..seconds.len().max(1) {
            let told = [&seconds[start..], &seconds[..start]].concat();
            assert_eq!(marks(&told).most_around(around, 10, 0), expected, "{told:?}");
            assert_eq!(marks(&told), marks(seconds), "the order does not matter");
        }
    }

    #[test]
    fn the_most_of_any_stretch_that_holds_the_moment_counts() {
        check(&[], 50, 0);
        check(&[50], 50, 1);
        check(&[40, 50, 60], 50, 2);
        check(&[41, 45, 50, 50, 52, 61], 50, 4);
        check(&[51, 52, 53, 54, 60], 50, 5);
        check(&[20, 21, 22, 23, 24, 70, 71, 72, 73], 50, 0);
        check(&[39, 40, 41, 49], 50, 3);
    }

    #[test]
    fn what_cannot_be_too_much_is_not_searched() {
        let marks = marks(&[45, 51, 52, 53, 54, 60]);
        assert_eq!(marks.most_around(50, 10, 4), 5);
        assert_eq!(marks.most_around(50, 10, 6), 1);
    }

    #[test]
    fn what_is_forgotten_counts_no_more() {
        let mut marks = marks(&[1, 1, 1, 90, 91]);
        assert_eq!((marks.since(0), marks.since(90), marks.since(91)), (5, 2, 1));
        assert_eq!(marks.forget_before(50), [1]);
        assert_eq!((marks.since(0), marks.total()), (2, 2));
        assert_eq!(marks.forget_before(1_000), [90, 91]);
        assert_eq!(marks, Marks::default());
    }

    #[test]
    fn a_second_counts_its_own() {
        let mut marks = marks(&[7, 5]);
        assert_eq!([marks.add(5), marks.add(6), marks.add(7)], [2, 1, 2]);
        assert_eq!(marks.iter().collect::<Vec<_>>(), [(5, 2), (6, 3), (7, 5)]);
        assert_eq!(marks.push_total(7, 9), None);
        assert_eq!(marks.push_total(8, 9), Some(4));
        assert_eq!(marks.total(), 9);
    }
}
