//! `[portal]`.

use jiff::tz::TimeZone;

use super::book::Book;
use super::defaults::positive;
use super::times::Calendars;
use super::{lists, times};
use crate::domain::civil::Zone;
use crate::domain::id::PortalId;
use crate::domain::rule::Bridge;
use crate::domain::rule::code;
use crate::domain::rule::model::Portal;
use crate::domain::rule::span::Span;
use crate::domain::rule::syntax::{Node, Source, Table};
use crate::domain::time::MINUTE_MS;

/// `confirm_within` where the address book does not say it.
const CONFIRM_WITHIN_MS: u64 = 5 * MINUTE_MS;

/// Reads `[portal]`; a folder without one cannot say which account it belongs to.
pub(super) fn read(
    book: &Book<'_>,
    calendars: &Calendars<'_>,
    whole: &Source<'_>,
) -> Option<Portal> {
    let Some(table) = book.single("portal") else {
        let hint = "Add [portal] with id and time_zone to portal.toml.";
        whole.error(code::MISSING, 0..0, "no file has a [portal].", hint);
        return None;
    };
    table.check_keys(&[
        "id",
        "name",
        "time_zone",
        "calendar",
        "our_domains",
        "ignore_own_app",
        "breaker",
        "unenroll_bridge",
    ]);
    let id = table.require("id", "id = 12345678 (Settings > Account > Hub ID)");
    let zone = table.require("time_zone", "time_zone = \"America/New_York\"");
    let calendar = table.get("calendar");
    Calendars::check(book, calendar);
    let our_domains = table.get("our_domains").map(|node| node.texts()).unwrap_or_default();
    Some(Portal {
        name: table.get("name").and_then(|node| node.text()).unwrap_or_default().to_owned(),
        our_domains: our_domains.iter().filter_map(|(text, at)| lists::domain(*at, text)).collect(),
        ignore_own_app: table.get("ignore_own_app").and_then(|node| node.flag()).unwrap_or(false),
        // `[defaults]` may switch the defaults off: they are known later.
        breakers: Vec::new(),
        bridge: bridge(table),
        id: PortalId(id?.whole(1..=u64::MAX)?),
        zone: Zone::new(zone_of(zone?)?, calendars.named(calendar)),
    })
}

/// The zone that `[portal]` names; [`read`] reports what is wrong with it.
pub(super) fn zone(book: &Book<'_>) -> Option<TimeZone> {
    let node = book.single("portal")?.get("time_zone")?;
    TimeZone::get(node.value.get_ref().as_str()?).ok()
}

fn zone_of(node: Node<'_>) -> Option<TimeZone> {
    times::zone(node.text()?, node)
}

/// `[portal.unenroll_bridge]`.
fn bridge(portal: &Table<'_>) -> Option<Bridge> {
    let node = portal.get("unenroll_bridge")?;
    let table = node.table("[portal.unenroll_bridge]".to_owned())?;
    table.check_keys(&["property", "confirm_within"]);
    let within = table.get("confirm_within").and_then(positive);
    let property = table.require("property", "property = \"hubroute_unenroll_requested\"")?;
    let confirm_within_ms = within.map_or(CONFIRM_WITHIN_MS, Span::approximate_ms);
    Some(Bridge { property: property.text()?.into(), confirm_within_ms })
}
