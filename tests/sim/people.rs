//! Whoever works in HubSpot and on the router's page: presses, resolutions, enrollments by hand.

use std::collections::BTreeSet;

use hubroute::domain::claim::{Channel, Claim, State};
use hubroute::domain::id::ContactId;
use hubroute::domain::press::Verdict;
use hubroute::domain::query::Listing;
use hubroute::domain::reason::Reason;
use hubroute::domain::record::Press;
use hubroute::domain::settle::Resolution;
use hubroute::port::Records as _;
use hubroute::simulator::{By, Id, Portal, Target};

use crate::node::{Node, SimLedger};
use crate::random::Random;
use crate::time::HOUR;

/// Entries of a list read at once.
const PAGE: usize = 256;

/// Everybody of whom something is held.
pub(crate) fn held(ledger: &SimLedger) -> BTreeSet<ContactId> {
    let mut found = BTreeSet::new();
    let mut after = None;
    while let Ok(page) = ledger.list(Listing::Held, after, PAGE) {
        let Some(last) = page.last() else { break };
        after = Some(last.contact);
        found.extend(page.iter().map(|listed| listed.contact));
    }
    found
}

/// Looks at what is held and decides about some of it; at the end about all of it.
pub(crate) async fn press(node: &Node, random: &mut Random, all: bool) {
    for contact in held(&node.ledger) {
        let Ok(person) = node.ledger.person(contact) else { return };
        for item in person.items {
            if hubroute::domain::press::holder(&item).is_none() {
                continue;
            }
            // An approval may lapse; everything else is decided sooner or later.
            let waits = if item.reason == Reason::NeedsApproval { 700 } else { 300 };
            if !all && random.chance(waits) {
                continue;
            }
            let verdict = if random.chance(700) { Verdict::Release } else { Verdict::Discard };
            // What cannot be written now is pressed again next time.
            drop(node.router.decide_held(contact, &item.id, verdict, pressed("decide")).await);
        }
    }
}

/// Somebody of those who wait asks to be forgotten; who, where the disk took it.
pub(crate) async fn forget(node: &Node, random: &mut Random) -> Option<u64> {
    let page = node.ledger.list(Listing::Waiting, None, PAGE).ok()?;
    if page.is_empty() {
        return None;
    }
    let contact = random.pick(&page).contact;
    let at = node.clock();
    node.ledger.erase(at, contact, pressed("forget")).await.ok().map(|()| contact.0)
}

/// Looks up in HubSpot what no machine could tell, and says so.
pub(crate) async fn resolve(node: &Node, portal: &Portal) {
    let mut after = None;
    while let Ok(page) = node.ledger.list(Listing::InDoubt, after, PAGE) {
        let Some(last) = page.last() else { break };
        after = Some(last.contact);
        for claim in page.into_iter().filter_map(|listed| listed.claim) {
            if !matches!(claim.state, State::NeedsReview { .. }) {
                continue;
            }
            let there = is_there(portal, &claim);
            let found = if there { Resolution::Enrolled } else { Resolution::NotEnrolled };
            let call = (claim.contact, &claim.row);
            drop(node.router.resolve_by_person(call, found, pressed("resolve")).await);
        }
    }
}

/// Whether HubSpot booked the claim's call. The router's clock may have been an hour wrong.
fn is_there(portal: &Portal, claim: &Claim) -> bool {
    let target = match claim.target.channel {
        Channel::Sequence => Target::Sequence(Id::from(claim.target.id)),
        Channel::Workflow => Target::Workflow(Id::from(claim.target.id)),
    };
    let contact = Id::from(claim.contact.0);
    let since = claim.first_call_at.minus_ms(2 * HOUR).unix_ms();
    let since = i64::try_from(since).unwrap_or(i64::MAX);
    portal.look(|state| {
        let booked = state.enrolled.iter().rev().take_while(|entry| since <= entry.at);
        booked
            .into_iter()
            .any(|entry| entry.by == By::Api && entry.contact == contact && entry.target == target)
    })
}

fn pressed(what: &str) -> Press {
    Press { what: what.to_owned(), who: "the harness".to_owned(), note: String::new() }
}
