//! From what HubSpot shows, or a person says, to the end of a doubt. Not seeing is not the same
//! as seeing nothing.

use super::outcome::enrolled;
use super::{After, Case, Policy, confirmed};
use crate::domain::claim::{Channel, Doubt, State};
use crate::domain::outcome::{Observation, Silence};
use crate::domain::reason::{Decision, Reason};
use crate::domain::record::{Press, Step, Turn};
use crate::domain::retry;
use crate::domain::sentence;
use crate::domain::time::{MINUTE_MS, Timestamp};

/// Calls with a lost answer after which only a person decides.
const LOST_ANSWERS_MAX: u32 = 2;
/// Answered reads before absence counts. Time alone is no evidence: it also passes while HubSpot
/// or the router is down.
const ANSWERED_MIN: u32 = 3;
/// The longest wait between two reads while HubSpot cannot be asked.
const UNREACHABLE_MS_MAX: u64 = 5 * MINUTE_MS;

/// HubSpot refused because of a sequence, and shows one that is not ours.
const ALREADY_ELSEWHERE: &str = "HubSpot said ALREADY_ENROLLED, and shows another sequence";
/// A workflow that starts from a property may start late.
const WRITTEN_UNSEEN: &str = "the property is written, and the workflow does not show";
/// HubSpot refused because of a sequence, and does not show ours.
const ALREADY_UNSEEN: &str = "HubSpot said ALREADY_ENROLLED, and does not show ours";

/// The doubt of a claim.
#[derive(Clone, Copy)]
struct Standing {
    since: Timestamp,
    doubt: Doubt,
    checks: u32,
}

/// Takes what a read-back showed into account. A claim that is not in doubt stays as it is.
pub fn resolve(mut case: Case, observation: Observation) -> Turn {
    let State::InDoubt { since, doubt, checks, .. } = case.claim.state else {
        let state = case.claim.state.clone();
        return case.silently(state);
    };
    let standing = Standing { since, doubt, checks };
    case.claim.evidence.get_or_insert_default().look(&observation, case.now);
    match observation {
        Observation::Enrolled { enrolled_at, enrollment } => {
            let at = enrolled_at.unwrap_or(case.claim.last_call_at);
            confirm(case, at, true, enrollment)
        }
        Observation::Stamped { at } => confirm(case, at, true, None),
        Observation::Elsewhere { .. } if doubt == Doubt::AlreadyEnrolled => {
            elsewhere(case, ALREADY_ELSEWHERE)
        }
        Observation::Elsewhere { enrolled_at } => other(case, standing, enrolled_at),
        Observation::Unstamped { silence, absent } => unstamped(case, standing, (silence, absent)),
        Observation::Absent => absent(case, standing),
        Observation::Unobservable { why } => unobservable(case, standing, &why),
        Observation::NotNow { delay_ms, .. } => not_now(case, standing, delay_ms),
    }
}

fn confirm(case: Case, at: Timestamp, verified: bool, enrollment: Option<String>) -> Turn {
    let after = enrolled(&case);
    let state = confirmed(at, verified, enrollment);
    case.turn(state, after)
}

/// Another sequence keeps ours out: `why` says who showed that.
fn elsewhere(case: Case, why: &str) -> Turn {
    let theme = case.claim.theme.as_str().to_owned();
    let day = sentence::day(case.now, &case.rules.portal.zone);
    let text = sentence::already_in_theme("another sequence", &theme, &day);
    let state = case.released(why);
    case.turn(state, After::end(Decision::Skip, Reason::AlreadyInTheme, text))
}

/// Another sequence stands there. From before our call: ours was refused. From after it: ours
/// may have come and gone, and nobody can tell.
fn other(case: Case, standing: Standing, enrolled_at: Option<Timestamp>) -> Turn {
    if enrolled_at.is_some_and(|at| at < case.claim.first_call_at) {
        return elsewhere(case, "HubSpot shows another sequence, from before the call");
    }
    if window_is_over(&case, standing) {
        return review(case, "another sequence has taken its place");
    }
    check_later(case, standing)
}

fn absent(case: Case, standing: Standing) -> Turn {
    match standing.doubt {
        Doubt::AlreadyEnrolled => elsewhere(case, ALREADY_UNSEEN),
        Doubt::Accepted => accepted_and_absent(case, standing),
        Doubt::NoAnswer if !window_is_over(&case, standing) => check_later(case, standing),
        Doubt::NoAnswer if LOST_ANSWERS_MAX <= case.claim.lost_answers => {
            review(case, "two answers were lost")
        }
        Doubt::NoAnswer if case.may_repeat() => repeat(case),
        Doubt::NoAnswer => review(case, "the workflow may have run and ended already"),
    }
}

/// The workflow's first action has not stamped its marker, and HubSpot has its time to show it.
/// Where the marker is known to work the workflow did not run then, however short it is; where it
/// is not, what the list of current workflows says counts, as without a marker.
fn unstamped(case: Case, standing: Standing, (silence, is_absent): (Silence, bool)) -> Turn {
    let must_show = is_absent && !case.may_be_over();
    if !must_show && !window_is_over(&case, standing) {
        return check_later(case, standing);
    }
    match standing.doubt {
        _ if must_show => absent(case, standing),
        Doubt::NoAnswer if LOST_ANSWERS_MAX <= case.claim.lost_answers => {
            review(case, "two answers were lost")
        }
        Doubt::NoAnswer if silence == Silence::NotRun => repeat(case),
        Doubt::NoAnswer if is_absent && case.may_repeat() => repeat(case),
        Doubt::NoAnswer => review(case, silence.says()),
        Doubt::Accepted if silence == Silence::NotRun && case.claim.via.is_some() => {
            review(case, WRITTEN_UNSEEN)
        }
        Doubt::Accepted if silence == Silence::NotRun => not_confirmed(case),
        _ if is_absent => absent(case, standing),
        _ => unobservable(case, standing, silence.says()),
    }
}

/// A workflow that must still run and does not show was never entered; one that may be over
/// already counts as entered, unverified (CONSISTENCY.md 6.7). One that starts from a property may
/// start late: it is looked for as long as a lost answer, and then a person looks.
fn accepted_and_absent(case: Case, standing: Standing) -> Turn {
    if case.claim.via.is_some() {
        return if window_is_over(&case, standing) {
            review(case, WRITTEN_UNSEEN)
        } else {
            check_later(case, standing)
        };
    }
    let Some(runs_ms) = case.runs_at_least_ms() else {
        let at = case.claim.last_call_at;
        return confirm(case, at, false, None);
    };
    if case.may_be_over() {
        let at = case.claim.last_call_at;
        return confirm(case, at, false, None);
    }
    // At the latest a read before it may be over counts.
    let looked_for_ms = case.policy.verify_for_ms.min(runs_ms / 2);
    if is_asked_enough(standing) && standing.since.plus_ms(looked_for_ms) <= case.now {
        return not_confirmed(case);
    }
    check_later(case, standing)
}

fn not_confirmed(case: Case) -> Turn {
    let state = case.released("accepted and never seen");
    let text = sentence::not_confirmed();
    case.turn(state, After::end(Decision::Fail, Reason::NotConfirmed, text))
}

fn unobservable(case: Case, standing: Standing, why: &str) -> Turn {
    match standing.doubt {
        Doubt::Accepted => {
            let at = case.claim.last_call_at;
            confirm(case, at, false, None)
        }
        Doubt::AlreadyEnrolled => elsewhere(case, ALREADY_UNSEEN),
        Doubt::NoAnswer if case.claim.target.channel == Channel::Workflow => review(case, why),
        // The path may prove itself meanwhile, on another contact.
        Doubt::NoAnswer if !window_is_over(&case, standing) => check_later(case, standing),
        Doubt::NoAnswer => review(case, why),
    }
}

/// HubSpot did not answer: that shows nothing, so it is no check.
fn not_now(case: Case, standing: Standing, delay_ms: Option<u64>) -> Turn {
    let delay_ms = delay_ms.unwrap_or_else(|| unasked_ms(&case));
    again(case, standing, delay_ms)
}

/// How long a claim in doubt is left alone where HubSpot could not be asked, in milliseconds: as
/// long as the doubt is old.
pub fn unasked_ms(case: &Case) -> u64 {
    let State::InDoubt { since, .. } = case.claim.state else { return case.policy.verify_first_ms };
    case.now.since_ms(since).min(UNREACHABLE_MS_MAX).max(case.policy.verify_first_ms)
}

/// Not enrolled after all: decided again, on a fresh read.
fn repeat(case: Case) -> Turn {
    let due = Some(case.now);
    let text = sentence::no_answer(case.target_name());
    let state = case.released("absent for as long as was looked");
    case.turn(state, After::wait(Reason::OutcomeUnknown, text, due))
}

/// Nobody can tell by machine; the theme stays held.
fn review(case: Case, why: &str) -> Turn {
    let text = sentence::in_doubt(case.target_name(), why);
    let state = State::NeedsReview { since: case.now, why: why.to_owned() };
    case.turn(state, After::hold(Reason::InDoubt, text, None))
}

/// Whether what this read showed counts: HubSpot had its time, and was asked often enough in it.
fn window_is_over(case: &Case, standing: Standing) -> bool {
    is_asked_enough(standing) && standing.since.plus_ms(case.policy.verify_for_ms) <= case.now
}

fn is_asked_enough(standing: Standing) -> bool {
    ANSWERED_MIN <= standing.checks + 1
}

fn check_later(case: Case, standing: Standing) -> Turn {
    let Policy { verify_first_ms, verify_for_ms } = case.policy;
    let delay = retry::check_delay_ms(standing.checks + 1, verify_first_ms, verify_for_ms);
    // The last look is at the end of the window, not beyond it.
    let left = standing.since.plus_ms(verify_for_ms).since_ms(case.now);
    let delay = if left == 0 { delay } else { delay.min(left) };
    again(case, Standing { checks: standing.checks + 1, ..standing }, delay)
}

fn again(case: Case, standing: Standing, delay_ms: u64) -> Turn {
    let State::InDoubt { why, .. } = case.claim.state.clone() else {
        let state = case.claim.state.clone();
        return case.silently(state);
    };
    let next_check = case.now.plus_ms(delay_ms);
    let Standing { since, doubt, checks } = standing;
    case.silently(State::InDoubt { since, doubt, checks, next_check, why })
}

/// What a person says about a claim nobody could settle by machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// They saw the contact enrolled.
    Enrolled,
    /// They saw that the contact is not enrolled: it is decided again.
    NotEnrolled,
}

/// Ends a doubt, or a need for review, by what a person says.
pub fn by_person(mut case: Case, resolution: Resolution, press: Press) -> Turn {
    let now = case.now;
    case.claim.evidence.get_or_insert_default().by = Some(press.who.clone());
    let mut turn = match resolution {
        Resolution::Enrolled => {
            let at = case.claim.last_call_at;
            confirm(case, at, false, None)
        }
        Resolution::NotEnrolled => {
            if let Some(item) = &mut case.item {
                item.denied += 1;
            }
            let text = sentence::asking(case.target_name());
            let state = case.released("a person saw that the contact is not enrolled");
            case.turn(state, After::wait(Reason::OutcomeUnknown, text, Some(now)))
        }
    };
    turn.step = Step::Pressed;
    turn.press = Some(press);
    turn
}
