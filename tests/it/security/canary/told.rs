//! Something that was told or kept, and whether a mark stands in it.

/// An output, an answer or a file.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) name: String,
    pub(super) text: String,
}

impl Told {
    /// Where a mark stands; in any case of letters.
    fn find(&self, marks: &[&str]) -> Option<usize> {
        let text = self.text.to_ascii_lowercase();
        marks.iter().find_map(|mark| text.find(&mark.to_ascii_lowercase()))
    }

    /// Whether a mark stands in it.
    pub(super) fn holds(&self, marks: &[&str]) -> bool {
        self.find(marks).is_some()
    }

    /// No mark stands in it.
    #[track_caller]
    pub(super) fn assert_without(&self, marks: &[&str]) {
        let Some(at) = self.find(marks) else { return };
        let from = (0..=at.saturating_sub(300)).rev().find(|at| self.text.is_char_boundary(*at));
        let around: String = self.text[from.unwrap_or(0)..].chars().take(500).collect();
        panic!("{}: {marks:?} stands in\n…{around}…", self.name);
    }
}
