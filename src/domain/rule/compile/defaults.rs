//! `[defaults]`: what a rule means where it does not say.

use std::sync::Arc;

use super::book::Book;
use super::protection;
use super::times::{self, Windows};
use crate::domain::rule::code;
use crate::domain::rule::model::{Mode, ReEnroll};
use crate::domain::rule::span::Span;
use crate::domain::rule::syntax::Node;
use crate::domain::rule::timing::Window;
use crate::domain::time::{DAY_MS, HOUR_MS, SECOND_MS};

/// The words of `mode`.
pub(super) const MODES: [(&str, Mode); 4] = [
    ("live", Mode::Live),
    ("dry-run", Mode::DryRun),
    ("approval", Mode::Approval),
    ("off", Mode::Off),
];

/// Values of `[defaults]`, each with its own default.
#[derive(Debug)]
pub(super) struct Defaults {
    pub(super) mode: Mode,
    pub(super) settle_ms: u64,
    pub(super) stale_after_ms: u64,
    pub(super) keep_history: Span,
    pub(super) re_enroll: ReEnroll,
    pub(super) expires: Span,
    pub(super) window: Option<Arc<Window>>,
    /// `breaker`, where it is said.
    pub(super) breaker: Option<protection::Said>,
}

impl Defaults {
    /// Reads `[defaults]`.
    pub(super) fn read(book: &Book<'_>, windows: &Windows<'_>) -> Self {
        let mut defaults = Self {
            mode: Mode::DryRun,
            settle_ms: 30 * SECOND_MS,
            stale_after_ms: 4 * DAY_MS,
            keep_history: Span::days(400),
            re_enroll: ReEnroll::Never,
            expires: Span::days(7),
            window: None,
            breaker: None,
        };
        let Some(table) = book.single("defaults") else { return defaults };
        table.check_keys(&[
            "mode",
            "settle",
            "stale_after",
            "window",
            "breaker",
            "re_enroll",
            "expires",
            "keep_history",
        ]);
        if let Some(node) = table.get("mode") {
            defaults.mode = node.word(&MODES).unwrap_or_default();
            if defaults.mode == Mode::Live {
                let message = "[defaults] mode = \"live\" makes every new rule act at once.";
                let hint = "Write mode = \"live\" in each rule that is ready.";
                node.warning(code::LINT_DEFAULT_LIVE, message, hint);
            }
        }
        if let Some(ms) = table.get("settle").and_then(settle_ms) {
            defaults.settle_ms = ms;
        }
        if let Some(span) = table.get("stale_after").and_then(positive) {
            defaults.stale_after_ms = span.approximate_ms();
        }
        if let Some(span) = table.get("keep_history").and_then(positive) {
            defaults.keep_history = span;
        }
        if let Some(again) = table.get("re_enroll").and_then(re_enroll) {
            defaults.re_enroll = again;
        }
        if let Some(span) = table.get("expires").and_then(expires) {
            defaults.expires = span;
        }
        let window = table.get("window");
        defaults.window = window.and_then(|node| times::window_named(book, windows, node));
        defaults.breaker = table.get("breaker").and_then(protection::breaker);
        defaults
    }
}

/// `settle`: 0 to one hour.
pub(super) fn settle_ms(node: Node<'_>) -> Option<u64> {
    let span = node.duration()?;
    if HOUR_MS < span.approximate_ms() {
        let message = format!("settle = \"{span}\" is a delay.");
        node.error(code::DURATION, message, "Use delay; settle is at most \"1 hour\".");
        return None;
    }
    Some(span.approximate_ms())
}

/// A duration longer than nothing.
pub(super) fn positive(node: Node<'_>) -> Option<Span> {
    let span = node.duration()?;
    if span.count == 0 {
        let message = format!("{} = \"{span}\" is no time at all.", node.key);
        node.error(code::DURATION, message, "Write a longer duration, or remove it.");
        return None;
    }
    Some(span)
}

/// `expires`.
pub(super) fn expires(node: Node<'_>) -> Option<Span> {
    let span = node.duration()?;
    if span.count == 0 {
        let message = format!("expires = \"{span}\" drops everything at once.");
        let hint = "Write how long a waiting decision is still wanted, for example \"7 days\".";
        node.error(code::DURATION, message, hint);
        return None;
    }
    Some(span)
}

/// `re_enroll`.
pub(super) fn re_enroll(node: Node<'_>) -> Option<ReEnroll> {
    let text = node.value.get_ref().as_str().unwrap_or_default();
    match text {
        "never" => Some(ReEnroll::Never),
        "when-finished" => Some(ReEnroll::WhenFinished),
        _ => match text.strip_prefix("after ").map(Span::parse) {
            Some(Ok(span)) => Some(ReEnroll::After(span)),
            Some(Err(message)) => {
                // "… is not accepted: how long is a month? Write "180 days"": the offer is last.
                let meant =
                    message.rsplit_once("rite \"").and_then(|(_, offer)| offer.split('"').next());
                let hint = format!("Write \"after {}\".", meant.unwrap_or("180 days"));
                let what = message.split(": ").next().unwrap_or_default();
                node.error(code::DURATION, format!("{what}."), hint);
                None
            }
            None => {
                let message = format!("re_enroll = {} is not known.", node.written());
                let hint = "Use \"never\", \"when-finished\" or \"after 180 days\".";
                node.error(code::BAD_VALUE, message, hint);
                None
            }
        },
    }
}
