//! This machine's clock against HubSpot's, while running (RELIABILITY.md F17). The router goes by
//! HubSpot's; but signatures are judged by this machine's, and so is every line of the log.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;
use tracing::{info, warn};

use super::office::Office;
use crate::domain::time::{SECOND_MS, Timestamp};

/// The alert of a clock that is off.
const OFF: &str = "clock-off";
/// How often the clocks are compared. No call is made for it.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A difference that needs a person.
const WARN_MS: u64 = 30 * SECOND_MS;

/// Compares the clocks until `stopped`; what it says is an alert.
pub(super) async fn watch(office: Arc<Office>, mut stopped: watch::Receiver<bool>) {
    let mut was_off = false;
    loop {
        let off = office.router.clocks().and_then(|(here, there)| sentence(here, there));
        match (was_off, &off) {
            (false, Some(why)) => warn!(why, "this machine's clock is off"),
            (true, None) => info!("this machine's clock is right again"),
            _ => {}
        }
        was_off = off.is_some();
        match off {
            // By HubSpot's clock: ours is wrong.
            Some(why) => office.alerts.raise(OFF, office.router.now(), why),
            None => office.alerts.clear(OFF),
        }
        tokio::select! {
            _ = stopped.wait_for(|stopped| *stopped) => return,
            () = sleep(LOOK_EVERY) => {}
        }
    }
}

/// What is wrong, and what to do; `None` while the clocks agree well enough.
fn sentence(here: Timestamp, there: Timestamp) -> Option<String> {
    let (ahead, behind) = (here.since_ms(there), there.since_ms(here));
    let off_ms = ahead.max(behind);
    let word = if behind < ahead { "ahead of" } else { "behind" };
    (WARN_MS < off_ms).then(|| {
        format!(
            "This machine's clock is {} s {word} HubSpot's; from 60 s behind, or 5 minutes ahead, \
             every delivery is refused. Set it, and have it kept (NTP). Decisions go by HubSpot's \
             clock meanwhile.",
            off_ms / SECOND_MS
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::HOUR_MS;

    #[track_caller]
    fn check(here_ms: u64, there_ms: u64, says: Option<&str>) {
        let [here, there] = [here_ms, there_ms].map(Timestamp::from_unix_ms);
        let said = sentence(here, there);
        assert_eq!(said.is_some(), says.is_some(), "{said:?}");
        assert!(says.is_none_or(|says| said.is_some_and(|said| said.contains(says))));
    }

    #[test]
    fn half_a_minute_is_borne_and_more_is_told() {
        let at = 500 * HOUR_MS;
        check(at, at, None);
        check(at + 30_000, at, None);
        check(at, at + 30_000, None);
        check(at + 31_000, at, Some("31 s ahead of HubSpot's"));
        check(at, at + 31_000, Some("31 s behind HubSpot's"));
        check(at - 30 * HOUR_MS, at, Some("108000 s behind"));
    }
}
