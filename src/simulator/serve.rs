//! One request, from the socket to its end: control call or API call, with the faults it meets.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::call::{Answer, Call};
use super::control;
use super::faults::{Fault, Kind, Plan};
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
    // On a task of its own: a caller who goes away does not undo what HubSpot began.
    let turn = tokio::spawn(async move { turn(&shared, &call, &socket).await });
    respond(turn.await.unwrap_or_else(|_| Answer::page(500)))
}

/// A call and its end. After a fault that closed the connection the answer reaches nobody.
async fn turn(shared: &Arc<Shared>, call: &Call, socket: &Socket) -> Answer {
    if shared.was_withheld().await {
        socket.close();
        return Answer::nothing();
    }
    let (place, plan) = shared.receive(call);
    if plan.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(plan.delay_ms)).await;
    }
    let applied = plan.applies().then(|| shared.apply(call, place, plan.bookings()));
    let answer = applied.unwrap_or_else(Answer::nothing);
    let End { answer, outcome } = match plan {
        Plan { fault: Some(fault), .. } => end(shared, socket, &fault, answer).await,
        Plan { fault: None, .. } => End { outcome: None, answer },
    };
    let status = answer.status.to_string();
    shared.finish(call, place, outcome.unwrap_or(&status), outcome.is_none());
    answer
}

/// How a call ended: `outcome` names an end without a whole answer.
struct End {
    answer: Answer,
    outcome: Option<&'static str>,
}

async fn end(shared: &Arc<Shared>, socket: &Socket, fault: &Fault, answer: Answer) -> End {
    let (answer, outcome) = match fault.kind {
        Kind::Delay | Kind::EnrollTwice => (answer, None),
        Kind::Status(status) => (fault.refusal(status), None),
        Kind::WrongShape => (Answer::page(200), None),
        Kind::AcceptWithheld => {
            // Before the answer goes out, so that no later connection slips through.
            shared.withhold(fault.ms);
            (answer, None)
        }
        Kind::ApplyThenDrop | Kind::DropBefore => (answer, Some("dropped")),
        Kind::ApplyThenHang | Kind::Hang => {
            shared.hang(fault.ms).await;
            (answer, Some("hung"))
        }
        Kind::Truncated => {
            socket.send(&half(&answer), 1, 0).await;
            (answer, Some("truncated"))
        }
        Kind::Slow => {
            socket.send(&wire(&answer), DRIP_PIECES, fault.ms.unwrap_or(DRIP_MS)).await;
            socket.close();
            (answer, None)
        }
    };
    if outcome.is_some() {
        socket.close();
    }
    End { answer, outcome }
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
