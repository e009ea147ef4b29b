//! `window`: when a call may leave.

use jiff::tz::TimeZone;

use super::{Case, Notes, Passed, Stop};
use crate::domain::contact::Contact;
use crate::domain::id::SenderName;
use crate::domain::reason::Reason;
use crate::domain::retry::scramble;
use crate::domain::rule::timing::{CONTACT_ZONE, Opening, Window, WindowZone};
use crate::domain::sentence;

/// Stops while the window is closed, until it opens. `spread` only delays the look, not `until`.
pub fn check(case: &Case<'_>, notes: &mut Notes) -> Passed {
    let Some(window) = &case.rule.timing.window else { return Ok(()) };
    let sender = notes.sender.as_ref().map(|chosen| chosen.sender.name.clone());
    let zone = zone(case, window, sender.as_ref());
    let opening = window.opening(case.view.now, &zone);
    let named = zone.iana_name().unwrap_or("UTC");
    let (name, place) = (&window.name, &window.place);
    if opening.from <= case.view.now {
        notes.passed("window", format!("{name} is open in {named} ({place})"));
        return Ok(());
    }
    let opens = sentence::minute(opening.from, &zone);
    let detail = format!("{name} opens {opens} in {named} ({place})");
    let by = sender.as_ref().map(SenderName::as_str);
    let text = sentence::outside_window(name, by, opening.from, case.zone());
    let called = opening.from.plus_ms(spread_ms(window, opening, case.view.contact));
    let mut stop = Stop::new(Reason::OutsideWindow, text).until(Some(opening.from)).due(called);
    stop.sender = sender;
    Err(notes.stop("window", detail, stop))
}

/// How long after the opening this person is called: the same each time, so that waiting once
/// more does not draw again.
fn spread_ms(window: &Window, opening: Opening, contact: &Contact) -> u64 {
    let length_ms = opening.until.since_ms(opening.from);
    let longest = window.spread_ms.min(length_ms.saturating_sub(1));
    scramble(contact.id.0) % (longest + 1)
}

fn zone(case: &Case<'_>, window: &Window, sender: Option<&SenderName>) -> TimeZone {
    let portal = || TimeZone::clone(case.zone());
    match &window.zone {
        WindowZone::Portal => portal(),
        WindowZone::Named(zone) => zone.clone(),
        WindowZone::Sender => sender
            .and_then(|name| case.rules.senders.get(name))
            .map_or_else(portal, |spec| spec.zone(case.zone()).clone()),
        WindowZone::Contact => contact_zone(case.view.contact)
            .or_else(|| window.unknown_contact_zone.clone())
            .unwrap_or_else(portal),
    }
}

/// The contact's zone, where `hs_timezone` is an IANA name or HubSpot's form of one:
/// `america_slash_port_hyphen_au_hyphen_prince`.
pub fn contact_zone(contact: &Contact) -> Option<TimeZone> {
    let written = contact.known(CONTACT_ZONE)?.trim();
    let signs = [("_slash_", "/"), ("_hyphen_", "-"), ("_plus_", "+"), ("_minus_", "-")];
    let iana =
        signs.iter().fold(written.to_lowercase(), |name, (word, sign)| name.replace(word, sign));
    TimeZone::get(&iana).ok()
}
