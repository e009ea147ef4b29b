//! A permit lasts five seconds, and what must be known or bought before the call may take longer
//! (CONSISTENCY.md 6.17).

use std::sync::{Arc, Mutex};

use reqwest::Request;
use reqwest::header::HeaderMap;
use tokio::time::{Instant, sleep};

use super::*;
use crate::domain::outcome::{Later, Outcome};
use crate::hubspot::{Carrier, Carrying, Refresh, Reply};

const PERMIT: Duration = Duration::from_secs(5);

/// What of a path is asked next, the seconds until the answer, its status and its body.
type Step = (&'static str, u64, u16, &'static str);

/// Answers by script, in order, and writes down what was asked.
#[derive(Clone, Debug)]
struct Slow {
    acts: Arc<Mutex<Vec<Step>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Carrier for Slow {
    fn carry(&self, request: Request, _answer_max: usize) -> Carrying<'_> {
        let path = request.url().path().to_owned();
        self.asked.lock().expect("no panic").push(path.rsplit('/').next().unwrap_or("").to_owned());
        let (end, seconds, status, body) = self.acts.lock().expect("no panic").remove(0);
        Box::pin(async move {
            assert!(path.contains(end), "{path} was asked, {end} expected");
            sleep(Duration::from_secs(seconds)).await;
            Ok(Reply::new(status, HeaderMap::new(), Ok(body.as_bytes().to_vec())))
        })
    }
}

const MAPPED: &str =
    r#"{"status":"COMPLETE","results":[{"flowId":585051946,"workflowId":"4242"}]}"#;
const SOLD: &str = r#"{"access_token":"a","expires_in":1800}"#;
const MAPPING: &str = "workflow-id-mappings";
const CALL: &str = "enrollments/contacts";

fn bought() -> Access {
    let secret = |text: &str| Secret::new(text).expect("not blank");
    Access::Refresh(Refresh {
        client_id: "id".to_owned(),
        client_secret: secret("s"),
        refresh_token: secret("r"),
    })
}

/// What becomes of a workflow's enrollment whose permit is of this moment, and how many calls were
/// made for it.
#[track_caller]
fn check(access: Access, acts: &[Step], (expected, calls): (&Outcome, usize)) {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_time().start_paused(true).build().expect("a runtime");
    runtime.block_on(async {
        let carrier = Slow { acts: Arc::new(Mutex::new(acts.to_vec())), asked: Arc::default() };
        let client = Client::over(Arc::new(carrier.clone()), &Settings::new(access));
        let (client, granted) = (client.expect("the settings are right"), Instant::now());
        let claim = claim(Channel::Workflow);
        let in_time = || granted.elapsed() <= PERMIT;
        let answered = client.enroll_in_time(&claim, Some("b@example.com"), &in_time).await;
        assert_eq!(&answered.outcome, expected, "{acts:?}");
        assert_eq!(carrier.asked.lock().expect("no panic").len(), calls, "{acts:?}");
    });
}

const NOT_SENT: Outcome = Outcome::RetryAfter { why: Later::Unreachable, delay_ms: None };
const DONE: Outcome = Outcome::Accepted { enrolled_at: None, enrollment: None };

#[test]
fn a_call_whose_workflow_was_mapped_too_slowly_does_not_leave() {
    let mapped = |seconds| (MAPPING, seconds, 200, MAPPED);
    check(token(TOKEN), &[mapped(5), (CALL, 0, 204, "")], (&DONE, 2));
    check(token(TOKEN), &[mapped(6), (CALL, 0, 204, "")], (&NOT_SENT, 1));
    // How long HubSpot takes for the call itself is nobody's doubt.
    check(token(TOKEN), &[mapped(0), (CALL, 14, 204, "")], (&DONE, 2));
}

#[test]
fn a_call_whose_access_was_bought_too_slowly_does_not_leave() {
    let sold = |seconds| ("token", seconds, 200, SOLD);
    let mapped = (MAPPING, 0, 200, MAPPED);
    check(bought(), &[sold(4), mapped, (CALL, 0, 204, "")], (&DONE, 3));
    check(bought(), &[sold(6), mapped, (CALL, 0, 204, "")], (&NOT_SENT, 2));
}

#[test]
fn a_call_that_was_refused_is_made_once_more_in_time_only() {
    let sold = |seconds| ("token", seconds, 200, SOLD);
    let mapped = (MAPPING, 0, 200, MAPPED);
    let refused = |seconds| (CALL, seconds, 401, "{}");
    let done = (CALL, 0, 204, "");
    check(bought(), &[sold(0), mapped, refused(0), sold(4), done], (&DONE, 5));
    check(bought(), &[sold(0), mapped, refused(0), sold(6), done], (&NOT_SENT, 4));
    check(bought(), &[sold(0), mapped, refused(6), sold(0), done], (&NOT_SENT, 4));
}
