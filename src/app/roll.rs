//! Who was enrolled in a sequence since some moment, as HubSpot tells it by the dates of the
//! latest one: whatever the store does not know is booked (CONSISTENCY.md 6.14 and 6.18).

use super::DiskRouter;
use super::walk::Walk;
use crate::domain::found::{Found, Tally};
use crate::domain::time::{MINUTE_MS, Timestamp};
use crate::port::Window;

/// How far HubSpot's clock may be ahead of ours.
const AHEAD_MS: u64 = 10 * MINUTE_MS;

/// Looks for enrollments since `from` and books them; `told` hears how many became what, and how
/// much is done, in percent.
pub(super) async fn call(
    router: &DiskRouter,
    from: Timestamp,
    mut told: impl FnMut(Tally, u8),
) -> Result<Tally, String> {
    let to = router.now_there().await.plus_ms(AHEAD_MS);
    let mut walk = Walk::over(Window { from, to });
    let (mut tally, mut all, mut met) = (Tally::default(), None, 0_u64);
    loop {
        let (window, after) = walk.next();
        let page = router.sequenced(window, after).await;
        let page = page.map_err(|failure| failure.message().to_owned())?;
        all = all.or(page.total);
        for (contact, seen) in &page.contacts {
            let fate = router.book(Found::of_sequence(*contact, seen)).await;
            tally.count(&fate.map_err(|error| error.to_string())?);
            met += 1;
            let percent = all.map_or(0, |all| 100 * met / all.max(1));
            told(tally, u8::try_from(percent).unwrap_or(100).min(99));
        }
        if !walk.turn(page.last, page.after) {
            return Ok(tally);
        }
    }
}
