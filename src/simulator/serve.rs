//! One request, from the socket to its end: control call or API call, with the faults it meets.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use tokio::sync::watch;

use super::call::{Answer, Call};
use super::control;
use super::faults::{Fault, Kind};
use super::shared::Shared;
use super::socket::{Socket, half, wire};

/// How long a `slow` answer takes, milliseconds.
const DRIP_MS: u64 = 2_000;
/// Pieces of a `slow` answer.
const DRIP_PIECES: usize = 20;

/// Handles every request.
pub(super) async fn handle(
    request: HttpRequest,
    body: web::Bytes,
    shared: web::Data<Shared>,
) -> HttpResponse {
    let shared = shared.into_inner();
    let target = request.uri().to_string();
    let method = request.method().as_str();
    if target.starts_with("/_sim") {
        return respond(control::answer(&shared, method, &target, &body).await);
    }
    let token = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    let token = token.and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned);
    let call = Call::new(method, &target, token, body.to_vec());
    let Some(socket) = request.conn_data::<Socket>().cloned() else {
        return respond(Answer::page(500));
    };
    let turn = Turn::new(shared, Some(socket), call);
    // On a task of its own: a caller who goes away does not undo what HubSpot began.
    let turn = tokio::spawn(turn.take(None));
    respond(turn.await.map_or_else(|_| Answer::page(500), |end| end.answer))
}

/// One API call under way.
pub(super) struct Turn {
    shared: Arc<Shared>,
    /// The connection it came by; `None` for a caller in this process.
    socket: Option<Socket>,
    call: Call,
    /// Taken before the call shows in the log, so that a test that saw it there can release it.
    releases: watch::Receiver<u64>,
}

/// How a call ended: `outcome` names an end without a whole answer.
pub(super) struct End {
    pub(super) answer: Answer,
    pub(super) outcome: Option<&'static str>,
    /// Whether the connection is closed, so that the answer reaches nobody.
    closes: bool,
}

impl Turn {
    pub(super) fn new(shared: Arc<Shared>, socket: Option<Socket>, call: Call) -> Self {
        Self { releases: shared.releases(), shared, socket, call }
    }

    /// Takes the call from its arrival to its end. `fault` strikes it where no other does.
    pub(super) async fn take(mut self, fault: Option<Fault>) -> End {
        if self.shared.was_withheld(&self.call).await {
            self.close();
            return End { answer: Answer::nothing(), outcome: Some("withheld"), closes: true };
        }
        let (place, mut plan) = self.shared.receive(&self.call);
        plan.also(fault);
        if plan.delay_ms > 0 {
            tokio::time::sleep(Duration::from_millis(plan.delay_ms)).await;
        }
        let bookings = plan.bookings();
        let applied = plan.applies().then(|| self.shared.apply(&self.call, place, bookings));
        let answer = applied.unwrap_or_else(Answer::nothing);
        let end = match plan.fault {
            Some(fault) => self.end(&fault, answer).await,
            None => End { answer, outcome: None, closes: false },
        };
        let status = end.answer.status.to_string();
        let outcome = end.outcome.unwrap_or(&status);
        // In the log before the caller can notice, so that whoever reads the counts finds it.
        self.shared.finish(&self.call, place, outcome, end.outcome.is_none());
        if end.closes {
            self.close();
        }
        end
    }

    fn close(&self) {
        if let Some(socket) = &self.socket {
            socket.close();
        }
    }

    /// The end that a fault gives a call which has had, or not had, its effect.
    async fn end(&mut self, fault: &Fault, answer: Answer) -> End {
        let whole = |answer| End { answer, outcome: None, closes: false };
        let broken = |answer, outcome| End { answer, outcome: Some(outcome), closes: true };
        match fault.kind {
            // These have had their say before.
            Kind::Delay | Kind::EnrollTwice => whole(answer),
            Kind::Status(status) => whole(self.shared.refuse(fault, status)),
            Kind::WrongShape => whole(Answer::page(200)),
            Kind::AcceptWithheld => {
                // Before the answer goes out, so that no later connection slips through.
                self.shared.withhold(fault.ms);
                whole(answer)
            }
            Kind::ApplyThenDrop | Kind::DropBefore => broken(answer, "dropped"),
            Kind::ApplyThenHang | Kind::Hang => {
                self.hang(fault.ms).await;
                broken(answer, "hung")
            }
            Kind::Truncated => {
                if let Some(socket) = &self.socket {
                    socket.send(&half(&answer), 1, 0).await;
                }
                broken(answer, "truncated")
            }
            Kind::Slow => {
                let ms = fault.ms.unwrap_or(DRIP_MS);
                match &self.socket {
                    Some(socket) => socket.send(&wire(&answer), DRIP_PIECES, ms).await,
                    None => tokio::time::sleep(Duration::from_millis(ms)).await,
                }
                End { closes: true, ..whole(answer) }
            }
        }
    }

    /// Waits until released, or for `ms`.
    async fn hang(&mut self, ms: Option<u64>) {
        let release = self.releases.changed();
        match ms {
            None => drop(release.await),
            Some(ms) => drop(tokio::time::timeout(Duration::from_millis(ms), release).await),
        }
    }
}

fn respond(answer: Answer) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    for (name, value) in answer.headers {
        response.insert_header((name, value));
    }
    if answer.body.is_empty() {
        return response.finish();
    }
    response.content_type(answer.content_type).body(answer.body)
}
