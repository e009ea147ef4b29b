//! What the reads answer.

use serde_json::{Value, json};

use super::Ask;
use super::office::HOSTILE;
use super::standing::alert;
use crate::admin::api::openapi::document;
use crate::admin::routes::Call;
use crate::domain::reason::Reason;

#[test]
fn health_and_readiness() {
    Ask::new("GET /healthz").check(200, "/healthy", true);
    Ask::new("GET /readyz").check(200, "/ready", true);
    let mut ask = Ask::new("GET /readyz");
    ask.desk.standing.ready = Err("the disk is full".to_owned());
    ask.check(503, "/error/message", "the disk is full");
    let mut ask = Ask::new("GET /readyz");
    ask.desk.standing.alerts = vec![alert()];
    ask.check(200, "/ready", true);
}

#[test]
fn the_status_says_it_in_one_sentence_and_in_figures() {
    for (pointer, value) in [
        ("/state", json!("working")),
        ("/sentence", json!("Working. 42 enrolled, 12 waiting, 3 need you.")),
        ("/alerts", json!([])),
        ("/events", json!({ "accepted": 93, "duplicate": 4, "stale": 2, "unreadable": 1 })),
        ("/decisions/enroll", json!(42)),
        ("/decisions/ignore", json!(7)),
        ("/decisions/fail", json!(0)),
        ("/last_event_at", json!("2026-11-24T14:59:56.000Z")),
        ("/rules/loaded_at", json!("2026-11-24T15:00:00.000Z")),
        ("/rules/refused", Value::Null),
        ("/queue/journal", json!(2)),
        ("/queue/in_doubt", json!(1)),
        ("/queue/oldest_undecided_at", json!("2026-11-24T14:00:00.000Z")),
        ("/store/kind", json!("embedded")),
        ("/version", json!(env!("CARGO_PKG_VERSION"))),
    ] {
        Ask::new("GET /api/v1/status").check(200, pointer, value);
    }
}

#[test]
fn trouble_shows_in_the_state_and_the_sentence() {
    let mut ask = Ask::new("GET /api/v1/status");
    ask.desk.standing.alerts = vec![alert()];
    ask.check(200, "/alerts/0/code", "rules-refused");
    let mut ask = Ask::new("GET /api/v1/status");
    ask.desk.standing.paused = true;
    let sentence = "Paused: no call leaves. 42 enrolled, 12 waiting, 3 need you.";
    ask.check(200, "/sentence", sentence);
    let mut ask = Ask::new("GET /api/v1/status");
    ask.desk.standing.ready = Err("The disk is full.".to_owned());
    ask.check(200, "/state", "stopped");
}

#[test]
fn a_store_that_cannot_be_read_is_said() {
    for call in ["/api/v1/status", "/api/v1/decisions", "/api/v1/rules", "/metrics", "/"] {
        let mut ask = Ask::new(&format!("GET {call}"));
        ask.desk.broken = true;
        ask.check(503, "/error/code", "store-unavailable");
    }
}

#[test]
fn a_decision_record_has_every_key() {
    let answer = Ask::new("GET /api/v1/decisions?contact=1").send();
    let record = json!({
        "id": "1.0.inbound", "seq": 1, "at": "2026-11-24T15:00:00.000Z", "contact": "1",
        "event": {
            "event_id": "9007199254740993", "subscription_type": "contact.propertyChange",
            "object_id": "1", "property": "lifecyclestage", "value": HOSTILE,
            "occurred_at": "2026-11-24T14:00:00.000Z", "source": "CRM_UI"
        },
        "rule": "inbound", "mode": "live", "decision": "enroll", "reason": "matched",
        "sentence": "Why.", "by": null, "from": [], "until": null, "arm": null,
        "target": "inbound", "sender": null, "trace": [], "rules": "f00d"
    });
    assert_eq!(answer.json(), json!({ "results": [record], "paging": null }));
}

#[test]
fn decisions_are_filtered_and_paged() {
    for (query, count) in [
        ("", 5),
        ("?contact=4", 1),
        ("?contact=99", 0),
        ("?rule=inbound", 5),
        ("?rule=gone", 0),
        ("?decision=enroll", 1),
        ("?reason=settling&decision=wait", 4),
        ("?since=2026-11-24T15:00:00Z", 5),
        ("?since=2026-11-24T16:00:00.001%2B01:00", 0),
        ("?history=true", 0),
        ("?history=false&limit=1000", 5),
        ("?limit=2", 2),
    ] {
        let answer = Ask::new(&format!("GET /api/v1/decisions{query}")).send();
        let results = answer.json()["results"].as_array().map(Vec::len);
        assert_eq!(results, Some(count), "{query}: {}", answer.text);
    }
}

#[test]
fn pages_follow_each_other_to_the_end() {
    for (path, ids) in [
        ("/api/v1/decisions", ["5", "4", "3", "2", "1"].as_slice()),
        ("/api/v1/waiting", &["1", "2", "3"]),
    ] {
        let mut seen = Vec::new();
        let mut next = format!("GET {path}?limit=2");
        loop {
            let page = Ask::new(&next).send().json();
            let results = page["results"].as_array().expect("results");
            seen.extend(results.iter().map(|one| one["contact"].as_str().expect("id").to_owned()));
            let Some(after) = page["paging"]["next"]["after"].as_str() else { break };
            next = format!("GET {path}?limit=2&after={after}");
        }
        assert_eq!(seen, ids, "{path}");
    }
}

#[test]
fn a_search_that_was_cut_short_says_where_it_goes_on() {
    let page = Ask::new("GET /api/v1/decisions?rule=long-ago").send().json();
    assert_eq!(page, json!({ "results": [], "paging": { "next": { "after": "3-0" } } }));
    let ids = Ask::new("GET /api/v1/decisions?after=3-0").send().json();
    assert_eq!(ids["results"][0]["contact"], "2");
}

#[test]
fn a_query_that_is_not_understood_names_what_would_be() {
    for (query, named, allowed) in [
        ("contacts=1", "contacts", "contact, rule, decision"),
        ("contact=ann", "contact", "number"),
        ("decision=sent", "decision", "enroll, unenroll, wait"),
        ("reason=because", "reason", "already-in-theme"),
        ("since=yesterday", "since", "2026-11-24T09:30:00Z"),
        ("limit=0", "limit", "1 to 1000"),
        ("limit=1001", "limit", "1 to 1000"),
        ("limit=-1", "limit", "1 to 1000"),
        ("after=x", "after", "paging.next.after"),
        ("history=yes", "history", "true or false"),
        ("limit=1&limit=2", "limit", "once"),
        ("%3Cscript%3E=1", "<script>", "contact"),
    ] {
        let answer = Ask::new(&format!("GET /api/v1/decisions?{query}")).send();
        assert_eq!(answer.status, 400, "{query}");
        let error = &answer.json()["error"];
        let says = |key: &str, word| error[key].as_str().is_some_and(|text| text.contains(word));
        assert!(says("message", named) && says("hint", allowed), "{query}: {}", answer.text);
    }
    Ask::new("GET /api/v1/status?x=1").check(400, "/error/hint", "This call takes none.");
    Ask::new("GET /api/v1/held?contact=1").check(400, "/error/code", "bad-query");
}

#[test]
fn lists_have_one_shape() {
    for (list, decision, reason, until) in [
        ("waiting", "wait", "settling", json!("2026-11-24T16:00:00.000Z")),
        ("held", "hold", "no-sender", Value::Null),
        ("in-doubt", "hold", "in-doubt", Value::Null),
    ] {
        let page = Ask::new(&format!("GET /api/v1/{list}?limit=1")).send().json();
        let sender = if list == "in-doubt" { Value::Null } else { json!("dana") };
        let sentence = if list == "in-doubt" { "Nobody can tell." } else { "Why." };
        let entry = json!({
            "id": "1.0.inbound", "contact": "1", "rule": "inbound", "decision": decision,
            "reason": reason, "sentence": sentence, "target": "inbound", "sender": sender,
            "since": "2026-11-24T15:00:00.000Z", "until": until,
            "evidence": Value::Null
        });
        let wanted = json!({ "results": [entry], "paging": { "next": { "after": "1" } } });
        assert_eq!(page, wanted, "{list}");
    }
}

#[test]
fn a_person_is_shown_whole() {
    for (pointer, value) in [
        ("/contact", json!("1")),
        ("/merged_ids", json!(["77"])),
        ("/claims/0/state", json!("confirmed")),
        ("/claims/0/live", json!(false)),
        ("/claims/0/theme", json!("sales")),
        ("/claims/0/channel", json!("sequence")),
        ("/claims/0/enrolled_at", json!("2026-11-23T15:00:00.000Z")),
        ("/claims/0/ended_at", json!("2026-11-24T15:00:00.000Z")),
        ("/claims/0/holds_until", json!("2026-11-25T15:00:00.000Z")),
        ("/waiting/0/reason", json!("settling")),
        ("/decisions/0/id", json!("1.0.inbound")),
    ] {
        Ask::new("GET /api/v1/contacts/1").check(200, pointer, value);
    }
    Ask::new("GET /api/v1/contacts/99").check(200, "/claims", json!([]));
    Ask::new("GET /api/v1/contacts/ann").check(404, "/error/code", "not-found");
}

#[test]
fn rules_senders_and_reasons_are_listed() {
    let rule = "A new lead gets the inbound sequence.";
    Ask::new("GET /api/v1/rules").check(200, "/results/0/says", rule);
    Ask::new("GET /api/v1/rules").check(200, "/results/0/file", "portal.toml");
    Ask::new("GET /api/v1/rules").check(200, "/results/0/counts/enroll", 41);
    let sender = json!({
        "name": "dana", "budget": 2, "used": 2, "open": 1,
        "next_free": "2026-11-25T14:00:10.000Z", "forecast": [1, 1, 1, 0, 0], "send_limit": null,
        "full_until": null, "paused": null
    });
    Ask::new("GET /api/v1/senders").check(200, "/results", json!([sender]));
    let reasons = Ask::new("GET /api/v1/reasons").send().json();
    assert_eq!(reasons["results"].as_array().map(Vec::len), Some(Reason::ALL.len()));
}

#[test]
fn accepted_rule_sets_are_listed_with_the_files_that_changed() {
    let newest = json!({
        "at": "2026-11-24T15:00:00.000Z", "fingerprint": "f3",
        "files": { "added": ["c.toml"], "changed": ["a.toml"], "removed": ["b.toml"] }
    });
    let ask = || Ask::new("GET /api/v1/rule-sets?limit=1");
    ask().check(200, "/results", json!([newest]));
    ask().check(200, "/paging/next/after", "3");
    let rest = || Ask::new("GET /api/v1/rule-sets?after=3");
    rest().check(200, "/results/0/files/added", json!(["b.toml"]));
    rest().check(200, "/results/1/files/added", json!(["a.toml"]));
    rest().check(200, "/paging", serde_json::Value::Null);
    Ask::new("GET /api/v1/rule-sets?after=x").check(400, "/error/code", "bad-query");
}

#[test]
fn metrics_show_every_reason_and_the_figures() {
    let answer = Ask::new("GET /metrics").send();
    assert_eq!(answer.status, 200);
    let kind = answer.header("content-type").expect("a content type");
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    for line in [
        "hubroute_events_total{outcome=\"accepted\"} 93",
        "hubroute_webhook_answers_total{status=\"204\"} 9",
        "hubroute_webhook_rejections_total{cause=\"too-old\"} 0",
        "hubroute_decisions_total{decision=\"enroll\",reason=\"matched\"} 42",
        "hubroute_decisions_total{decision=\"skip\",reason=\"suppressed\"} 0",
        "hubroute_open_decisions{decision=\"wait\",reason=\"settling\"} 12",
        "hubroute_queue_depth{queue=\"journal\"} 2",
        "hubroute_oldest_undecided_seconds 3600.0",
        "hubroute_since_last_event_seconds 4.0",
        "hubroute_sender_used{sender=\"dana\"} 2",
        "hubroute_ready 1",
        "# EOF",
    ] {
        assert!(answer.text.lines().any(|found| found == line), "{line} in {}", answer.text);
    }
    for reason in Reason::ALL {
        assert!(answer.text.contains(&format!("reason=\"{reason}\"")), "{reason}");
    }
    assert!(answer.text.contains("hubroute_build_info{version="));
}

#[test]
fn openapi_has_every_route() {
    let document = document();
    let paths = document["paths"].as_object().expect("paths");
    assert_eq!(paths.len(), Call::ALL.len());
    for call in Call::ALL {
        let method = call.method().to_ascii_lowercase();
        let operation = &paths[call.spec().path][method];
        let parameters = operation["parameters"].as_array().expect("parameters").len();
        let in_path = usize::from(call.spec().path.contains('{'));
        assert_eq!(parameters, call.spec().query.len() + in_path, "{call:?}");
    }
    assert_eq!(Ask::new("GET /api/v1/openapi.json").send().json(), document);
}

#[test]
fn the_page_escapes_what_it_shows() {
    let mut ask = Ask::new("GET /");
    ask.desk.standing.alerts = vec![alert()];
    let answer = ask.send();
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(answer.text.contains("&lt;b&gt;3&lt;/b&gt; errors"), "{}", answer.text);
    assert!(!answer.text.contains("<b>") && !answer.text.contains("<script"));
    assert!(answer.text.contains("href=\"/api/v1/status\""));
}

#[test]
fn another_method_is_told_which_one_is_right() {
    for (call, allowed) in [
        ("POST /api/v1/status", "GET"),
        ("DELETE /api/v1/decisions", "GET"),
        ("GET /api/v1/reload", "POST"),
        ("PUT /api/v1/in-doubt/1/resolve", "POST"),
    ] {
        let answer = Ask::new(call).send();
        assert_eq!((answer.status, answer.header("allow")), (405, Some(allowed)), "{call}");
        assert_eq!(answer.json()["error"]["code"], "method-not-allowed");
    }
    assert_eq!(Ask::new("HEAD /healthz").send().status, 200);
}

#[test]
fn a_claim_in_doubt_says_what_hubspot_was_asked_and_showed() {
    let entries = Ask::new("GET /api/v1/in-doubt");
    entries.check(200, "/results/0/evidence", Value::Null);
    let at = "2026-11-24T15:00:00.000Z";
    let evidence = json!({
        "says": "looked 3 times, 24 Nov 2026 10:00: HubSpot shows nothing of it; \
                 HubSpot's id of the call: c-9",
        "looks": 3, "unanswered": 0, "first_look_at": at, "last_look_at": at,
        "showed": "nothing", "correlation": "c-9", "resolved_by": Value::Null,
    });
    Ask::new("GET /api/v1/in-doubt").check(200, "/results/2/evidence", evidence);
}

#[test]
fn a_claim_in_doubt_speaks_through_its_item_where_that_is_about_it() {
    // The third person's item waits for the call; the first one's claim speaks for itself.
    Ask::new("GET /api/v1/in-doubt").check(200, "/results/2/sentence", "Why.");
    Ask::new("GET /api/v1/in-doubt").check(200, "/results/2/reason", "outcome-unknown");
    Ask::new("GET /api/v1/in-doubt").check(200, "/results/1/reason", "in-doubt");
}
