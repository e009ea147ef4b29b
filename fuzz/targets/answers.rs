//! HubSpot's answers: whatever a call gets back, it is classified, an enrollment is believed only
//! where HubSpot shows one, and nothing foreign reaches a record unwashed.
#![no_main]

mod server;

use std::sync::OnceLock;
use std::time::Duration;

use hubroute::domain::claim::{Channel, Claim, Target};
use hubroute::domain::id::{ContactId, OwnerId};
use hubroute::domain::outcome::Outcome;
use hubroute::domain::secret::Secret;
use hubroute::hubspot::{Access, Client, Profile, Settings};
use hubroute::port::{Answered, HubSpot, Named, Permit, Wanted};
use libfuzzer_sys::fuzz_target;
use server::Server;
use tokio::runtime::Runtime;

const CONTACT: ContactId = ContactId(138_017_612_137);
const PROFILES: [&str; 4] = ["2026-03", "2026-09", "v4", "route-map"];

fuzz_target!(|data: &[u8]| {
    let [call, profile, answers @ ..] = data else { return };
    let rig = rig();
    // 0xFF never stands in UTF-8: it parts the answers of one call.
    let first = rig.server.play(answers.split(|byte| *byte == 0xFF));
    let client = &rig.clients[usize::from(*profile) % rig.clients.len()];
    let outcome = rig.runtime.block_on(ask(client, call % 9));
    let Some(Answered { outcome, correlation }) = outcome else { return };
    if let Some(status) = first {
        assert!(
            !matches!(outcome, Outcome::Accepted { .. }) || (200..300).contains(&status),
            "HTTP {status} was taken for an enrollment"
        );
    }
    for text in texts(&outcome).into_iter().chain(correlation.as_deref()) {
        assert!(!text.chars().any(char::is_control), "a control character: {text:?}");
        assert!(text.chars().count() <= 600, "{} characters", text.chars().count());
    }
});

/// Makes one call; reads have nothing more to say than that they did not panic.
async fn ask(client: &Client, call: u8) -> Option<Answered> {
    let (sequence, workflow) = (claim("sequence"), claim("workflow"));
    let email = Some("ann+one@example.com");
    let named = Named { email, enrollment: Some("9") };
    match call {
        0 | 1 => Some(client.enroll(&Permit::mint(sequence), email, &|| true).await),
        2 | 3 => Some(client.enroll(&Permit::mint(workflow), email, &|| true).await),
        4 => Some(client.unenroll(&workflow.target, CONTACT, named).await),
        5 => {
            let wanted = Wanted {
                properties: vec!["email".into(), "lifecyclestage".into()],
                history: vec!["lifecyclestage".into()],
            };
            client.contact(CONTACT, &wanted).await.ok();
            None
        }
        6 => {
            client.owner(OwnerId(7)).await.ok();
            client.owner_by_email("dana@acme.com").await.ok();
            None
        }
        7 => {
            client.enrollments(&sequence.target, CONTACT).await.ok();
            client.enrollments(&workflow.target, CONTACT).await.ok();
            None
        }
        _ => {
            client.probe().await.ok();
            Some(client.write(CONTACT, &"hubroute_unenroll".into(), "c1").await)
        }
    }
}

fn texts(outcome: &Outcome) -> Vec<&str> {
    match outcome {
        Outcome::Accepted { enrollment, .. } => enrollment.as_deref().into_iter().collect(),
        Outcome::Refused { message, .. } | Outcome::Halted { message, .. } => vec![message],
        Outcome::Unknown { why } => vec![why],
        Outcome::AlreadyEnrolled | Outcome::SenderFull | Outcome::RetryAfter { .. } => Vec::new(),
    }
}

fn claim(channel: &str) -> Claim {
    serde_json::from_value(serde_json::json!({
        "id": "c1", "contact": CONTACT, "theme": "sales", "rule": "r", "row": "r1",
        "target": target(channel),
        "sender": { "name": "dana", "inbox": "dana@acme.com", "user": 76_023_669_u64 },
        "first_call_at": 0, "last_call_at": 0, "lost_answers": 0, "holds_until": u64::MAX,
        "state": "reserved",
    }))
    .expect("a claim")
}

fn target(channel: &str) -> Target {
    let channel = match channel {
        "sequence" => Channel::Sequence,
        _ => Channel::Workflow,
    };
    Target { channel, name: "intro".into(), id: 585_051_946 }
}

struct Rig {
    runtime: Runtime,
    server: Server,
    clients: Vec<Client>,
}

fn rig() -> &'static Rig {
    static RIG: OnceLock<Rig> = OnceLock::new();
    RIG.get_or_init(|| {
        let server = Server::start();
        let settings = |profile: &str| Settings {
            base_url: server.url.clone(),
            profile: profile.parse::<Profile>().expect("a profile"),
            timeout: Duration::from_secs(2),
            ..Settings::new(Access::Token(Secret::new("fuzz-token").expect("not blank")))
        };
        let clients = PROFILES.map(|name| Client::new(&settings(name)).expect("loopback"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Rig { runtime: runtime.expect("a runtime"), server, clients: clients.into() }
    })
}
