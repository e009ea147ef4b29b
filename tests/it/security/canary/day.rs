//! A day with everything in it: enrollments, refusals, lost answers, doubts, presses, forged and
//! broken deliveries, every call of the admin listener, and every command.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::told::Told;
use crate::harness::{Harness, LONG, PUBLIC_URL, Process, Setup, rule};
use crate::security::router::{Router, exchange};
use hubroute::simulator::{Delivery, Signature};

const CLIENT: &str = "canary-secret-client";
const ADMIN: &str = "canary-secret-admin";
/// What HubSpot repeats in its errors: an address, a name and the token.
const ECHO: &str = "canary-person-3@canary.test (canary-person@x) pat-na1-canary-secret-access \
                    Bearer pat-na1-canary-secret-access";

/// See the module.
pub(super) struct Day {
    pub(super) harness: Harness,
    environment: Vec<(&'static str, String)>,
}

fn rules() -> String {
    let named = "only_if = [{ property = \"firstname\", is_known = true }]\nenroll =";
    let waits = rule("later", "sequence intro").replace("enroll =", "delay = \"1 hour\"\nenroll =");
    let asks = rule("ask", "sequence intro").replace("\"live\"", "\"approval\"");
    let strict = "only_if = [{ property = \"firstname\", is_unknown = true }]\nenroll =";
    rule("stage", "sequence intro").replace("enroll =", named)
        + &rule("again", "workflow again")
        + &rule("strict", "sequence intro").replace("enroll =", strict)
        + &waits
        + &asks
}

impl Day {
    /// A folder and an environment in which everything is marked; `access` is how the account is
    /// entered.
    pub(super) fn new(access: &[(&'static str, &str)]) -> Self {
        let contact = |id: u64| {
            json!({"id": id, "properties": {
                "email": format!("canary-person-{id}@canary.test"), "firstname": "canary-person",
            }})
        };
        let contacts: Vec<Value> = (1..=12).map(contact).collect();
        let state = json!({ "contacts": contacts });
        let harness = Harness::prepare(Setup::with(rules()).state(state));
        let more = [
            ("HUBROUTE_CLIENT_SECRET", CLIENT),
            ("HUBROUTE_CLIENT_SECRET_PREVIOUS", "canary-secret-previous"),
            ("HUBROUTE_ADMIN_TOKEN", ADMIN),
            ("HUBROUTE_LOG_LEVEL", "trace"),
        ];
        let all = access.iter().chain(&more);
        let environment = all.map(|(name, text)| (*name, (*text).to_owned())).collect();
        Self { harness, environment }
    }

    fn set(&self, command: &mut Command) {
        command.env_remove("HUBROUTE_ACCESS_TOKEN");
        command.envs(self.environment.iter().map(|(name, text)| (name, text)));
    }

    /// Everything that was told, but for the log.
    pub(super) fn run(&self) -> Vec<Told> {
        let mut told = self.morning();
        told.extend(self.afternoon());
        told
    }

    fn start(&self, format: &str) -> Router<'_> {
        let mut router = Router::start(&self.harness, |command| {
            self.set(command);
            command.env("HUBROUTE_LOG_FORMAT", format);
        });
        router.headers = format!("Authorization: Bearer {ADMIN}\r\n");
        router
    }

    /// Deliveries of every kind, and every call of the admin listener; the log is JSON.
    fn morning(&self) -> Vec<Told> {
        let router = self.start("json");
        self.deliveries(&router);
        let mut told = self.strangers(&router);
        told.extend(Self::calls(&router));
        router.process.stop();
        told
    }

    /// Changes a property and delivers its event.
    #[track_caller]
    fn change(&self, router: &Router<'_>, contact: u64, property: &str) {
        let deliver = json!({
            "target": router.process.webhook_url(), "secret": CLIENT, "public_url": PUBLIC_URL,
            "timeout_ms": 20_000,
        });
        let value = format!("canary-person-value-{property}");
        let change = json!({"properties": { property: value }, "deliver": deliver});
        let answer = self.harness.control(&format!("POST /_sim/contacts/{contact}"), &change);
        assert_eq!(answer["deliveries"][0]["acknowledged"], true, "{answer}");
    }

    /// Every way in which a call can end, one contact each; what HubSpot says repeats the marks.
    fn deliveries(&self, router: &Router<'_>) {
        let decided = |contact: u64| {
            let path = format!("/api/v1/decisions?contact={contact}&history=true&limit=1");
            router.get(&path)["results"].as_array().is_some_and(|found| !found.is_empty())
        };
        // What nobody can see stays in doubt.
        let blind = json!({"on": "read-workflows", "kind": "500", "message": ECHO});
        for (contact, property, on, kind) in [
            (1, "stage", "owner", "500"),
            (2, "stage", "enroll-sequence", "400"),
            (3, "stage", "enroll-sequence", "429"),
            (4, "stage", "read-contact", "500"),
            (5, "again", "enroll-workflow", "apply-then-drop"),
            (6, "stage", "enroll-sequence", "wrong-shape"),
            (7, "stage", "read-contact", "401"),
        ] {
            let fault = json!({"on": on, "kind": kind, "times": 1, "message": ECHO});
            self.harness.faults(json!([fault, blind]));
            self.change(router, contact, property);
            router.wait_for(|_| decided(contact));
        }
        self.harness.faults(json!([blind]));
        assert_eq!(router.ask("POST /api/v1/reload", "", "").status, 200, "it is tried again");
        for (contact, property) in [(8, "later"), (9, "ask"), (10, "strict")] {
            self.change(router, contact, property);
        }
        let unreadable = Delivery {
            body: Some("canary-person {\"email\": \"canary-person@x\"".to_owned()),
            ..router.order(CLIENT)
        };
        assert!(self.harness.send(unreadable)[0].acknowledged);
        router.wait_for(|status| {
            let some = |what: &str| status["queue"][what].as_u64().is_some_and(|count| 0 < count);
            status["events"]["unreadable"] == json!(1)
                && some("held")
                && some("in_doubt")
                && status["decisions"]["enroll"].as_u64().is_some_and(|enrolled| 3 < enrolled)
        });
    }

    /// Forged, stale and unsigned deliveries, and what the public port answers.
    fn strangers(&self, router: &Router<'_>) -> Vec<Told> {
        for signature in [Signature::Forged, Signature::Stale, Signature::Future, Signature::None] {
            let event = json!({"contact": 1, "property": "stage", "value": "canary-person"});
            let order = Delivery { events: vec![event], signature, ..router.order(CLIENT) };
            assert!(!self.harness.send(order)[0].acknowledged);
        }
        let body = "[\"canary-person\"]";
        let port = router.process.webhook_port();
        let requests = [
            format!(
                "POST /webhooks/hubspot HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            ),
            "GET /canary-person HTTP/1.1\r\nHost: canary-person\r\n\r\n".to_owned(),
            "canary-person \r\n\r\n".to_owned(),
        ];
        let asked = requests.iter().map(|request| Told {
            name: "the webhook listener".to_owned(),
            text: exchange(port, request.as_bytes()),
        });
        asked.collect()
    }

    /// Every call that the router says there is, with the token and without it.
    fn calls(router: &Router<'_>) -> Vec<Told> {
        let document = router.get("/api/v1/openapi.json");
        let held = first_id(&router.get("/api/v1/held"));
        let doubt = first_id(&router.get("/api/v1/in-doubt"));
        let mut told = Vec::new();
        for (path, methods) in document["paths"].as_object().expect("paths") {
            for method in methods.as_object().expect("methods").keys() {
                let id = match path {
                    _ if path.contains("/held/") => &held,
                    _ if path.contains("/in-doubt/") => &doubt,
                    _ if method == "post" => "11",
                    _ => "1",
                };
                let call = format!("{} {}", method.to_ascii_uppercase(), path.replace("{id}", id));
                let body = if method == "post" { press(path) } else { String::new() };
                let answer = router.ask(&call, "", &body);
                let text = format!("{}\n{}", answer.head, answer.body);
                assert!([200, 503].contains(&answer.status) || method == "post", "{call}: {text}");
                told.push(Told { name: call.clone(), text });
                let host = "Host: canary.example\r\nAuthorization: Bearer wrong\r\n";
                let refused = router.ask(&call, host, "");
                told.push(Told { name: format!("{call}, refused"), text: refused.body });
            }
        }
        assert!(30 < told.len(), "every call is asked");
        told
    }
}

fn first_id(list: &Value) -> String {
    list["results"][0]["id"].as_str().expect("an entry").to_owned()
}

/// A body that the press at `path` takes.
fn press(path: &str) -> String {
    let body = if path.contains("resolve") {
        json!({"as": "enrolled", "who": "Ann", "note": "seen"})
    } else if path.contains("take-out") {
        json!({"everything": true, "who": "Ann", "note": "asked"})
    } else if path.ends_with("reconcile") {
        json!({"since": "2026-01-01T00:00:00Z"})
    } else {
        json!({"who": "Ann", "note": "asked"})
    };
    body.to_string()
}

/// Commands beside a router. One for each that there is, and its help.
const COMMANDS: &[&str] = &[
    "check rules",
    "check rules --portal --format json",
    "doctor",
    "doctor --format json",
    "subscriptions",
    "test rules",
    "test rules --record 1",
    "replay",
    "replay --format json",
    "explain 1",
    "explain canary-person-1@canary.test",
    "backup copy",
    "verify",
    "verify copy",
    "restore copy",
    "contact take-out 12 --everything --who Ann --note asked",
    "forget 12 --who Ann --note asked",
    "reconcile --since 1h",
    "waiting",
    "held list",
    "held release nothing --who Ann --note asked",
    "in-doubt list",
    "in-doubt resolve nothing --as enrolled --who Ann --note asked",
    "pause --who Ann --note asked",
    "resume --who Ann --note asked",
    "fmt rules",
    "schema config",
    "reload",
    "health",
    "completions bash",
    "man serve",
    "serve",
    "nonsense",
];

impl Day {
    /// Every command and its help; the log is text.
    fn afternoon(&self) -> Vec<Told> {
        let router = self.start("text");
        let mut told: Vec<Told> =
            COMMANDS.iter().map(|words| self.command(Some(&router), words)).collect();
        let help = self.command(None, "help").text;
        let listed = help.split("Commands:\n").nth(1).and_then(|it| it.split("\n\n").next());
        let names = listed.expect("commands").lines().filter(|line| line.starts_with("  "));
        let names = names.filter(|line| !line.starts_with("   "));
        let names: Vec<&str> = names.filter_map(|line| line.split_whitespace().next()).collect();
        assert!(20 < names.len(), "{help}");
        for name in names.into_iter().filter(|name| *name != "help") {
            let is_run = COMMANDS.iter().any(|words| words.split(' ').next() == Some(name));
            assert!(is_run || ["demo", "simulate"].contains(&name), "{name} is never run");
            told.push(self.command(None, &format!("{name} --help")));
        }
        let wrong = [("HUBROUTE_ADMIN_TOKEN", "canary-secret-wrong")];
        told.push(self.command_with(Some(&router), "waiting", &wrong));
        router.process.stop();
        // Without a router the store is asked.
        told.extend(["explain 1", "waiting", "replay"].map(|words| self.command(None, words)));
        told
    }

    fn command(&self, router: Option<&Router<'_>>, words: &str) -> Told {
        self.command_with(router, words, &[])
    }

    fn command_with(
        &self,
        router: Option<&Router<'_>>,
        words: &str,
        more: &[(&'static str, &'static str)],
    ) -> Told {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hubroute"));
        command.args(words.split(' ')).current_dir(self.harness.folder()).env_clear();
        self.set(&mut command);
        // Nobody listens at port 1.
        let admin = router.map_or(1, |router| router.process.admin_port());
        command.env("HUBROUTE_ADMIN_LISTEN", format!("127.0.0.1:{admin}"));
        command.env("HUBROUTE_SERVER_LISTEN", "127.0.0.1:1");
        command.envs(more.iter().copied()).stdin(Stdio::null());
        let output = command.output().expect("the command can be started");
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        assert!(!text.contains("panicked"), "{words}: {text}");
        Told { name: format!("hubroute {words}"), text }
    }
}

/// What starts say that fail for a secret in the wrong place, or one that is none.
pub(super) fn broken_starts() -> Vec<Told> {
    let good = format!("[server]\npublic_url = \"{PUBLIC_URL}\"\n");
    let configs = [
        "[hubspot]\naccess_token = \"canary-secret-1\"\n",
        "[hubspot]\nbase_url = \"http://user:canary-secret-2@example.com\"\n",
        "[hubspot]\nbase_url = \"https://user:canary-secret-3@example.com\"\n",
        "[hubspot]\nbase_url = \"ftp://canary-secret-3@example.com\"\n",
        "[hubspot]\nproxy = \"http://user:canary-secret-4@\"\n",
        "[admin]\ntoken = \"canary-secret-5\"\nlisten = \"nowhere\"\n",
        "[canary]\nclient_secret = \"canary-secret-6\"\n",
        "[hubspot]\naccess_token = \"canary-secret-7\n",
        "[hubspot]\naccess_token = canary-secret-8\n",
        "access_token = \"canary-secret-9\"\n",
        "[store]\nurl = \"postgres://user:canary-secret-10@db/hubroute\"\n",
    ];
    let environments: [&[(&str, &str)]; 4] = [
        &[("HUBROUTE_ACCESS_TOKEN", "canary-secret two words")],
        &[("HUBROUTE_HUBSPOT_PROXY", "http://user:canary-secret@")],
        &[("HUBROUTE_HUBSPOT_BASE_URL", "http://user:canary-secret@example.com")],
        &[("HUBROUTE_REFRESH_TOKEN", "canary-secret-refresh")],
    ];
    let by_file = configs.iter().map(|config| (format!("{good}{config}"), &[][..]));
    let by_environment = environments.iter().map(|more| (good.clone(), *more));
    let started = by_file.chain(by_environment).map(|(config, more)| {
        let harness = Harness::prepare(Setup::with(rules()));
        std::fs::write(harness.folder().join("hubroute.toml"), &config).expect("a configuration");
        let process = Process::serve_with(harness.folder(), |command| {
            command.env("HUBROUTE_CLIENT_SECRET", CLIENT).envs(more.iter().copied());
        });
        let ended = process.wait(LONG);
        assert!(ended.code.is_some_and(|code| code != 0), "{config} {more:?}: {}", ended.output);
        Told { name: format!("{config} {more:?}"), text: ended.output }
    });
    started.collect()
}
