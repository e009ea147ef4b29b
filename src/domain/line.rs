//! A sorted map in pieces, for what thousands of people share: how many come before a key is
//! counted piece by piece, and whoever changes a shared copy copies one piece, not all of it.

use std::sync::Arc;

/// Entries of a piece at most. A piece that grows beyond is halved.
const PIECE_MAX: usize = 256;

/// Keys in their order, each with a value. Cloning is cheap: the pieces are shared until one of
/// them changes.
#[derive(Clone, Debug)]
pub struct Line<K, V> {
    /// In order, none of them empty.
    pieces: Vec<Arc<Vec<(K, V)>>>,
    len: usize,
}

impl<K, V> Default for Line<K, V> {
    fn default() -> Self {
        Self { pieces: Vec::new(), len: 0 }
    }
}

impl<K: PartialEq, V: PartialEq> PartialEq for Line<K, V> {
    /// The same entries, however they lie in pieces.
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<K: Eq, V: Eq> Eq for Line<K, V> {}

impl<K, V> Line<K, V> {
    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Every entry, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.pieces.iter().flat_map(|piece| piece.iter()).map(|(key, value)| (key, value))
    }

    /// The first entry.
    pub fn first(&self) -> Option<(&K, &V)> {
        self.iter().next()
    }

    /// The last entry.
    pub fn last(&self) -> Option<(&K, &V)> {
        self.pieces.last().and_then(|piece| piece.last()).map(|(key, value)| (key, value))
    }

    /// How many keys come before all for which `is_before` does not hold. It holds for a first
    /// part of the line and for none after it.
    pub fn rank(&self, is_before: impl Fn(&K) -> bool) -> usize {
        let (piece, place) = self.seek(is_before);
        self.pieces.iter().take(piece).map(|piece| piece.len()).sum::<usize>() + place
    }

    /// Every entry from the first for which `is_before` does not hold; see [`Line::rank`].
    pub fn from(&self, is_before: impl Fn(&K) -> bool) -> impl Iterator<Item = (&K, &V)> {
        let (piece, place) = self.seek(is_before);
        let entries = self.pieces.iter().skip(piece).flat_map(|piece| piece.iter());
        entries.skip(place).map(|(key, value)| (key, value))
    }

    /// The piece and the place in it of the first key for which `is_before` does not hold; one
    /// piece too far where there is none.
    fn seek(&self, is_before: impl Fn(&K) -> bool) -> (usize, usize) {
        let ends_before =
            |piece: &Arc<Vec<(K, V)>>| piece.last().is_some_and(|(key, _)| is_before(key));
        let piece = self.pieces.partition_point(ends_before);
        let place = self.pieces.get(piece);
        (piece, place.map_or(0, |piece| piece.partition_point(|(key, _)| is_before(key))))
    }
}

impl<K: Ord + Clone, V: Clone> Line<K, V> {
    /// Puts `key` in its place; gives back the value it had.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        let (piece, place) = self.seek(|it| *it < key);
        // Behind all others: into the last piece.
        let last = self.pieces.len().saturating_sub(1);
        let (piece, place) = match self.pieces.get(last) {
            None => {
                self.pieces.push(Arc::default());
                (0, 0)
            }
            Some(whole) if last < piece => (last, whole.len()),
            Some(_) => (piece, place),
        };
        let entries = Arc::make_mut(&mut self.pieces[piece]);
        if let Some((_, old)) = entries.get_mut(place).filter(|(found, _)| *found == key) {
            return Some(std::mem::replace(old, value));
        }
        entries.insert(place, (key, value));
        self.len += 1;
        if PIECE_MAX < entries.len() {
            let tail = entries.split_off(entries.len() / 2);
            self.pieces.insert(piece + 1, Arc::new(tail));
        }
        None
    }

    /// Takes `key` out; gives back the value it had.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let (piece, place) = self.seek(|it| it < key);
        self.pieces.get(piece)?.get(place).filter(|(found, _)| found == key)?;
        let entries = Arc::make_mut(&mut self.pieces[piece]);
        let (_, value) = entries.remove(place);
        self.len -= 1;
        if entries.is_empty() {
            self.pieces.remove(piece);
        } else {
            self.join(piece);
            self.join(piece.saturating_sub(1));
        }
        Some(value)
    }

    /// Makes one piece of this one and the next, where both are small.
    fn join(&mut self, piece: usize) {
        let [one, next] = [piece, piece + 1].map(|at| self.pieces.get(at).map(|it| it.len()));
        if one.zip(next).is_some_and(|(one, next)| one + next < PIECE_MAX / 2) {
            let next = self.pieces.remove(piece + 1);
            Arc::make_mut(&mut self.pieces[piece]).extend(next.iter().cloned());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// How many pieces of `after` are not those of `before`.
    fn copied(before: &Line<u32, u32>, after: &Line<u32, u32>) -> usize {
        let is_same = |piece: &&Arc<_>| before.pieces.iter().any(|it| Arc::ptr_eq(it, piece));
        after.pieces.len() - after.pieces.iter().filter(is_same).count()
    }

    #[test]
    fn a_change_of_a_shared_line_copies_one_piece_and_leaves_the_copy_alone() {
        let mut line = Line::default();
        for key in 0..100_000 {
            assert_eq!(line.insert(key * 2, key), None);
        }
        let shared = line.clone();
        line.remove(&100_000);
        assert_eq!((copied(&shared, &line), shared.len(), line.len()), (1, 100_000, 99_999));
        let shared = line.clone();
        line.insert(100_001, 0);
        assert!(copied(&shared, &line) <= 2, "a piece, or its two halves");
        let has =
            |line: &Line<u32, u32>| line.from(|it| *it < 100_001).next() == Some((&100_001, &0));
        assert_eq!((has(&shared), has(&line)), (false, true));
    }

    #[test]
    fn what_is_taken_out_leaves_no_small_pieces_behind() {
        let mut line = Line::default();
        for key in 0..10_000 {
            line.insert(key, key);
        }
        for key in (0..10_000).filter(|key| key % 100 != 0) {
            line.remove(&key);
        }
        assert_eq!(line.len(), 100);
        assert!(line.pieces.len() <= 4, "{} pieces for 100 entries", line.pieces.len());
    }

    proptest! {
        #[test]
        fn a_line_is_a_sorted_map(changes in prop::collection::vec((0_u32..900, any::<bool>()), 0..2_000)) {
            let (mut line, mut map) = (Line::default(), BTreeMap::new());
            for (number, (key, stays)) in (0_u32..).zip(changes) {
                if stays {
                    prop_assert_eq!(line.insert(key, number), map.insert(key, number));
                } else {
                    prop_assert_eq!(line.remove(&key), map.remove(&key));
                }
                prop_assert_eq!(line.rank(|it| *it < key), map.range(..key).count());
                prop_assert_eq!(line.from(|it| *it < key).next(), map.range(key..).next());
            }
            prop_assert!(line.iter().eq(map.iter()));
            prop_assert_eq!((line.len(), line.first()), (map.len(), map.first_key_value()));
            prop_assert_eq!(line.last(), map.last_key_value());
        }
    }
}
