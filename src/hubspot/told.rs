//! What HubSpot's answers tell of its clock.

use std::sync::{Mutex, PoisonError};

use reqwest::header::DATE;

use super::wire::Reply;
use crate::domain::time::Timestamp;
use crate::port;

/// Half of a second: a `Date` names the whole second that runs.
const HALF_MS: u64 = 500;

/// The last time that was told.
#[derive(Debug, Default)]
pub(super) struct Told(Mutex<Option<port::Told>>);

impl Told {
    /// Takes in an answer. A page comes from a gateway, whose clock is not HubSpot's.
    pub(super) fn observe(&self, reply: &Reply) {
        let date = reply.headers.get(DATE).filter(|_| !reply.is_html());
        let Some(at) = date.and_then(|date| date.to_str().ok()).and_then(instant) else { return };
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let nth = last.map_or(1, |told| told.nth + 1);
        *last = Some(port::Told { at: at.plus_ms(HALF_MS), nth });
    }

    pub(super) fn last(&self) -> Option<port::Told> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads `Tue, 24 Nov 2026 10:45:21 GMT`.
fn instant(date: &str) -> Option<Timestamp> {
    let told = jiff::fmt::rfc2822::parse(date).ok()?;
    u64::try_from(told.timestamp().as_millisecond()).ok().map(Timestamp::from_unix_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(date: &str, body: &str, expected: Option<u64>) {
        let told = Told::default();
        told.observe(&Reply::scripted(200, &[("date", date)], body));
        assert_eq!(told.last().map(|told| told.at.unix_ms()), expected);
    }

    #[test]
    fn a_date_is_read_and_what_is_none_is_not() {
        check("Sun, 06 Nov 1994 08:49:37 GMT", "{}", Some(784_111_777_500));
        check("yesterday", "{}", None);
    }

    #[test]
    fn a_page_of_a_gateway_tells_nothing_of_hubspots_clock() {
        check("Sun, 06 Nov 1994 08:49:37 GMT", "<html>", None);
    }
}
