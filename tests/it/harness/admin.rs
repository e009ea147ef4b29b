//! The admin listener, as a person asks it.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Harness, LONG};

impl Harness {
    /// A GET that must be answered with 200.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Value {
        self.try_get(path).unwrap_or_else(|| panic!("GET {path} failed:\n{}", self.log()))
    }

    /// A GET; `None` unless it is answered with 200.
    pub(crate) fn try_get(&self, path: &str) -> Option<Value> {
        let url = format!("{}{path}", self.router().admin_url());
        self.runtime.block_on(async {
            let answer = self.http.get(url).send().await.ok()?;
            let ok = answer.status().is_success();
            let bytes = answer.bytes().await.ok()?;
            ok.then(|| serde_json::from_slice(&bytes).unwrap_or(Value::Null))
        })
    }

    /// A GET as text; it must be answered with 200.
    #[track_caller]
    pub(crate) fn text(&self, path: &str) -> String {
        let url = format!("{}{path}", self.router().admin_url());
        let (status, text) = self.runtime.block_on(async {
            let answer = self.http.get(url).send().await.expect("an answer");
            (answer.status().as_u16(), answer.text().await.expect("a whole answer"))
        });
        assert_eq!(status, 200, "GET {path}: {text}");
        text
    }

    /// A POST: status and body of the answer.
    pub(crate) fn press(&self, path: &str, body: &Value) -> (u16, Value) {
        let url = format!("{}{path}", self.router().admin_url());
        let request = self.http.post(url).header("content-type", "application/json");
        self.runtime.block_on(async {
            let answer = request.body(body.to_string()).send().await.expect("an answer");
            let status = answer.status().as_u16();
            let text = answer.text().await.expect("a whole answer");
            (status, serde_json::from_str(&text).unwrap_or(Value::Null))
        })
    }

    /// How it goes.
    pub(crate) fn status(&self) -> Value {
        self.get("/api/v1/status")
    }

    /// Decision records, oldest first; `query` as in `contact=1&history=true`.
    pub(crate) fn decisions(&self, query: &str) -> Vec<Value> {
        let mut all = self.list(&format!("/api/v1/decisions?limit=1000&{query}"));
        all.reverse();
        all
    }

    /// What the alert of this code says, while there is one.
    pub(crate) fn alert(&self, code: &str) -> Option<String> {
        let alerts = self.status()["alerts"].as_array().cloned().unwrap_or_default();
        let found = alerts.into_iter().find(|alert| alert["code"] == json!(code))?;
        found["sentence"].as_str().map(str::to_owned)
    }

    /// Every entry of `/in-doubt`, `/waiting` or `/held`.
    pub(crate) fn listing(&self, name: &str) -> Vec<Value> {
        self.list(&format!("/api/v1/{name}?limit=1000"))
    }

    fn list(&self, path: &str) -> Vec<Value> {
        let mut all = Vec::new();
        let mut after = String::new();
        loop {
            let page = self.get(&format!("{}{after}", path.trim_end_matches('&')));
            all.extend(page["results"].as_array().into_iter().flatten().cloned());
            match page["paging"]["next"]["after"].as_str() {
                Some(next) => after = format!("&after={next}"),
                None => return all,
            }
        }
    }

    /// The claims of a contact.
    pub(crate) fn claims(&self, contact: u64) -> Vec<Value> {
        let known = self.get(&format!("/api/v1/contacts/{contact}"));
        known["claims"].as_array().cloned().unwrap_or_default()
    }

    /// `decision reason` of a contact's newest decision records, oldest first.
    pub(crate) fn verdicts(&self, contact: u64) -> Vec<String> {
        let decisions = self.decisions(&format!("contact={contact}"));
        decisions.iter().map(verdict).collect()
    }

    /// How many of all decision records ended in each `decision reason`.
    pub(crate) fn verdict_counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for decision in self.decisions("") {
            *counts.entry(verdict(&decision)).or_default() += 1;
        }
        counts
    }

    /// Waits until every delivery is taken and nothing comes back by itself.
    #[track_caller]
    pub(crate) fn wait_until_idle(&self, limit: Duration) {
        self.wait_for(limit, |status| {
            status["queue"]["journal"] == json!(0) && status["queue"]["waiting"] == json!(0)
        });
    }

    /// Waits until the status is as `wanted`.
    #[track_caller]
    pub(crate) fn wait_for(&self, limit: Duration, wanted: impl Fn(&Value) -> bool) {
        let began = Instant::now();
        loop {
            let status = self.status();
            if wanted(&status) {
                return;
            }
            let late = limit < began.elapsed();
            assert!(
                !late,
                "{limit:?} are over: {status}\n{:?}\n{}",
                self.listing("waiting"),
                self.log()
            );
            thread::sleep(Duration::from_millis(15));
        }
    }

    /// No claim is open that `/in-doubt` does not list. A claim that is being settled while it
    /// is looked at is looked at again.
    pub(super) fn assert_open_claims_are_listed(&self) {
        let contacts: BTreeSet<String> = self
            .decisions("")
            .iter()
            .filter_map(|decision| decision["contact"].as_str().map(str::to_owned))
            .collect();
        let began = Instant::now();
        loop {
            let open = contacts.iter().flat_map(|contact| self.open_claims(contact));
            let open: BTreeSet<String> = open.collect();
            let listed: BTreeSet<String> = self
                .listing("in-doubt")
                .iter()
                .filter_map(|entry| entry["id"].as_str().map(str::to_owned))
                .collect();
            let hidden: Vec<_> = open.difference(&listed).collect();
            if hidden.is_empty() {
                return;
            }
            let late = Duration::from_secs(5) < began.elapsed();
            assert!(!late, "open claims that nobody can see: {hidden:?}");
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn open_claims(&self, contact: &str) -> Vec<String> {
        let known = self.get(&format!("/api/v1/contacts/{contact}"));
        let claims = known["claims"].as_array().cloned().unwrap_or_default();
        let open = |claim: &&Value| {
            ["reserved", "in-doubt", "needs-review"].iter().any(|state| claim["state"] == *state)
        };
        let decisions = claims.iter().filter(open).filter_map(|claim| claim["decision"].as_str());
        decisions.map(str::to_owned).collect()
    }
}

/// Waits until `harness` shows what is named.
#[track_caller]
pub(crate) fn wait_until(harness: &Harness, what: &str, reached: impl Fn(&Harness) -> bool) {
    let began = Instant::now();
    while !reached(harness) {
        assert!(began.elapsed() < LONG, "{what} was not reached:\n{}", harness.log());
        thread::sleep(Duration::from_millis(10));
    }
}

/// `decision reason`.
fn verdict(decision: &Value) -> String {
    let word = |key: &str| decision[key].as_str().unwrap_or("?").to_owned();
    format!("{} {}", word("decision"), word("reason"))
}
