//! `GET /api/v1/contacts/{id}`: why somebody was, or was not, enrolled.

use actix_web::web;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::decisions::page;
use super::evidence::ShownEvidence;
use super::lists::Entry;
use super::read;
use super::record::Shown;
use crate::admin::office::Office;
use crate::admin::problem::Problem;
use crate::admin::shape::{Instant, Text, instant};
use crate::domain::bar::Bar;
use crate::domain::claim::{Channel, Claim, State};
use crate::domain::id::{
    ClaimId, ContactId, LeavingId, RowId, RuleId, SenderName, TargetName, ThemeName,
};
use crate::domain::leaving::Leaving;
use crate::domain::query::DecisionQuery;
use crate::domain::time::Timestamp;
use crate::port::Records as _;

/// Decision records shown of one person; `/decisions?contact=` has the rest.
const DECISIONS: usize = 100;

/// What is known of one person, merged ids included.
#[derive(Debug, Serialize)]
pub(in crate::admin) struct Known {
    contact: Text<ContactId>,
    merged_ids: Vec<Text<ContactId>>,
    /// "Never contact again": since when, and who said so.
    never_contact_again: Option<ShownBar>,
    /// Since when everything but ids is erased; decision records are counted then, not shown.
    erased_at: Instant,
    erased_decisions: u64,
    claims: Vec<ShownClaim>,
    /// What the person is being taken out of.
    leavings: Vec<ShownLeaving>,
    /// Whatever is not finally decided: waiting and held.
    waiting: Vec<Entry>,
    decisions: Vec<Shown>,
}

impl Known {
    /// Whether nothing of the person may be shown.
    pub(super) fn is_erased(&self) -> bool {
        self.erased_at.is_some()
    }
}

/// Who said that a contact is never to be contacted again.
#[derive(Debug, Serialize)]
struct ShownBar {
    since: Text<Timestamp>,
    who: String,
    note: String,
}

impl From<Bar> for ShownBar {
    fn from(bar: Bar) -> Self {
        Self { since: Text(bar.at), who: bar.who, note: bar.note }
    }
}

/// A claim: what the person is or was in.
#[derive(Debug, Serialize)]
struct ShownClaim {
    id: ClaimId,
    /// The decision record it settles.
    decision: RowId,
    /// `reserved`, `in-doubt`, `needs-review`, `confirmed` or `released`.
    state: &'static str,
    /// It keeps its theme for itself now.
    live: bool,
    theme: ThemeName,
    rule: RuleId,
    channel: Channel,
    target: TargetName,
    sender: Option<SenderName>,
    called_at: Text<Timestamp>,
    enrolled_at: Instant,
    ended_at: Instant,
    holds_until: Instant,
    /// HubSpot's id of the enrollment.
    enrollment: Option<String>,
    /// HubSpot showed it.
    verified: bool,
    /// Why its outcome is not known, or why it was released.
    why: Option<String>,
    /// What its end, or its doubt, rests on.
    evidence: Option<ShownEvidence>,
}

impl ShownClaim {
    fn new(claim: Claim, (now, zone): (Timestamp, &TimeZone)) -> Self {
        let holds = !matches!(claim.state, State::Released { .. });
        let shown = Self {
            state: claim.state_word(),
            live: claim.is_live(now),
            id: claim.id,
            decision: claim.row,
            theme: claim.theme,
            rule: claim.rule,
            channel: claim.target.channel,
            target: claim.target.name,
            sender: claim.sender.map(|sender| sender.name),
            called_at: Text(claim.first_call_at),
            enrolled_at: None,
            ended_at: None,
            holds_until: instant(holds.then_some(claim.holds_until)),
            enrollment: None,
            verified: false,
            why: None,
            evidence: ShownEvidence::of(claim.evidence.as_deref(), zone),
        };
        match claim.state {
            State::Reserved => shown,
            State::Confirmed { enrolled_at, verified, enrollment, ended_at } => Self {
                enrolled_at: instant(Some(enrolled_at)),
                ended_at: instant(ended_at),
                enrollment,
                verified,
                ..shown
            },
            State::InDoubt { why, .. }
            | State::NeedsReview { why, .. }
            | State::Released { why, .. } => Self { why: Some(why), ..shown },
        }
    }
}

/// An unenrollment under way.
#[derive(Debug, Serialize)]
struct ShownLeaving {
    id: LeavingId,
    /// The decision record that waits for it.
    decision: RowId,
    /// `asked`, `called`, `stamped`, `clearing` or `over`.
    stage: &'static str,
    theme: ThemeName,
    channel: Channel,
    target: TargetName,
    asked_at: Text<Timestamp>,
    next_look_at: Text<Timestamp>,
}

impl From<Leaving> for ShownLeaving {
    fn from(leaving: Leaving) -> Self {
        Self {
            stage: leaving.stage_word(),
            id: leaving.id,
            decision: leaving.item,
            theme: leaving.theme,
            channel: leaving.target.channel,
            target: leaving.target.name,
            asked_at: Text(leaving.asked_at),
            next_look_at: Text(leaving.next),
        }
    }
}

/// What is known of one person. Of somebody nothing is known of, that.
pub(in crate::admin) async fn contact<O: Office>(
    office: web::Data<O>,
    path: web::Path<String>,
) -> Result<web::Json<Known>, Problem> {
    known(&office, contact_id(&path)?).await.map(web::Json)
}

/// The contact that a path names.
pub(super) fn contact_id(text: &str) -> Result<ContactId, Problem> {
    text.parse().map(ContactId).map_err(|_| {
        Problem::not_found(
            format!("{text:?} is no contact id."),
            "A contact id is a number, the last part of the record's link in HubSpot.",
        )
    })
}

/// What is known of one person.
pub(super) async fn known<O: Office>(
    office: &web::Data<O>,
    id: ContactId,
) -> Result<Known, Problem> {
    let now = office.now();
    let person = read(office, move |office| office.records().person(id)).await?;
    let query = DecisionQuery { contact: Some(id), limit: DECISIONS, ..DecisionQuery::default() };
    let decisions = page(office, query).await?;
    let contact = person.contact;
    let rules = office.rules();
    let at = (now, &*rules.portal.zone);
    Ok(Known {
        contact: Text(contact),
        merged_ids: person.merged.into_iter().map(Text).collect(),
        never_contact_again: person.barred.map(ShownBar::from),
        erased_at: instant(person.erased),
        erased_decisions: decisions.erased(),
        claims: person.claims.into_iter().map(|claim| ShownClaim::new(claim, at)).collect(),
        leavings: person.leavings.into_iter().map(ShownLeaving::from).collect(),
        waiting: person.items.into_iter().map(|item| Entry::of_item(contact, item)).collect(),
        decisions: decisions.into_results(),
    })
}
