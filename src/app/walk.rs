//! Walking a search whose results are sorted by a date. HubSpot gives 10,000 results of a search
//! at most, so each page begins where the one before ended; what changes meanwhile moves behind,
//! and is met there.

use crate::domain::time::Timestamp;
use crate::port::Window;

/// See the module.
#[derive(Clone, Debug)]
pub(super) struct Walk {
    window: Window,
    start: Timestamp,
    after: Option<String>,
}

impl Walk {
    /// Before the first page.
    pub(super) fn over(window: Window) -> Self {
        Self { window, start: window.from, after: None }
    }

    /// Where the next page is looked for.
    pub(super) fn next(&self) -> (Window, Option<&str>) {
        (self.window, self.after.as_deref())
    }

    /// Goes on behind a page that ended with `last`; `false` after the last one.
    pub(super) fn turn(&mut self, last: Option<Timestamp>, after: Option<String>) -> bool {
        let Some(next) = after else { return false };
        match last.filter(|last| self.window.from < *last) {
            Some(last) => {
                self.window.from = last;
                self.after = None;
            }
            // A whole page of one instant.
            None => self.after = Some(next),
        }
        true
    }

    /// How much of the time is done, in percent.
    pub(super) fn percent(&self) -> u8 {
        let whole = self.window.to.since_ms(self.start).max(1);
        let done = 100 * self.window.from.since_ms(self.start) / whole;
        u8::try_from(done).unwrap_or(100).min(100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: u64) -> Timestamp {
        Timestamp::from_unix_ms(ms)
    }

    #[test]
    fn each_page_begins_where_the_one_before_ended() {
        let mut walk = Walk::over(Window { from: at(100), to: at(200) });
        assert!(walk.turn(Some(at(150)), Some("200".to_owned())));
        assert_eq!(walk.next(), (Window { from: at(150), to: at(200) }, None));
        assert_eq!(walk.percent(), 50);
        // A page of one instant is turned as HubSpot says.
        assert!(walk.turn(Some(at(150)), Some("400".to_owned())));
        assert_eq!(walk.next(), (Window { from: at(150), to: at(200) }, Some("400")));
        assert!(!walk.turn(Some(at(170)), None));
    }
}
