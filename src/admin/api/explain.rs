//! `GET /api/v1/contacts/{id}/explain`: why somebody was, or was not, enrolled.

use std::collections::BTreeMap;

use actix_web::web;
use serde::Serialize;

use super::contact::{Known, contact_id, known};
use super::read;
use crate::admin::office::{Looked, Office};
use crate::admin::problem::Problem;
use crate::admin::shape::{Instant, Text, instant};
use crate::domain::assumed;
use crate::domain::explain::{Answer, explain as explain_rules};
use crate::domain::id::{RuleId, SenderName, TargetName};
use crate::domain::outcome::ReadFailure;
use crate::domain::reason::{Decision, Reason};
use crate::domain::record::{Step, TraceStep, Turn};
use crate::domain::rule::{Mode, RuleSet};
use crate::domain::time::Timestamp;
use crate::domain::view::View;
use crate::port::Records as _;

/// Steps of work looked at for what was read and for calls.
const TURNS_MAX: usize = 200;

/// Why (not)?
#[derive(Debug, Serialize)]
pub(in crate::admin) struct Explained {
    at: Text<Timestamp>,
    /// What the rules were asked on.
    seen: Seen,
    /// Each rule, by priority, as if its trigger fired now.
    rules: Vec<ShownAnswer>,
    /// Calls to HubSpot that enroll, newest first.
    calls: Vec<ShownCall>,
    /// Calls and decisions before this were removed; `null`: nothing was.
    history_from: Instant,
    #[serde(flatten)]
    known: Known,
}

/// Where the contact's values come from.
#[derive(Debug, Serialize)]
struct Seen {
    /// `hubspot` (read now), `store` (the newest read that the router made), or `nowhere`.
    from: &'static str,
    at: Instant,
    /// Why not from HubSpot.
    note: Option<String>,
}

#[derive(Debug, Serialize)]
struct ShownAnswer {
    id: RuleId,
    says: String,
    mode: Mode,
    file: String,
    line: u32,
    decision: Decision,
    reason: Option<Reason>,
    sentence: String,
    until: Instant,
    re_enroll_from: Instant,
    cooldown_until: Instant,
    eligible_when: Vec<String>,
    steps: Vec<TraceStep>,
}

#[derive(Debug, Serialize)]
struct ShownCall {
    at: Text<Timestamp>,
    rule: RuleId,
    target: TargetName,
    sender: Option<SenderName>,
    /// The claim's state after it.
    state: &'static str,
    /// HubSpot's id of the call, for its support.
    correlation: Option<String>,
    /// When the call left.
    called_at: Text<Timestamp>,
}

impl From<Answer> for ShownAnswer {
    fn from(answer: Answer) -> Self {
        Self {
            id: answer.rule,
            says: answer.says,
            mode: answer.mode,
            file: answer.place.file.to_string(),
            line: answer.place.line,
            decision: answer.decision,
            reason: answer.reason,
            sentence: answer.sentence,
            until: instant(answer.until),
            re_enroll_from: instant(answer.re_enroll_from),
            cooldown_until: instant(answer.cooldown_until),
            eligible_when: answer.eligible_when,
            steps: answer.steps,
        }
    }
}

/// Reads the contact in HubSpot; where that fails the newest read that is stored is used.
pub(in crate::admin) async fn explain<O: Office>(
    office: web::Data<O>,
    path: web::Path<String>,
) -> Result<web::Json<Explained>, Problem> {
    let id = contact_id(&path)?;
    let known = known(&office, id).await?;
    let looked = if known.is_erased() { Ok(None) } else { office.look(id).await };
    let turns = read(&office, move |office| office.records().turns(id, TURNS_MAX)).await?;
    let rules = office.rules();
    let (looked, mut seen) = seen(looked, &turns, &rules);
    if known.is_erased() {
        seen.note = Some("the contact was erased here".to_owned());
    }
    let now = office.now();
    let answers = match looked {
        None => Vec::new(),
        Some(Looked { contact, owners, .. }) => {
            let memory = read(&office, move |office| office.records().memory(id)).await?;
            let (contact, memory, owners) = (&contact, &memory, &owners);
            let view = View { now, contact, memory, owners, around: None };
            explain_rules(&rules, &view)
        }
    };
    Ok(web::Json(Explained {
        at: Text(now),
        seen,
        rules: answers.into_iter().map(ShownAnswer::from).collect(),
        calls: turns.iter().flat_map(|(_, turn)| calls(turn)).collect(),
        history_from: instant(office.standing().disk.history_from),
        known,
    }))
}

fn seen(
    looked: Result<Option<Looked>, ReadFailure>,
    turns: &[(u64, Turn)],
    rules: &RuleSet,
) -> (Option<Looked>, Seen) {
    let nowhere = |note: &str| Seen { from: "nowhere", at: None, note: Some(note.to_owned()) };
    let failure = match looked {
        Ok(Some(looked)) => {
            let at = instant(Some(looked.at));
            return (Some(looked), Seen { from: "hubspot", at, note: None });
        }
        Ok(None) => return (None, nowhere("HubSpot has no such contact")),
        Err(failure) => failure,
    };
    let (ReadFailure::Later { message, .. }
    | ReadFailure::Halted { message }
    | ReadFailure::Refused { message }) = failure;
    let stored = turns.iter().find_map(|(_, turn)| Some((turn, turn.viewed.clone()?)));
    let Some((turn, contact)) = stored else {
        let note = format!("HubSpot was not read ({message}), and the router never read them");
        return (None, nowhere(&note));
    };
    let mut owners: BTreeMap<_, _> = assumed::owners(rules);
    owners.extend(turn.owner.clone().map(|owner| (owner.id, owner)));
    let note = Some(format!("HubSpot was not read: {message}"));
    let looked = Looked { at: turn.at, contact, owners };
    (Some(looked), Seen { from: "store", at: instant(Some(turn.at)), note })
}

/// The calls that a step settled.
fn calls(turn: &Turn) -> impl Iterator<Item = ShownCall> {
    let settled = matches!(turn.step, Step::Settled | Step::Pressed);
    let claims = turn.claims.iter().filter(move |_| settled);
    claims.map(|claim| ShownCall {
        at: Text(turn.at),
        rule: claim.rule.clone(),
        target: claim.target.name.clone(),
        sender: claim.sender.as_ref().map(|sender| sender.name.clone()),
        state: claim.state_word(),
        correlation: turn.correlation.clone(),
        called_at: Text(claim.last_call_at),
    })
}
