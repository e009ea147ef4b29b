//! The client against scripted answers on loopback.

use std::time::Duration;

use self::server::{Act, Server};
use super::{Access, Client, Profile, Secret, Settings};
use crate::domain::claim::{Channel, Claim, Sender, Stamp, State, Target};
use crate::domain::id::{ContactId, UserId};
use crate::domain::record::ProvenReads;
use crate::domain::time::Timestamp;
use crate::port::Answered;

mod access;
mod faults;
mod in_time;
mod lookback;
mod read_back;
mod reads;
mod requests;
mod search;
mod server;
mod settings;
mod unenroll;

const TOKEN: &str = "pat-na1-0000-do-not-show";
const CONTACT: ContactId = ContactId(138_017_612_137);

/// Access with this token.
fn token(text: &str) -> Access {
    Access::Token(Secret::new(text).expect("not blank"))
}

/// A client of a scripted server.
fn client(server: &Server, profile: Profile) -> Client {
    client_knowing(server, profile, &ProvenReads::default())
}

fn client_knowing(server: &Server, profile: Profile, proven: &ProvenReads) -> Client {
    let settings =
        Settings { base_url: server.url.clone(), profile, ..Settings::new(token(TOKEN)) };
    let client = Client::new(&settings).expect("loopback is allowed");
    client.trust(proven);
    client
}

/// Settings of a scripted server that is not waited for long.
fn hasty(server: &Server) -> Settings {
    Settings {
        base_url: server.url.clone(),
        timeout: Duration::from_millis(200),
        ..Settings::new(token(TOKEN))
    }
}

impl Client {
    /// Makes the call, whenever.
    async fn enroll_claim(&self, claim: &Claim, email: Option<&str>) -> Answered {
        self.enroll_in_time(claim, email, &|| true).await
    }
}

/// A reserved claim on sequence 311 or on the workflow with flow id 585051946.
fn claim(channel: Channel) -> Claim {
    let (name, id) = match channel {
        Channel::Sequence => ("welcome", 311),
        Channel::Workflow => ("nurture", 585_051_946),
    };
    let sender = Sender {
        name: "ann".into(),
        inbox: "ann@sales.example.com".into(),
        user: UserId(76_023_669),
        alias: None,
    };
    let now = Timestamp::from_unix_ms(1_700_000_300_000);
    Claim {
        id: "c1".into(),
        contact: CONTACT,
        theme: "onboarding".into(),
        rule: "trial-started".into(),
        row: "r1".into(),
        target: Target { channel, name: name.into(), id },
        sender: (channel == Channel::Sequence).then_some(sender),
        via: None,
        first_call_at: now,
        last_call_at: now,
        lost_answers: 0,
        holds_until: Timestamp::from_unix_ms(u64::MAX),
        evidence: None,
        state: State::Reserved,
    }
}

/// What the id mapping answers for the claim's workflow.
fn mapping() -> Act {
    Act::answer(
        200,
        r#"{"status":"COMPLETE","results":[{"flowId":585051946,"workflowId":"4242"}]}"#,
    )
}

const ERROR_404: &str =
    r#"{"status":"error","message":"gone","category":"OBJECT_NOT_FOUND","correlationId":"c9"}"#;
