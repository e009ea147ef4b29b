//! Seeded chance: the same seed makes the same mistakes on every machine.

/// splitmix64.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).expect("a small number");
        usize::try_from(self.next() % end).expect("a small number")
    }

    /// The items in another order.
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }

    /// The word with one slip of the fingers: two letters swapped, one missing, doubled or wrong.
    pub(super) fn slip(&mut self, word: &str) -> String {
        loop {
            let mut letters: Vec<char> = word.chars().collect();
            let at = self.below(letters.len());
            match self.below(4) {
                0 if at + 1 < letters.len() => letters.swap(at, at + 1),
                1 => drop(letters.remove(at)),
                2 => letters.insert(at, letters[at]),
                _ => letters[at] = if letters[at] == 'e' { 'a' } else { 'e' },
            }
            let slipped: String = letters.into_iter().collect();
            if slipped != word {
                return slipped;
            }
        }
    }
}
